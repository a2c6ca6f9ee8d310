//! Searches in the background that somebody asked for: one of a kind at a time.

use crate::unsealed::Unsealed;
use base::Refusal;
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::task::JoinHandle;

/// What a search found, when it is done.
type Search = Pin<Box<dyn Future<Output = Result<u64, Refusal>> + Send>>;

/// The searches of an unsealed node.
#[derive(Default)]
pub(crate) struct Searches {
    running: Mutex<HashMap<&'static str, JoinHandle<()>>>,
}

impl Searches {
    /// Begins a search, unless one of its kind goes on. It holds the node weakly: it cannot keep
    /// keys in memory.
    pub(crate) fn begin(
        &self,
        kind: &'static str,
        node: &Arc<Unsealed>,
        search: impl FnOnce(Weak<Unsealed>) -> Search,
    ) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if running.get(kind).is_some_and(|task| !task.is_finished()) {
            return;
        }
        let search = search(Arc::downgrade(node));
        let task = tokio::spawn(async move {
            match search.await {
                Ok(found) => tracing::info!(kind, found, "tidied"),
                Err(refusal) => tracing::warn!(kind, reason = refusal.reason, "not tidied"),
            }
        });
        running.insert(kind, task);
    }

    /// Ends all of them and waits.
    pub(crate) async fn stop(&self) {
        let running =
            core::mem::take(&mut *self.running.lock().unwrap_or_else(PoisonError::into_inner));
        for task in running.into_values() {
            task.abort();
            let _ = task.await;
        }
    }
}
