//! Work on the digests that goes on when nobody waits for it any more: a request is given up after a
//! while, and a large cluster takes longer.

use crate::node::Node;
use base::Refusal;
use core::time::Duration;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

/// How long a request waits for what it began. Requests are given up after 90 seconds.
const WAITED: Duration = Duration::from_secs(60);

/// One work at a time. Ended when the node is sealed.
#[derive(Default)]
pub(crate) struct Upkeep {
    tasks: Mutex<JoinSet<()>>,
    turn: Arc<tokio::sync::Mutex<()>>,
    /// Does somebody wait for what goes on?
    is_wanted: AtomicBool,
}

/// What became of work.
pub(crate) enum Worked<T> {
    /// It is done.
    Done(T),
    /// It goes on.
    GoesOn,
    /// Other work goes on.
    IsBusy,
}

impl Upkeep {
    /// Begins work, and waits for it for a while.
    ///
    /// # Errors
    /// When the node is sealed meanwhile.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<Worked<T>, Refusal> {
        let Ok(turn) = Arc::clone(&self.turn).try_lock_owned() else {
            self.is_wanted.store(true, Ordering::Relaxed);
            return Ok(Worked::IsBusy);
        };
        let (done, comes) = oneshot::channel();
        self.spawn(async move {
            let value = work.await;
            drop(turn);
            // Nobody may wait any more.
            let _ = done.send(value);
        });
        match tokio::time::timeout(WAITED, comes).await {
            Ok(Ok(value)) => Ok(Worked::Done(value)),
            Ok(Err(_)) => Err(Node::is_sealed()),
            Err(_) => Ok(Worked::GoesOn),
        }
    }

    /// Begins work that nobody waits for, unless other work goes on.
    pub(crate) fn begin(&self, work: impl Future<Output = ()> + Send + 'static) {
        if let Ok(turn) = Arc::clone(&self.turn).try_lock_owned() {
            self.is_wanted.store(false, Ordering::Relaxed);
            self.spawn(async move {
                work.await;
                drop(turn);
            });
        }
    }

    /// Has somebody asked for work while this goes on? Then it is to come to its end.
    pub(crate) fn is_wanted(&self) -> bool {
        self.is_wanted.load(Ordering::Relaxed)
    }

    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(work);
    }

    /// Ends it.
    pub(crate) async fn stop(&self) {
        let mut tasks = {
            let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
            core::mem::take(&mut *tasks)
        };
        tasks.shutdown().await;
    }
}
