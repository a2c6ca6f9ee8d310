//! What can go wrong, as the caller can act on it.

use crate::{KEY_BYTES_MAX, VALUE_BYTES_MAX};
use core::error::Error;
use std::io;

type Cause = Box<dyn Error + Send + Sync>;

/// Why storage did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StorageError {
    /// The disk, a quota or a limit has no room left. Make room and restart: a commit that hit it has poisoned storage.
    #[error("{doing}: no space left on the disk")]
    Full {
        /// What was being done.
        doing: String,
        /// What the system said.
        #[source]
        cause: Cause,
    },
    /// The disk or the file system failed.
    #[error("{doing}")]
    Io {
        /// What was being done.
        doing: String,
        /// What the system said.
        #[source]
        cause: Cause,
    },
    /// What was read is not what was written.
    #[error("{doing}: the data is damaged")]
    Damaged {
        /// What was being done.
        doing: String,
        /// What was found.
        #[source]
        cause: Cause,
    },
    /// Commits that the disk had confirmed are not there.
    #[error(
        "{doing}: {confirmed} commits were confirmed by the disk, {found} are there: the data is damaged"
    )]
    Lost {
        /// What was being done.
        doing: String,
        /// How many synced commits there must be.
        confirmed: u64,
        /// How many there are.
        found: u64,
    },
    /// An earlier commit failed. Only opening storage anew shows what the disk holds.
    #[error("storage is closed since a write failed")]
    Poisoned,
    /// Storage was brought to rest; it is to be opened anew.
    #[error("storage is closed")]
    Settled,
    /// Another process has this storage open.
    #[error("{doing}: another process has it open")]
    Locked {
        /// What was being done.
        doing: String,
    },
    /// A key is empty or too long.
    #[error("storage key of {0} bytes is not between 1 and {KEY_BYTES_MAX}")]
    KeySize(usize),
    /// A value is too long.
    #[error("storage value of {0} bytes is longer than {VALUE_BYTES_MAX}")]
    ValueSize(usize),
}

impl StorageError {
    pub(crate) fn from_io(doing: impl Into<String>, cause: io::Error) -> Self {
        let doing = doing.into();
        let full = is_full(&cause);
        let cause = Box::new(cause);
        if full {
            Self::Full { doing, cause }
        } else {
            Self::Io { doing, cause }
        }
    }

    pub(crate) fn from_fjall(doing: impl Into<String>, cause: fjall::Error) -> Self {
        let doing = doing.into();
        match cause {
            fjall::Error::Poisoned => Self::Poisoned,
            fjall::Error::Locked => Self::Locked { doing },
            fjall::Error::Io(cause) | fjall::Error::Storage(fjall::LsmError::Io(cause)) => {
                Self::from_io(doing, cause)
            }
            other => Self::Damaged {
                doing,
                cause: Box::new(other),
            },
        }
    }
}

fn is_full(cause: &io::Error) -> bool {
    matches!(
        cause.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    )
}
