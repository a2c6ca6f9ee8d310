//! A cluster's log: commits take a while, entries stay until they are purged, also when the node
//! dies. What `raft` does on disk, without the disk.

use crate::plant::Plant;
use crate::random::Random;
use crate::signal::Signal;
use core::time::Duration;
use journal::{
    Batch, Committing, Extent, Journal, JournalError, Observer, Op, Source, SourceError, Tail,
    Waiting,
};
use locality::{Class, PhysicalKey};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use storage::{Durability, Space, Storage};
use tokio::sync::{mpsc, oneshot};

/// More commits do not wait at a time; no run has so many.
const WAITING_MAX: usize = 1024;

/// The entries that are kept of a log. It outlives the nodes that write it.
#[derive(Clone)]
pub(crate) struct Kept(Arc<Mutex<Entries>>);

#[derive(Default)]
struct Entries {
    entries: Vec<(u64, Arc<Vec<Batch>>)>,
    purged: u64,
    applied: u64,
    keep_after: Option<u64>,
}

impl Kept {
    /// A log of which nothing is left, up to an entry.
    pub(crate) fn after(applied: u64) -> Self {
        Self(Arc::new(Mutex::new(Entries {
            purged: applied,
            applied,
            ..Entries::default()
        })))
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The last entry that was applied.
    pub(crate) fn applied(&self) -> u64 {
        self.lock().applied
    }

    /// Lets go of entries up to one. With `force` also of those that somebody needs, as a log does
    /// that has reached its bound.
    pub(crate) fn purge(&self, upto: u64, bound: Bound) {
        let mut kept = self.lock();
        let upto = match (bound, kept.keep_after) {
            (Bound::Kept, Some(after)) => upto.min(after),
            _ => upto,
        };
        let upto = upto.min(kept.applied);
        kept.purged = kept.purged.max(upto);
        kept.entries.retain(|(index, _)| *index > upto);
    }

    /// The node of this log died: what it had applied on disk is where it goes on. An entry that is
    /// on disk and not here was never answered; those who follow cannot be given it from here.
    fn reopen(&self, applied: u64) {
        let mut kept = self.lock();
        kept.entries.retain(|(index, _)| *index <= applied);
        if kept.applied < applied {
            kept.purged = applied;
            kept.entries.clear();
        }
        kept.applied = applied;
    }
}

/// Which entries a log may let go of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    /// Those that nobody needs.
    Kept,
    /// Any.
    Reached,
}

/// One commit on its way.
struct Waits {
    batches: Vec<Batch>,
    done: oneshot::Sender<Result<u64, JournalError>>,
}

/// The log of one life of a node.
pub(crate) struct Log {
    kept: Kept,
    head: Signal,
    commits: mpsc::Sender<Waits>,
    plant: Plant,
}

/// Who hears of what was applied: the node, and whoever checks.
pub(crate) type Hears = Arc<dyn Observer>;

impl Log {
    /// Opens the log over what storage has. `hears` are told of each entry in order.
    pub(crate) fn open(
        kept: Kept,
        storage: Arc<dyn Storage>,
        hears: Vec<Hears>,
        random: Random,
        plant: Plant,
    ) -> Result<Self, JournalError> {
        let applied = journal::applied_index(&*storage)?;
        kept.reopen(applied);
        let head = Signal::at(applied);
        let (commits, waiting) = mpsc::channel(WAITING_MAX);
        let applier = Applier {
            kept: kept.clone(),
            storage,
            hears,
            random,
            plant,
            head: head.clone(),
        };
        tokio::spawn(applier.run(waiting));
        Ok(Self {
            kept,
            head,
            commits,
            plant,
        })
    }
}

impl Journal for Log {
    fn commit(&self, batches: Vec<Batch>) -> Committing {
        let (done, outcome) = oneshot::channel();
        let sent = match Batch::size_bytes(&batches) {
            Ok(_) => self.commits.try_send(Waits { batches, done }),
            Err(error) => return Box::pin(core::future::ready(Err(error))),
        };
        let stopped = || JournalError::Stopped(String::from("the node died"));
        Box::pin(async move {
            sent.map_err(|_| stopped())?;
            outcome.await.map_err(|_| stopped())?
        })
    }

    fn applied(&self) -> u64 {
        self.kept.applied()
    }
}

impl Source for Log {
    fn read(&self, after: u64, bytes_max: usize) -> Result<Tail, SourceError> {
        let kept = self.kept.lock();
        let purged = kept.purged;
        if after < purged {
            return Err(SourceError::Purged { after, purged });
        }
        let (mut size, mut tail) = (0, Tail::default());
        tail.upto = kept.applied.max(after);
        for (index, batches) in kept.entries.iter().filter(|(index, _)| *index > after) {
            if size >= bytes_max {
                tail.upto = tail.entries.last().map_or(after, |(index, _)| *index);
                break;
            }
            size += Batch::size_bytes(batches)?;
            let batches = match self.plant {
                Plant::LocalSent => Arc::new(as_replicated(batches)),
                _ => Arc::clone(batches),
            };
            tail.entries.push((*index, batches));
        }
        if after > kept.applied {
            tail.upto = kept.applied;
        }
        if tail.upto <= after && self.head.has_ended() {
            return Err(JournalError::Closed.into());
        }
        Ok(tail)
    }

    fn beyond(&self, after: u64) -> Waiting {
        let head = self.head.clone();
        Box::pin(async move { head.beyond(after).await })
    }

    fn extent(&self) -> Extent {
        let kept = self.kept.lock();
        Extent {
            purged: kept.purged,
            applied: kept.applied,
            size_bytes: (kept.entries.len() as u64) * 1024,
            bytes_max: 1024 * 1024,
        }
    }

    fn keep_after(&self, after: Option<u64>) {
        self.kept.lock().keep_after = after;
    }
}

/// Applies what is committed, one after the other.
struct Applier {
    kept: Kept,
    storage: Arc<dyn Storage>,
    hears: Vec<Hears>,
    random: Random,
    plant: Plant,
    head: Signal,
}

impl Applier {
    async fn run(self, mut waiting: mpsc::Receiver<Waits>) {
        while let Some(Waits { batches, done }) = waiting.recv().await {
            if self.random.once_in(4) {
                tokio::time::sleep(Duration::from_millis(self.random.below(4))).await;
            }
            let applied = self.apply(batches).await;
            let failed = applied.is_err();
            let _ = done.send(applied);
            if failed {
                // A log that cannot be written takes nothing more.
                break;
            }
        }
        self.head.end();
    }

    async fn apply(&self, batches: Vec<Batch>) -> Result<u64, JournalError> {
        let last = self.kept.applied();
        if Batch::size_bytes(&batches)? == 0 {
            return Ok(last);
        }
        let index = last + 1;
        let planted = matches!(
            self.plant,
            Plant::DigestStale | Plant::CommitLost | Plant::CommitTorn
        ) && self.random.once_in(4);
        match (planted, self.plant) {
            (true, Plant::DigestStale) => self.write_without_digests(index, &batches)?,
            (true, Plant::CommitLost) if is_plain_data(&batches) => {
                let mut nothing = storage::Batch::new();
                journal::mark_applied(&mut nothing, index);
                self.storage.commit(nothing, Durability::Synced)?;
            }
            (true, Plant::CommitTorn) => {
                self.write_half(&batches)?;
                tokio::time::sleep(Duration::from_millis(400)).await;
                self.write(index, &batches)?;
            }
            _ => self.write(index, &batches)?,
        }
        {
            let mut kept = self.kept.lock();
            kept.applied = index;
            kept.entries.push((index, Arc::new(batches.clone())));
        }
        for hears in &self.hears {
            hears.applied(index, &batches);
        }
        self.head.set(index);
        Ok(index)
    }

    fn write(&self, index: u64, batches: &[Batch]) -> Result<(), JournalError> {
        let prepared = journal::prepare(&*self.storage.snapshot(), index, batches)?;
        let twice = || JournalError::Damaged(format!("entry {index} is applied already"));
        self.storage
            .commit(prepared.ok_or_else(twice)?, Durability::Synced)?;
        Ok(())
    }

    fn write_without_digests(&self, index: u64, batches: &[Batch]) -> Result<(), JournalError> {
        let mut writes = storage::Batch::new();
        for op in batches.iter().flat_map(|batch| &batch.ops) {
            put(&mut writes, op);
        }
        journal::mark_applied(&mut writes, index);
        self.storage.commit(writes, Durability::Synced)?;
        Ok(())
    }

    /// Every other of the new entries.
    fn write_half(&self, batches: &[Batch]) -> Result<(), JournalError> {
        let mut writes = storage::Batch::new();
        let ops = batches.iter().flat_map(|batch| &batch.ops);
        for op in ops.step_by(2) {
            let is_new = self
                .storage
                .get(Space::Entries, op.key.as_bytes())?
                .is_none();
            if is_new && op.key.class() == Class::Replicated {
                put(&mut writes, op);
            }
        }
        self.storage.commit(writes, Durability::Synced)?;
        Ok(())
    }
}

fn put(writes: &mut storage::Batch, op: &Op) {
    let key = op.key.as_bytes().to_vec();
    match &op.value {
        Some(value) => writes.put(Space::Entries, key, value.clone()),
        None => writes.delete(Space::Entries, key),
    }
}

/// Policies, roles, entities: what a client loses where they are lost.
fn is_plain_data(batches: &[Batch]) -> bool {
    let mut ops = batches.iter().flat_map(|batch| &batch.ops);
    ops.all(|op| op.key.class() == Class::Replicated && !op.key.path().starts_with("core/"))
}

fn as_replicated(batches: &[Batch]) -> Vec<Batch> {
    let moved = |op: &Op| Op {
        key: match op.key.class() {
            Class::Local => {
                let (namespace, mount) = (op.key.namespace(), op.key.mount());
                PhysicalKey::new(Class::Replicated, namespace, mount, op.key.path())
            }
            _ => op.key.clone(),
        },
        ..op.clone()
    };
    let moved = batches.iter().map(|batch| Batch {
        ops: batch.ops.iter().map(moved).collect(),
    });
    moved.collect()
}
