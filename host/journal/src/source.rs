//! The log, for whoever follows it.

use crate::{Batch, JournalError};
use core::pin::Pin;
use std::sync::Arc;

/// Waits for an entry of the log.
pub type Waiting = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Reads entries of the log that are applied.
pub trait Source: Send + Sync {
    /// Entries after index `after`, oldest first, until there are `bytes_max` of them; at least one
    /// where there is one. Never an entry that is not applied. Where `after` is at or beyond the
    /// end of the log there are none, and [`upto`](Tail::upto) is that end.
    ///
    /// # Errors
    /// [`SourceError::Purged`] where an entry after `after` is gone; [`SourceError::Journal`] when
    /// the log cannot be read, and when it has ended and there is nothing more.
    fn read(&self, after: u64, bytes_max: usize) -> Result<Tail, SourceError>;

    /// Is what comes after this index in memory, so that reading it makes nobody wait?
    fn is_at_hand(&self, _after: u64) -> bool {
        true
    }

    /// Resolves once an entry after index `after` is applied, and when the log has ended.
    fn beyond(&self, after: u64) -> Waiting;

    /// How much of the log there is.
    fn extent(&self) -> Extent;

    /// From now on entries after `after` are kept, within the bounds of the log; None where nobody
    /// needs any.
    fn keep_after(&self, after: Option<u64>);
}

/// Some entries of the log.
#[derive(Clone, Debug, Default)]
pub struct Tail {
    /// Those that write something, with their indexes.
    pub entries: Vec<(u64, Arc<Vec<Batch>>)>,
    /// Up to here nothing is left out: entries between those above write nothing.
    pub upto: u64,
}

/// How much of the log there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// The last index that is gone; zero where nothing is.
    pub purged: u64,
    /// The last index that is applied.
    pub applied: u64,
    /// Bytes of the entries that are there.
    pub size_bytes: u64,
    /// How many bytes there may be.
    pub bytes_max: u64,
}

impl Extent {
    /// About how many bytes the entries after `after` have.
    pub fn bytes_after(&self, after: u64) -> u64 {
        let entries = self.applied.saturating_sub(self.purged).max(1);
        let waiting = self.applied.saturating_sub(after).min(entries);
        let bytes = u128::from(self.size_bytes) * u128::from(waiting) / u128::from(entries);
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }
}

/// Why the log cannot be followed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SourceError {
    /// What is asked for is gone.
    #[error("the log is purged up to entry {purged}, entries after {after} were asked for")]
    Purged {
        /// What was asked for.
        after: u64,
        /// The last index that is gone.
        purged: u64,
    },
    /// The log cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
}
