//! The HTTP API: the only room that knows HTTP shapes and JSON envelopes. It decides nothing else.
//!
//! ```text
//!  socket ─▶ listener ─▶ tls ─▶ connection (hyper, watched by activity)
//!                                   │ one request
//!                                   ▼
//!                               exchange ─▶ decode: verb, path, headers, query
//!                                   │       body ─▶ json: bytes → data, bounded
//!                                   ▼
//!                               finish ─▶ Service (node)
//!                                   │
//!                                   ▼
//!                               encode ─▶ envelope, health: Reply → bytes, status chosen last
//! ```
//!
//! A slow, half-open or hostile client costs one connection for a bounded time; a request that has
//! begun is brought to its end whether or not its client stays.

mod activity;
mod body;
mod connection;
mod cross_origin;
mod decode;
mod encode;
mod envelope;
mod exchange;
mod finish;
mod forwarded;
mod health;
mod json;
mod limits;
mod listener;
mod query;
mod reply_body;
mod response_headers;
mod service;
mod tls;

pub use forwarded::{AddressBlock, AddressBlockError, ForwardedRules, Otherwise};
pub use limits::Limits;
pub use listener::{Listener, Settings};
pub use response_headers::{ResponseHeaders, ResponseHeadersError};
pub use service::Service;
pub use tls::{ClientCertificates, Tls, TlsError, TlsFiles, TlsVersion};

#[cfg(test)]
mod tests;
