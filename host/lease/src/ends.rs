//! The index of ends.

use barrier::{BarrierError, Transaction};
use base::Timestamp;
use locality::{PhysicalKey, SystemKey};

/// A lease whose time has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// When it ended.
    pub at: Timestamp,
    /// Its id.
    pub id: String,
}

/// Notes that `id` ends at `at`.
pub fn set_end(tx: &mut Transaction, at: Timestamp, id: &str) {
    tx.put(&SystemKey::lease_end(at, id), Vec::new());
}

/// Forgets that `id` ends at `at`.
pub fn cancel_end(tx: &mut Transaction, at: Timestamp, id: &str) {
    tx.delete(&SystemKey::lease_end(at, id));
}

/// Moves an end; None stands for never.
pub fn move_end(tx: &mut Transaction, from: Option<Timestamp>, to: Option<Timestamp>, id: &str) {
    if let Some(from) = from {
        cancel_end(tx, from, id);
    }
    if let Some(to) = to {
        set_end(tx, to, id);
    }
}

/// The first `limit` leases that ended at or before `now`, oldest first.
///
/// # Errors
/// When the storage fails.
pub fn due(tx: &mut Transaction, now: Timestamp, limit: usize) -> Result<Vec<Due>, BarrierError> {
    let mut ends = first(tx, limit)?;
    ends.retain(|end| end.at <= now);
    Ok(ends)
}

/// When the next lease ends; None when there is none.
///
/// # Errors
/// When the storage fails.
pub fn next_end(tx: &mut Transaction) -> Result<Option<Timestamp>, BarrierError> {
    Ok(first(tx, 1)?.first().map(|end| end.at))
}

/// As [`due`], of those that come after `after`.
///
/// # Errors
/// When the storage fails.
pub fn due_after(
    tx: &mut Transaction,
    now: Timestamp,
    after: Option<&Due>,
    limit: usize,
) -> Result<Vec<Due>, BarrierError> {
    let after = after.map(|end| SystemKey::lease_end(end.at, &end.id));
    let after = after.as_ref().map(SystemKey::physical);
    let mut ends = read(tx, after, limit)?;
    ends.retain(|end| end.at <= now);
    Ok(ends)
}

fn first(tx: &mut Transaction, limit: usize) -> Result<Vec<Due>, BarrierError> {
    read(tx, None, limit)
}

fn read(
    tx: &mut Transaction,
    after: Option<&PhysicalKey>,
    limit: usize,
) -> Result<Vec<Due>, BarrierError> {
    let prefix = SystemKey::lease_ends();
    let keys = tx.keys(&prefix, after, limit)?;
    let below = |key: &PhysicalKey| parse(key.path().strip_prefix(prefix.physical().path())?);
    Ok(keys.iter().filter_map(below).collect())
}

fn parse(key: &str) -> Option<Due> {
    let (millis, id) = key.split_once('/')?;
    let at = Timestamp::from_millis(u64::from_str_radix(millis, 16).ok()?);
    Some(Due {
        at,
        id: id.to_owned(),
    })
}
