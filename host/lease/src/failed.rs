//! Leases that could not be ended: tried again later and later, and then no more.

use crate::ends::{cancel_end, set_end};
use crate::secret::{SecretLease, find};
use barrier::{BarrierError, Transaction};
use base::{NamespaceId, Timestamp};
use core::time::Duration;
use locality::SystemKey;

/// How often it is tried to end a lease.
pub const ATTEMPTS_MAX: u32 = 6;

/// After the first failure; doubles with each further one.
const BACK_OFF: Duration = Duration::from_secs(10);

/// Longest reason that is kept, in bytes.
const REASON_BYTES_MAX: usize = 1_000;

/// What comes after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It is tried again at this time.
    Again(Timestamp),
    /// It is not tried any more: the lease is irrevocable.
    Never,
    /// The lease is gone: somebody else ended it.
    Gone,
}

/// Notes that a lease, due at `at`, could not be ended at `now`.
///
/// # Errors
/// When the storage fails.
pub fn note_failure(
    tx: &mut Transaction,
    id: &str,
    at: Timestamp,
    now: Timestamp,
    reason: &str,
) -> Result<Next, BarrierError> {
    cancel_end(tx, at, id);
    let Some(mut lease) = find(tx, id)? else {
        return Ok(Next::Gone);
    };
    lease.attempts = lease.attempts.saturating_add(1);
    let next = if lease.attempts >= ATTEMPTS_MAX {
        lease.irrevocable = Some(cut(reason).to_owned());
        tx.put(&SystemKey::irrevocable_lease(id), Vec::new());
        Next::Never
    } else {
        let doublings = lease.attempts.saturating_sub(1);
        let later = now.plus(BACK_OFF.saturating_mul(1 << doublings.min(ATTEMPTS_MAX)));
        set_end(tx, later, id);
        Next::Again(later)
    };
    tx.write_json(&SystemKey::lease(id), &lease)?;
    Ok(next)
}

/// Notes that nobody can undo a lease any more; it is not tried.
///
/// # Errors
/// When the storage fails.
pub fn note_irrevocable(tx: &mut Transaction, id: &str, reason: &str) -> Result<(), BarrierError> {
    let Some(mut lease) = find(tx, id)?.filter(|lease| lease.irrevocable.is_none()) else {
        return Ok(());
    };
    cancel_end(tx, lease.expires, id);
    lease.irrevocable = Some(cut(reason).to_owned());
    tx.put(&SystemKey::irrevocable_lease(id), Vec::new());
    tx.write_json(&SystemKey::lease(id), &lease)
}

fn cut(reason: &str) -> &str {
    let mut end = reason.len().min(REASON_BYTES_MAX);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    reason.get(..end).unwrap_or_default()
}

/// Up to `limit` irrevocable leases of a namespace.
///
/// # Errors
/// When the storage fails.
pub fn irrevocable(
    tx: &mut Transaction,
    namespace: NamespaceId,
    limit: usize,
) -> Result<Vec<(String, SecretLease)>, BarrierError> {
    let all = SystemKey::irrevocable_leases(namespace);
    let keys = tx.keys(&all, None, limit)?;
    let mut leases = Vec::with_capacity(keys.len());
    for key in &keys {
        let Some(id) = key.path().strip_prefix(all.physical().path()) else {
            continue;
        };
        if let Some(lease) = find(tx, id)? {
            leases.push((id.to_owned(), lease));
        }
    }
    Ok(leases)
}
