//! A journal without a log.

use crate::{Batch, Committing, Journal, JournalError, Observer, applied_index, prepare};
use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use storage::{Durability, Storage};

/// A journal that applies at once, for tests and simulation. It stands for a cluster's log: what it
/// has answered is synced in its storage.
pub struct MemoryJournal {
    storage: Arc<dyn Storage>,
    observer: Arc<dyn Observer>,
    /// One commit at a time: an index belongs to one entry.
    committing: Mutex<()>,
    applied: AtomicU64,
}

impl MemoryJournal {
    /// A journal over what `storage` holds.
    ///
    /// # Errors
    /// When storage cannot be read.
    pub fn new(
        storage: Arc<dyn Storage>,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, JournalError> {
        let applied = AtomicU64::new(applied_index(&*storage)?);
        Ok(Self {
            storage,
            observer,
            committing: Mutex::new(()),
            applied,
        })
    }

    fn commit_now(&self, batches: &[Batch]) -> Result<u64, JournalError> {
        let size = Batch::size_bytes(batches)?;
        let stopped = |_| JournalError::Stopped(String::from("an observer panicked"));
        let _one = self.committing.lock().map_err(stopped)?;
        let last = self.applied.load(Ordering::SeqCst);
        if size == 0 {
            return Ok(last);
        }
        let index = last + 1;
        let Some(writes) = prepare(&*self.storage.snapshot(), index, batches)? else {
            let message = format!("index {index} is applied already");
            return Err(JournalError::Damaged(message));
        };
        self.storage.commit(writes, Durability::Synced)?;
        self.applied.store(index, Ordering::SeqCst);
        self.observer.applied(index, batches);
        Ok(index)
    }
}

impl Journal for MemoryJournal {
    fn commit(&self, batches: Vec<Batch>) -> Committing {
        let result = self.commit_now(&batches);
        Box::pin(core::future::ready(result))
    }

    fn applied(&self) -> u64 {
        self.applied.load(Ordering::SeqCst)
    }
}
