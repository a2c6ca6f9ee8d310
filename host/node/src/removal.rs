//! Takes a disabled mount away, in steps that each fit into the log.
//!
//! ```text
//!  mark ─▶ leases, tokens ─▶ keys of each class ─▶ entry
//!    │        └ undone by the engine, while it is there
//!    └ from here on no path leads to it, and nothing is written into it
//! ```
//!
//! The steps are a task of the node's: it goes on when the request that wanted it is given up, and
//! is begun again after a restart.

use crate::commit::CommitError;
use crate::expire::token_hash;
use crate::refusal::{from_barrier, from_commit};
use crate::tables::{self, forget_mount, store_mount};
use crate::unsealed::Unsealed;
use crate::{quotas, secret};
use barrier::Transaction;
use base::{MountId, NamespaceId, Refusal};
use locality::{Class, PhysicalKey, SystemKey};
use mount::{MountEntry, MountState};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Leases and tokens of a mount that are looked up at a time.
const LEASES_AT_ONCE: usize = 100;
/// Tokens that one step revokes, but for the descendants of the last of them.
const TOKENS_AT_ONCE: usize = 500;
/// Leases and tokens that are looked at where a mount is gone.
const SWEPT_MAX: usize = 1_000_000;
/// Why nobody can undo what a mount leased.
pub(crate) const GONE: &str = "its mount is not on this cluster any more";
/// What a mount has of its own.
const CLASSES: [Class; 2] = [Class::Replicated, Class::Local];
/// Keys that one step removes.
const KEYS_AT_ONCE: usize = 1000;

/// The removals that go on.
#[derive(Default)]
pub(crate) struct Removals(Mutex<HashMap<MountId, Removal>>);

struct Removal {
    task: JoinHandle<()>,
    outcome: Outcome,
}

/// What a removal comes to; None while it goes on.
type Outcome = watch::Receiver<Option<Result<(), Refusal>>>;

/// Disables a mount, and waits until nothing of it is left.
pub(crate) async fn disable(
    node: &Arc<Unsealed>,
    namespace: NamespaceId,
    entry: &MountEntry,
) -> Result<(), Refusal> {
    mark(node, namespace, entry).await?;
    let mut outcome = node.removals.begin(node, namespace, entry);
    let done = outcome.wait_for(Option::is_some).await;
    let done = done.ok().and_then(|outcome| outcome.clone());
    done.unwrap_or_else(|| Err(from_commit(&CommitError::Closed)))
}

/// From now on no path leads to the mount.
async fn mark(
    node: &Arc<Unsealed>,
    namespace: NamespaceId,
    entry: &MountEntry,
) -> Result<(), Refusal> {
    let key = tables::mount_key(namespace, entry);
    node.transact(|tx| {
        let stored: Option<MountEntry> = tx.read_json(&key).map_err(from_barrier)?;
        match stored {
            Some(mut stored) if !stored.is_going() => {
                stored.state = MountState::Going;
                store_mount(tx, namespace, &stored)
            }
            _ => Ok(()),
        }
    })
    .await
}

impl Removals {
    /// Begins a removal, or a move to another namespace, or joins the one that goes on.
    fn begin(&self, node: &Arc<Unsealed>, namespace: NamespaceId, entry: &MountEntry) -> Outcome {
        let mut removals = self.removals();
        removals.retain(|_, removal| !removal.task.is_finished());
        let removal = removals.entry(entry.id).or_insert_with(|| {
            let (sender, outcome) = watch::channel(None);
            let (node, entry) = (Arc::downgrade(node), entry.clone());
            let task = tokio::spawn(async move {
                let done = run(node, namespace, &entry).await;
                sender.send_replace(Some(done));
            });
            Removal { task, outcome }
        });
        removal.outcome.clone()
    }

    /// Goes on with what was begun before a restart, or failed. On a secondary what is shared is
    /// removed by the primary, and what is left here is swept when it is gone.
    pub(crate) fn resume(&self, node: &Arc<Unsealed>) {
        let follows = node.replication.is_secondary();
        for (namespace, entry) in node.tables().going() {
            // What arrives is brought by what moves.
            let is_ours = entry.local || !follows;
            if is_ours && entry.state != MountState::Arriving {
                drop(self.begin(node, namespace, entry));
            }
        }
    }

    /// Begins to carry what moves to another namespace.
    pub(crate) fn resume_moves(&self, node: &Arc<Unsealed>) {
        for (namespace, entry) in node.tables().going() {
            if entry.state == MountState::Moving && !node.replication.is_secondary() {
                drop(self.begin(node, namespace, entry));
            }
        }
    }

    /// Takes away what this secondary has of its own of a mount that is gone from its tables: the
    /// tokens that it made, and its local entries. What the mount leased cannot be undone any more,
    /// unless the mount comes back: such leases are named as irrevocable.
    pub(crate) fn sweep(&self, node: &Arc<Unsealed>, namespace: NamespaceId, mount: MountId) {
        let mut removals = self.removals();
        removals.retain(|_, removal| !removal.task.is_finished());
        let (sender, outcome) = watch::channel(None);
        let node = Arc::downgrade(node);
        let task = tokio::spawn(async move {
            if let Some(node) = node.upgrade() {
                let done = sweep(&node, namespace, mount).await;
                if let Err(refusal) = &done {
                    tracing::warn!(%mount, reason = refusal.reason, "a mount that is gone is not swept");
                }
                sender.send_replace(Some(done));
            }
        });
        removals.insert(mount, Removal { task, outcome });
    }

    /// Ends them; they are resumed when the node is unsealed again.
    pub(crate) async fn stop(&self) {
        let removals = core::mem::take(&mut *self.removals());
        for removal in removals.into_values() {
            removal.task.abort();
            let _ = removal.task.await;
        }
    }

    fn removals(&self) -> MutexGuard<'_, HashMap<MountId, Removal>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn run(
    node: Weak<Unsealed>,
    namespace: NamespaceId,
    entry: &MountEntry,
) -> Result<(), Refusal> {
    let node = node.upgrade();
    let node = node.ok_or_else(|| from_commit(&CommitError::Closed))?;
    let done = match entry.moves_to {
        Some(to) => carry(&node, namespace, entry, to).await,
        None => remove(&node, namespace, entry).await,
    };
    match &done {
        Ok(()) => tracing::info!(mount = %entry.path, "mount removed"),
        Err(refusal) => tracing::warn!(
            mount = %entry.path,
            message = refusal.message,
            reason = refusal.reason,
            "mount is not removed yet"
        ),
    }
    done
}

async fn remove(
    node: &Arc<Unsealed>,
    namespace: NamespaceId,
    entry: &MountEntry,
) -> Result<(), Refusal> {
    // First, while the engine is there: only it can undo what it handed out.
    while revoke_some(node, entry.id).await? {}
    each_key(node, namespace, entry.id, &CLASSES, |tx, key| {
        tx.delete(key);
        identity::forget_kept_at(tx, key);
        Ok(())
    })
    .await?;
    node.transact(|tx| {
        forget_mount(tx, namespace, entry);
        quotas::forget_mount(tx, entry.id)
    })
    .await
}

/// Carries a mount to another namespace. What it handed out is undone first: its ids say where it
/// came from. The names that entities have at it stay behind and go with the old one: entities are of
/// their namespace.
async fn carry(
    node: &Arc<Unsealed>,
    from: NamespaceId,
    entry: &MountEntry,
    (to, becomes): (NamespaceId, MountId),
) -> Result<(), Refusal> {
    while revoke_some(node, entry.id).await? {}
    each_key(node, from, entry.id, &CLASSES, |tx, key| {
        if locality::is_of_an_alias(key) {
            tx.delete(key);
            identity::forget_kept_at(tx, key);
            return Ok(());
        }
        let there = PhysicalKey::new(key.class(), to, becomes, key.path());
        tx.rename(key, &there).map_err(from_barrier)
    })
    .await?;
    node.transact(|tx| {
        forget_mount(tx, from, entry);
        quotas::forget_mount(tx, entry.id)?;
        let arrived = tables::stored_mounts(tx, to)?;
        match arrived.into_iter().find(|arrived| arrived.id == becomes) {
            Some(mut arrived) => {
                arrived.state = MountState::Mounted;
                store_mount(tx, to, &arrived)
            }
            None => Ok(()),
        }
    })
    .await
}

async fn sweep(
    node: &Arc<Unsealed>,
    namespace: NamespaceId,
    mount: MountId,
) -> Result<(), Refusal> {
    let ids = lease::ids_of_mount(&mut node.begin(), mount, SWEPT_MAX).map_err(from_barrier)?;
    for id in ids {
        node.transact(|tx| match token_hash(&id) {
            Some(hash) => {
                tx.delete(&SystemKey::mount_lease(mount, &id));
                secret::revoke_token(node, tx, &hash).map(drop)
            }
            None => lease::note_irrevocable(tx, &id, GONE).map_err(from_barrier),
        })
        .await?;
    }
    each_key(node, namespace, mount, &[Class::Local], |tx, key| {
        tx.delete(key);
        Ok(())
    })
    .await
}

/// Takes away all keys of a mount, some at a time.
async fn each_key(
    node: &Arc<Unsealed>,
    namespace: NamespaceId,
    mount: MountId,
    classes: &[Class],
    take: impl Fn(&mut Transaction, &PhysicalKey) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    for class in classes {
        let all = PhysicalKey::new(*class, namespace, mount, "");
        let some = || {
            node.transact(|tx| {
                let keys = tx.keys(&all, None, KEYS_AT_ONCE).map_err(from_barrier)?;
                keys.iter().try_for_each(|key| take(tx, key))?;
                Ok(keys.len())
            })
        };
        while some().await? > 0 {}
    }
    Ok(())
}

/// Ends some of what the mount handed out. Was there anything?
async fn revoke_some(node: &Arc<Unsealed>, mount: MountId) -> Result<bool, Refusal> {
    let mut tx = node.begin();
    let ids = lease::ids_of_mount(&mut tx, mount, LEASES_AT_ONCE).map_err(from_barrier)?;
    let (tokens, secrets): (Vec<_>, Vec<_>) = ids.iter().partition(|id| token_hash(id).is_some());
    node.transact(|tx| {
        let mut gone = 0;
        for id in &tokens {
            if let Some(hash) = token_hash(id).filter(|_| gone < TOKENS_AT_ONCE) {
                gone += secret::revoke_token(node, tx, &hash)?;
                tx.delete(&SystemKey::mount_lease(mount, id));
            }
        }
        Ok(())
    })
    .await?;
    for id in secrets {
        let index = SystemKey::mount_lease(mount, id);
        secret::revoke_now(node, id, |tx| tx.delete(&index)).await?;
    }
    Ok(!ids.is_empty())
}
