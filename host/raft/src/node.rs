//! The log as the rest of the server sees it.

use crate::committer::{Committer, SnapshotAsked, Waiting};
use crate::error::Failure;
use crate::follow::Followed;
use crate::log::{Log, LogStore};
use crate::peers::NoPeers;
use crate::state::StateMachine;
use crate::types::{LogId, TypeConfig};
use crate::{RaftConfig, RaftError, install};
use base::chain;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use journal::{Batch, Committing, Journal, JournalError, Observer};
use openraft::{BasicNode, ServerState, SnapshotPolicy};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use storage::Storage;
use tokio::sync::{mpsc, oneshot, watch};

/// The cluster's log. Dropping it stops it and waits until it has stopped.
pub struct Raft {
    queue: mpsc::Sender<Waiting>,
    waiting_bytes: Arc<AtomicUsize>,
    applied: Arc<AtomicU64>,
    pub(crate) log: Arc<Log>,
    pub(crate) followed: Arc<Followed>,
    failure: Failure,
    pub(crate) config: RaftConfig,
    stop: watch::Sender<bool>,
    /// True once the thread is at its end.
    pub(crate) ended: watch::Receiver<bool>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What the thread of the log works with.
struct Engine {
    storage: Arc<dyn Storage>,
    node: u64,
    observer: Arc<dyn Observer>,
    config: RaftConfig,
    queue: mpsc::Receiver<Waiting>,
    waiting_bytes: Arc<AtomicUsize>,
    applied: Arc<AtomicU64>,
    log: Arc<Log>,
    followed: Arc<Followed>,
    failure: Failure,
    stop: watch::Receiver<bool>,
}

impl Raft {
    /// Opens the log in `storage`, or begins one with `node` as its only voter. Returns once all
    /// that is in the log is applied.
    ///
    /// # Errors
    /// When storage fails, when the log is damaged, and when it belongs to other nodes.
    pub async fn open(
        storage: Arc<dyn Storage>,
        node: u64,
        observer: Arc<dyn Observer>,
        config: RaftConfig,
    ) -> Result<Self, RaftError> {
        let (queue, queue_end) = mpsc::channel(config.waiting_commits_max.max(1));
        let (stop, stop_end) = watch::channel(false);
        let (ended_end, ended) = watch::channel(false);
        let (ready_end, ready) = oneshot::channel();
        let failure = Failure::default();
        let engine = Engine {
            log: Arc::new(Log::new(Arc::clone(&storage), failure.clone())),
            followed: Arc::default(),
            storage,
            node,
            observer,
            config,
            queue: queue_end,
            waiting_bytes: Arc::default(),
            applied: Arc::default(),
            failure,
            stop: stop_end,
        };
        let mut raft = Self {
            queue,
            waiting_bytes: Arc::clone(&engine.waiting_bytes),
            applied: Arc::clone(&engine.applied),
            log: Arc::clone(&engine.log),
            followed: Arc::clone(&engine.followed),
            failure: engine.failure.clone(),
            config,
            stop,
            ended,
            thread: Mutex::new(None),
        };
        let thread = std::thread::Builder::new()
            .name(String::from("log"))
            .spawn(move || {
                engine.run(ready_end);
                let _ = ended_end.send(true);
            })
            .map_err(|error| RaftError::Start(error.to_string()))?;
        raft.thread = Mutex::new(Some(thread));
        let ended_early = |_| RaftError::Start(String::from("its thread ended"));
        ready.await.map_err(ended_early)??;
        Ok(raft)
    }

    /// Stops the log: commits that wait are refused, what is on its way is completed, storage is
    /// brought to rest. Returns when its thread has ended.
    pub async fn shutdown(&self) {
        self.stop.send_replace(true);
        let mut ended = self.ended.clone();
        // An error means that the thread is gone, which is what is waited for.
        let _ = ended.wait_for(|ended| *ended).await;
        self.join();
    }

    /// Why the log has stopped by itself, if it has.
    pub fn failure(&self) -> Option<String> {
        self.failure.text().map(str::to_owned)
    }

    fn join(&self) {
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        // An observer may be the last to hold the log: its thread cannot wait for itself.
        if let Some(thread) = thread
            && thread.thread().id() != std::thread::current().id()
            && thread.join().is_err()
        {
            tracing::error!("the thread of the log panicked");
        }
    }

    /// Puts a commit into the queue.
    fn enqueue(
        &self,
        batches: Vec<Batch>,
    ) -> Result<oneshot::Receiver<Result<u64, JournalError>>, JournalError> {
        let size_bytes = Batch::size_bytes(&batches)?;
        let (answer, answered) = oneshot::channel();
        if size_bytes == 0 {
            let _ = answer.send(Ok(self.applied()));
            return Ok(answered);
        }
        let busy = || JournalError::Busy(self.queue.max_capacity() - self.queue.capacity());
        let waiting_bytes = self.waiting_bytes.fetch_add(size_bytes, Ordering::SeqCst);
        let waiting = Waiting {
            batches,
            size_bytes,
            answer,
        };
        let sent = if waiting_bytes.saturating_add(size_bytes) > self.config.waiting_bytes_max {
            Err(busy())
        } else {
            self.queue.try_send(waiting).map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => busy(),
                mpsc::error::TrySendError::Closed(_) => JournalError::Closed,
            })
        };
        if let Err(error) = sent {
            self.waiting_bytes.fetch_sub(size_bytes, Ordering::SeqCst);
            return Err(error);
        }
        Ok(answered)
    }
}

impl Journal for Raft {
    fn commit(&self, batches: Vec<Batch>) -> Committing {
        let answered = self.enqueue(batches);
        let failure = self.failure.clone();
        Box::pin(async move {
            answered?.await.unwrap_or_else(|_| {
                let reason = failure.text().unwrap_or("its thread ended");
                Err(JournalError::Stopped(reason.to_owned()))
            })
        })
    }

    fn applied(&self) -> u64 {
        self.applied.load(Ordering::SeqCst)
    }
}

impl Drop for Raft {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        self.join();
    }
}

impl Engine {
    /// The life of the log's thread.
    fn run(self, ready: oneshot::Sender<Result<(), RaftError>>) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build();
        match runtime {
            Ok(runtime) => runtime.block_on(self.serve(ready)),
            Err(error) => {
                let _ = ready.send(Err(RaftError::Start(error.to_string())));
            }
        }
    }

    async fn serve(self, ready: oneshot::Sender<Result<(), RaftError>>) {
        let storage = Arc::clone(&self.storage);
        let stop = self.stop.clone();
        let mut committer = match self.start().await {
            Ok(committer) => committer,
            Err(error) => {
                let _ = ready.send(Err(error));
                return;
            }
        };
        let _ = ready.send(Ok(()));
        committer.run(stop).await;
        if let Err(error) = committer.raft.shutdown().await {
            tracing::error!("stop the log: {error}");
        }
        if committer.failure.text().is_none()
            && let Err(error) = storage.settle()
        {
            committer.failure.note(&error);
        }
    }

    /// Opens the log and leads it.
    async fn start(self) -> Result<Committer, RaftError> {
        let log = self.log;
        log.load()?;
        install::resume(&*self.storage, &log)?;
        let state = StateMachine::load(
            Arc::clone(&self.storage),
            Arc::clone(&log),
            self.observer,
            self.failure.clone(),
            self.applied,
            self.followed,
        )?;
        if log.last() < state.last() {
            let end = |id: Option<LogId>| id.map_or(0, |id| id.index);
            let message = format!(
                "it ends at entry {}, but entry {} is applied",
                end(log.last()),
                end(state.last())
            );
            return Err(RaftError::Damaged(message));
        }
        let raft = openraft::Raft::<TypeConfig>::new(
            self.node,
            Arc::new(openraft_config()),
            NoPeers,
            LogStore(Arc::clone(&log)),
            state,
        )
        .await
        .map_err(|error| stopped(&self.failure, &error))?;
        if let Err(error) = lead(&raft, self.node, log.last(), &self.failure).await {
            let _ = raft.shutdown().await;
            return Err(error);
        }
        Ok(Committer {
            metrics: raft.metrics(),
            raft,
            log,
            failure: self.failure,
            config: self.config,
            queue: self.queue,
            waiting_bytes: self.waiting_bytes,
            snapshot: SnapshotAsked::No,
        })
    }
}

/// Makes `node` the leader of its log, and waits until all of it is applied, up to `last` and what
/// came since.
async fn lead(
    raft: &openraft::Raft<TypeConfig>,
    node: u64,
    last: Option<LogId>,
    failure: &Failure,
) -> Result<(), RaftError> {
    let initialized = raft.is_initialized().await;
    if initialized.map_err(|error| stopped(failure, &error))? {
        let metrics = raft.metrics().borrow().clone();
        let voters: Vec<u64> = metrics.membership_config.voter_ids().collect();
        if voters != [node] {
            return Err(RaftError::NotAVoter { node, voters });
        }
        let elected = raft.trigger().elect().await;
        elected.map_err(|error| stopped(failure, &error))?;
    } else {
        let alone = BTreeMap::from([(node, BasicNode::default())]);
        let initialized = raft.initialize(alone).await;
        initialized.map_err(|error| stopped(failure, &error))?;
    }
    let mut metrics = raft.metrics();
    let leads = metrics.wait_for(|metrics| {
        let leads = metrics.state == ServerState::Leader && metrics.last_applied >= last;
        leads || metrics.running_state.is_err()
    });
    leads.await.map_err(|error| stopped(failure, &error))?;
    let caught_up = raft.ensure_linearizable().await;
    caught_up.map_err(|error| stopped(failure, &error))?;
    Ok(())
}

fn stopped(failure: &Failure, error: &dyn core::error::Error) -> RaftError {
    let text = failure.text().map_or_else(|| chain(error), str::to_owned);
    RaftError::Start(text)
}

fn openraft_config() -> openraft::Config {
    openraft::Config {
        cluster_name: String::from("casemate"),
        // With one voter there is nobody to wait for and nobody to send heartbeats to.
        enable_tick: false,
        enable_heartbeat: false,
        enable_elect: false,
        // What is purged, and when, is decided by the committer.
        snapshot_policy: SnapshotPolicy::Never,
        max_in_snapshot_log_to_keep: u64::MAX,
        ..openraft::Config::default()
    }
}
