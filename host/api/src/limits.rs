//! What one listener takes, and for how long it waits.

use core::time::Duration;

/// Bounds of one listener. Each holds before anybody knows who is calling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest body; more is 413.
    pub request_bytes_max: usize,
    /// Most strings, keys included, in one JSON body; more is 400.
    pub json_strings_max: usize,
    /// Most memory that the values of one JSON body may take; more is 400.
    pub json_memory_bytes_max: usize,
    /// Deepest nesting of a JSON body; more is 400.
    pub json_depth_max: usize,
    /// Longest request line with all headers; more is 431.
    pub header_bytes_max: usize,
    /// Longest single header value; more is 431.
    pub header_value_bytes_max: usize,
    /// Most headers; more is 431.
    pub headers_count_max: usize,
    /// Bodies that are held in memory at one time, over all connections; more is 503.
    pub bodies_bytes_max: usize,
    /// Open connections; further ones wait in the listen queue.
    pub connections_count_max: usize,
    /// Streams of one HTTP/2 connection.
    pub streams_count_max: u32,
    /// From the first byte of a request to the end of its headers, and from connecting to the
    /// first request.
    pub header_duration_max: Duration,
    /// From the end of the headers to the end of the body; a slower client gets 408.
    pub body_duration_max: Duration,
    /// From the end of the headers to the reply; then the client gets 503.
    pub request_duration_max: Duration,
    /// How long a client may take nothing of what is sent to it.
    pub write_stall_duration_max: Duration,
    /// How long a connection may lie idle between requests.
    pub idle_duration_max: Duration,
    /// How long requests in flight may take to end when the server stops.
    pub drain_duration_max: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request_bytes_max: 32 << 20,
            json_strings_max: 100_000,
            json_memory_bytes_max: (65 << 20) / 2,
            json_depth_max: 128,
            header_bytes_max: 64 << 10,
            header_value_bytes_max: 16 << 10,
            headers_count_max: 100,
            bodies_bytes_max: 512 << 20,
            connections_count_max: 10_000,
            streams_count_max: 200,
            header_duration_max: Duration::from_secs(10),
            body_duration_max: Duration::from_secs(60),
            request_duration_max: Duration::from_secs(90),
            write_stall_duration_max: Duration::from_secs(30),
            idle_duration_max: Duration::from_secs(300),
            drain_duration_max: Duration::from_secs(10),
        }
    }
}
