//! What goes wrong between clusters.

use core::fmt;

/// A connection or a call that is over before its time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// The connection broke, or the other end ended it.
    #[error("the connection ended: {0}")]
    Ended(String),
    /// The other end does not know the method, or does not answer it now.
    #[error("the other end refused the call: {0}")]
    Refused(String),
    /// A frame is larger than frames may be.
    #[error("a frame of {0} bytes is too large")]
    TooLarge(usize),
}

/// A peer that is not let in, and why: for the log of the end that was called, and for the peer
/// itself, which has proved by then that the authority of the relation made its certificate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotAdmitted(pub String);

/// How far a connection came, the first step first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DialStep {
    /// The address has the form `host:port`.
    Address,
    /// Its name has an IP address.
    Resolve,
    /// Somebody listens there.
    Connect,
    /// It speaks TLS 1.3.
    Handshake,
    /// The certificate of the other end comes from the authority that was expected.
    Certificate,
    /// The other end answers connections of this kind: ALPN.
    Protocol,
    /// The other end knows this one.
    Admission,
}

impl fmt::Display for DialStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Address => "read the address",
            Self::Resolve => "resolve the name",
            Self::Connect => "connect",
            Self::Handshake => "TLS handshake",
            Self::Certificate => "verify the certificate",
            Self::Protocol => "agree on the protocol",
            Self::Admission => "be admitted",
        })
    }
}

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{address}: {step}: {reason}")]
pub struct DialError {
    /// The address that was tried.
    pub address: String,
    /// The step that failed.
    pub step: DialStep,
    /// Why, for an operator.
    pub reason: String,
    /// The certificate that the other end showed, DER, where it came that far.
    pub shown: Option<Vec<u8>>,
}
