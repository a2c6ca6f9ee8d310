//! The tasks of one connection, which end with it.

use std::sync::{Arc, Mutex, PoisonError};
use tokio::task::JoinSet;

/// Starts tasks of a connection. HTTP/2 starts some by itself, with a clone of this.
#[derive(Clone, Debug)]
pub(crate) struct Tasks(Arc<Mutex<Option<JoinSet<()>>>>);

/// Owns the tasks of a connection: they end when it is dropped.
#[derive(Debug)]
pub(crate) struct Owned(Tasks);

impl Owned {
    pub(crate) fn new() -> Self {
        Self(Tasks(Arc::new(Mutex::new(Some(JoinSet::new())))))
    }

    pub(crate) fn tasks(&self) -> Tasks {
        self.0.clone()
    }

    /// Ends them and waits until they are gone.
    pub(crate) async fn end(self) {
        let ending = self.0.take();
        if let Some(mut ending) = ending {
            ending.shutdown().await;
        }
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        drop(self.0.take());
    }
}

impl Tasks {
    /// Starts a task; one that comes after the end is dropped.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        // Three lines: nothing waits while the lock is held.
        let mut tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(tasks) = tasks.as_mut() else { return };
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task);
    }

    fn take(&self) -> Option<JoinSet<()>> {
        let mut tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.take()
    }
}

impl<F: Future<Output = ()> + Send + 'static> hyper::rt::Executor<F> for Tasks {
    fn execute(&self, task: F) {
        self.spawn(task);
    }
}
