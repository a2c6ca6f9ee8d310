//! Takes a deleted namespace away, in steps that each fit into the log.
//!
//! ```text
//!  mark ─▶ mounts ─▶ tokens ─▶ cubbyholes of others ─▶ all other entries ─▶ its own entry
//!    │       └ with what they leased, while their engines are there
//!    └ from here on no request reaches it, and nothing is written into it
//! ```
//!
//! The steps are a task of the node's: it is begun again after a restart.

use crate::commit::CommitError;
use crate::refusal::{from_barrier, from_commit};
use crate::unsealed::Unsealed;
use crate::{namespaces, quotas, removal, secret, tables};
use access::TokenHash;
use barrier::Transaction;
use base::{MountId, NamespaceId, Refusal, RefusalKind};
use locality::{Class, PhysicalKey, SystemKey};
use mount::{Namespace, NamespaceState};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use tokio::task::JoinHandle;

/// Tokens that are looked up at a time.
const TOKENS_AT_ONCE: usize = 100;
/// Keys that one step removes.
const KEYS_AT_ONCE: usize = 1000;

/// The removals that go on.
#[derive(Default)]
pub(crate) struct Removals(Mutex<HashMap<NamespaceId, JoinHandle<()>>>);

/// Marks a namespace as deleted, in the request's transaction: from its commit on no request reaches
/// it. [`Removals::resume`] does the rest.
pub(crate) fn delete(tx: &mut Transaction, mut namespace: Namespace) -> Result<(), Refusal> {
    namespace.state = NamespaceState::Going;
    namespaces::store(tx, &namespace)
}

impl Removals {
    /// Begins what is not begun, and goes on with what failed or was begun before a restart.
    pub(crate) fn resume(&self, node: &Arc<Unsealed>) {
        if node.replication.is_secondary() {
            // The primary removes it; what is left of it here is swept when it is gone.
            return;
        }
        let mut removals = self.removals();
        removals.retain(|_, task| !task.is_finished());
        for namespace in node.tables().namespaces.going() {
            removals.entry(namespace.id).or_insert_with(|| {
                let (node, namespace) = (Arc::downgrade(node), Arc::clone(namespace));
                tokio::spawn(run(node, namespace))
            });
        }
    }

    /// Ends them; they are resumed when the node is unsealed again.
    pub(crate) async fn stop(&self) {
        let removals = core::mem::take(&mut *self.removals());
        for task in removals.into_values() {
            task.abort();
            let _ = task.await;
        }
    }

    fn removals(&self) -> MutexGuard<'_, HashMap<NamespaceId, JoinHandle<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn run(node: Weak<Unsealed>, namespace: Arc<Namespace>) {
    let done = match node.upgrade() {
        Some(node) => remove(&node, &namespace).await,
        None => Err(from_commit(&CommitError::Closed)),
    };
    match done {
        Ok(()) => tracing::info!(namespace = namespace.path, "namespace removed"),
        Err(refusal) => tracing::warn!(
            namespace = namespace.path,
            message = refusal.message,
            reason = refusal.reason,
            "namespace is not removed yet"
        ),
    }
}

async fn remove(node: &Arc<Unsealed>, namespace: &Namespace) -> Result<(), Refusal> {
    let id = namespace.id;
    for entry in tables::stored_mounts(&mut node.begin(), id)? {
        if entry.is_in_transit() {
            let text = format!("mount {} is on its way between namespaces", entry.path);
            return Err(Refusal::new(RefusalKind::Unavailable, text));
        }
        if !entry.is_hosts_own() {
            removal::disable(node, id, &entry).await?;
        }
    }
    while revoke_some(node, id).await? {}
    while empty_some(node, id).await? {}
    for class in [Class::Replicated, Class::Local] {
        let all = PhysicalKey::new(class, id, MountId::SYSTEM, "");
        let some = || {
            node.transact(|tx| {
                let keys = tx.keys(&all, None, KEYS_AT_ONCE).map_err(from_barrier)?;
                keys.iter().for_each(|key| tx.delete(key));
                Ok(keys.len())
            })
        };
        while some().await? > 0 {}
    }
    node.transact(|tx| {
        tx.delete(&SystemKey::namespace(id));
        quotas::forget_namespace(tx, id)
    })
    .await
}

/// Revokes some tokens of the namespace. Were there any?
async fn revoke_some(node: &Arc<Unsealed>, id: NamespaceId) -> Result<bool, Refusal> {
    node.transact(|tx| {
        let all = SystemKey::accessors(id);
        let keys = tx.keys(&all, None, TOKENS_AT_ONCE).map_err(from_barrier)?;
        for key in &keys {
            let hash: Option<TokenHash> = tx.read_json(key).map_err(from_barrier)?;
            if let Some(hash) = hash {
                secret::revoke_token(node, tx, &hash)?;
            }
            tx.delete(key);
        }
        Ok(!keys.is_empty())
    })
    .await
}

/// Empties some cubbyholes that tokens of other namespaces have here. Were there any?
async fn empty_some(node: &Arc<Unsealed>, id: NamespaceId) -> Result<bool, Refusal> {
    node.transact(|tx| {
        let visitors = SystemKey::cubbyhole_visitors(id);
        let Some(key) = tx.keys(&visitors, None, 1).map_err(from_barrier)?.pop() else {
            return Ok(false);
        };
        let prefix = visitors.physical().path();
        let hash = key.path().strip_prefix(prefix).unwrap_or_default();
        let all = SystemKey::cubbyhole(hash, id, "");
        let keys = tx.keys(&all, None, KEYS_AT_ONCE).map_err(from_barrier)?;
        if keys.len() < KEYS_AT_ONCE {
            tx.delete(&key);
        }
        keys.iter().for_each(|key| tx.delete(key));
        Ok(true)
    })
    .await
}
