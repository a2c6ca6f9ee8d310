//! The log, for whoever follows it.
//!
//! ```text
//!  StateMachine ─▶ Followed ─▶ the last entries in memory ─┐
//!                     │                                    ├─▶ read
//!                     └──────▶ how far it is applied       │
//!                              └─▶ beyond                  │
//!  Log ───────────────────────────▶ older ones from disk ──┘
//! ```
//!
//! Of the last entries those are in memory that somebody needs: a cluster that nobody follows pays
//! nothing, and one whose followers have everything hardly more.

use crate::Raft;
use journal::{Batch, Extent, JournalError, Recent, Source, SourceError, Tail, Waiting};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// What whoever follows sees of the log.
#[derive(Debug, Default)]
pub(crate) struct Followed {
    /// The last entry that is applied and observed. Set while the lock is held.
    applied: watch::Sender<u64>,
    /// None while nobody follows. Locked only to look or to note.
    recent: Mutex<Option<Recent>>,
}

impl Followed {
    /// Entry `index` was applied.
    pub(crate) fn publish(&self, index: u64, batches: &Arc<Vec<Batch>>) {
        let mut recent = self.recent();
        if let Some(recent) = &mut *recent {
            recent.push(index, Arc::clone(batches));
        }
        self.applied.send_replace(index);
    }

    /// Everything up to entry `index` is applied, in whatever way.
    pub(crate) fn restart(&self, index: u64) {
        let mut recent = self.recent();
        if let Some(recent) = &mut *recent {
            *recent = Recent::new(index, recent.bytes_max());
        }
        self.applied.send_replace(index);
    }

    /// Keeps entries after this one in memory, those that are there and those to come.
    fn keep_after(&self, after: u64, bytes_max: u64) {
        let mut recent = self.recent();
        let applied = *self.applied.borrow();
        let recent = recent.get_or_insert_with(|| Recent::new(applied, bytes_max));
        recent.forget_upto(after);
    }

    fn forget(&self) {
        *self.recent() = None;
    }

    fn read(&self, after: u64, bytes_max: usize) -> Found {
        let recent = self.recent();
        let applied = *self.applied.borrow();
        let tail = match &*recent {
            Some(recent) => recent.read(after, bytes_max),
            None if after >= applied => Some(Tail {
                entries: Vec::new(),
                upto: applied,
            }),
            None => None,
        };
        let on_disk = recent.as_ref().map_or(applied, Recent::after);
        tail.map_or(Found::OnDisk { upto: on_disk }, Found::Here)
    }

    /// Does [`read`](Self::read) find what comes after this one here?
    fn has(&self, after: u64) -> bool {
        match &*self.recent() {
            Some(recent) => recent.after() <= after,
            None => after >= *self.applied.borrow(),
        }
    }

    fn recent(&self) -> MutexGuard<'_, Option<Recent>> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where entries are.
enum Found {
    Here(Tail),
    /// In the log, up to the last one that is not in memory.
    OnDisk {
        upto: u64,
    },
}

/// What is not in memory is read from the disk, by the thread that asks.
impl Source for Raft {
    fn read(&self, after: u64, bytes_max: usize) -> Result<Tail, SourceError> {
        let tail = match self.followed.read(after, bytes_max) {
            Found::Here(tail) => tail,
            Found::OnDisk { upto } => self.log.tail(after, upto, bytes_max as u64)?,
        };
        if tail.upto <= after && *self.ended.borrow() {
            return Err(JournalError::Closed.into());
        }
        Ok(tail)
    }

    fn is_at_hand(&self, after: u64) -> bool {
        self.followed.has(after)
    }

    fn beyond(&self, after: u64) -> Waiting {
        let mut applied = self.followed.applied.subscribe();
        let mut ended = self.ended.clone();
        Box::pin(async move {
            tokio::select! {
                _ = applied.wait_for(|applied| *applied > after) => {}
                _ = ended.wait_for(|ended| *ended) => {}
            }
        })
    }

    fn extent(&self) -> Extent {
        let size = self.log.size();
        let usual = self.config.log_bytes_max;
        let bytes_max = match size.kept_after {
            Some(_) => self.config.kept_bytes_max.max(usual),
            None => usual,
        };
        Extent {
            purged: size.purged,
            applied: *self.followed.applied.borrow(),
            size_bytes: size.bytes,
            bytes_max,
        }
    }

    fn keep_after(&self, after: Option<u64>) {
        match after {
            Some(after) => self
                .followed
                .keep_after(after, self.config.recent_bytes_max),
            None => self.followed.forget(),
        }
        self.log.keep_after(after, &self.config);
    }
}
