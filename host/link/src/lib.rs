//! What a connection between clusters is to those who talk over it: frames in order, both ways.
//! Words and traits only. The room `cluster` makes such connections of TCP and TLS, a simulation
//! makes them of memory.
//!
//! ```text
//!   node of the secondary                               node of the primary
//!        Dialer ── dial(Protocol, addresses, Identity) ──▶ Acceptor::identity, admit ─▶ Peer
//!        Link   ── open(method) ─▶ Channel ══ frames ══ Channel ─▶ Acceptor::serve(peer, method)
//! ```

mod backoff;
mod budget;
mod channel;
mod error;
mod probe;

pub use backoff::Backoff;
pub use budget::{Budget, Room, SMALL_FRAME_BYTES_MAX};
pub use channel::{CHANNEL_FRAMES_MAX, Channel, FRAME_BYTES_MAX, Piece, pair};
pub use error::{DialError, DialStep, LinkError, NotAdmitted};
pub use probe::{Probe, Probed};

use base::Secret;
use core::pin::Pin;
use std::sync::Arc;
use tokio::sync::watch;

/// The name in the certificate of the end that is called. One for all, since who is meant follows
/// from the authority, which belongs to one relation, and from what the certificate may be used for.
pub const PRIMARY_NAME: &str = "primary.casemate";

/// What comes to be later.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a connection is for. Each has its own trust: one kind can do nothing of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Protocol {
    /// From a standby to the active node of its cluster.
    Forwarding,
    /// From a performance secondary to its primary.
    Performance,
    /// From a disaster-recovery secondary to its primary.
    Recovery,
    /// Between the voters of a cluster.
    Raft,
}

impl Protocol {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Forwarding,
        Self::Performance,
        Self::Recovery,
        Self::Raft,
    ];

    /// Its name in the TLS handshake (ALPN, RFC 7301).
    pub const fn alpn(self) -> &'static str {
        match self {
            Self::Forwarding => "casemate-forwarding/1",
            Self::Performance => "casemate-performance/1",
            Self::Recovery => "casemate-recovery/1",
            Self::Raft => "casemate-raft/1",
        }
    }
}

/// With what one end shows itself, and whom it believes.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Its certificate, DER.
    pub certificate: Vec<u8>,
    /// The private key of it, PKCS #8 DER.
    pub key: Arc<Secret<Vec<u8>>>,
    /// The certificate of the authority that the other end's certificate must come from, DER.
    pub authority: Vec<u8>,
}

/// Who is at the other end of a connection that was let in.
#[derive(Clone, Debug)]
pub struct Peer {
    /// How the cluster calls it.
    pub name: String,
    /// True once it is to be cut off. It is cut off as well when nobody is left who could say so.
    pub ended: watch::Receiver<bool>,
}

/// How what was sent in answer to a call ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Served {
    /// All of it goes to the other end.
    Complete,
    /// Nothing more of it goes: what waits is dropped, and the call ends with an error.
    BrokenOff,
}

/// The end that is called.
pub trait Acceptor: Send + Sync {
    /// With what connections of this kind are answered; None where they are not answered at all.
    fn identity(&self, protocol: Protocol) -> Option<Identity>;

    /// Who it is that showed this certificate, DER. The handshake has proved that the authority made
    /// it and that the other end has its key.
    ///
    /// # Errors
    /// [`NotAdmitted`] for one that is not, or no longer, known.
    fn admit(&self, protocol: Protocol, certificate: &[u8]) -> Result<Peer, NotAdmitted>;

    /// The largest frame that a peer may send in a call of this method, in bytes.
    fn frame_bytes_max(&self, protocol: Protocol, method: &str) -> usize;

    /// Answers one call of a peer; done when the future is. It is dropped when the connection ends.
    fn serve(
        self: Arc<Self>,
        protocol: Protocol,
        peer: Peer,
        method: String,
        channel: Channel,
    ) -> Later<'static, Served>;
}

/// The end that calls.
pub trait Dialer: Send + Sync {
    /// Connects to the first of `addresses`, as `host:port`, that answers.
    ///
    /// # Errors
    /// [`DialError`] of the last address that was tried: which step failed, and why.
    fn dial<'a>(
        &'a self,
        protocol: Protocol,
        addresses: &'a [String],
        identity: &'a Identity,
    ) -> Later<'a, Result<Arc<dyn Link>, DialError>>;

    /// Connects to one address, as `host:port`, to see how far that comes, and ends the connection.
    ///
    /// Without an identity it comes as somebody whom the other end cannot know yet. Whoever made the
    /// certificate that it is shown, it looks whether that is one of a primary; to be sent away then,
    /// for it has none itself, is how that is to end. Unless it says otherwise it comes nowhere.
    fn probe<'a>(
        &'a self,
        _protocol: Protocol,
        _address: &'a str,
        _identity: Option<&'a Identity>,
    ) -> Later<'a, Probe> {
        let probe = Probe::failed(DialStep::Connect, ALONE);
        Box::pin(core::future::ready(probe))
    }
}

/// A connection that stands. Many calls share it. Dropping it ends it.
pub trait Link: Send + Sync {
    /// The address that answered.
    fn address(&self) -> &str;

    /// Begins a call.
    ///
    /// # Errors
    /// When the connection is gone or takes no further call.
    fn open<'a>(&'a self, method: &'a str) -> Later<'a, Result<Channel, LinkError>>;

    /// Resolves when the connection is gone, to why.
    fn closed(&self) -> Later<'_, LinkError>;
}

/// Connects to nobody: for a node that stands alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nowhere;

/// Why a node that stands alone reaches nobody.
const ALONE: &str = "this node has no connections to other clusters";

impl Dialer for Nowhere {
    fn dial<'a>(
        &'a self,
        _protocol: Protocol,
        addresses: &'a [String],
        _identity: &'a Identity,
    ) -> Later<'a, Result<Arc<dyn Link>, DialError>> {
        let error = DialError {
            address: addresses.first().cloned().unwrap_or_default(),
            step: DialStep::Connect,
            reason: String::from(ALONE),
            shown: None,
        };
        Box::pin(core::future::ready(Err(error)))
    }
}
