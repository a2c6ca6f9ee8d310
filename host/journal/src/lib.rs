//! What the cluster's one log carries, and what applying it does.
//!
//! A request's writes are a [`Batch`] of sealed operations. Batches that wait for the same fsync
//! travel as one log entry; each is all or nothing. Applying an entry is ONE storage batch: the
//! entries, their digests and the applied index.
//!
//! ```text
//!  node ── commit(batches) ──▶ Journal ──▶ log, fsync ──▶ apply(index, batches) ──▶ Observer
//!    ◀──────────── index ─────────────────────────────────────┘
//! ```
//!
//! Here is a journal without a log, [`MemoryJournal`]; the one with a log is the room `raft`.
//!
//! Entries of the class *ignored* have no digests: they never leave the cluster, so there is nobody
//! to compare them with. An operation's wish to be wrapped by the seal travels in the log; what is
//! stored is the value as the log has it.

mod apply;
mod batch;
mod error;
mod memory;
mod mend;
mod recent;
mod source;

pub use apply::{applied_at, applied_index, apply, mark_applied, prepare};
pub use batch::{Batch, Op};
pub use error::JournalError;
pub use memory::MemoryJournal;
pub use mend::{Differences, mend};
pub use recent::Recent;
pub use source::{Extent, Source, SourceError, Tail, Waiting};

use core::pin::Pin;

/// The most that one call of [`Journal::commit`] may carry, in bytes of keys and values.
pub const COMMIT_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A commit under way.
pub type Committing = Pin<Box<dyn Future<Output = Result<u64, JournalError>> + Send>>;

/// The one order of all writes.
pub trait Journal: Send + Sync {
    /// Writes all `batches`, or none. Resolves to the index of the log entry that holds them once
    /// they are safe from every crash and applied: whoever reads storage from then on sees them.
    ///
    /// The commit goes on when the future is dropped. No batches at all resolve to the index that
    /// is applied.
    ///
    /// # Errors
    /// [`JournalError`], which says whether anything can have been written.
    fn commit(&self, batches: Vec<Batch>) -> Committing;

    /// The index of the last entry that was applied; zero before the first.
    fn applied(&self) -> u64;
}

/// Someone who wants to know what was written: to drop what it keeps in memory of it.
pub trait Observer: Send + Sync {
    /// Called for each entry in order, after storage has it and before its commit resolves. It
    /// holds up the log, so it must be quick and must not wait.
    fn applied(&self, index: u64, batches: &[Batch]);
}

/// Nobody wants to know.
impl Observer for () {
    fn applied(&self, _index: u64, _batches: &[Batch]) {}
}
