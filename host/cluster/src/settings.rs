//! What a connection may cost.

use core::time::Duration;

/// Limits and times of both ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How long TCP may take to connect to one IP address.
    pub connect_duration_max: Duration,
    /// How long TLS, the word of admission and the first bytes of HTTP/2 may take.
    pub handshake_duration_max: Duration,
    /// How long the other end may take to answer that a call begins.
    pub open_duration_max: Duration,
    /// How often the other end is asked whether it is still there.
    pub ping_interval: Duration,
    /// How long it may take to answer that; the connection is gone after it.
    pub ping_timeout: Duration,
    /// Connections to a port of whoever is not let in yet; of more than that the oldest give way, first
    /// those of the network that has the most.
    pub strangers_count_max: usize,
    /// Connections of one peer for one protocol; a further one is refused.
    pub connections_of_peer_max: usize,
    /// How long a peer may take nothing of what a call has for it; its connection is ended after it,
    /// after twice as long at the latest. A little now and then is enough: a link may be slow.
    pub taking_duration_max: Duration,
    /// Calls under way on a connection; a further one is refused.
    pub calls_count_max: u16,
    /// What the headers of a call may have, in bytes.
    pub header_bytes_max: u32,
    /// What one call may have on its way to a receiver that does not read, in bytes. A connection
    /// has room for as much of each call, so that none holds up another.
    pub window_bytes: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            connect_duration_max: Duration::from_secs(5),
            handshake_duration_max: Duration::from_secs(10),
            open_duration_max: Duration::from_secs(30),
            ping_interval: Duration::from_secs(10),
            ping_timeout: Duration::from_secs(10),
            strangers_count_max: 256,
            connections_of_peer_max: 4,
            taking_duration_max: Duration::from_secs(300),
            calls_count_max: 32,
            header_bytes_max: 16 * 1024,
            window_bytes: 2 * 1024 * 1024,
        }
    }
}

/// So much of a call is handed to HTTP/2 at a time, in bytes, and goes as one frame of it: what was
/// handed over cannot be taken back, and one sees whether it goes.
pub(crate) const PIECE_BYTES_MAX: u32 = 64 * 1024;

/// The largest window of HTTP/2: RFC 9113, section 6.9.1.
const WINDOW_BYTES_MAX: u32 = i32::MAX as u32;

impl Settings {
    /// The window of a call.
    pub(crate) fn call_window_bytes(&self) -> u32 {
        self.window_bytes.min(WINDOW_BYTES_MAX)
    }

    /// The window of a connection: that of all its calls, as far as HTTP/2 allows.
    pub(crate) fn connection_window_bytes(&self) -> u32 {
        self.window_bytes
            .saturating_mul(u32::from(self.calls_count_max))
            .min(WINDOW_BYTES_MAX)
    }
}
