//! The entries of the log in storage, and the vote.
//!
//! ```text
//!  log/   index, 8 bytes, big-endian   one record for each entry
//!  meta/  raft/vote                    what this node voted for
//!  meta/  raft/purged                  the last entry that is gone on purpose
//!  meta/  raft/kept                    somebody needs what follows an entry
//! ```

use crate::entry::Placed;
use crate::error::Failure;
use crate::extent::{Extent, KeptRecord};
use crate::retention;
use crate::types::{Command, Entry, LogId, Mark, OpenraftError, TypeConfig, stop};
use crate::{RaftConfig, RaftError, entry, record};
use base::chain;
use bytes::Bytes;
use core::fmt::Debug;
use core::ops::{Bound, RangeBounds};
use journal::{JournalError, SourceError, Tail};
use openraft::storage::{LogFlushed, RaftLogStorage};
use openraft::{
    EntryPayload, ErrorSubject, ErrorVerb, LogState, OptionalSend, RaftLogReader, Vote,
};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use storage::{Batch, Durability, Snapshot, Space, Storage};
use tokio::sync::Notify;

const VOTE: &[u8] = b"raft/vote";
const PURGED: &[u8] = b"raft/purged";
const KEPT: &[u8] = b"raft/kept";

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
    /// Told when another need is known.
    need_changed: Notify,
}

/// How much of the log there is.
pub(crate) struct Size {
    pub(crate) purged: u64,
    pub(crate) bytes: u64,
    pub(crate) kept_after: Option<u64>,
}

#[derive(Serialize, Deserialize)]
struct StoredVote {
    term: u64,
    node: Option<u64>,
    committed: bool,
}

impl Log {
    /// The log in `storage`, to be [loaded](Self::load) before anything else.
    pub(crate) fn new(storage: Arc<dyn Storage>, failure: Failure) -> Self {
        Self {
            storage,
            failure,
            extent: Mutex::default(),
            need_changed: Notify::new(),
        }
    }

    /// Reads where the log begins and ends, and the vote. What is between is checked when it is
    /// read.
    ///
    /// # Errors
    /// When the first or the last entry is damaged, when the first one is missing, and when the vote
    /// is damaged.
    pub(crate) fn load(&self) -> Result<(), RaftError> {
        let snapshot = self.storage.snapshot();
        let mut extent = Extent::empty(read_purged(&*snapshot)?);
        // Beginning before that would look at each entry that was purged and is still on disk.
        let mut range = snapshot.range(Space::Log, &entry::key(extent.start), None);
        let placed = |stored: Option<Result<(Bytes, Bytes), _>>| match stored {
            Some(stored) => {
                let (key, value) = stored.map_err(RaftError::storage("read the log"))?;
                entry::placed(&key, &value).map(Some)
            }
            None => Ok(None),
        };
        if let Some(last) = placed(range.next_back())? {
            let first = placed(range.next())?.unwrap_or(last);
            if extent.purged.is_some() && first.id.index != extent.start {
                return Err(hole(extent.start, first.id.index));
            }
            extent.span(&first, &last);
        }
        drop(range);
        let kept = snapshot
            .get(Space::Meta, KEPT)
            .map_err(RaftError::storage("read what is kept of the log"))?;
        if let Some(bytes) = kept {
            let after = record::decode(KEPT, &bytes, "the record of what is kept")?;
            extent.kept_after = Some(after);
            extent.kept_record = KeptRecord::Present;
        }
        *self.extent() = extent;
        self.read_vote()?;
        Ok(())
    }

    /// The last entry, or where there is none the last purged one.
    pub(crate) fn last(&self) -> Option<LogId> {
        self.extent().last
    }

    /// How much of the log there is.
    pub(crate) fn size(&self) -> Size {
        let extent = self.extent();
        Size {
            purged: extent.purged.map_or(0, |purged| purged.index),
            bytes: extent.size_bytes(),
            kept_after: extent.kept_after,
        }
    }

    /// Up to which entry the log is to be purged, if it is.
    pub(crate) fn purge_target(&self, config: &RaftConfig) -> Result<Option<u64>, RaftError> {
        let (held, kept_after) = {
            let extent = self.extent();
            (extent.held(), extent.kept_after)
        };
        let before = |index| Ok(self.placed(index)?.before_bytes);
        retention::purge_target(held, kept_after, config, &before)
    }

    /// From now on entries after `after` are needed. Nobody is woken for that where nothing follows
    /// from it: it is said with each entry that somebody has.
    pub(crate) fn keep_after(&self, after: Option<u64>, config: &RaftConfig) {
        let follows = {
            let mut extent = self.extent();
            extent.kept_after = after;
            let is_recorded = matches!(extent.kept_record, KeptRecord::Present);
            is_recorded != after.is_some() || !retention::is_usual(extent.held(), config)
        };
        if follows {
            self.need_changed.notify_one();
        }
    }

    /// Resolves once something follows from [`keep_after`](Self::keep_after) since the last time.
    pub(crate) async fn need_changed(&self) {
        self.need_changed.notified().await;
    }

    /// Brings to storage that somebody needs entries, or that nobody does any more.
    pub(crate) fn record_need(&self) -> Result<(), RaftError> {
        let (kept_after, recorded) = {
            let extent = self.extent();
            (extent.kept_after, extent.kept_record)
        };
        let mut batch = Batch::new();
        let now = match (kept_after, recorded) {
            (Some(after), KeptRecord::Absent) => {
                batch.put(Space::Meta, KEPT, record::encode(KEPT, &after)?);
                KeptRecord::Present
            }
            (None, KeptRecord::Present) => {
                batch.delete(Space::Meta, KEPT);
                KeptRecord::Absent
            }
            (Some(_), KeptRecord::Present) | (None, KeptRecord::Absent) => return Ok(()),
        };
        self.storage
            .commit(batch, Durability::Buffered)
            .map_err(RaftError::storage("note what is kept of the log"))?;
        self.extent().kept_record = now;
        Ok(())
    }

    /// The entries after `after` up to `upto`, of which all are applied, for whoever follows:
    /// until there are `bytes_max` of them, and at least one that writes something.
    pub(crate) fn tail(&self, after: u64, upto: u64, bytes_max: u64) -> Result<Tail, SourceError> {
        let mut tail = Tail {
            entries: Vec::new(),
            upto: after,
        };
        let (from, to) = (after.saturating_add(1), upto.saturating_add(1));
        let mut bytes = 0_u64;
        let snapshot = self.storage.snapshot();
        for stored in snapshot.range(Space::Log, &entry::key(from), Some(&entry::key(to))) {
            let (key, value) = stored.map_err(JournalError::from)?;
            bytes = bytes.saturating_add(value.len() as u64);
            if bytes > bytes_max && !tail.entries.is_empty() {
                return Ok(tail);
            }
            let entry = entry::decode(&key, &value).map_err(|error| damaged(&error))?;
            let index = entry.log_id.index;
            if index != tail.upto + 1 {
                return Err(gone(&*snapshot, after, tail.upto + 1)?);
            }
            tail.upto = index;
            if let EntryPayload::Normal(Command(batches)) = entry.payload
                && !batches.is_empty()
            {
                tail.entries.push((index, batches));
            }
        }
        if tail.upto >= upto {
            return Ok(tail);
        }
        Err(gone(&*snapshot, after, tail.upto + 1)?)
    }

    fn extent(&self) -> MutexGuard<'_, Extent> {
        self.extent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the entry `index` is, which is to be there.
    fn placed(&self, index: u64) -> Result<Placed, RaftError> {
        let key = entry::key(index);
        let stored = self
            .storage
            .get(Space::Log, &key)
            .map_err(RaftError::storage("read the log"))?;
        entry::placed(&key, &stored.ok_or_else(|| entry::missing(index))?)
    }

    fn append(&self, mut entries: Vec<Entry>) -> Result<(), RaftError> {
        let mut batch = Batch::new();
        let mut appended = Vec::with_capacity(entries.len());
        let (mut end, mut end_bytes, purged) = {
            let extent = self.extent();
            let end = extent.last.map(|_| extent.end());
            (end, extent.end_bytes, extent.purged)
        };
        // What is purged does not come back.
        entries.retain(|entry| purged.is_none_or(|purged| entry.log_id.index > purged.index));
        for entry in &entries {
            let index = entry.log_id.index;
            if end.is_some_and(|end| end < index) {
                let message = format!("entry {index} would leave a hole");
                return Err(RaftError::Damaged(message));
            }
            if end.is_some_and(|end| end > index) {
                // openraft truncates before it replaces; its tests of a store do not.
                for replaced in index..end.unwrap_or(index) {
                    batch.delete(Space::Log, entry::key(replaced).to_vec());
                }
                end_bytes = self.placed(index)?.before_bytes;
            }
            end = Some(index + 1);
            let bytes = entry::encode(entry, end_bytes)?;
            let placed = Placed {
                id: entry.log_id,
                before_bytes: end_bytes,
                size_bytes: bytes.len() as u64,
            };
            end_bytes = placed.end_bytes();
            appended.push(placed);
            batch.put(Space::Log, entry::key(index).to_vec(), bytes);
        }
        self.storage
            .commit(batch, Durability::Synced)
            .map_err(RaftError::storage("append to the log"))?;
        let mut extent = self.extent();
        for placed in &appended {
            extent.append(placed);
        }
        extent.recent = entries;
        Ok(())
    }

    /// The entries from `from` to before `to` that the log has, or fewer where they have more than
    /// `bytes_max` bytes.
    fn read(&self, from: u64, to: u64, bytes_max: u64) -> Result<Vec<Entry>, RaftError> {
        if let Some(entries) = self.read_recent(from, to) {
            return Ok(entries);
        }
        let (from, to) = {
            let extent = self.extent();
            (from.max(extent.start), to.min(extent.end()))
        };
        let mut entries = Vec::new();
        let mut bytes = 0;
        let mut next = from;
        let snapshot = self.storage.snapshot();
        for stored in snapshot.range(Space::Log, &entry::key(from), Some(&entry::key(to))) {
            let (key, value) = stored.map_err(RaftError::storage("read the log"))?;
            bytes += value.len() as u64;
            if bytes > bytes_max && !entries.is_empty() {
                return Ok(entries);
            }
            let entry = entry::decode(&key, &value)?;
            if entry.log_id.index != next {
                return Err(hole(next, entry.log_id.index));
            }
            next += 1;
            entries.push(entry);
        }
        if next < to {
            return Err(entry::missing(next));
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
        let (start, end) = {
            let extent = self.extent();
            (extent.start, extent.end())
        };
        let from = from.clamp(start, end.max(start));
        let last = match from.checked_sub(1) {
            Some(index) if index >= start => Some(self.placed(index)?),
            _ => None,
        };
        let mut batch = Batch::new();
        for index in from..end {
            batch.delete(Space::Log, entry::key(index).to_vec());
        }
        self.storage
            .commit(batch, Durability::Synced)
            .map_err(RaftError::storage("truncate the log"))?;
        self.extent().truncate(last.as_ref());
        Ok(())
    }

    /// Removes the entry `upto` and all before it. A crash on the way leaves some of them, and no
    /// hole.
    pub(crate) fn purge(&self, upto: LogId) -> Result<(), RaftError> {
        if Some(upto) <= self.extent().purged {
            return Ok(());
        }
        loop {
            let (start, end, end_bytes) = {
                let extent = self.extent();
                (extent.start, extent.end(), extent.end_bytes)
            };
            let until = upto.index.saturating_add(1).min(end);
            let next = until.min(start.saturating_add(PURGE_BATCH_COUNT));
            let purged = match next < until {
                true => self.placed(next - 1)?.id,
                false => upto,
            };
            let before_bytes = match next < end {
                true => self.placed(next.max(start))?.before_bytes,
                false => end_bytes,
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
            extent.purge(purged, before_bytes);
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

fn read_purged(snapshot: &dyn Snapshot) -> Result<Option<LogId>, RaftError> {
    let stored = snapshot
        .get(Space::Meta, PURGED)
        .map_err(RaftError::storage("read how far the log is purged"))?;
    let Some(bytes) = stored else { return Ok(None) };
    let mark: Mark = record::decode(PURGED, &bytes, "the record of what is purged")?;
    Ok(Some(mark.into()))
}

fn hole(expected: u64, found: u64) -> RaftError {
    let message = format!("entry {expected} is missing, the next one is {found}");
    RaftError::Damaged(message)
}

/// Why the entry `expected` is not there, for whoever asked for those after `after`: it was purged,
/// or else it is to be there.
fn gone(snapshot: &dyn Snapshot, after: u64, expected: u64) -> Result<SourceError, JournalError> {
    let purged = read_purged(snapshot).map_err(|error| damaged(&error))?;
    Ok(match purged {
        Some(purged) if purged.index >= expected => SourceError::Purged {
            after,
            purged: purged.index,
        },
        _ => damaged(&entry::missing(expected)).into(),
    })
}

fn damaged(error: &RaftError) -> JournalError {
    JournalError::Damaged(chain(error))
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
