//! Gathers commits into entries.

use crate::error::Failure;
use crate::log::Log;
use crate::types::{Command, TypeConfig};
use crate::{RaftConfig, RaftError};
use base::chain;
use core::sync::atomic::{AtomicUsize, Ordering};
use journal::{Batch, JournalError};
use openraft::error::{ClientWriteError, RaftError as OpenraftError};
use openraft::{BasicNode, RaftMetrics};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot, watch};

/// A commit that waits.
pub(crate) struct Waiting {
    pub(crate) batches: Vec<Batch>,
    pub(crate) size_bytes: usize,
    pub(crate) answer: oneshot::Sender<Result<u64, JournalError>>,
}

/// Takes waiting commits from the queue and brings them into the log, one entry at a time: while
/// one is on its way, those that arrive wait for the next.
pub(crate) struct Committer {
    pub(crate) raft: openraft::Raft<TypeConfig>,
    pub(crate) log: Arc<Log>,
    pub(crate) failure: Failure,
    pub(crate) config: RaftConfig,
    pub(crate) queue: mpsc::Receiver<Waiting>,
    pub(crate) waiting_bytes: Arc<AtomicUsize>,
    pub(crate) metrics: watch::Receiver<RaftMetrics<u64, BasicNode>>,
    pub(crate) snapshot: SnapshotAsked,
}

/// Was openraft asked for a snapshot, so that the log can be purged once there is one?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SnapshotAsked {
    Yes,
    No,
}

/// Why the committer wakes.
enum Woken {
    Commit(Waiting),
    /// Perhaps the log can be purged.
    Purge,
    Stop,
}

impl Committer {
    /// Runs until it is told to stop or the log stops. Whoever waits then is told.
    pub(crate) async fn run(&mut self, mut stop: watch::Receiver<bool>) {
        let mut next = None;
        loop {
            let woken = match next.take() {
                Some(waiting) => Woken::Commit(waiting),
                None => self.wait(&mut stop).await,
            };
            let first = match woken {
                Woken::Commit(first) => first,
                Woken::Purge => match self.keep_within_bounds().await {
                    Ok(()) => continue,
                    Err(_) => break,
                },
                Woken::Stop => break,
            };
            let (group, left) = self.gather(first);
            next = left;
            if let Err(error) = self.commit(group).await {
                self.refuse(next.take(), &error);
                break;
            }
            if self.keep_within_bounds().await.is_err() {
                self.refuse(next.take(), &JournalError::Closed);
                break;
            }
        }
        self.queue.close();
        while let Some(waiting) = self.queue.recv().await {
            self.refuse(Some(waiting), &JournalError::Closed);
        }
    }

    async fn wait(&mut self, stop: &mut watch::Receiver<bool>) -> Woken {
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => Woken::Stop,
            next = self.queue.recv() => next.map_or(Woken::Stop, Woken::Commit),
            () = self.log.need_changed() => Woken::Purge,
            _ = self.metrics.changed(), if self.snapshot == SnapshotAsked::Yes => Woken::Purge,
        }
    }

    /// The first commit and those that wait already, and one that would be too much.
    fn gather(&mut self, first: Waiting) -> (Vec<Waiting>, Option<Waiting>) {
        let mut size = first.size_bytes;
        let mut group = vec![first];
        while let Ok(waiting) = self.queue.try_recv() {
            size = size.saturating_add(waiting.size_bytes);
            if size > self.config.entry_bytes_max {
                return (group, Some(waiting));
            }
            group.push(waiting);
        }
        (group, None)
    }

    /// One entry. An error ends it all: the log cannot go on after it.
    async fn commit(&self, group: Vec<Waiting>) -> Result<(), JournalError> {
        let mut batches = Vec::new();
        let mut answers = Vec::with_capacity(group.len());
        for waiting in group {
            self.waiting_bytes
                .fetch_sub(waiting.size_bytes, Ordering::SeqCst);
            batches.extend(waiting.batches);
            answers.push(waiting.answer);
        }
        let written = self.raft.client_write(Command::from(batches)).await;
        let result = match written {
            Ok(response) => Ok(response.log_id.index),
            Err(OpenraftError::APIError(ClientWriteError::ForwardToLeader(_))) => Err(
                JournalError::Unavailable(String::from("this node does not lead")),
            ),
            Err(error) => Err(JournalError::Stopped(
                self.failure
                    .text()
                    .map_or_else(|| chain(&error), str::to_owned),
            )),
        };
        for answer in answers {
            // Whoever does not wait any more does not need to know.
            let _ = answer.send(result.clone());
        }
        match result {
            Err(error @ JournalError::Stopped(_)) => Err(error),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Purges what exceeds the bounds of the log. openraft purges only what a snapshot has, so that
    /// comes first; it costs nothing. An error is noted, and ends it all.
    async fn keep_within_bounds(&mut self) -> Result<(), RaftError> {
        self.snapshot = SnapshotAsked::No;
        let target = self.log.record_need();
        let target = target.and_then(|()| self.log.purge_target(&self.config));
        let target = target.inspect_err(|error| {
            self.failure.note(error);
        })?;
        let Some(upto) = target else {
            return Ok(());
        };
        let snapshot = self.metrics.borrow_and_update().snapshot;
        let trigger = self.raft.trigger();
        // An error means that the log has stopped; the next commit says so.
        if snapshot.is_some_and(|snapshot| snapshot.index >= upto) {
            let _ = trigger.purge_log(upto).await;
        } else if trigger.snapshot().await.is_ok() {
            self.snapshot = SnapshotAsked::Yes;
        }
        Ok(())
    }

    fn refuse(&self, waiting: Option<Waiting>, error: &JournalError) {
        if let Some(waiting) = waiting {
            self.waiting_bytes
                .fetch_sub(waiting.size_bytes, Ordering::SeqCst);
            let closed = match error {
                JournalError::Stopped(_) => JournalError::Closed,
                other => other.clone(),
            };
            let _ = waiting.answer.send(Err(closed));
        }
    }
}
