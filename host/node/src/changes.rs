//! Which of the host's own entries changed, so that what is kept of them in memory is read anew.
//!
//! The journal tells it of every batch that was applied, whoever proposed it: a node that follows
//! learns of a new mount in the same way as the node that made it.

use journal::{Batch, Observer, Op};
use locality::PhysicalKey;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Keys of the host's own entries that were applied and not yet looked at.
#[derive(Debug, Default)]
pub struct Changes {
    noted: AtomicU64,
    keys: Mutex<Vec<PhysicalKey>>,
    /// How often something else was kept from a secondary.
    exclusions: AtomicU64,
}

/// What is kept in memory begins with one of these, below the system mount; and there are the aliases
/// among the entries of auth mounts.
const KEPT: [&str; 15] = [
    "core/mounts/",
    "core/local-mounts/",
    "core/namespaces/",
    "core/audit/",
    "core/local-audit/",
    "core/audited-headers",
    "core/cors",
    "sys/policy/",
    "sys/quotas/",
    "identity/entity/id/",
    "identity/entity/alias/",
    "identity/entity/merged/",
    "identity/group/id/",
    "identity/group/of-entity/",
    "identity/group/parent/",
];

/// What is kept from secondaries is below this, written out: each entry of the log is looked at.
const EXCLUSIONS: &str = "core/replication/performance/excluded/";

impl Changes {
    /// A number that grows with every change. Read it before a snapshot; what was read from the
    /// snapshot is current if the number is still the same.
    pub(crate) fn count(&self) -> u64 {
        self.noted.load(Ordering::Acquire)
    }

    /// A number that grows whenever something else is kept from a secondary.
    pub(crate) fn exclusions(&self) -> u64 {
        self.exclusions.load(Ordering::Acquire)
    }

    /// Takes all keys that changed since it was last asked.
    pub(crate) fn take(&self) -> Vec<PhysicalKey> {
        core::mem::take(&mut *self.keys.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Gives back what was taken and could not be looked at.
    pub(crate) fn put_back(&self, keys: Vec<PhysicalKey>) {
        self.keys
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(keys);
    }
}

impl Observer for Changes {
    fn applied(&self, _index: u64, batches: &[Batch]) {
        let ops = batches.iter().flat_map(|batch| &batch.ops);
        let is_exclusion = |op: &Op| {
            op.key.mount() == base::MountId::SYSTEM && op.key.path().starts_with(EXCLUSIONS)
        };
        if ops.clone().any(is_exclusion) {
            self.exclusions.fetch_add(1, Ordering::Release);
        }
        let is_kept = |op: &&Op| match op.key.mount() == base::MountId::SYSTEM {
            true => KEPT.iter().any(|prefix| op.key.path().starts_with(prefix)),
            // What an auth mount says of somebody is among its entries.
            false => locality::alias_kept_at(&op.key).is_some(),
        };
        let kept = ops.filter(is_kept);
        let changed: Vec<PhysicalKey> = kept.map(|op| op.key.clone()).collect();
        if !changed.is_empty() {
            self.keys
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .extend(changed);
            self.noted.fetch_add(1, Ordering::Release);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exclusions_are_where_they_are_looked_for() {
        let exclusions = locality::SystemKey::exclusions();
        assert_eq!(exclusions.physical().path(), EXCLUSIONS);
    }
}
