//! Requests that a component makes to the outside, as they pass from room to room.

use crate::Secret;
use core::future::Future;
use core::pin::Pin;
use core::time::Duration;
use std::sync::Arc;

/// A request to the outside, as a component put it: nothing of it is checked.
#[derive(Clone)]
pub struct OutboundRequest {
    /// GET, POST, …
    pub method: String,
    /// The whole of it.
    pub url: String,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The bytes; empty for none.
    pub body: Vec<u8>,
    /// No answer is waited for longer.
    pub timeout: Duration,
    /// Certificates (DER) that are trusted, and no others; empty for those that the system trusts.
    pub trust: Vec<Vec<u8>>,
    /// The name that the server's certificate must have; None for the URL's host.
    pub server_name: Option<String>,
    /// With what it shows who it is, where the server asks for that; None for nothing.
    pub identity: Option<Arc<OutboundIdentity>>,
    /// A longer response is refused.
    pub response_bytes_max: usize,
}

/// A certificate to be shown to a server, and its key: text that nobody has read yet.
#[derive(Debug)]
pub struct OutboundIdentity {
    /// The certificate, and those of the authorities that stand between it and one that the server
    /// knows: PEM.
    pub certificates: String,
    /// The private key of the first: PEM.
    pub key: Secret<String>,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboundResponse {
    /// HTTP status.
    pub status: u16,
    /// Names in lowercase, and values.
    pub headers: Vec<(String, String)>,
    /// The bytes.
    pub body: Vec<u8>,
}

/// Why nothing came back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutboundError {
    /// Nobody granted that. Nothing was sent.
    #[error("{0}: not granted")]
    NotGranted(String),
    /// It is no request that can be sent. Nothing was.
    #[error("malformed request: {0}")]
    Malformed(String),
    /// Not in time.
    #[error("no answer in time")]
    Timeout,
    /// The response is longer than this many bytes.
    #[error("a response of more than {0} bytes")]
    TooLarge(u64),
    /// Nobody answers there, or not as one should.
    #[error("unreachable: {0}")]
    Unreachable(String),
}

/// The future of [`Outbound::send`].
pub type Sending<'a> =
    Pin<Box<dyn Future<Output = Result<OutboundResponse, OutboundError>> + Send + 'a>>;

/// The way out of one mount: knows what is granted to it.
pub trait Outbound: Send + Sync {
    /// Sends a request, if it may be sent, and waits for the answer.
    fn send(&self, request: OutboundRequest) -> Sending<'_>;
}
