//! A number that grows, for those who wait for it. Unlike a watch channel of tokio it wakes them in
//! the order in which they came, which a run that is to be had again depends on.

use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use tokio::sync::Notify;

/// The number.
#[derive(Clone, Default)]
pub(crate) struct Signal(Arc<(AtomicU64, Notify)>);

impl Signal {
    /// A number that is this much by now.
    pub(crate) fn at(number: u64) -> Self {
        Self(Arc::new((AtomicU64::new(number), Notify::new())))
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.0.load(Ordering::SeqCst)
    }

    pub(crate) fn set(&self, number: u64) {
        self.0.0.fetch_max(number, Ordering::SeqCst);
        self.0.1.notify_waiters();
    }

    /// Waits until it is greater.
    pub(crate) async fn beyond(&self, number: u64) {
        loop {
            let notified = self.0.1.notified();
            tokio::pin!(notified);
            notified.as_mut().enable();
            if self.get() > number {
                return;
            }
            notified.await;
        }
    }

    /// For a signal that says that something is over.
    pub(crate) fn end(&self) {
        self.set(u64::MAX);
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.get() == u64::MAX
    }

    /// Waits for the end.
    pub(crate) async fn ended(&self) {
        self.beyond(u64::MAX - 1).await;
    }
}
