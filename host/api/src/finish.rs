//! Requests that have begun are brought to their end.
//!
//! A client that leaves, or waits no longer, must not stop a request between its commit and its
//! audit record. So a reply that nobody waits for any more moves to a set of its own.

use crate::service::Pending;
use base::Reply;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::task::JoinSet;

/// Requests whose clients have left.
#[derive(Clone, Default)]
pub(crate) struct Abandoned(Arc<Mutex<JoinSet<()>>>);

impl Abandoned {
    fn adopt(&self, pending: Pending, duration_max: Duration) {
        // Three lines under the lock, none of which waits.
        let mut set = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while set.try_join_next().is_some() {}
        set.spawn(async move {
            let _ = tokio::time::timeout(duration_max, pending).await;
        });
    }

    /// Waits until none is left.
    pub(crate) async fn drain(&self) {
        let mut set = core::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        while set.join_next().await.is_some() {}
    }
}

/// The service panicked. The request is lost, the server is not.
#[derive(Debug)]
pub(crate) struct Panicked;

/// A reply that is finished even if this is dropped before.
pub(crate) struct Finishing {
    pending: Option<Pending>,
    abandoned: Abandoned,
    duration_max: Duration,
}

impl Finishing {
    pub(crate) const fn new(
        pending: Pending,
        abandoned: Abandoned,
        duration_max: Duration,
    ) -> Self {
        Self {
            pending: Some(pending),
            abandoned,
            duration_max,
        }
    }
}

impl Future for Finishing {
    type Output = Result<Reply, Panicked>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(pending) = self.pending.as_mut() else {
            return Poll::Pending;
        };
        let polled = catch_unwind(AssertUnwindSafe(|| pending.as_mut().poll(context)));
        let ended = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(reply)) => Ok(reply),
            Err(_) => Err(Panicked),
        };
        self.pending = None;
        Poll::Ready(ended)
    }
}

impl Drop for Finishing {
    fn drop(&mut self) {
        if let Some(pending) = self.pending.take()
            && tokio::runtime::Handle::try_current().is_ok()
        {
            self.abandoned.adopt(pending, self.duration_max);
        }
    }
}
