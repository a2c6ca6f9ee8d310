//! What components do by themselves, in tasks of their own: one that hangs in `start` or `tick` keeps
//! nobody waiting but those who call its mount.

use crate::engine::Pinned;
use crate::lifecycle;
use crate::unsealed::Unsealed;
use base::{MountId, NamespaceId, Refusal, RefusalKind};
use core::time::Duration;
use mount::MountEntry;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// The tasks. Ended, and waited for, when the node is sealed.
#[derive(Default)]
pub(crate) struct OwnWork(Mutex<Tasks>);

#[derive(Default)]
struct Tasks {
    /// The last start of each mount.
    starts: HashMap<MountId, JoinHandle<()>>,
    ticks: Option<JoinHandle<()>>,
}

/// Has the component of a mount started? Nothing else of it is called before.
#[derive(Clone, Default)]
pub(crate) struct Started(Option<watch::Receiver<bool>>);

/// Opened once a start is through; dropped where another start took its place.
pub(crate) struct Opening(watch::Sender<bool>);

impl Started {
    /// Not before the other half is opened.
    pub(crate) fn once_opened() -> (Opening, Self) {
        let (opening, started) = watch::channel(false);
        (Opening(opening), Self(Some(started)))
    }

    /// Need nobody wait?
    pub(crate) fn is_done(&self) -> bool {
        self.0.as_ref().is_none_or(|started| *started.borrow())
    }

    /// Waits, but not for ever.
    pub(crate) async fn wait(&self, at_most: Duration) -> Result<(), Refusal> {
        let Some(started) = self.0.as_ref().filter(|_| !self.is_done()) else {
            return Ok(());
        };
        let mut started = started.clone();
        match tokio::time::timeout(at_most, started.wait_for(|started| *started)).await {
            Ok(Ok(_)) => Ok(()),
            // The mount was changed, and what it was never started.
            Ok(Err(_)) | Err(_) => Err(Self::refusal()),
        }
    }

    /// For those who do not wait.
    pub(crate) fn refusal() -> Refusal {
        Refusal::new(RefusalKind::Unavailable, "mount is starting, try again")
    }
}

impl OwnWork {
    /// Starts a component. A start of the same mount that still goes on is ended: what it was to
    /// prepare has changed.
    pub(crate) fn start(
        &self,
        node: &Arc<Unsealed>,
        namespace: NamespaceId,
        entry: &MountEntry,
        pinned: &Arc<Pinned>,
        opening: Opening,
    ) {
        let (node, pinned) = (Arc::downgrade(node), Arc::clone(pinned));
        let (id, entry) = (entry.id, entry.clone());
        let task = tokio::spawn(async move {
            if let Some(node) = node.upgrade() {
                lifecycle::start(&node, namespace, &entry, &pinned).await;
            }
            opening.0.send_replace(true);
        });
        if let Some(before) = self.tasks().starts.insert(id, task) {
            before.abort();
        }
    }

    /// A mount is gone.
    pub(crate) fn forget(&self, mount: MountId) {
        if let Some(task) = self.tasks().starts.remove(&mount) {
            task.abort();
        }
    }

    /// Lets components tick, unless those of the last time still do.
    pub(crate) fn tick(&self, node: &Arc<Unsealed>) {
        let mut tasks = self.tasks();
        if tasks.ticks.as_ref().is_none_or(JoinHandle::is_finished) {
            tasks.ticks = Some(tokio::spawn(tick(Arc::downgrade(node))));
        }
    }

    /// Ends all of it.
    pub(crate) async fn stop(&self) {
        let Tasks { starts, ticks } = core::mem::take(&mut *self.tasks());
        for task in starts.into_values().chain(ticks) {
            task.abort();
            let _ = task.await;
        }
    }

    fn tasks(&self) -> MutexGuard<'_, Tasks> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn tick(node: Weak<Unsealed>) {
    if let Some(node) = node.upgrade() {
        lifecycle::tick(&node).await;
    }
}
