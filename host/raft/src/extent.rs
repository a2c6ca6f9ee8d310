//! What is known of the log without reading it. Pure.
//!
//! ```text
//!         before                      end
//!  0 ───────┼──────────────────────────┤   bytes of all entries there ever were
//!           │ start ── entries ── last │
//! ```
//!
//! Each entry says how many bytes there were before it, so that the first and the last one say how
//! many there are, however many are between them.

use crate::entry::Placed;
use crate::retention::Held;
use crate::types::{Entry, LogId};

/// What is known of the log without reading it.
#[derive(Default)]
pub(crate) struct Extent {
    /// The last entry that is gone on purpose.
    pub(crate) purged: Option<LogId>,
    /// The last entry, or where there is none the last purged one.
    pub(crate) last: Option<LogId>,
    /// Index of the oldest entry; of the next one where there is none.
    pub(crate) start: u64,
    /// Bytes of all entries before the oldest one.
    pub(crate) before_bytes: u64,
    /// Bytes of all entries up to the last one.
    pub(crate) end_bytes: u64,
    /// What was appended last: it is read once more, to be applied.
    pub(crate) recent: Vec<Entry>,
    /// Somebody needs the entries after this one.
    pub(crate) kept_after: Option<u64>,
    /// Does storage say that somebody needs some?
    pub(crate) kept_record: KeptRecord,
}

/// What storage says of who needs entries. It is written when the first one comes and when the last
/// one has gone, not at each step: after a restart what is there stays until somebody says more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum KeptRecord {
    #[default]
    Absent,
    Present,
}

impl Extent {
    /// A log whose entries up to `purged` are gone, with no others.
    pub(crate) fn empty(purged: Option<LogId>) -> Self {
        Self {
            purged,
            last: purged,
            start: purged.map_or(0, |purged| purged.index.saturating_add(1)),
            ..Self::default()
        }
    }

    /// What it has, as retention looks at it.
    pub(crate) fn held(&self) -> Held {
        Held {
            start: self.start,
            end: self.end(),
            before_bytes: self.before_bytes,
            end_bytes: self.end_bytes,
        }
    }

    /// It has the entries from `first` to `last`.
    pub(crate) fn span(&mut self, first: &Placed, last: &Placed) {
        self.start = first.id.index;
        self.before_bytes = first.before_bytes;
        self.last = Some(last.id);
        self.end_bytes = last.end_bytes();
    }

    /// Index of the next entry.
    pub(crate) fn end(&self) -> u64 {
        self.last.map_or(0, |last| last.index.saturating_add(1))
    }

    /// Bytes of the entries that are there.
    pub(crate) const fn size_bytes(&self) -> u64 {
        self.end_bytes.saturating_sub(self.before_bytes)
    }

    /// Adds what was appended; those that it replaces are gone.
    pub(crate) fn append(&mut self, placed: &Placed) {
        if self.last.is_none() {
            self.start = placed.id.index;
        }
        if placed.id.index <= self.start {
            self.start = placed.id.index;
            self.before_bytes = placed.before_bytes;
        }
        self.last = Some(placed.id);
        self.end_bytes = placed.end_bytes();
    }

    /// The entry `last` is the last one; None where none is left.
    pub(crate) fn truncate(&mut self, last: Option<&Placed>) {
        match last {
            Some(last) => {
                self.last = Some(last.id);
                self.end_bytes = last.end_bytes();
            }
            None => {
                self.last = self.purged;
                self.end_bytes = self.before_bytes;
            }
        }
        self.recent.clear();
    }

    /// The entries up to `purged` are gone; before the next one there were so many bytes.
    pub(crate) fn purge(&mut self, purged: LogId, before_bytes: u64) {
        self.purged = Some(purged);
        self.last = self.last.max(Some(purged));
        self.start = self.start.max(purged.index.saturating_add(1));
        self.before_bytes = before_bytes;
    }
}
