//! Storage that hides what filters come to: for a primary that does not apply them.

use bytes::Bytes;
use locality::SystemKey;
use std::sync::Arc;
use storage::{Batch, Durability, Range, Snapshot, Space, Storage, StorageError};

/// Storage without exclusions, for whoever asks for one of them.
pub(crate) struct Blind<S: ?Sized>(pub(crate) Arc<S>);

fn is_hidden(key: &[u8]) -> bool {
    key.starts_with(SystemKey::exclusions().physical().as_bytes())
}

impl<S: Storage + ?Sized> Storage for Blind<S> {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Bytes>, StorageError> {
        if is_hidden(key) {
            return Ok(None);
        }
        self.0.get(space, key)
    }

    fn snapshot(&self) -> Arc<dyn Snapshot> {
        Arc::new(Blind(self.0.snapshot()))
    }

    fn commit(&self, batch: Batch, durability: Durability) -> Result<(), StorageError> {
        self.0.commit(batch, durability)
    }

    fn sync(&self) -> Result<(), StorageError> {
        self.0.sync()
    }

    fn settle(&self) -> Result<(), StorageError> {
        self.0.settle()
    }
}

impl Snapshot for Blind<dyn Snapshot> {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Bytes>, StorageError> {
        if is_hidden(key) {
            return Ok(None);
        }
        self.0.get(space, key)
    }

    fn range(&self, space: Space, from: &[u8], to: Option<&[u8]>) -> Range<'_> {
        self.0.range(space, from, to)
    }
}
