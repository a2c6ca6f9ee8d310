//! Storage in memory: for development, and with faults for simulation.

use crate::versions::Versions;
use crate::{Batch, Durability, Range, Snapshot, Space, Storage, StorageError};
use bytes::Bytes;
use core::ops::Bound;
use core::sync::atomic::{AtomicU64, Ordering};
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// The most entries that one look into a range copies while it holds the lock.
const CHUNK_MAX: usize = 128;

type Write = (Space, Bytes, Option<Bytes>);

/// How a commit or sync goes wrong. Each poisons storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The disk took nothing of it.
    Failed,
    /// The disk reported an error and has it all the same: it is there after a crash.
    FailedYetKept,
    /// The disk took half of the batch and then lost its sense of what a batch is: a storage that
    /// breaks its promise, so that rooms above can show that they notice.
    Torn,
    /// The disk has no room.
    Full,
}

/// Storage in memory.
pub struct Memory {
    shared: Arc<Shared>,
}

struct Shared {
    state: RwLock<State>,
    /// Reads until one fails; `u64::MAX` for never.
    reads_left: AtomicU64,
}

struct State {
    versions: Versions,
    poisoned: bool,
    faults: Option<Faults>,
}

#[derive(Default)]
struct Faults {
    /// Commits and syncs so far.
    write_count: u64,
    plan: BTreeMap<u64, Fault>,
    /// For each batch that is not synced, what to write to take it back.
    unsynced: Vec<Vec<Write>>,
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

impl Memory {
    /// Empty storage that never fails and forgets all at the end.
    pub fn new() -> Self {
        Self::with(Versions::default(), None)
    }

    /// Empty storage that can be told to fail and to crash.
    pub fn with_faults() -> Self {
        Self::with(Versions::default(), Some(Faults::default()))
    }

    fn with(versions: Versions, faults: Option<Faults>) -> Self {
        let state = State {
            versions,
            poisoned: false,
            faults,
        };
        Self {
            shared: Arc::new(Shared {
                state: RwLock::new(state),
                reads_left: AtomicU64::new(u64::MAX),
            }),
        }
    }

    /// Lets a commit or sync fail: the next one, or after so many that still go well.
    pub fn fail_write(&self, after: u64, fault: Fault) {
        if let Some(faults) = &mut self.shared.write().faults {
            faults.plan.insert(faults.write_count + after, fault);
        }
    }

    /// Lets a read fail: the next one, or after so many that still go well.
    pub fn fail_read(&self, after: u64) {
        self.shared.reads_left.store(after, Ordering::SeqCst);
    }

    /// The machine loses power: this storage is poisoned, and what is given back is what the disk
    /// had, all that was synced and the first `kept` of the batches after it.
    #[must_use]
    pub fn crash(&self, kept: usize) -> Self {
        let mut state = self.shared.write();
        state.poisoned = true;
        let mut versions = state.versions.copy();
        if let Some(faults) = &state.faults {
            for before in faults.unsynced.iter().skip(kept).rev() {
                versions.write(before.iter().cloned());
            }
        }
        Self::with(versions, Some(Faults::default()))
    }

    /// The process is killed: this storage is poisoned, and what is given back has every commit
    /// that returned, since the system still has it.
    #[must_use]
    pub fn kill(&self) -> Self {
        self.crash(usize::MAX)
    }

    /// Changes one bit of a stored value, and nothing notices: damage below every checksum. False
    /// when there is no such bit.
    pub fn flip_bit(&self, space: Space, key: &[u8], bit: usize) -> bool {
        let mut state = self.shared.write();
        let now = state.versions.now();
        let value = state.versions.read(space, key, now);
        let mut value = value.map(Vec::from).unwrap_or_default();
        let Some(byte) = value.get_mut(bit / 8) else {
            return false;
        };
        *byte ^= 1 << (bit % 8);
        let write = (space, Bytes::copy_from_slice(key), Some(value.into()));
        state.versions.write(core::iter::once(write));
        true
    }
}

impl Shared {
    /// No section under this lock can panic half-way: what a panicking holder left is whole.
    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn check_read(&self, state: &State, space: Space) -> Result<(), StorageError> {
        if state.poisoned {
            return Err(StorageError::Poisoned);
        }
        // Nearly always no fault is planned: then this must cost no more than a load.
        if self.reads_left.load(Ordering::Relaxed) == u64::MAX {
            return Ok(());
        }
        let left = self.reads_left.fetch_sub(1, Ordering::SeqCst);
        if left == 0 {
            self.reads_left.store(u64::MAX, Ordering::SeqCst);
            let doing = format!("read {} from storage", space.name());
            return Err(StorageError::from_io(doing, planned()));
        }
        Ok(())
    }
}

impl State {
    /// Counts a write, and gives the fault that was planned for it.
    fn next_fault(&mut self) -> Option<Fault> {
        let faults = self.faults.as_mut()?;
        let fault = faults.plan.remove(&faults.write_count);
        faults.write_count += 1;
        fault
    }

    fn apply(&mut self, writes: impl Iterator<Item = Write>, durability: Durability) {
        let before = self.versions.write(writes);
        if let Some(faults) = &mut self.faults {
            match durability {
                Durability::Buffered => faults.unsynced.push(before),
                Durability::Synced => faults.unsynced.clear(),
            }
        }
    }

    fn fail(&mut self, fault: Fault, writes: Vec<Write>) -> StorageError {
        let half = writes.len() / 2;
        match fault {
            Fault::Failed | Fault::Full => {}
            Fault::FailedYetKept => self.apply(writes.into_iter(), Durability::Synced),
            Fault::Torn => self.apply(writes.into_iter().take(half), Durability::Synced),
        }
        self.poisoned = true;
        let cause = match fault {
            Fault::Full => io::Error::from(io::ErrorKind::StorageFull),
            _ => planned(),
        };
        StorageError::from_io("commit to storage", cause)
    }
}

impl Storage for Memory {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Bytes>, StorageError> {
        let state = self.shared.read();
        self.shared.check_read(&state, space)?;
        Ok(state.versions.read(space, key, state.versions.now()))
    }

    fn snapshot(&self) -> Arc<dyn Snapshot> {
        let at = self.shared.write().versions.hold();
        Arc::new(MemorySnapshot {
            shared: Arc::clone(&self.shared),
            at,
        })
    }

    fn commit(&self, batch: Batch, durability: Durability) -> Result<(), StorageError> {
        batch.check()?;
        let mut state = self.shared.write();
        if state.poisoned {
            return Err(StorageError::Poisoned);
        }
        match state.next_fault() {
            Some(fault) => Err(state.fail(fault, batch.into_writes().collect())),
            None => {
                state.apply(batch.into_writes(), durability);
                Ok(())
            }
        }
    }

    fn sync(&self) -> Result<(), StorageError> {
        self.commit(Batch::new(), Durability::Synced)
    }

    fn settle(&self) -> Result<(), StorageError> {
        self.sync()
    }
}

struct MemorySnapshot {
    shared: Arc<Shared>,
    at: u64,
}

impl Drop for MemorySnapshot {
    fn drop(&mut self) {
        self.shared.write().versions.release(self.at);
    }
}

impl Snapshot for MemorySnapshot {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Bytes>, StorageError> {
        let state = self.shared.read();
        self.shared.check_read(&state, space)?;
        Ok(state.versions.read(space, key, self.at))
    }

    fn range(&self, space: Space, from: &[u8], to: Option<&[u8]>) -> Range<'_> {
        if to.is_some_and(|to| from >= to) {
            return Box::new(core::iter::empty());
        }
        Box::new(Walk {
            snapshot: self,
            space,
            from: Bound::Included(Bytes::copy_from_slice(from)),
            to: to.map_or(Bound::Unbounded, |to| {
                Bound::Excluded(Bytes::copy_from_slice(to))
            }),
            rest: true,
            chunk: 4,
            front: VecDeque::new(),
            back: VecDeque::new(),
        })
    }
}

/// Walks a range from both ends, some entries at a time, so that no writer waits for a reader.
struct Walk<'a> {
    snapshot: &'a MemorySnapshot,
    space: Space,
    /// Between these lies what was not copied yet.
    from: Bound<Bytes>,
    to: Bound<Bytes>,
    /// May there be anything between them?
    rest: bool,
    chunk: usize,
    /// Copied from the front, and from the back; both in order.
    front: VecDeque<(Bytes, Bytes)>,
    back: VecDeque<(Bytes, Bytes)>,
}

impl Walk<'_> {
    fn load_front(&mut self) -> Result<(), StorageError> {
        let state = self.snapshot.shared.read();
        self.snapshot.shared.check_read(&state, self.space)?;
        let bounds = (self.from.clone(), self.to.clone());
        let found = state.versions.range(self.space, bounds, self.snapshot.at);
        self.front.extend(found.take(self.chunk));
        self.rest = self.front.len() == self.chunk;
        if let Some((last, _)) = self.front.back() {
            self.from = Bound::Excluded(last.clone());
        }
        self.settle();
        Ok(())
    }

    fn load_back(&mut self) -> Result<(), StorageError> {
        let state = self.snapshot.shared.read();
        self.snapshot.shared.check_read(&state, self.space)?;
        let bounds = (self.from.clone(), self.to.clone());
        let found = state.versions.range(self.space, bounds, self.snapshot.at);
        for entry in found.rev().take(self.chunk) {
            self.back.push_front(entry);
        }
        self.rest = self.back.len() == self.chunk;
        if let Some((first, _)) = self.back.front() {
            self.to = Bound::Excluded(first.clone());
        }
        self.settle();
        Ok(())
    }

    fn settle(&mut self) {
        self.chunk = (self.chunk * 2).min(CHUNK_MAX);
        // The map refuses bounds that exclude the same key on both sides or are out of order.
        if let (Bound::Included(from) | Bound::Excluded(from), Bound::Excluded(to)) =
            (&self.from, &self.to)
            && from >= to
        {
            self.rest = false;
        }
    }
}

impl Iterator for Walk<'_> {
    type Item = Result<(Bytes, Bytes), StorageError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.front.is_empty()
            && self.rest
            && let Err(error) = self.load_front()
        {
            self.rest = false;
            return Some(Err(error));
        }
        let next = self.front.pop_front().or_else(|| self.back.pop_front());
        next.map(Ok)
    }
}

impl DoubleEndedIterator for Walk<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        if self.back.is_empty()
            && self.rest
            && let Err(error) = self.load_back()
        {
            self.rest = false;
            return Some(Err(error));
        }
        let next = self.back.pop_back().or_else(|| self.front.pop_back());
        next.map(Ok)
    }
}

fn planned() -> io::Error {
    io::Error::other("a planned fault")
}
