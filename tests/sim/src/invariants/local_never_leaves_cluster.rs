//! What is local or ignored never leaves its cluster: tokens, cubbyholes, keys.

use super::Said;
use journal::{Batch, Op};
use locality::{Class, Shelf};
use memchr::memmem;
use std::collections::BTreeSet;

/// In the keys and values that clients write to local places.
pub(crate) const CANARY: &str = "canary-of-one-cluster";

/// What of local entries can be recognized on the wire.
#[derive(Default)]
pub(crate) struct Locals {
    /// The sealed values of local and ignored entries.
    sealed: BTreeSet<Vec<u8>>,
}

impl Locals {
    /// Remembers what a cluster wrote for itself.
    pub(crate) fn note(&mut self, batches: &[Batch]) {
        let ops = batches.iter().flat_map(|batch| &batch.ops);
        // What lies on the shelf is not its own: it came from a primary, which sends it to others too.
        let came = |op: &&Op| Shelf::Coming.own_key(op.key.as_bytes()).is_some();
        let own = ops.filter(|op| op.key.class() != Class::Replicated && !came(op));
        self.sealed.extend(own.filter_map(|op| op.value.clone()));
    }

    pub(crate) fn check(&self, frame: &[u8], said: &Said) -> Option<String> {
        if memmem::find(frame, CANARY.as_bytes()).is_some() {
            return Some(String::from(
                "local_never_leaves_cluster: a canary is on the wire",
            ));
        }
        for op in said.ops() {
            if op.key.class() != Class::Replicated {
                return Some(format!(
                    "local_never_leaves_cluster: {:?} is on the wire",
                    op.key
                ));
            }
            if op
                .value
                .as_ref()
                .is_some_and(|value| self.sealed.contains(value))
            {
                return Some(format!(
                    "local_never_leaves_cluster: a local value is on the wire as {:?}",
                    op.key
                ));
            }
        }
        None
    }
}
