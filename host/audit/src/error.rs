//! What can go wrong.

use std::io;

/// Why a record was not written, or a device not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// No device took the record: the request must be refused.
    #[error("no audit device took the record")]
    NotRecorded,
    /// An option of a device is missing, unknown or dangerous.
    #[error("audit option {name:?}: {reason}")]
    Option {
        /// The option.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The file of a device cannot be opened.
    #[error("failed to open audit file {path:?}")]
    Open {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// There is a device at this path already.
    #[error("path already in use: {0:?}")]
    InUse(String),
}

impl AuditError {
    pub(crate) fn option(name: &str, reason: impl Into<String>) -> Self {
        Self::Option {
            name: name.to_owned(),
            reason: reason.into(),
        }
    }
}
