//! What the host asks of components by itself: to start, and to tick.

use crate::call;
use crate::commit::CommitError;
use crate::engine::{Engine, Pinned};
use crate::run::ATTEMPTS_MAX;
use crate::unsealed::Unsealed;
use barrier::Transaction;
use base::{NamespaceId, chain};
use mount::MountEntry;
use plugin::{CallError, CallResult};
use std::sync::Arc;

#[derive(Clone, Copy)]
enum Hook {
    Start,
    Tick,
}

/// Lets a component prepare its mount: after it was mounted, tuned, moved or unsealed, and before
/// anything else is asked of it. One that fails is logged; its mount serves what it can.
pub(crate) async fn start(
    node: &Arc<Unsealed>,
    namespace: NamespaceId,
    entry: &MountEntry,
    pinned: &Arc<Pinned>,
) {
    run(node, namespace, entry, pinned, Hook::Start).await;
}

/// Lets all components that want it look after their own records.
pub(crate) async fn tick(node: &Arc<Unsealed>) {
    let tables = node.tables();
    for (namespace, mount) in tables.iter() {
        if let Engine::Component(pinned) = &mount.1
            && pinned.component.manifest().ticks
            && pinned.started.is_done()
        {
            run(node, namespace, &mount.0, pinned, Hook::Tick).await;
        }
    }
}

async fn run(
    node: &Arc<Unsealed>,
    namespace: NamespaceId,
    entry: &MountEntry,
    pinned: &Arc<Pinned>,
    hook: Hook,
) {
    for _ in 0..ATTEMPTS_MAX {
        let mut tx = node.begin();
        if !pinned.place.holds(&mut tx).unwrap_or(false) {
            return;
        }
        let call = call::of_host(node, tx, namespace, entry, pinned);
        let done: CallResult<()> = match hook {
            Hook::Start => pinned.component.start(call).await,
            Hook::Tick => pinned.component.tick(call).await,
        };
        let failed = match done {
            Ok(done) => match done.view.into_transaction() {
                Ok(tx) => match commit(node, pinned, tx).await {
                    Ok(()) => return,
                    Err(CommitError::Overtaken(number)) if !done.acted_outside => {
                        node.committer.settled(number).await;
                        continue;
                    }
                    Err(CommitError::WrongPlace) => return,
                    Err(error) => chain(&error),
                },
                Err(error) => chain(&error),
            },
            Err(CallError::Overtaken) => continue,
            // What is shared is looked after on the primary.
            Err(CallError::WrongPlace) => return,
            Err(error) => chain(&error),
        };
        tracing::warn!(mount = %entry.path, reason = failed, "a component's own work failed");
        return;
    }
    tracing::warn!(mount = %entry.path, "a component's own work was always overtaken");
}

/// Commits, unless the mount was disabled meanwhile.
async fn commit(
    node: &Arc<Unsealed>,
    pinned: &Pinned,
    mut tx: Transaction,
) -> Result<(), CommitError> {
    tx.depend_on(&pinned.place.key);
    node.commit(tx).await.map(drop)
}
