//! Connections between clusters, made of TCP, TLS 1.3 and HTTP/2. The words are those of `link`.
//!
//! ```text
//!   Connector ─ TCP ─ TLS 1.3, ALPN = Protocol ─ word of admission ─ HTTP/2 ─ Port
//!      │                                                                        │
//!    Link::open(method) ── POST /method ── frames ⇄ frames ── Acceptor::serve(peer, method)
//! ```
//!
//! One port answers every protocol: the name in the handshake says which, and each has an identity
//! and an authority of its own, so a certificate of one is nothing to another. After the handshake
//! the port says whether it knows the peer: a length of two bytes and as many bytes of the reason
//! why not; none where it is let in. A call is one request; its frames travel in both bodies at the
//! same time, each behind its length in four bytes.
//!
//! Nothing here knows what the frames mean, keeps anything, or tries again.

mod settings;

mod connector;
mod port;

mod address;
mod admission;
mod identity;
mod incoming;
mod line;
mod outgoing;
mod peer;
mod peers;
mod probing;
mod refused;
mod shown;
mod strangers;
mod tasks;

pub use connector::Connector;
pub use port::Port;
pub use settings::Settings;
