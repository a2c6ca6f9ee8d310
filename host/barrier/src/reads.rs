//! What a transaction looked at, for optimistic concurrency.

use locality::PhysicalKey;
use std::collections::BTreeSet;

/// Every key and every range of keys that a transaction's outcome depends on.
///
/// A write that came after the transaction's snapshot and that one of them
/// [covers](Self::covers) overtook it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    keys: BTreeSet<PhysicalKey>,
    ranges: Vec<Range>,
}

/// Physical keys from the first bytes up to, and without, the second.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Range {
    from: Vec<u8>,
    to: Vec<u8>,
}

impl Reads {
    /// Was nothing looked at?
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.ranges.is_empty()
    }

    /// Could a write of `key` have changed what was read?
    pub fn covers(&self, key: &PhysicalKey) -> bool {
        let bytes = key.as_bytes();
        self.keys.contains(key)
            || self
                .ranges
                .iter()
                .any(|range| range.from.as_slice() <= bytes && bytes < range.to.as_slice())
    }

    pub(crate) fn note_key(&mut self, key: &PhysicalKey) {
        if !self.keys.contains(key) {
            self.keys.insert(key.clone());
        }
    }

    /// Adds what another one noted.
    pub(crate) fn absorb(&mut self, other: Self) {
        self.keys.extend(other.keys);
        self.ranges.extend(other.ranges);
    }

    /// Notes that which keys exist in a range was looked at. A range that goes on where the last
    /// one ended becomes a part of it.
    pub(crate) fn note_range(&mut self, from: &[u8], to: &[u8]) {
        if from >= to {
            return;
        }
        match self.ranges.last_mut() {
            Some(last) if last.from.as_slice() <= from && from <= last.to.as_slice() => {
                if last.to.as_slice() < to {
                    last.to = to.to_vec();
                }
            }
            _ => self.ranges.push(Range {
                from: from.to_vec(),
                to: to.to_vec(),
            }),
        }
    }
}
