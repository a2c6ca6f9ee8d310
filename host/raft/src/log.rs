//! The entries of the log in storage, and the vote.
//!
//! ```text
//!  log/   index, 8 bytes, big-endian   one record for each entry
//!  meta/  raft/vote                    what this node voted for
//!  meta/  raft/purged                  the last entry that is gone on purpose
//! ```

use crate::error::Failure;
use crate::types::{Entry, LogId, Mark, OpenraftError, TypeConfig, stop};
use crate::{RaftError, entry, record};
use core::fmt::Debug;
use core::ops::{Bound, RangeBounds};
use openraft::storage::{LogFlushed, RaftLogStorage};
use openraft::{ErrorSubject, ErrorVerb, LogState, OptionalSend, RaftLogReader, Vote};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use storage::{Batch, Durability, Space, Storage};

const VOTE: &[u8] = b"raft/vote";
const PURGED: &[u8] = b"raft/purged";

/// Entries that one storage batch removes at most.
const PURGE_BATCH_COUNT: u64 = 1_024;

/// Bytes of entries that one read for another node gives, unless one entry alone has more.
const READ_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// The log in storage.
pub(crate) struct Log {
    storage: Arc<dyn Storage>,
    failure: Failure,
    /// Locked only to look or to note, never while the disk is at work.
    extent: Mutex<Extent>,
}

/// What is known of the log without reading it.
#[derive(Default)]
struct Extent {
    purged: Option<LogId>,
    /// The last entry, or where there is none the last purged one.
    last: Option<LogId>,
    /// Sizes of the entries that exist, the oldest first.
    sizes: VecDeque<u64>,
    size_bytes: u64,
    /// What was appended last: it is read once more, to be applied.
    recent: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
struct StoredVote {
    term: u64,
    node: Option<u64>,
    committed: bool,
}

impl Extent {
    /// Index of the next entry.
    fn end(&self) -> u64 {
        self.last.map_or(0, |last| last.index + 1)
    }

    /// Index of the oldest entry.
    fn start(&self) -> u64 {
        self.end().saturating_sub(self.sizes.len() as u64)
    }

    /// Adds an entry; those that it replaces are gone.
    fn append(&mut self, id: LogId, size: u64) {
        if self.last.is_some() {
            self.drop_back(self.end().saturating_sub(id.index));
        }
        self.last = Some(id);
        self.sizes.push_back(size);
        self.size_bytes += size;
    }

    fn drop_front(&mut self, count: u64) {
        for _ in 0..count {
            self.size_bytes -= self.sizes.pop_front().unwrap_or_default();
        }
    }

    fn drop_back(&mut self, count: u64) {
        for _ in 0..count {
            self.size_bytes -= self.sizes.pop_back().unwrap_or_default();
        }
    }
}

impl Log {
    /// Reads the whole log and the vote, and checks them.
    ///
    /// # Errors
    /// When an entry is damaged or missing, or the vote is damaged.
    pub(crate) fn load(storage: Arc<dyn Storage>, failure: Failure) -> Result<Self, RaftError> {
        let mut extent = Extent::default();
        let snapshot = storage.snapshot();
        let purged = snapshot
            .get(Space::Meta, PURGED)
            .map_err(RaftError::storage("read how far the log is purged"))?;
        if let Some(bytes) = purged {
            let mark: Mark = record::decode(PURGED, &bytes, "the record of what is purged")?;
            extent.purged = Some(mark.into());
            extent.last = extent.purged;
        }
        for stored in snapshot.range(Space::Log, b"", None) {
            let (key, value) = stored.map_err(RaftError::storage("read the log"))?;
            let id = entry::decode(&key, &value)?.log_id;
            if extent.last.is_some() && id.index != extent.end() {
                let (expected, found) = (extent.end(), id.index);
                let message = format!("entry {expected} is missing, the next one is {found}");
                return Err(RaftError::Damaged(message));
            }
            extent.append(id, value.len() as u64);
        }
        drop(snapshot);
        let log = Self {
            storage,
            failure,
            extent: Mutex::new(extent),
        };
        log.read_vote()?;
        Ok(log)
    }

    /// The last entry, or where there is none the last purged one.
    pub(crate) fn last(&self) -> Option<LogId> {
        self.extent().last
    }

    /// Up to which entry the log may be purged so that it is within its bounds again. None as long
    /// as it exceeds them by less than an eighth: purging is cheaper in larger pieces.
    pub(crate) fn purge_target(&self, entries_max: u64, bytes_max: u64) -> Option<u64> {
        let extent = self.extent();
        let mut count = extent.sizes.len() as u64;
        let mut bytes = extent.size_bytes;
        let slack = |limit: u64| limit.saturating_add(limit / 8);
        if count <= slack(entries_max) && bytes <= slack(bytes_max) {
            return None;
        }
        let mut next = extent.start();
        for size in &extent.sizes {
            // The last entry stays: it says where the log is.
            if (count <= entries_max && bytes <= bytes_max) || count == 1 {
                break;
            }
            count -= 1;
            bytes -= size;
            next += 1;
        }
        next.checked_sub(1)
    }

    fn extent(&self) -> MutexGuard<'_, Extent> {
        self.extent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn append(&self, mut entries: Vec<Entry>) -> Result<(), RaftError> {
        let mut batch = Batch::new();
        let mut sizes = Vec::with_capacity(entries.len());
        let (mut end, purged) = {
            let extent = self.extent();
            (extent.last.map(|_| extent.end()), extent.purged)
        };
        // What is purged does not come back.
        entries.retain(|entry| purged.is_none_or(|purged| entry.log_id.index > purged.index));
        for entry in &entries {
            let index = entry.log_id.index;
            if end.is_some_and(|end| end < index) {
                let message = format!("entry {index} would leave a hole");
                return Err(RaftError::Damaged(message));
            }
            // openraft truncates before it replaces; its tests of a store do not.
            for replaced in index..end.unwrap_or(index) {
                batch.delete(Space::Log, entry::key(replaced).to_vec());
            }
            end = Some(index + 1);
            let bytes = entry::encode(entry)?;
            sizes.push((entry.log_id, bytes.len() as u64));
            batch.put(Space::Log, entry::key(index).to_vec(), bytes);
        }
        self.storage
            .commit(batch, Durability::Synced)
            .map_err(RaftError::storage("append to the log"))?;
        let mut extent = self.extent();
        for (id, size) in sizes {
            extent.append(id, size);
        }
        extent.recent = entries;
        Ok(())
    }

    fn read(&self, from: u64, to: u64, bytes_max: u64) -> Result<Vec<Entry>, RaftError> {
        if let Some(entries) = self.read_recent(from, to) {
            return Ok(entries);
        }
        let mut entries = Vec::new();
        let mut bytes = 0;
        let snapshot = self.storage.snapshot();
        for stored in snapshot.range(Space::Log, &entry::key(from), Some(&entry::key(to))) {
            let (key, value) = stored.map_err(RaftError::storage("read the log"))?;
            bytes += value.len() as u64;
            if bytes > bytes_max && !entries.is_empty() {
                break;
            }
            entries.push(entry::decode(&key, &value)?);
        }
        Ok(entries)
    }

    fn read_recent(&self, from: u64, to: u64) -> Option<Vec<Entry>> {
        let extent = self.extent();
        let first = extent.recent.first()?.log_id.index;
        let to = to.min(extent.end());
        let skip = usize::try_from(from.checked_sub(first)?).ok()?;
        let count = usize::try_from(to.saturating_sub(from)).ok()?;
        let found = extent.recent.get(skip..skip.checked_add(count)?)?;
        Some(found.to_vec())
    }

    /// Removes entry `from` and all after it.
    fn truncate(&self, from: u64) -> Result<(), RaftError> {
        let (start, end, purged) = {
            let extent = self.extent();
            (extent.start(), extent.end(), extent.purged)
        };
        let from = from.clamp(start, end);
        let before = match from.checked_sub(1) {
            Some(index) if index >= start => {
                let last = self.read(index, from, u64::MAX)?;
                last.first().map(|entry| entry.log_id)
            }
            _ => purged,
        };
        let mut batch = Batch::new();
        for index in from..end {
            batch.delete(Space::Log, entry::key(index).to_vec());
        }
        self.storage
            .commit(batch, Durability::Synced)
            .map_err(RaftError::storage("truncate the log"))?;
        let mut extent = self.extent();
        extent.drop_back(end - from);
        extent.last = before;
        extent.recent.clear();
        Ok(())
    }

    /// Removes the entry `upto` and all before it. A crash on the way leaves some of them, and no
    /// hole.
    pub(crate) fn purge(&self, upto: LogId) -> Result<(), RaftError> {
        if Some(upto) <= self.extent().purged {
            return Ok(());
        }
        loop {
            let (start, end) = {
                let extent = self.extent();
                (extent.start(), extent.end())
            };
            let until = (upto.index + 1).min(end);
            let next = until.min(start + PURGE_BATCH_COUNT);
            let purged = if next < until {
                let last = self.read(next - 1, next, u64::MAX)?;
                last.first().map_or(upto, |entry| entry.log_id)
            } else {
                upto
            };
            let mut batch = Batch::new();
            for index in start..next {
                batch.delete(Space::Log, entry::key(index).to_vec());
            }
            let mark = record::encode(PURGED, &Mark::from(&purged))?;
            batch.put(Space::Meta, PURGED, mark);
            self.storage
                .commit(batch, Durability::Buffered)
                .map_err(RaftError::storage("purge the log"))?;
            let mut extent = self.extent();
            extent.drop_front(next.saturating_sub(start));
            extent.purged = Some(purged);
            extent.last = extent.last.max(Some(purged));
            if next >= until {
                extent.recent.retain(|entry| entry.log_id > upto);
                return Ok(());
            }
        }
    }

    fn save_vote(&self, vote: &Vote<u64>) -> Result<(), RaftError> {
        let stored = StoredVote {
            term: vote.leader_id.term,
            node: vote.leader_id.voted_for(),
            committed: vote.committed,
        };
        let mut batch = Batch::new();
        batch.put(Space::Meta, VOTE, record::encode(VOTE, &stored)?);
        self.storage
            .commit(batch, Durability::Synced)
            .map_err(RaftError::storage("save a vote"))
    }

    fn read_vote(&self) -> Result<Option<Vote<u64>>, RaftError> {
        let bytes = self
            .storage
            .get(Space::Meta, VOTE)
            .map_err(RaftError::storage("read the vote"))?;
        let Some(bytes) = bytes else { return Ok(None) };
        let stored: StoredVote = record::decode(VOTE, &bytes, "the record of the vote")?;
        let mut vote = Vote::new(stored.term, stored.node.unwrap_or_default());
        vote.leader_id.node_id = stored.node.unwrap_or_default();
        vote.committed = stored.committed;
        Ok(Some(vote))
    }

    fn stop(&self, verb: ErrorVerb, error: &RaftError) -> OpenraftError {
        stop(ErrorSubject::Logs, verb, &self.failure.note(error))
    }
}

/// The log as openraft wants it.
#[derive(Clone)]
pub(crate) struct LogStore(pub(crate) Arc<Log>);

impl RaftLogReader<TypeConfig> for LogStore {
    async fn try_get_log_entries<R: RangeBounds<u64> + Clone + Debug + OptionalSend>(
        &mut self,
        range: R,
    ) -> Result<Vec<Entry>, OpenraftError> {
        let from = match range.start_bound() {
            Bound::Included(from) => *from,
            Bound::Excluded(before) => before.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let to = match range.end_bound() {
            Bound::Included(last) => last.saturating_add(1),
            Bound::Excluded(to) => *to,
            Bound::Unbounded => u64::MAX,
        };
        let entries = self.0.read(from, to, u64::MAX);
        entries.map_err(|error| self.0.stop(ErrorVerb::Read, &error))
    }

    async fn limited_get_log_entries(
        &mut self,
        start: u64,
        end: u64,
    ) -> Result<Vec<Entry>, OpenraftError> {
        let entries = self.0.read(start, end, READ_BYTES_MAX);
        entries.map_err(|error| self.0.stop(ErrorVerb::Read, &error))
    }
}

impl RaftLogStorage<TypeConfig> for LogStore {
    type LogReader = Self;

    async fn get_log_state(&mut self) -> Result<LogState<TypeConfig>, OpenraftError> {
        let extent = self.0.extent();
        Ok(LogState {
            last_purged_log_id: extent.purged,
            last_log_id: extent.last,
        })
    }

    async fn get_log_reader(&mut self) -> Self {
        self.clone()
    }

    async fn save_vote(&mut self, vote: &Vote<u64>) -> Result<(), OpenraftError> {
        let saved = self.0.save_vote(vote);
        saved.map_err(|error| self.0.stop(ErrorVerb::Write, &error))
    }

    async fn read_vote(&mut self) -> Result<Option<Vote<u64>>, OpenraftError> {
        let vote = self.0.read_vote();
        vote.map_err(|error| self.0.stop(ErrorVerb::Read, &error))
    }

    async fn append<I>(
        &mut self,
        entries: I,
        callback: LogFlushed<TypeConfig>,
    ) -> Result<(), OpenraftError>
    where
        I: IntoIterator<Item = Entry> + OptionalSend,
        I::IntoIter: OptionalSend,
    {
        let appended = self.0.append(entries.into_iter().collect());
        appended.map_err(|error| self.0.stop(ErrorVerb::Write, &error))?;
        callback.log_io_completed(Ok(()));
        Ok(())
    }

    async fn truncate(&mut self, id: LogId) -> Result<(), OpenraftError> {
        let truncated = self.0.truncate(id.index);
        truncated.map_err(|error| self.0.stop(ErrorVerb::Delete, &error))
    }

    async fn purge(&mut self, id: LogId) -> Result<(), OpenraftError> {
        let purged = self.0.purge(id);
        purged.map_err(|error| self.0.stop(ErrorVerb::Delete, &error))
    }
}
