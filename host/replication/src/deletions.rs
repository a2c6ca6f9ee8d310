//! What a secondary has and its primary has not.

use crate::Position;
use crate::view::{self, View};
use core::ops::Bound;
use digest::Tree;
use journal::{JournalError, Op};
use locality::PhysicalKey;
use std::collections::BTreeSet;

/// Bytes of keys that are remembered; what is beyond them is found by the next comparison.
const KEYS_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Bytes of keys after which a piece ends.
const PIECE_BYTES: usize = 1024 * 1024;

/// What is to go once everything is known.
#[derive(Debug, Default)]
pub(crate) struct Deletions {
    trees: BTreeSet<Tree>,
    keys: BTreeSet<PhysicalKey>,
    keys_bytes: usize,
    found: Found,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Found {
    #[default]
    All,
    Some,
}

impl Deletions {
    pub(crate) fn add_tree(&mut self, tree: Tree) {
        self.trees.insert(tree);
    }

    /// There may be more to find than was looked for.
    pub(crate) const fn leave_some(&mut self) {
        self.found = Found::Some;
    }

    pub(crate) fn add_key(&mut self, key: PhysicalKey) {
        let keys_bytes = self.keys_bytes.saturating_add(key.as_bytes().len());
        if keys_bytes > KEYS_BYTES_MAX {
            self.found = Found::Some;
            return;
        }
        if self.keys.insert(key) {
            self.keys_bytes = keys_bytes;
        }
    }

    /// The primary has written it since.
    pub(crate) fn remove(&mut self, key: &PhysicalKey) {
        if self.keys.remove(key) {
            self.keys_bytes = self.keys_bytes.saturating_sub(key.as_bytes().len());
        }
        self.trees.remove(&Tree::of(key));
    }
}

/// What a comparison came to. All that the primary has is here; what it has not may go.
#[derive(Debug)]
pub struct Outcome {
    position: Position,
    deletions: Deletions,
}

impl Outcome {
    pub(crate) const fn new(position: Position, deletions: Deletions) -> Self {
        Self {
            position,
            deletions,
        }
    }

    /// What is to be deleted, in pieces of about a mebibyte of keys, each in order.
    pub fn deletions<'a>(
        &'a self,
        held: &'a dyn View,
    ) -> impl Iterator<Item = Result<Vec<Op>, JournalError>> + 'a {
        let trees = self.deletions.trees.iter().flat_map(|tree| {
            let entries = view::entries(held, tree, None, Bound::Unbounded);
            entries.map(|entry| entry.map(|(key, _)| key))
        });
        let mut keys = trees.chain(self.deletions.keys.iter().cloned().map(Ok));
        core::iter::from_fn(move || piece(&mut keys).transpose())
    }

    /// How far the secondary is once the deletions are written: to be stored with the last of them.
    /// None where there was more to delete than is remembered, or not everything was compared; then
    /// compare once more.
    pub fn position(&self) -> Option<&Position> {
        (self.deletions.found == Found::All).then_some(&self.position)
    }
}

fn piece(
    keys: &mut impl Iterator<Item = Result<PhysicalKey, JournalError>>,
) -> Result<Option<Vec<Op>>, JournalError> {
    let mut ops = Vec::new();
    let mut bytes = 0;
    while bytes < PIECE_BYTES
        && let Some(key) = keys.next().transpose()?
    {
        bytes += key.as_bytes().len();
        ops.push(Op {
            key,
            value: None,
            seal_wrap: false,
        });
    }
    ops.sort_by(|one, other| one.key.cmp(&other.key));
    Ok((!ops.is_empty()).then_some(ops))
}
