//! What one request writes is there together or not at all, on every cluster.
//!
//! A comparison of more than 8 MiB is written in pieces: no run has so much.

use journal::{Batch, Op};
use locality::{Class, PhysicalKey};
use std::collections::{BTreeMap, BTreeSet};
use storage::{Snapshot, Space};

/// Keys that were written by one request and by nothing else, ever.
#[derive(Default)]
pub(crate) struct Batches {
    pairs: BTreeMap<PhysicalKey, PhysicalKey>,
    written: BTreeSet<PhysicalKey>,
}

impl Batches {
    /// What was there before all.
    pub(crate) fn already(&mut self, moment: &dyn Snapshot) {
        let found = moment
            .range(Space::Entries, b"", None)
            .filter_map(Result::ok);
        let keys = found.filter_map(|(key, _)| PhysicalKey::from_bytes(&key).ok());
        self.written.extend(keys);
    }

    /// Remembers an entry of the log of the primary.
    pub(crate) fn note(&mut self, batches: &[Batch]) {
        for batch in batches {
            let ops = batch.ops.iter();
            let shared = ops.filter(|op| op.key.class() == Class::Replicated);
            let (new, again): (Vec<&Op>, Vec<&Op>) =
                shared.partition(|op| op.value.is_some() && !self.written.contains(&op.key));
            for op in again {
                self.pairs
                    .retain(|one, other| *one != op.key && *other != op.key);
                self.written.insert(op.key.clone());
            }
            for op in &new {
                self.written.insert(op.key.clone());
            }
            for two in new.windows(2) {
                // Of what lies in two namespaces a filter may leave one half out.
                if let [one, other] = two
                    && one.key.namespace() == other.key.namespace()
                    && one.key.mount() == other.key.mount()
                    && !one.key.path().starts_with("core/")
                    && !other.key.path().starts_with("core/")
                {
                    self.pairs.insert(one.key.clone(), other.key.clone());
                }
            }
        }
    }

    /// Looks for halves.
    pub(crate) fn check(&self, cluster: &str, moment: &dyn Snapshot) -> Option<String> {
        let has = |key: &PhysicalKey| match moment.get(Space::Entries, key.as_bytes()) {
            Ok(found) => Some(found.is_some()),
            Err(_) => None,
        };
        let mut pairs = self.pairs.iter();
        let (one, other) = pairs.find(|(one, other)| match (has(one), has(other)) {
            (Some(one), Some(other)) => one != other,
            _ => false,
        })?;
        Some(format!(
            "batch_is_atomic: {cluster} has one of {one:?} and {other:?}"
        ))
    }

    /// How many pairs there are to look at.
    pub(crate) fn count(&self) -> usize {
        self.pairs.len()
    }
}
