//! Walks the keys of a range: storage and the transaction's own writes as one.

use crate::error::BarrierError;
use crate::reads::Reads;
use crate::transaction::Write;
use bytes::Bytes;
use core::cmp::Ordering;
use core::ops::Bound;
use locality::PhysicalKey;
use std::collections::BTreeMap;
use std::sync::Arc;
use storage::{Range, Snapshot, Space};

/// Existing keys in order, from a position to an end. Notes what it looked at.
pub(crate) struct Cursor<'a> {
    snapshot: &'a dyn Snapshot,
    writes: &'a BTreeMap<PhysicalKey, Write>,
    stored: Range<'a>,
    /// The next key of storage that was not handed out yet.
    peeked: Option<(PhysicalKey, Bytes)>,
    /// Nothing before it is handed out any more.
    position: PhysicalKey,
    end: Vec<u8>,
    reads: Reads,
}

/// A key that exists.
pub(crate) struct Found<'a> {
    pub(crate) key: PhysicalKey,
    pub(crate) value: Value<'a>,
}

pub(crate) enum Value<'a> {
    /// As sealed in storage.
    Stored(Bytes),
    /// As the transaction wrote it.
    Own(&'a [u8]),
}

enum Next<'a> {
    Stored(PhysicalKey, Bytes),
    Own(PhysicalKey, Option<&'a [u8]>),
    End,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(
        snapshot: &'a dyn Snapshot,
        writes: &'a BTreeMap<PhysicalKey, Write>,
        position: PhysicalKey,
        end: Vec<u8>,
    ) -> Self {
        Self {
            stored: range(snapshot, &position, &end),
            snapshot,
            writes,
            peeked: None,
            position,
            end,
            reads: Reads::default(),
        }
    }

    /// Goes on at `position`, which must not lie before where the cursor is.
    pub(crate) fn seek(&mut self, position: PhysicalKey) {
        let ahead = self
            .peeked
            .as_ref()
            .is_some_and(|(key, _)| *key >= position);
        if !ahead {
            self.peeked = None;
            self.stored = range(self.snapshot, &position, &self.end);
        }
        self.position = position;
    }

    pub(crate) fn next(&mut self) -> Result<Option<Found<'a>>, BarrierError> {
        loop {
            let (key, value) = match self.step()? {
                Next::End => {
                    self.reads.note_range(self.position.as_bytes(), &self.end);
                    return Ok(None);
                }
                Next::Stored(key, value) => (key, Some(Value::Stored(value))),
                Next::Own(key, value) => (key, value.map(Value::Own)),
            };
            let next = successor(&key);
            self.reads
                .note_range(self.position.as_bytes(), next.as_bytes());
            self.position = next;
            if let Some(value) = value {
                return Ok(Some(Found { key, value }));
            }
        }
    }

    /// What was looked at.
    pub(crate) fn into_reads(self) -> Reads {
        self.reads
    }

    /// The smaller of the next stored key and the next written one; a written one hides a stored
    /// one of the same name.
    fn step(&mut self) -> Result<Next<'a>, BarrierError> {
        self.peek()?;
        let writes = self.writes;
        let own = writes
            .range((Bound::Included(&self.position), Bound::Unbounded))
            .next()
            .filter(|(key, _)| key.as_bytes() < self.end.as_slice());
        let order = match (&self.peeked, own) {
            (None, None) => return Ok(Next::End),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some((stored, _)), Some((own, _))) => stored.cmp(own),
        };
        if order.is_le() {
            let stored = self.peeked.take();
            if let (Ordering::Less, Some((key, value))) = (order, stored) {
                return Ok(Next::Stored(key, value));
            }
        }
        Ok(own.map_or(Next::End, |(key, write)| {
            Next::Own(key.clone(), write.value())
        }))
    }

    fn peek(&mut self) -> Result<(), BarrierError> {
        if self.peeked.is_none()
            && let Some(entry) = self.stored.next()
        {
            let (key, value) = entry.map_err(|error| BarrierError::Storage(Arc::new(error)))?;
            let key = PhysicalKey::from_bytes(&key).map_err(BarrierError::StoredKey)?;
            self.peeked = Some((key, value));
        }
        Ok(())
    }
}

fn range<'a>(snapshot: &'a dyn Snapshot, from: &PhysicalKey, end: &[u8]) -> Range<'a> {
    snapshot.range(Space::Entries, from.as_bytes(), Some(end))
}

/// The first key after `key`.
pub(crate) fn successor(key: &PhysicalKey) -> PhysicalKey {
    sibling(key, &format!("{}\0", key.path()))
}

/// The key of another path in the same class, namespace and mount.
pub(crate) fn sibling(key: &PhysicalKey, path: &str) -> PhysicalKey {
    PhysicalKey::new(key.class(), key.namespace(), key.mount(), path)
}

/// The first bytes after all that begin with `prefix`.
pub(crate) fn end_of(prefix: &PhysicalKey) -> Vec<u8> {
    let mut end = prefix.as_bytes().to_vec();
    // A class is an ASCII letter: the loop ends there at the latest, and the end is never empty.
    while let Some(last) = end.pop() {
        if let Some(next) = last.checked_add(1) {
            end.push(next);
            break;
        }
    }
    end
}
