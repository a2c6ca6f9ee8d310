//! Why a commit did not happen, or may not have.

use crate::COMMIT_BYTES_MAX;
use digest::DigestError;
use std::sync::Arc;
use storage::{KEY_BYTES_MAX, StorageError};

/// Why a commit did not happen, or may not have.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// Too many commits wait already. Nothing was written; try again later.
    #[error("journal is busy: {0} commits are waiting")]
    Busy(usize),
    /// This node may not write at the moment. Nothing was written; try again later or elsewhere.
    #[error("journal cannot write: {0}")]
    Unavailable(String),
    /// The commit is larger than any may be. Nothing was written.
    #[error("commit of {0} bytes is larger than {COMMIT_BYTES_MAX}")]
    TooLarge(usize),
    /// A key is longer than any may be. Nothing was written.
    #[error("key of {0} bytes is longer than {KEY_BYTES_MAX}")]
    KeyTooLong(usize),
    /// The journal is shut down. Nothing was written.
    #[error("journal is closed")]
    Closed,
    /// The journal stopped on the way. Whether the batches are in the log shows after a restart;
    /// until then nothing can be written.
    #[error("journal stopped while it committed: {0}")]
    Stopped(String),
    /// Storage failed. Whether the batches are there shows after a restart.
    #[error("apply a log entry")]
    Storage(#[source] Arc<StorageError>),
    /// The digests in storage are not those of its entries. Nothing was written.
    #[error("bring digests up to date")]
    Digest(#[source] Arc<DigestError<StorageError>>),
    /// What storage holds for the journal itself is not what the journal put there.
    #[error("journal record is damaged: {0}")]
    Damaged(String),
}

impl From<StorageError> for JournalError {
    fn from(error: StorageError) -> Self {
        Self::Storage(Arc::new(error))
    }
}
