//! Ordered keys and values with atomic batches and snapshots. Bytes only: this room never sees
//! plaintext and does not know what a mount is.
//!
//! ```text
//!             commit(Batch, Durability)                  snapshot()
//!  writer ────────────────▶ Storage ────────────────▶ Arc<dyn Snapshot> ──▶ get, range
//!                             │
//!            ┌────────────────┴───────────────┐
//!          Disk                             Memory
//!    fjall, one folder,          versions in memory, for development
//!    a witness beside it         and, with faults, for simulation
//! ```
//!
//! Both pass one conformance suite (`tests/conformance.rs`). What they promise:
//!
//! - A batch is in storage whole or not at all, also after a crash.
//! - Batches survive a crash in the order of their commits: when one is there, all before it are.
//! - A batch committed as [`Durability::Synced`] survives every crash once `commit` has returned,
//!   and so does all that was committed before it.
//! - A snapshot shows the batches committed before it was taken, and never any later one.
//! - After a failed commit nobody knows what the disk holds. Storage is then *poisoned*: every
//!   later call, also on snapshots that exist, fails with [`StorageError::Poisoned`].
//! - Bytes that were stored come back as they were, or as an error, never changed.

mod batch;
mod disk;
mod error;
mod memory;
mod settled;
mod versions;
mod witness;

pub use batch::Batch;
pub use disk::{Disk, DiskConfig};
pub use error::StorageError;
pub use memory::{Fault, Memory};

use bytes::Bytes;
use std::sync::Arc;

/// The longest key. Keys are at least one byte long.
pub const KEY_BYTES_MAX: usize = 65_535;

/// The longest value.
pub const VALUE_BYTES_MAX: usize = 512 * 1024 * 1024;

/// Separate orders of keys in one storage; a batch may write to several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Space {
    /// The entries of all mounts under their physical keys, sealed.
    Entries,
    /// What was computed over the entries.
    Digests,
    /// The entries of the cluster's log.
    Log,
    /// How far things are: applied index, vote, positions.
    Meta,
}

impl Space {
    /// All spaces.
    pub const ALL: [Self; 4] = [Self::Entries, Self::Digests, Self::Log, Self::Meta];

    /// What operators read in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Entries => "entries",
            Self::Digests => "digests",
            Self::Log => "log",
            Self::Meta => "meta",
        }
    }
}

/// What a commit waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// For nothing: a crash may take the batch back, and with it all later ones.
    Buffered,
    /// Until the disk has it, and everything committed before.
    Synced,
}

/// The keys and values of a range in order; from both ends.
pub type Range<'a> =
    Box<dyn DoubleEndedIterator<Item = Result<(Bytes, Bytes), StorageError>> + Send + 'a>;

/// Ordered keys and values.
pub trait Storage: Send + Sync {
    /// The value of `key` now.
    ///
    /// # Errors
    /// When storage cannot be read, or is poisoned.
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Bytes>, StorageError>;

    /// All spaces as they are now.
    fn snapshot(&self) -> Arc<dyn Snapshot>;

    /// Makes all writes of `batch`, or none.
    ///
    /// # Errors
    /// For a key or value of a size that cannot be stored (nothing has happened then); for every
    /// other reason, after which storage is poisoned.
    fn commit(&self, batch: Batch, durability: Durability) -> Result<(), StorageError>;

    /// Waits until the disk has everything that was committed.
    ///
    /// # Errors
    /// When the disk fails; storage is poisoned then.
    fn sync(&self) -> Result<(), StorageError>;

    /// As [`sync`](Self::sync), for the last time: brings storage to where it is opened again
    /// soonest. Nothing is to be committed afterwards; what is there can be read.
    ///
    /// # Errors
    /// When the disk fails.
    fn settle(&self) -> Result<(), StorageError>;
}

/// All spaces at one moment.
///
/// Holding it keeps old versions of what is overwritten, so let go of it soon.
pub trait Snapshot: Send + Sync {
    /// The value of `key`.
    ///
    /// # Errors
    /// When storage cannot be read, or is poisoned.
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Bytes>, StorageError>;

    /// Everything from `from` to before `to`, or to the end. Empty where `from` is not before `to`.
    fn range(&self, space: Space, from: &[u8], to: Option<&[u8]>) -> Range<'_>;
}
