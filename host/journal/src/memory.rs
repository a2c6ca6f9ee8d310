//! A journal without a log.

use crate::{
    Batch, Committing, Extent, Journal, JournalError, Observer, Recent, Source, SourceError, Tail,
    Waiting, applied_index, prepare,
};
use core::pin::Pin;
use core::sync::atomic::{AtomicU64, Ordering};
use core::task::{Context, Poll, Waker};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use storage::{Durability, Storage};

/// Bytes of entries that are kept for whoever follows, unless it is told otherwise.
const KEPT_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// A journal that applies at once, for tests and simulation. It stands for a cluster's log: what it
/// has answered is synced in its storage.
pub struct MemoryJournal {
    storage: Arc<dyn Storage>,
    observer: Arc<dyn Observer>,
    /// One commit at a time: an index belongs to one entry.
    committing: Mutex<()>,
    applied: AtomicU64,
    followed: Arc<Followed>,
}

impl MemoryJournal {
    /// A journal over what `storage` holds. What was committed before is not there to be followed.
    ///
    /// # Errors
    /// When storage cannot be read.
    pub fn new(
        storage: Arc<dyn Storage>,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, JournalError> {
        let applied = applied_index(&*storage)?;
        Ok(Self {
            storage,
            observer,
            committing: Mutex::new(()),
            applied: AtomicU64::new(applied),
            followed: Arc::new(Followed::new(Recent::new(applied, KEPT_BYTES_MAX))),
        })
    }

    /// The same journal, which keeps at most `bytes_max` of its last entries.
    #[must_use]
    pub fn keeping(mut self, bytes_max: u64) -> Self {
        let recent = Recent::new(self.applied(), bytes_max);
        self.followed = Arc::new(Followed::new(recent));
        self
    }

    fn commit_now(&self, batches: Vec<Batch>) -> Result<u64, JournalError> {
        let size = Batch::size_bytes(&batches)?;
        let stopped = |_| JournalError::Stopped(String::from("an observer panicked"));
        let _one = self.committing.lock().map_err(stopped)?;
        let last = self.applied.load(Ordering::SeqCst);
        if size == 0 {
            return Ok(last);
        }
        let index = last + 1;
        let Some(writes) = prepare(&*self.storage.snapshot(), index, &batches)? else {
            let message = format!("index {index} is applied already");
            return Err(JournalError::Damaged(message));
        };
        self.storage.commit(writes, Durability::Synced)?;
        self.applied.store(index, Ordering::SeqCst);
        self.observer.applied(index, &batches);
        self.followed.push(index, batches);
        Ok(index)
    }
}

impl Journal for MemoryJournal {
    fn commit(&self, batches: Vec<Batch>) -> Committing {
        let result = self.commit_now(batches);
        Box::pin(core::future::ready(result))
    }

    fn applied(&self) -> u64 {
        self.applied.load(Ordering::SeqCst)
    }
}

impl Source for MemoryJournal {
    fn read(&self, after: u64, bytes_max: usize) -> Result<Tail, SourceError> {
        let state = self.followed.state();
        let purged = state.recent.after();
        let tail = state.recent.read(after, bytes_max);
        tail.ok_or(SourceError::Purged { after, purged })
    }

    fn beyond(&self, after: u64) -> Waiting {
        let followed = Arc::clone(&self.followed);
        Box::pin(Beyond { followed, after })
    }

    fn extent(&self) -> Extent {
        let state = self.followed.state();
        Extent {
            purged: state.recent.after(),
            applied: state.recent.last(),
            size_bytes: state.recent.size_bytes(),
            bytes_max: state.recent.bytes_max(),
        }
    }

    /// There is one bound, and nothing beyond it is kept for anybody.
    fn keep_after(&self, _after: Option<u64>) {}
}

impl Drop for MemoryJournal {
    fn drop(&mut self) {
        let mut state = self.followed.state();
        state.ended = true;
        state.wake();
    }
}

/// What whoever follows sees of the journal.
struct Followed(Mutex<State>);

struct State {
    recent: Recent,
    ended: bool,
    waiting: Vec<Waker>,
}

impl Followed {
    const fn new(recent: Recent) -> Self {
        Self(Mutex::new(State {
            recent,
            ended: false,
            waiting: Vec::new(),
        }))
    }

    /// Locked only to look or to note.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, index: u64, batches: Vec<Batch>) {
        let mut state = self.state();
        state.recent.push(index, Arc::new(batches));
        state.wake();
    }
}

impl State {
    fn wake(&mut self) {
        for waker in self.waiting.drain(..) {
            waker.wake();
        }
    }
}

/// Waits for an entry after `after`.
struct Beyond {
    followed: Arc<Followed>,
    after: u64,
}

impl Future for Beyond {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.followed.state();
        if state.ended || state.recent.last() > self.after {
            return Poll::Ready(());
        }
        let waker = context.waker();
        if !state.waiting.iter().any(|known| known.will_wake(waker)) {
            state.waiting.push(waker.clone());
        }
        Poll::Pending
    }
}
