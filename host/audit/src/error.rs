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
    #[error("{name} {reason}")]
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
    /// The thread that keeps a device connected cannot be started.
    #[error("failed to start the thread of an audit device")]
    Thread(#[source] io::Error),
    /// There is no such kind of device.
    #[error("unknown backend type: {0:?}")]
    UnknownKind(String),
    /// There is a fallback device already, at this path.
    #[error("there is a fallback device already: {0:?}")]
    FallbackInUse(String),
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
