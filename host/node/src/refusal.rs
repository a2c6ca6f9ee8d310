//! From the errors of the rooms below to what a caller is told. Details go to the log alone.

use crate::commit::CommitError;
use barrier::BarrierError;
use base::{Refusal, RefusalKind, chain};
use journal::JournalError;
use storage::StorageError;

pub(crate) fn from_barrier(error: BarrierError) -> Refusal {
    Refusal::internal(chain(&error))
}

pub(crate) fn from_storage(error: StorageError) -> Refusal {
    Refusal::internal(chain(&error))
}

/// What is to be written belongs to the primary: whoever runs the request runs it there.
pub(crate) fn wrong_place() -> Refusal {
    Refusal::new(RefusalKind::WrongPlace, "cannot write to readonly storage")
}

pub(crate) fn from_commit(error: &CommitError) -> Refusal {
    match error {
        CommitError::Overtaken(_) => Refusal::new(
            RefusalKind::Unavailable,
            "too many conflicting requests at once, try again",
        ),
        CommitError::Journal(JournalError::TooLarge(_)) => {
            Refusal::new(RefusalKind::TooLarge, "request writes too much at once")
        }
        CommitError::Journal(error) if !is_fatal(error) => Refusal {
            reason: chain(error),
            ..Refusal::new(RefusalKind::Unavailable, "server is busy, try again")
        },
        CommitError::WrongPlace => wrong_place(),
        CommitError::Refused(refusal) => refusal.clone(),
        CommitError::Closed => Refusal::new(RefusalKind::Sealed, "Vault is sealed"),
        CommitError::Seal(_) | CommitError::Journal(_) => Refusal::internal(chain(error)),
    }
}

/// Is it unknown whether the log has the batch? Then this node must not go on.
pub(crate) const fn is_fatal(error: &JournalError) -> bool {
    !matches!(
        error,
        JournalError::Busy(_)
            | JournalError::Unavailable(_)
            | JournalError::TooLarge(_)
            | JournalError::KeyTooLong(_)
    )
}
