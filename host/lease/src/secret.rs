//! Leases of secrets that an engine handed out.

use crate::ends::{cancel_end, move_end, set_end};
use barrier::{BarrierError, Transaction};
use base::{Entropy, MountId, NamespaceId, Timestamp, make_base62};
use locality::{Local, SystemKey};
use serde::{Deserialize, Serialize};

/// The terms of a lease, clamped by the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseTerms {
    /// Seconds from the last renewal.
    pub ttl: u64,
    /// Seconds from issue, at most; zero for no bound of its own.
    pub max_ttl: u64,
    /// May it be renewed?
    pub renewable: bool,
}

/// A stored lease.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretLease {
    /// The namespace of the mount.
    pub namespace: NamespaceId,
    /// The mount whose engine undoes it.
    pub mount: MountId,
    /// A secret kind of its manifest.
    pub kind: String,
    /// What the engine is given back: JSON text, never shown to a caller.
    pub private: String,
    /// When it was issued.
    pub issued: Timestamp,
    /// When it ends.
    pub expires: Timestamp,
    /// When it was last renewed.
    pub last_renewal: Option<Timestamp>,
    /// Its terms.
    pub terms: LeaseTerms,
    /// Hash of the token it was issued to; empty for none. It ends with the token.
    pub token: String,
    /// How often it was tried in vain to end it.
    #[serde(default)]
    pub attempts: u32,
    /// Why nobody tries any more to end it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub irrevocable: Option<String>,
}

impl SecretLease {
    /// Has it not ended yet?
    pub fn is_alive(&self, now: Timestamp) -> bool {
        now < self.expires
    }
}

/// A new lease id for an answer of `path` in a namespace.
pub fn make_id(entropy: &dyn Entropy, namespace: NamespaceId, path: &str) -> String {
    namespace.mark(format!("{path}/{}", make_base62(entropy, 24)))
}

/// Stores a lease, new or renewed.
///
/// # Errors
/// When the storage fails.
pub fn keep(tx: &mut Transaction, id: &str, lease: &SecretLease) -> Result<(), BarrierError> {
    match find(tx, id)? {
        Some(before) => move_end(tx, Some(before.expires), Some(lease.expires), id),
        None => set_end(tx, lease.expires, id),
    }
    tx.put(&SystemKey::mount_lease(lease.mount, id), Vec::new());
    if !lease.token.is_empty() {
        tx.put(&SystemKey::token_lease(&lease.token, id), Vec::new());
    }
    tx.write_json(&SystemKey::lease(id), lease)
}

/// The lease with this id.
///
/// # Errors
/// When the storage fails.
pub fn find(tx: &mut Transaction, id: &str) -> Result<Option<SecretLease>, BarrierError> {
    tx.read_json(&SystemKey::lease(id))
}

/// Removes a lease whose secret is undone.
///
/// # Errors
/// When the storage fails.
pub fn forget(tx: &mut Transaction, id: &str) -> Result<(), BarrierError> {
    if let Some(lease) = find(tx, id)? {
        cancel_end(tx, lease.expires, id);
        tx.delete(&SystemKey::mount_lease(lease.mount, id));
        if !lease.token.is_empty() {
            tx.delete(&SystemKey::token_lease(&lease.token, id));
        }
        if lease.irrevocable.is_some() {
            tx.delete(&SystemKey::irrevocable_lease(id));
        }
        tx.delete(&SystemKey::lease(id));
    }
    Ok(())
}

/// The first `limit` ids of a mount's leases.
///
/// # Errors
/// When the storage fails.
pub fn ids_of_mount(
    tx: &mut Transaction,
    mount: MountId,
    limit: usize,
) -> Result<Vec<String>, BarrierError> {
    ids_below(tx, &SystemKey::mount_leases(mount), limit)
}

/// Lets a lease end now, or as soon as it can be. False when there is none.
///
/// # Errors
/// When the storage fails.
pub fn end_now(tx: &mut Transaction, id: &str, now: Timestamp) -> Result<bool, BarrierError> {
    let Some(mut lease) = find(tx, id)? else {
        return Ok(false);
    };
    if lease.is_alive(now) {
        move_end(tx, Some(lease.expires), Some(now), id);
        lease.expires = now;
        tx.write_json(&SystemKey::lease(id), &lease)?;
    } else if lease.irrevocable.is_none() {
        // It waits for its next attempt: one more is made at once.
        set_end(tx, now, id);
    }
    Ok(true)
}

/// Lets up to `limit` things end now that were leased to a token which is gone. False when there
/// are more.
///
/// # Errors
/// When the storage fails.
pub fn end_those_of_token(
    tx: &mut Transaction,
    token: &str,
    now: Timestamp,
    limit: usize,
) -> Result<bool, BarrierError> {
    let ids = ids_below(tx, &SystemKey::token_leases(token), limit.saturating_add(1))?;
    let is_all = ids.len() <= limit;
    for id in ids.iter().take(limit) {
        end_now(tx, id, now)?;
        tx.delete(&SystemKey::token_lease(token, id));
    }
    Ok(is_all)
}

fn ids_below(
    tx: &mut Transaction,
    prefix: &SystemKey<Local>,
    limit: usize,
) -> Result<Vec<String>, BarrierError> {
    let keys = tx.keys(prefix, None, limit)?;
    let path = prefix.physical().path();
    let ids = keys.iter().filter_map(|key| key.path().strip_prefix(path));
    Ok(ids.map(str::to_owned).collect())
}
