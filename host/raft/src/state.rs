//! What the entries of the log add up to.

use crate::entry::StoredVoters;
use crate::error::Failure;
use crate::follow::Followed;
use crate::image::Image;
use crate::log::Log;
use crate::types::{
    Command, Entry, LogId, Mark, OpenraftError, Snapshot, SnapshotMeta, StoredMembership,
    TypeConfig, stop,
};
use crate::{RaftError, image, install, record};
use core::sync::atomic::{AtomicU64, Ordering};
use journal::Observer;
use openraft::storage::RaftStateMachine;
use openraft::{EntryPayload, ErrorSubject, ErrorVerb, OptionalSend, RaftSnapshotBuilder};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use storage::{Batch, Durability, Space, Storage};

const APPLIED: &[u8] = b"raft/applied";
const VOTERS: &[u8] = b"raft/voters";

/// Storage as the log makes it.
pub(crate) struct StateMachine {
    storage: Arc<dyn Storage>,
    log: Arc<Log>,
    observer: Arc<dyn Observer>,
    failure: Failure,
    /// For everyone else: index of the last applied entry.
    applied: Arc<AtomicU64>,
    followed: Arc<Followed>,
    last: Option<LogId>,
    voters: StoredMembership,
}

impl StateMachine {
    /// Goes on where storage is.
    pub(crate) fn load(
        storage: Arc<dyn Storage>,
        log: Arc<Log>,
        observer: Arc<dyn Observer>,
        failure: Failure,
        applied: Arc<AtomicU64>,
        followed: Arc<Followed>,
    ) -> Result<Self, RaftError> {
        let (last, voters) = read_state(&*storage)?;
        let index = last.map_or(0, |last| last.index);
        applied.store(index, Ordering::SeqCst);
        followed.restart(index);
        Ok(Self {
            storage,
            log,
            observer,
            failure,
            applied,
            followed,
            last,
            voters,
        })
    }

    /// The last entry that was applied.
    pub(crate) const fn last(&self) -> Option<LogId> {
        self.last
    }

    fn apply_one(&mut self, entry: &Entry) -> Result<(), RaftError> {
        if Some(entry.log_id) <= self.last {
            return Ok(());
        }
        let index = entry.log_id.index;
        let batches = match &entry.payload {
            EntryPayload::Normal(Command(batches)) => batches,
            EntryPayload::Blank | EntryPayload::Membership(_) => &Arc::default(),
        };
        let prepared = journal::prepare(&*self.storage.snapshot(), index, batches)
            .map_err(|cause| RaftError::Apply { index, cause })?;
        // Entry 0 has no writes; to the journal everything up to it is applied from the beginning.
        let mut batch = match prepared {
            Some(batch) => batch,
            None if index == 0 => Batch::new(),
            None => {
                let message = format!("entry {index} was applied without its place in the log");
                return Err(RaftError::Damaged(message));
            }
        };
        put_applied(&mut batch, &entry.log_id)?;
        let voters = match &entry.payload {
            EntryPayload::Membership(voters) => {
                Some(StoredMembership::new(Some(entry.log_id), voters.clone()))
            }
            _ => None,
        };
        if let Some(voters) = &voters {
            put_voters(&mut batch, &StoredVoters::from(voters))?;
        }
        self.storage
            .commit(batch, Durability::Buffered)
            .map_err(RaftError::storage("apply an entry"))?;
        self.last = Some(entry.log_id);
        self.voters = voters.unwrap_or_else(|| self.voters.clone());
        self.applied.store(index, Ordering::SeqCst);
        if !batches.is_empty() {
            let observer = &self.observer;
            catch_unwind(AssertUnwindSafe(|| observer.applied(index, batches)))
                .map_err(|_| RaftError::Observer(index))?;
        }
        // Whoever follows finds what the observers keep as it is after this entry.
        self.followed.publish(index, batches);
        Ok(())
    }

    fn install(&mut self, meta: &SnapshotMeta, image: &Image) -> Result<(), RaftError> {
        install::install(&*self.storage, &self.log, meta, image)?;
        (self.last, self.voters) = read_state(&*self.storage)?;
        let index = self.last.map_or(0, |last| last.index);
        self.applied.store(index, Ordering::SeqCst);
        self.followed.restart(index);
        Ok(())
    }

    fn snapshot(&self) -> Snapshot {
        let id = self.last.as_ref().map(Mark::from);
        let meta = SnapshotMeta {
            last_log_id: self.last,
            last_membership: self.voters.clone(),
            snapshot_id: id.map_or_else(String::new, |mark| {
                format!("{}-{}-{}", mark.term, mark.leader, mark.index)
            }),
        };
        Snapshot {
            meta,
            snapshot: Box::new(Image::Held(self.storage.snapshot())),
        }
    }

    fn stop(
        &self,
        subject: ErrorSubject<u64>,
        verb: ErrorVerb,
        error: &RaftError,
    ) -> OpenraftError {
        stop(subject, verb, &self.failure.note(error))
    }
}

pub(crate) fn put_applied(batch: &mut Batch, last: &LogId) -> Result<(), RaftError> {
    batch.put(
        Space::Meta,
        APPLIED,
        record::encode(APPLIED, &Mark::from(last))?,
    );
    Ok(())
}

pub(crate) fn put_voters(batch: &mut Batch, voters: &StoredVoters) -> Result<(), RaftError> {
    batch.put(Space::Meta, VOTERS, record::encode(VOTERS, voters)?);
    Ok(())
}

fn read_state(storage: &dyn Storage) -> Result<(Option<LogId>, StoredMembership), RaftError> {
    let snapshot = storage.snapshot();
    let read = |key| {
        let stored = snapshot.get(Space::Meta, key);
        stored.map_err(RaftError::storage("read how far the log is applied"))
    };
    let last = match read(APPLIED)? {
        Some(bytes) => Some(record::decode::<Mark>(
            APPLIED,
            &bytes,
            "the record of what is applied",
        )?),
        None => None,
    };
    let voters = match read(VOTERS)? {
        Some(bytes) => {
            record::decode::<StoredVoters>(VOTERS, &bytes, "the record of the voters")?.into()
        }
        None => StoredMembership::default(),
    };
    Ok((last.map(LogId::from), voters))
}

/// A snapshot as it was when it was asked for.
pub(crate) struct Builder(Snapshot);

impl RaftSnapshotBuilder<TypeConfig> for Builder {
    async fn build_snapshot(&mut self) -> Result<Snapshot, OpenraftError> {
        Ok(self.0.clone())
    }
}

impl RaftStateMachine<TypeConfig> for StateMachine {
    type SnapshotBuilder = Builder;

    async fn applied_state(&mut self) -> Result<(Option<LogId>, StoredMembership), OpenraftError> {
        Ok((self.last, self.voters.clone()))
    }

    async fn apply<I>(&mut self, entries: I) -> Result<Vec<()>, OpenraftError>
    where
        I: IntoIterator<Item = Entry> + OptionalSend,
        I::IntoIter: OptionalSend,
    {
        let mut replies = Vec::new();
        for entry in entries {
            let subject = || ErrorSubject::Apply(entry.log_id);
            self.apply_one(&entry)
                .map_err(|error| self.stop(subject(), ErrorVerb::Write, &error))?;
            replies.push(());
        }
        Ok(replies)
    }

    async fn get_snapshot_builder(&mut self) -> Builder {
        Builder(self.snapshot())
    }

    async fn begin_receiving_snapshot(&mut self) -> Result<Box<Image>, OpenraftError> {
        image::unstage(&*self.storage)
            .map_err(|error| self.stop(ErrorSubject::Snapshot(None), ErrorVerb::Write, &error))?;
        Ok(Box::new(Image::Staged(0)))
    }

    async fn install_snapshot(
        &mut self,
        meta: &SnapshotMeta,
        snapshot: Box<Image>,
    ) -> Result<(), OpenraftError> {
        self.install(meta, &snapshot)
            .map_err(|error| self.stop(ErrorSubject::Snapshot(None), ErrorVerb::Write, &error))
    }

    /// The state as it is now is as good as the one that was built: newer, and without keeping what
    /// was overwritten since.
    async fn get_current_snapshot(&mut self) -> Result<Option<Snapshot>, OpenraftError> {
        Ok(self.last.map(|_| self.snapshot()))
    }
}
