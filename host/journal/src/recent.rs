//! The last entries of a log, in memory: whoever follows near its end reads them without the disk,
//! and all of them read the same ones.

use crate::{Batch, Tail};
use std::collections::VecDeque;
use std::sync::Arc;

/// What an operation takes in memory beside its key and value, about.
const OP_BYTES: usize = 64;

/// The last entries of a log, without a gap, within a bound of bytes.
#[derive(Debug)]
pub struct Recent {
    bytes_max: u64,
    /// Nothing up to here is kept.
    after: u64,
    /// The last entry of the log that is applied.
    last: u64,
    /// Those that write something, the oldest first.
    entries: VecDeque<Kept>,
    size_bytes: u64,
}

#[derive(Debug)]
struct Kept {
    index: u64,
    batches: Arc<Vec<Batch>>,
    size_bytes: u64,
}

impl Recent {
    /// Keeps nothing of a log that ends at entry `last`; at most `bytes_max` of what follows.
    pub const fn new(last: u64, bytes_max: u64) -> Self {
        Self {
            bytes_max,
            after: last,
            last,
            entries: VecDeque::new(),
            size_bytes: 0,
        }
    }

    /// The last entry that is not kept.
    pub const fn after(&self) -> u64 {
        self.after
    }

    /// The last entry of the log.
    pub const fn last(&self) -> u64 {
        self.last
    }

    /// Bytes of what is kept.
    pub const fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// How many bytes may be kept.
    pub const fn bytes_max(&self) -> u64 {
        self.bytes_max
    }

    /// Adds the entry that follows; the oldest ones make room for it. What was added is not added
    /// again.
    pub fn push(&mut self, index: u64, batches: Arc<Vec<Batch>>) {
        if index <= self.last {
            return;
        }
        self.last = index;
        if batches.is_empty() {
            return;
        }
        let size_bytes = size_bytes(&batches);
        self.size_bytes += size_bytes;
        self.entries.push_back(Kept {
            index,
            batches,
            size_bytes,
        });
        while self.size_bytes > self.bytes_max && self.forget_oldest() {}
    }

    /// Forgets the entries up to this one.
    pub fn forget_upto(&mut self, index: u64) {
        while self.entries.front().is_some_and(|kept| kept.index <= index) {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) -> bool {
        let oldest = self.entries.pop_front();
        if let Some(oldest) = &oldest {
            self.size_bytes -= oldest.size_bytes;
            self.after = oldest.index;
        }
        oldest.is_some()
    }

    /// Forgets what is kept.
    pub fn clear(&mut self) {
        *self = Self::new(self.last, self.bytes_max);
    }

    /// Reads as [`Source::read`](crate::Source::read) does; None where an entry after `after` is
    /// not kept.
    pub fn read(&self, after: u64, bytes_max: usize) -> Option<Tail> {
        if after < self.after {
            return None;
        }
        let bytes_max = bytes_max as u64;
        let first = self.entries.partition_point(|kept| kept.index <= after);
        let mut tail = Tail::default();
        let mut bytes = 0_u64;
        for kept in self.entries.range(first..) {
            bytes = bytes.saturating_add(kept.size_bytes);
            if bytes > bytes_max && !tail.entries.is_empty() {
                return Some(tail);
            }
            let batches = Arc::clone(&kept.batches);
            tail.entries.push((kept.index, batches));
            tail.upto = kept.index;
        }
        tail.upto = self.last;
        Some(tail)
    }
}

fn size_bytes(batches: &[Batch]) -> u64 {
    let ops = batches.iter().flat_map(|batch| &batch.ops);
    let sizes =
        ops.map(|op| OP_BYTES + op.key.as_bytes().len() + op.value.as_ref().map_or(0, Vec::len));
    sizes.sum::<usize>() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Op;
    use base::{MountId, NamespaceId};
    use locality::{Class, PhysicalKey};
    use proptest::prelude::*;

    fn entry(value_bytes: usize) -> Arc<Vec<Batch>> {
        let (root, mount) = (NamespaceId::ROOT, MountId::new(1));
        let op = Op {
            key: PhysicalKey::new(Class::Replicated, root, mount, "x"),
            value: Some(vec![7; value_bytes]),
            seal_wrap: false,
        };
        Arc::new(vec![Batch { ops: vec![op] }])
    }

    proptest! {
        /// Read in pieces of any size, from anywhere: each entry once, or it is said that it is
        /// gone.
        #[test]
        fn pieces_add_up_to_what_was_pushed(
            sizes in prop::collection::vec(prop::option::of(0_usize..300), 0..40),
            start in 0_u64..10, bytes_max in 0_u64..4_000, from in 0_u64..60,
            pieces in prop::collection::vec(0_usize..2_000, 1..5), forgotten in 0_u64..60,
        ) {
            let mut recent = Recent::new(start, bytes_max);
            let mut all = Vec::new();
            for (index, size) in (start + 1..).zip(&sizes) {
                let batches = size.map_or_else(Arc::default, entry);
                recent.push(index, Arc::clone(&batches));
                recent.push(index, entry(1));
                if size.is_some() {
                    all.push((index, batches));
                }
            }
            prop_assert!(recent.size_bytes() <= bytes_max);
            let before = recent.after();
            recent.forget_upto(forgotten);
            prop_assert!(recent.after() <= before.max(forgotten));
            prop_assert!(recent.entries.front().is_none_or(|kept| kept.index > forgotten));
            prop_assert_eq!(recent.last(), start + sizes.len() as u64);
            let expected: Vec<_> = all.iter().filter(|(index, _)| *index > from).collect();
            let mut read = Vec::new();
            let mut after = from;
            for piece in pieces.into_iter().cycle() {
                let Some(tail) = recent.read(after, piece) else {
                    prop_assert!(after < recent.after());
                    prop_assert_eq!(after, from);
                    return Ok(());
                };
                let total: u64 = tail.entries.iter().map(|(_, batches)| size_bytes(batches)).sum();
                prop_assert!(tail.entries.len() <= 1 || total <= piece as u64);
                read.extend(tail.entries);
                if tail.upto >= recent.last() || tail.upto <= after {
                    prop_assert_eq!(tail.upto, recent.last());
                    break;
                }
                after = tail.upto;
            }
            prop_assert_eq!(read.len(), expected.len());
            for (found, expected) in read.iter().zip(expected) {
                prop_assert_eq!(found.0, expected.0);
                prop_assert!(Arc::ptr_eq(&found.1, &expected.1));
            }
        }
    }

    #[test]
    fn an_entry_larger_than_the_bound_is_not_kept() {
        let mut recent = Recent::new(0, 1_000);
        recent.push(1, entry(10));
        recent.push(2, entry(5_000));
        assert_eq!((recent.after(), recent.size_bytes()), (2, 0));
        assert!(recent.read(1, 10).is_none());
        recent.push(3, entry(10));
        assert_eq!(recent.read(2, 0).unwrap().entries.len(), 1);
        recent.clear();
        assert_eq!((recent.after(), recent.last()), (3, 3));
    }
}
