//! What this cluster has at one moment, as a comparison reads it.

use barrier::SealWrap;
use journal::JournalError;
use replication::{Pairs, View};
use std::sync::Arc;
use storage::{Snapshot, Space};

/// One moment.
pub(crate) struct Moment(pub(crate) Arc<dyn Snapshot>);

impl Moment {
    fn pairs(&self, space: Space, from: &[u8], to: &[u8]) -> Pairs<'_> {
        let found = self.0.range(space, from, Some(to));
        Box::new(found.map(|pair| pair.map_err(JournalError::from)))
    }
}

impl View for Moment {
    fn records(&self, from: &[u8], to: &[u8]) -> Pairs<'_> {
        self.pairs(Space::Digests, from, to)
    }

    fn entries(&self, from: &[u8], to: &[u8]) -> Pairs<'_> {
        self.pairs(Space::Entries, from, to)
    }

    fn is_to_be_wrapped(&self, value: &[u8]) -> bool {
        SealWrap::of(value) == Some(SealWrap::Wanted)
    }
}
