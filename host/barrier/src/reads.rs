//! What a transaction looked at, for optimistic concurrency.

use core::ops::Bound;
use locality::PhysicalKey;
use std::collections::{BTreeMap, BTreeSet};

/// Every key and every range of keys that a transaction's outcome depends on.
///
/// A write that came after the transaction's snapshot and that one of them
/// [covers](Self::covers) overtook it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    keys: BTreeSet<PhysicalKey>,
    /// From the first physical key of each up to, and without, its end. They neither overlap nor
    /// touch, so that one look-up finds the only one that can hold a key.
    ranges: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Reads {
    /// Was nothing looked at?
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.ranges.is_empty()
    }

    /// Could a write of `key` have changed what was read?
    pub fn covers(&self, key: &PhysicalKey) -> bool {
        let bytes = key.as_bytes();
        let before = self
            .ranges
            .range::<[u8], _>((Bound::Unbounded, Bound::Included(bytes)))
            .next_back();
        self.keys.contains(key) || before.is_some_and(|(_, end)| bytes < end.as_slice())
    }

    /// Adds a key.
    pub fn note_key(&mut self, key: &PhysicalKey) {
        if !self.keys.contains(key) {
            self.keys.insert(key.clone());
        }
    }

    /// Adds what another one noted.
    pub(crate) fn absorb(&mut self, other: Self) {
        self.keys.extend(other.keys);
        for (from, to) in other.ranges {
            self.note_range(&from, &to);
        }
    }

    /// Notes that which keys exist in a range was looked at. One that overlaps or touches others
    /// becomes one with them.
    pub(crate) fn note_range(&mut self, from: &[u8], to: &[u8]) {
        if from >= to {
            return;
        }
        let before = (Bound::Unbounded, Bound::Included(from));
        match self.ranges.range_mut::<[u8], _>(before).next_back() {
            Some((_, end)) if to <= end.as_slice() => return,
            Some((_, end)) if from <= end.as_slice() => *end = to.to_vec(),
            _ => {
                self.ranges.insert(from.to_vec(), to.to_vec());
            }
        }
        let mut furthest = None;
        let within = (Bound::Excluded(from), Bound::Included(to));
        while let Some((start, _)) = self.ranges.range::<[u8], _>(within).next() {
            let start = start.clone();
            furthest = self.ranges.remove(&start);
        }
        if let Some(furthest) = furthest {
            self.note_range(from, &furthest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::{MountId, NamespaceId};
    use locality::Class;
    use proptest::prelude::*;

    fn key(path: &str) -> PhysicalKey {
        PhysicalKey::new(Class::Local, NamespaceId::ROOT, MountId::new(1), path)
    }

    proptest! {
        #[test]
        fn ranges_cover_what_they_cover_one_by_one(
            ranges in prop::collection::vec(("[a-d]{0,2}", "[a-d]{0,2}"), 0..8),
            more in prop::collection::vec(("[a-d]{0,2}", "[a-d]{0,2}"), 0..4),
            probe in "[a-d]{0,3}",
        ) {
            let note = |reads: &mut Reads, ranges: &[(String, String)]| {
                for (from, to) in ranges {
                    reads.note_range(key(from).as_bytes(), key(to).as_bytes());
                }
            };
            let (mut reads, mut other) = (Reads::default(), Reads::default());
            note(&mut reads, &ranges);
            note(&mut other, &more);
            reads.absorb(other);
            let expected = ranges.iter().chain(&more).any(|(from, to)| *from <= probe && probe < *to);
            prop_assert_eq!(reads.covers(&key(&probe)), expected);
            let ends: Vec<_> = reads.ranges.iter().collect();
            prop_assert!(ends.windows(2).all(|pair| pair[0].1 < pair[1].0));
        }
    }
}
