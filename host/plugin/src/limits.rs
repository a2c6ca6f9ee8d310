//! What one call may use.

use barrier::ViewLimits;
use core::time::Duration;

/// Bounds of one call of one component. The defaults suit a component written in a compiled
/// language; an operator tunes them per mount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// All linear memory of the instance, in bytes. Cannot pass
    /// [`RuntimeConfig::memory_bytes_max`](crate::RuntimeConfig::memory_bytes_max).
    pub memory_bytes_max: usize,
    /// Elements of each table.
    pub table_elements_max: usize,
    /// From the begin of the call to its end, waits on the host included.
    pub deadline: Duration,
    /// Calls of `storage` and of stored keys in `crypto`.
    pub storage_calls_max: u64,
    /// Longest value, in bytes. How long a key may be is the barrier's to say.
    pub value_bytes_max: usize,
    /// All keys and values written by one call, in bytes: a request is one entry of the log.
    pub written_bytes_max: usize,
    /// Most names in one page of a listing.
    pub list_limit_max: usize,
    /// All bytes of the answer: texts, data, headers, body.
    pub reply_bytes_max: usize,
    /// Bytes of all HTTP requests in the making at one time, and of one response.
    pub outbound_bytes_max: usize,
    /// Lines that reach the log; the rest is dropped and counted.
    pub log_lines_max: u32,
    /// Longest line, in bytes; the rest is cut.
    pub log_line_bytes_max: usize,
    /// Random bytes that one call of `entropy` gives.
    pub random_bytes_max: u32,
    /// Passwords that one call makes.
    pub passwords_max: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes_max: 32 << 20,
            table_elements_max: 20_000,
            deadline: Duration::from_secs(10),
            storage_calls_max: 10_000,
            value_bytes_max: 1 << 20,
            written_bytes_max: 8 << 20,
            list_limit_max: 1_000,
            reply_bytes_max: 8 << 20,
            outbound_bytes_max: 8 << 20,
            log_lines_max: 100,
            log_line_bytes_max: 2_048,
            random_bytes_max: 1 << 20,
            passwords_max: 100,
        }
    }
}

impl Limits {
    /// No operator can tune a longer [`deadline`](Self::deadline).
    pub const DEADLINE_MAX: Duration = Duration::from_secs(300);
    /// No operator can tune more [`storage_calls_max`](Self::storage_calls_max).
    pub const STORAGE_CALLS_MAX: u64 = 1_000_000;

    /// The part that the barrier keeps.
    pub(crate) const fn of_view(&self) -> ViewLimits {
        ViewLimits {
            calls_max: self.storage_calls_max,
            value_bytes_max: self.value_bytes_max,
            written_bytes_max: self.written_bytes_max,
            page_names_max: self.list_limit_max,
        }
    }
}

/// A limit that a component ran into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("more than {max} {what}")]
pub struct LimitExceeded {
    /// What there was too much of, with its unit.
    pub what: &'static str,
    /// How much is allowed.
    pub max: u64,
}
