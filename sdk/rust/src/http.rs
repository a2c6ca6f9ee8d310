//! Requests to hosts that the operator has granted. Redirects are not followed.

use crate::host::HostRequest;
use crate::{Ctx, Failure, FailureKind, internal};
use core::fmt;
use core::time::Duration;

/// A request in the making.
pub struct Request(pub(crate) HostRequest);

/// What came back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The bytes.
    pub body: Vec<u8>,
}

/// Why nothing came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HttpError {
    /// The operator did not grant this host.
    NotGranted(String),
    /// The URL, a header or a certificate is not one.
    Malformed(String),
    /// In time.
    Timeout,
    /// The response is larger than this many bytes.
    TooLarge(u64),
    /// Nobody answers.
    Unreachable(String),
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotGranted(host) => write!(f, "{host:?} is not granted"),
            Self::Malformed(what) => write!(f, "malformed request: {what}"),
            Self::Timeout => f.write_str("no answer in time"),
            Self::TooLarge(limit) => write!(f, "an answer of more than {limit} bytes"),
            Self::Unreachable(why) => write!(f, "unreachable: {why}"),
        }
    }
}

impl core::error::Error for HttpError {}

/// For handlers that have nothing better to say.
impl From<HttpError> for Failure {
    fn from(error: HttpError) -> Self {
        let message = error.to_string();
        match error {
            HttpError::Malformed(_) => internal(message),
            HttpError::NotGranted(_) => crate::invalid(message),
            HttpError::Timeout | HttpError::TooLarge(_) | HttpError::Unreachable(_) => {
                Self::new(FailureKind::Unavailable, message)
            }
        }
    }
}

impl Ctx {
    /// Begins a request. It has acted on the outside world once it is sent: what must be known
    /// afterwards is written before, and `checkpoint`ed.
    pub fn http(&mut self, method: &str, url: &str) -> Request {
        Request(self.host.http(method, url))
    }
}

impl Request {
    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.0.header(name, value);
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, bytes: &[u8]) -> Self {
        self.0.body(bytes);
        self
    }

    /// Waits no longer than this; the host's limit holds in any case.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.0
            .timeout_ms(u32::try_from(timeout.as_millis()).unwrap_or(u32::MAX));
        self
    }

    /// Trusts this certificate (DER), and no others but those added likewise.
    #[must_use]
    pub fn trust(mut self, certificate: &[u8]) -> Self {
        self.0.trust(certificate);
        self
    }

    /// Expects this name in the server's certificate.
    #[must_use]
    pub fn server_name(mut self, name: &str) -> Self {
        self.0.server_name(name);
        self
    }

    /// Sends it.
    ///
    /// # Errors
    /// [`HttpError`] where nothing came back. A status is no error.
    pub fn send(self) -> Result<Response, HttpError> {
        self.0.send()
    }
}
