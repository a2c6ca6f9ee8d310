//! How a handler fails.

use core::fmt;

/// What a handler's result is.
pub type Result<T, E = Failure> = core::result::Result<T, E>;

/// Why a request is not served. The host keeps nothing of what the handler wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Decides the status.
    pub kind: FailureKind,
    /// For the caller; for `Internal`, for the log only.
    pub message: String,
}

/// What sort of failure. `wit/v0.1/types.wit` has the statuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The caller can mend it.
    Invalid,
    /// Wrong password or secret; counts towards the lockout.
    InvalidCredentials,
    /// Not allowed.
    Denied,
    /// Nothing there.
    NotFound,
    /// Not in a mount that is tuned so.
    Unsupported,
    /// A check-and-set that failed.
    Conflict,
    /// An upstream wants fewer requests.
    TooMany,
    /// An upstream is away.
    Unavailable,
    /// Our own fault.
    Internal,
}

impl Failure {
    /// A failure of this kind.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message.is_empty() {
            true => write!(f, "{:?}", self.kind),
            false => f.write_str(&self.message),
        }
    }
}

impl core::error::Error for Failure {}

/// 400: the caller can mend it.
pub fn invalid(message: impl Into<String>) -> Failure {
    Failure::new(FailureKind::Invalid, message)
}

/// 403.
pub fn denied(message: impl Into<String>) -> Failure {
    Failure::new(FailureKind::Denied, message)
}

/// 404, with Vault's empty list of errors.
pub fn not_found() -> Failure {
    Failure::new(FailureKind::NotFound, "")
}

/// 405: this mount, as it is tuned, has no such operation here.
pub fn unsupported() -> Failure {
    Failure::new(FailureKind::Unsupported, "unsupported operation")
}

/// 500: the message goes to the log.
pub fn internal(message: impl Into<String>) -> Failure {
    Failure::new(FailureKind::Internal, message)
}
