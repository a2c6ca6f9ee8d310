//! Puts transactions in a serial order: optimistic concurrency control over the journal.
//!
//! A transaction reads a snapshot. At its commit, nothing it read may have been written by a
//! transaction that came in between; else it is [`CommitError::Overtaken`] and runs again. Order is
//! decided under one short lock, which also hands the batch to the journal, so that the log has the
//! same order.
//!
//! ```text
//!  begin ─▶ seen = settled ─▶ snapshot ─▶ … reads, writes … ─▶ commit
//!                                                                │ lock: validate, number, enqueue
//!                                                                ▼
//!                                      journal: fsync, apply ─▶ settled = number
//! ```

use barrier::{BarrierError, Commit, Keyring, Reads, Transaction};
use base::{Entropy, Refusal};
use journal::{Batch, Journal, JournalError, Op};
use locality::{Class, PhysicalKey};
use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use storage::{Snapshot, Storage};
use tokio::sync::watch;

/// Writes that are remembered for validation. A transaction older than all of them runs again.
const WRITES_REMEMBERED_MAX: usize = 100_000;

/// Why a transaction did not commit.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommitError {
    /// What it read was written since, by the commit with this number.
    #[error("overtaken by commit {0}")]
    Overtaken(u64),
    /// The node was sealed meanwhile.
    #[error("node is sealed")]
    Closed,
    /// It writes what is replicated, which is done on the primary. Nothing was written.
    #[error("what is replicated is written on the primary")]
    WrongPlace,
    /// What has to be written along with it cannot be.
    #[error("{}", .0.message)]
    Refused(Refusal),
    /// A value could not be sealed.
    #[error("sealing what was written")]
    Seal(#[source] BarrierError),
    /// The journal failed: whether the batch is in the log is not known.
    #[error("committing to the log")]
    Journal(#[source] JournalError),
}

/// Begins and commits the transactions of an unsealed node.
pub(crate) struct Committer {
    storage: Arc<dyn Storage>,
    journal: Arc<dyn Journal>,
    line: Arc<Line>,
    turns: Arc<tokio::sync::Mutex<()>>,
}

/// Nobody writes what is replicated, as long as this is there.
#[must_use]
pub(crate) struct Fence<'a> {
    committer: &'a Committer,
    /// The last commit that was taken before it.
    last: u64,
    stays: bool,
}

impl Fence<'_> {
    /// Waits until everything that was taken before it is applied or has failed.
    pub(crate) async fn settled(&self) {
        self.committer.settled(self.last).await;
    }

    /// It stays until it is lifted.
    pub(crate) fn keep(mut self) {
        self.stays = true;
    }
}

impl Drop for Fence<'_> {
    fn drop(&mut self) {
        if !self.stays {
            let mut order = self.committer.line.order();
            order.fences = order.fences.saturating_sub(1);
        }
    }
}

/// The commits in their order, and how far they are done.
struct Line {
    order: Mutex<Order>,
    settled: watch::Sender<u64>,
}

impl Line {
    fn order(&self) -> MutexGuard<'_, Order> {
        self.order.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A commit is applied or has failed. All before the first that is not are settled.
    fn settle(&self, number: u64) {
        let upto = self.order().settle(number);
        self.settled.send_if_modified(|settled| {
            let moves = upto > *settled;
            *settled = upto.max(*settled);
            moves
        });
    }
}

impl Committer {
    pub(crate) fn new(storage: Arc<dyn Storage>, journal: Arc<dyn Journal>) -> Self {
        let (settled, _) = watch::channel(0);
        let line = Arc::new(Line {
            order: Mutex::new(Order::default()),
            settled,
        });
        Self {
            storage,
            journal,
            line,
            turns: Arc::default(),
        }
    }

    /// From now on what is replicated is only followed here. What was taken before may still be on
    /// its way.
    pub(crate) fn fence(&self) -> Fence<'_> {
        let mut order = self.line.order();
        order.fences += 1;
        Fence {
            committer: self,
            last: order.last,
            stays: false,
        }
    }

    /// From now on what is replicated is written here.
    pub(crate) fn lift_fence(&self) {
        self.line.order().fences = 0;
    }

    /// Commits what the primary sent. Nothing that it can have read is here, so nothing overtakes it;
    /// whoever read here what it writes is overtaken.
    pub(crate) async fn follow(&self, batches: Vec<Batch>) -> Result<u64, CommitError> {
        let (number, done) = {
            let mut order = self.line.order();
            if order.is_closed {
                return Err(CommitError::Closed);
            }
            let number = order.record(&batches);
            (number, self.journal.commit(batches))
        };
        self.settle(number, done).await
    }

    /// A transaction on the state as it is now.
    pub(crate) fn begin(&self, keyring: Arc<Keyring>, entropy: Arc<dyn Entropy>) -> Transaction {
        let (snapshot, seen) = self.moment();
        Transaction::new(snapshot, keyring, entropy, seen)
    }

    /// The state as it is now, and the last commit that it surely has.
    pub(crate) fn moment(&self) -> (Arc<dyn Snapshot>, u64) {
        // First the number, then the snapshot: the snapshot may hold more than `seen` says, which
        // costs a retry at worst; the other way round would lose an update.
        let seen = *self.line.settled.borrow();
        (self.storage.snapshot(), seen)
    }

    /// Commits; returns the index in the log, or None when there was nothing to write.
    pub(crate) async fn commit(&self, commit: Commit) -> Result<Option<u64>, CommitError> {
        if commit.batch.ops.is_empty() {
            return Ok(None);
        }
        let is_replicated = |op: &Op| op.key.class() == Class::Replicated;
        let is_replicated = commit.batch.ops.iter().any(is_replicated);
        let (number, done) = {
            let mut order = self.line.order();
            if order.is_closed {
                return Err(CommitError::Closed);
            }
            // Looked at where the order is decided: what is taken is before the fence.
            if order.fences > 0 && is_replicated {
                return Err(CommitError::WrongPlace);
            }
            order
                .validate(commit.seen, &commit.reads)
                .map_err(CommitError::Overtaken)?;
            let number = order.record(core::slice::from_ref(&commit.batch));
            // The journal takes its place in the queue when it is called, not when it is polled.
            (number, self.journal.commit(vec![commit.batch]))
        };
        self.settle(number, done).await.map(Some)
    }

    /// Waits for a commit and gives its number back.
    async fn settle(&self, number: u64, done: journal::Committing) -> Result<u64, CommitError> {
        let line = Arc::clone(&self.line);
        // A task of its own: a request that is dropped must not leave its number open.
        let settling = tokio::spawn(async move {
            let result = done.await;
            line.settle(number);
            result
        });
        let lost = |error: tokio::task::JoinError| JournalError::Stopped(error.to_string());
        let result = settling.await.unwrap_or_else(|error| Err(lost(error)));
        result.map_err(CommitError::Journal)
    }

    /// Checks that nothing which was read has been written since, where there is nothing to commit but
    /// what was read is to hold.
    pub(crate) fn check(&self, commit: &Commit) -> Result<(), CommitError> {
        let order = self.line.order();
        order
            .validate(commit.seen, &commit.reads)
            .map_err(CommitError::Overtaken)
    }

    /// Waits until the commit with this number is applied or has failed, so that a retry sees it.
    pub(crate) async fn settled(&self, number: u64) {
        let mut settled = self.line.settled.subscribe();
        // The sender lives in `self`, so the channel cannot be closed.
        let _ = settled.wait_for(|settled| *settled >= number).await;
    }

    /// One at a time: for those who were overtaken more than once.
    pub(crate) async fn turn(&self) -> tokio::sync::OwnedMutexGuard<()> {
        Arc::clone(&self.turns).lock_owned().await
    }

    /// Takes no commit from now on: the node is sealed. Those that were taken go on.
    pub(crate) fn close(&self) {
        self.line.order().is_closed = true;
    }

    /// Was it closed?
    pub(crate) fn is_closed(&self) -> bool {
        self.line.order().is_closed
    }

    /// Position in the log that reads have seen.
    pub(crate) fn index(&self) -> u64 {
        self.journal.applied()
    }
}

/// Who wrote what, lately, oldest first. Pure.
#[derive(Default)]
struct Order {
    last: u64,
    /// Transactions that saw less than this cannot be validated.
    floor: u64,
    writes: VecDeque<(u64, PhysicalKey)>,
    /// Commits that are neither applied nor failed yet.
    open: BTreeSet<u64>,
    /// No commit is taken any more.
    is_closed: bool,
    /// Where there are any, what is replicated is written on another cluster.
    fences: usize,
}

impl Order {
    /// Checks that nothing `reads` covers was written after commit `seen`.
    fn validate(&self, seen: u64, reads: &Reads) -> Result<(), u64> {
        if reads.is_empty() {
            return Ok(());
        }
        if seen < self.floor {
            return Err(self.floor);
        }
        let since = self
            .writes
            .iter()
            .rev()
            .take_while(|(number, _)| *number > seen);
        let overtaken = since
            .filter(|(_, key)| reads.covers(key))
            .map(|(number, _)| *number)
            .max();
        overtaken.map_or(Ok(()), Err)
    }

    /// Numbers a validated commit and remembers what it writes.
    fn record(&mut self, batches: &[Batch]) -> u64 {
        self.last += 1;
        let number = self.last;
        self.open.insert(number);
        let ops = batches.iter().flat_map(|batch| &batch.ops);
        self.writes.extend(ops.map(|op| (number, op.key.clone())));
        while self.writes.len() > WRITES_REMEMBERED_MAX {
            self.floor = self
                .writes
                .pop_front()
                .map_or(self.floor, |(number, _)| number);
        }
        number
    }

    /// A commit is no longer open; gives the last one that has none open before it.
    fn settle(&mut self, number: u64) -> u64 {
        self.open.remove(&number);
        self.open.first().map_or(self.last, |first| first - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::{MountId, NamespaceId};

    fn batch() -> Batch {
        batch_of(Class::Local)
    }

    fn batch_of(class: Class) -> Batch {
        let key = PhysicalKey::new(class, NamespaceId::ROOT, MountId::SYSTEM, "k");
        let value = Some(Vec::new());
        let seal_wrap = false;
        Batch {
            ops: vec![Op {
                key,
                value,
                seal_wrap,
            }],
        }
    }

    #[test]
    fn a_commit_that_fails_at_once_does_not_settle_those_before_it() {
        let mut order = Order::default();
        let (first, second) = (order.record(&[batch()]), order.record(&[batch()]));
        assert_eq!(order.settle(second), 0);
        assert_eq!(order.settle(first), second);
    }

    #[test]
    fn who_is_too_old_to_be_validated_runs_again() {
        let mut order = Order::default();
        for _ in 0..=WRITES_REMEMBERED_MAX {
            order.record(&[batch()]);
        }
        assert_eq!(order.validate(0, &Reads::default()), Ok(()));
        assert_eq!(order.floor, 1);
    }

    /// Holds every commit back until it is told.
    struct Held(watch::Sender<bool>);

    impl Journal for Held {
        fn commit(&self, _batches: Vec<Batch>) -> journal::Committing {
            let mut told = self.0.subscribe();
            Box::pin(async move {
                told.wait_for(|told| *told).await.expect("the journal");
                Ok(1)
            })
        }

        fn applied(&self) -> u64 {
            0
        }
    }

    fn writes(class: Class) -> Commit {
        Commit {
            seen: 0,
            reads: Reads::default(),
            batch: batch_of(class),
        }
    }

    #[tokio::test]
    async fn a_write_that_was_taken_before_a_fence_is_waited_for() {
        let journal = Arc::new(Held(watch::channel(false).0));
        let committer = Committer::new(Arc::new(storage::Memory::default()), journal.clone());
        let committer = Arc::new(committer);
        let before = {
            let committer = Arc::clone(&committer);
            tokio::spawn(async move { committer.commit(writes(Class::Replicated)).await })
        };
        while committer.line.order().last == 0 {
            tokio::task::yield_now().await;
        }
        let fence = committer.fence();
        let refused = committer.commit(writes(Class::Replicated)).await;
        assert!(
            matches!(refused, Err(CommitError::WrongPlace)),
            "{refused:?}"
        );
        let now = core::future::ready(());
        tokio::select! {
            biased;
            () = fence.settled() => panic!("it is still on its way"),
            () = now => {}
        }
        journal.0.send_replace(true);
        fence.settled().await;
        assert!(before.await.expect("a task").is_ok());
        // What is local goes on.
        assert!(committer.commit(writes(Class::Local)).await.is_ok());
        drop(fence);
        assert!(committer.commit(writes(Class::Replicated)).await.is_ok());
    }

    #[tokio::test]
    async fn a_fence_that_fails_lifts_no_other() {
        let journal = Arc::new(Held(watch::channel(true).0));
        let committer = Committer::new(Arc::new(storage::Memory::default()), journal);
        committer.fence().keep();
        drop(committer.fence());
        let refused = committer.commit(writes(Class::Replicated)).await;
        assert!(
            matches!(refused, Err(CommitError::WrongPlace)),
            "{refused:?}"
        );
        committer.lift_fence();
        assert!(committer.commit(writes(Class::Replicated)).await.is_ok());
    }
}
