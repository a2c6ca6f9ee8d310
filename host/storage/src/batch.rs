//! Writes that belong together.

use crate::{KEY_BYTES_MAX, Space, StorageError, VALUE_BYTES_MAX};
use bytes::Bytes;
use std::collections::BTreeMap;

/// Writes that are made together or not at all. Of two writes to one key the later one counts.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// None removes.
    writes: BTreeMap<(Space, Bytes), Option<Bytes>>,
}

impl Batch {
    /// An empty batch.
    pub const fn new() -> Self {
        Self {
            writes: BTreeMap::new(),
        }
    }

    /// Sets the value of `key`.
    pub fn put(&mut self, space: Space, key: impl Into<Bytes>, value: impl Into<Bytes>) {
        self.writes.insert((space, key.into()), Some(value.into()));
    }

    /// Removes `key`, if it is there.
    pub fn delete(&mut self, space: Space, key: impl Into<Bytes>) {
        self.writes.insert((space, key.into()), None);
    }

    /// Is there nothing to write?
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// Bytes of all keys and values.
    pub fn size_bytes(&self) -> usize {
        let sizes = self
            .writes
            .iter()
            .map(|((_, key), value)| key.len() + value.as_ref().map_or(0, Bytes::len));
        sizes.sum()
    }

    pub(crate) fn into_writes(self) -> impl Iterator<Item = (Space, Bytes, Option<Bytes>)> {
        self.writes
            .into_iter()
            .map(|((space, key), value)| (space, key, value))
    }

    /// Refuses what no storage takes, before anything is written.
    pub(crate) fn check(&self) -> Result<(), StorageError> {
        for ((_, key), value) in &self.writes {
            if key.is_empty() || key.len() > KEY_BYTES_MAX {
                return Err(StorageError::KeySize(key.len()));
            }
            let size = value.as_ref().map_or(0, Bytes::len);
            if size > VALUE_BYTES_MAX {
                return Err(StorageError::ValueSize(size));
            }
        }
        Ok(())
    }
}
