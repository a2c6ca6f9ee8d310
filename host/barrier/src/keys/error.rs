//! Why the host did not do what a component asked of a key.

use crate::ViewError;
use aws_lc_rs::error::{KeyRejected, Unspecified};

/// A call was refused. What a component may be told: nothing in it is secret.
#[derive(Clone, Debug, thiserror::Error)]
pub enum KeyError {
    /// The name of the key was refused, or storage failed.
    #[error(transparent)]
    View(#[from] ViewError),
    /// There is a key of that name.
    #[error("a key of that name exists")]
    Exists,
    /// A key of this kind cannot do that.
    #[error("{kind} key cannot {what}")]
    WrongKind {
        /// Name of the kind.
        kind: &'static str,
        /// What was asked of it.
        what: &'static str,
    },
    /// The host does not have that combination.
    #[error("{0} is not supported")]
    Unsupported(String),
    /// The key was not made exportable.
    #[error("key is not exportable")]
    NotExportable,
    /// Forged, cut short, or made with another key or other associated data. One answer for all.
    #[error("message authentication failed")]
    NotAuthentic,
    /// The input is not what it should be.
    #[error("{0}")]
    Malformed(String),
    /// The input is longer than this many bytes.
    #[error("input is longer than {0} bytes")]
    TooLarge(u64),
    /// The cryptographic library failed where it should not.
    #[error("cryptographic operation failed")]
    Failed,
}

impl KeyError {
    pub(crate) fn malformed(what: impl Into<String>) -> Self {
        Self::Malformed(what.into())
    }
}

/// For operations of ours, on keys that were checked: nothing of a component's input is at fault.
impl From<Unspecified> for KeyError {
    fn from(_: Unspecified) -> Self {
        Self::Failed
    }
}

/// As above: a stored key was checked when it was made.
impl From<KeyRejected> for KeyError {
    fn from(_: KeyRejected) -> Self {
        Self::Failed
    }
}
