//! The block `replication`.

use super::check::Checked;
use super::schema::Kind::{Count, Duration as Span, Flag};
use super::schema::{Key, idle, used};
use core::time::Duration;

/// `replication`.
pub(super) const REPLICATION: &[Key] = &[
    used(
        "best_effort_wal_wait_duration",
        Span,
        "`2s`",
        "How long a secondary waits for what a request of its own wrote on the primary. An answer that comes before that is here has a warning, with the index at which the primary has it; one without a body gets a body for it.",
    ),
    used(
        "log_bytes_max",
        Count,
        "`67108864`",
        "Bytes of the log that stay after they are applied, whether somebody needs them or not.",
    ),
    used(
        "log_kept_bytes_max",
        Count,
        "`536870912`",
        "Bytes of the log that stay as long as a secondary needs them; never less than `log_bytes_max`. A secondary that is further behind compares what it has with the primary.",
    ),
    used(
        "digest_check_interval",
        Span,
        "`24h`",
        "How often a cluster looks by itself whether its digests are those of its entries, slowly and beside its requests; `0s` for never. The first time is an hour after it was unsealed. What it finds is `corrupted_merkle_tree` in the status.",
    ),
    used(
        "allow_forwarding_via_header",
        Flag,
        "`false`",
        "May a client ask by `X-Vault-Forward: active-node`, or by `X-Vault-Inconsistent: forward-active-node`, for the active node of its cluster to answer? Otherwise such a request is refused. A cluster has one node, so that it is answered where it came.",
    ),
    idle(
        "allow_forwarding_via_token",
        "No token says which state it needs.",
    ),
    idle(
        "logshipper_buffer_length",
        "Secondaries follow the log itself; `log_kept_bytes_max` bounds it.",
    ),
    idle(
        "logshipper_buffer_size",
        "Secondaries follow the log itself; `log_kept_bytes_max` bounds it.",
    ),
    idle(
        "replication_canary_write_interval_seconds",
        "Nothing is written for it: a primary says all the time how far it is, and `lag_seconds` of the status tells how old is what a secondary has.",
    ),
    idle(
        "resolver_discover_servers",
        "A secondary connects to the address in its token, or to the one it was given since.",
    ),
];

/// How clusters follow one another. None: nothing is said, and the usual holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplicationConfig {
    /// How long a secondary waits for what a request of its own wrote on the primary.
    pub own_write_wait: Option<Duration>,
    /// Bytes of the log that stay, whether somebody needs them or not.
    pub log_bytes_max: Option<u64>,
    /// Bytes of the log that stay as long as somebody needs them.
    pub log_kept_bytes_max: Option<u64>,
    /// How often the digests are looked at; nothing of time for never.
    pub digest_check_interval: Option<Duration>,
    /// May a client ask by a header for the active node to answer?
    pub allow_forwarding_via_header: bool,
}

/// Reads the blocks of all files; the last file that says something of a setting counts.
pub(super) fn read(tops: &[Checked<'_>]) -> ReplicationConfig {
    let blocks: Vec<Checked<'_>> = tops.iter().map(|top| top.block("replication")).collect();
    let bytes = |name: &str| {
        let count = blocks.iter().find_map(|block| block.count(name));
        count.map(|count| count as u64)
    };
    let wait = "best_effort_wal_wait_duration";
    let header = "allow_forwarding_via_header";
    ReplicationConfig {
        own_write_wait: blocks.iter().find_map(|block| block.duration(wait)),
        log_bytes_max: bytes("log_bytes_max"),
        log_kept_bytes_max: bytes("log_kept_bytes_max"),
        digest_check_interval: {
            let every = "digest_check_interval";
            blocks.iter().find_map(|block| block.duration(every))
        },
        allow_forwarding_via_header: blocks.iter().find_map(|block| block.flag(header))
            == Some(true),
    }
}
