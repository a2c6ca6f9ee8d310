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
use base::Entropy;
use journal::{Batch, Journal, JournalError};
use locality::PhysicalKey;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use storage::Storage;
use tokio::sync::watch;

/// Writes that are remembered for validation. A transaction older than all of them runs again.
const WRITES_REMEMBERED_MAX: usize = 100_000;

/// Why a transaction did not commit.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommitError {
    /// What it read was written since, by the commit with this number.
    #[error("overtaken by commit {0}")]
    Overtaken(u64),
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
    order: Mutex<Order>,
    settled: watch::Sender<u64>,
    turns: Arc<tokio::sync::Mutex<()>>,
}

impl Committer {
    pub(crate) fn new(storage: Arc<dyn Storage>, journal: Arc<dyn Journal>) -> Self {
        let (settled, _) = watch::channel(0);
        Self {
            storage,
            journal,
            order: Mutex::new(Order::default()),
            settled,
            turns: Arc::default(),
        }
    }

    /// A transaction on the state as it is now.
    pub(crate) fn begin(&self, keyring: Arc<Keyring>, entropy: Arc<dyn Entropy>) -> Transaction {
        // First the number, then the snapshot: the snapshot may hold more than `seen` says, which
        // costs a retry at worst; the other way round would lose an update.
        let seen = *self.settled.borrow();
        Transaction::new(self.storage.snapshot(), keyring, entropy, seen)
    }

    /// Commits; returns the index in the log, or None when there was nothing to write.
    pub(crate) async fn commit(&self, commit: Commit) -> Result<Option<u64>, CommitError> {
        if commit.batch.ops.is_empty() {
            return Ok(None);
        }
        let (number, done) = {
            let mut order = self.order.lock().unwrap_or_else(PoisonError::into_inner);
            order
                .validate(commit.seen, &commit.reads)
                .map_err(CommitError::Overtaken)?;
            let number = order.record(&commit.batch);
            // The journal takes its place in the queue when it is called, not when it is polled.
            (number, self.journal.commit(vec![commit.batch]))
        };
        let result = done.await;
        // Also after a failure: who waits for this number must not wait for ever.
        self.settled
            .send_modify(|settled| *settled = number.max(*settled));
        result.map(Some).map_err(CommitError::Journal)
    }

    /// Waits until the commit with this number is applied or has failed, so that a retry sees it.
    pub(crate) async fn settled(&self, number: u64) {
        // The sender lives in `self`, so the channel cannot be closed.
        let _ = self
            .settled
            .subscribe()
            .wait_for(|settled| *settled >= number)
            .await;
    }

    /// One at a time: for those who were overtaken more than once.
    pub(crate) async fn turn(&self) -> tokio::sync::OwnedMutexGuard<()> {
        Arc::clone(&self.turns).lock_owned().await
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
    fn record(&mut self, batch: &Batch) -> u64 {
        self.last += 1;
        let number = self.last;
        self.writes
            .extend(batch.ops.iter().map(|op| (number, op.key.clone())));
        while self.writes.len() > WRITES_REMEMBERED_MAX {
            self.floor = self
                .writes
                .pop_front()
                .map_or(self.floor, |(number, _)| number);
        }
        number
    }
}
