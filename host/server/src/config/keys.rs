//! The keys themselves: those of the top level and of small blocks; those of larger ones have files of
//! their own.

mod listener;
mod telemetry;

pub(super) use listener::LISTENER_TCP;
pub(super) use telemetry::TELEMETRY;

use super::replication::REPLICATION;
use super::schema::Kind::{Anything, Block, Count, Duration, Flag, Signed, Text};
use super::schema::{Key, idle, refused, used};

/// The top level.
pub(super) const TOP: &[Key] = &[
    used(
        "listener",
        Anything,
        "",
        "A block with one label, `tcp`: an address to serve. May come several times; at least one is needed.",
    ),
    used(
        "storage",
        Anything,
        "",
        "A block with one label, `raft` or `inmem`: where everything is kept. Needed.",
    ),
    used(
        "api_addr",
        Text,
        "the first listener's address",
        "URL at which clients reach this node.",
    ),
    used(
        "cluster_addr",
        Text,
        "the port after `api_addr`'s",
        "URL at which other nodes reach this node.",
    ),
    used(
        "cluster_name",
        Text,
        "`casemate`",
        "Name of the cluster, shown in `sys/seal-status` and `sys/health`.",
    ),
    used(
        "default_lease_ttl",
        Duration,
        "`768h`",
        "Lease of what asks for none.",
    ),
    used("max_lease_ttl", Duration, "`768h`", "No lease is longer."),
    used(
        "max_request_size",
        Count,
        "`33554432`",
        "Longest request body in bytes, for every listener that does not say otherwise.",
    ),
    used(
        "max_request_duration",
        Duration,
        "`90s`",
        "Longest time for one request, for every listener that does not say otherwise.",
    ),
    used(
        "log_level",
        Text,
        "`info`",
        "`trace`, `debug`, `info`, `warn` or `error`. Read again on SIGHUP.",
    ),
    used("log_format", Text, "`standard`", "`standard` or `json`."),
    used(
        "pid_file",
        Text,
        "",
        "File to write the process id to; removed when the server stops.",
    ),
    used(
        "ui",
        Flag,
        "`false`",
        "Does `/` lead to a user interface at `/ui/`?",
    ),
    used(
        "telemetry",
        Block(TELEMETRY),
        "",
        "A block: how metrics are named and kept, see below.",
    ),
    idle(
        "disable_mlock",
        "Memory is not locked; turn swap off or encrypt it.",
    ),
    idle(
        "plugin_directory",
        "Components are kept in storage, not in a directory.",
    ),
    idle(
        "plugin_download_directory",
        "Components are kept in storage, not in a directory.",
    ),
    idle(
        "plugin_tmpdir",
        "Components are kept in storage, not in a directory.",
    ),
    idle(
        "plugin_file_uid",
        "Components are kept in storage, not in files.",
    ),
    idle(
        "plugin_file_permissions",
        "Components are kept in storage, not in files.",
    ),
    idle(
        "plugin_auto_download",
        "Components are kept in storage; nothing is downloaded.",
    ),
    idle(
        "plugin_auto_register",
        "Components are registered through the API.",
    ),
    idle("cache_size", "There is no cache to size."),
    idle("disable_cache", "There is no cache to turn off."),
    idle(
        "cluster_cipher_suites",
        "Clusters speak TLS 1.3 with each other, whose cipher suites nobody has to choose from.",
    ),
    idle("disable_clustering", "There is one node."),
    idle("disable_indexing", "Only Vault Enterprise knows it."),
    idle(
        "disable_performance_standby",
        "Only Vault Enterprise knows it.",
    ),
    idle("disable_sealwrap", "Only Vault Enterprise knows it."),
    idle(
        "disable_printable_check",
        "Paths with control characters are always refused.",
    ),
    idle("disable_standby_reads", "There is one node."),
    idle("raw_storage_endpoint", "There is no raw access to storage."),
    idle("introspection_endpoint", "There is no such endpoint."),
    idle("enable_ui", "Use `ui`."),
    idle(
        "enable_response_header_hostname",
        "No header tells the host's name.",
    ),
    idle(
        "enable_response_header_raft_node_id",
        "No header tells the node's id.",
    ),
    used(
        "log_file",
        Text,
        "",
        "File, or folder, that gets the log as well; made when it is missing, and opened anew on SIGHUP.",
    ),
    used(
        "log_rotate_bytes",
        Count,
        "",
        "Length at which the log file is moved away and begun anew; `0` for any.",
    ),
    used(
        "log_rotate_duration",
        Duration,
        "`24h`",
        "Age at which the log file is moved away and begun anew; `0` for any.",
    ),
    used(
        "log_rotate_max_files",
        Signed,
        "`0`",
        "How many files that were moved away are kept; `0` for all, `-1` for none.",
    ),
    idle(
        "log_requests_level",
        "Completed requests are in the audit log.",
    ),
    idle("detect_deadlocks", "There are no such locks."),
    idle(
        "imprecise_lease_role_tracking",
        "Leases are always counted exactly.",
    ),
    idle("enable_post_unseal_trace", "There are no traces."),
    idle("post_unseal_trace_directory", "There are no traces."),
    idle("experiments", "There are none."),
    idle("license_path", "No license is needed."),
    idle("reporting", "Nothing is reported to anybody."),
    idle(
        "service_registration",
        "Nothing is registered with other services yet.",
    ),
    idle("sentinel", "Only Vault Enterprise knows it."),
    idle("user_agent", "It is never sent."),
    refused("seal", "Auto-unseal is not there yet."),
    refused(
        "ha_storage",
        "There is one storage; replace it by `storage`.",
    ),
    refused("backend", "Old name; use `storage`."),
    refused("ha_backend", "Old name; there is one storage."),
    refused("kms_library", "Keys in hardware modules are not there yet."),
    refused("entropy", "External entropy is not there yet."),
    refused(
        "administrative_namespace_path",
        "Administrative namespaces are not there yet.",
    ),
    used(
        "user_lockout",
        Anything,
        "",
        "A block with one label, `userpass`, `approle`, `ldap` or `all`: when users of such auth methods are locked out.",
    ),
    used(
        "audit",
        Anything,
        "",
        "A block with two labels, the kind and the path of a device, as `audit \"file\" \"all\"`: an audit device that the server enables when it is unsealed, see [audit](../guides/audit.md#devices-of-the-configuration).",
    ),
    refused("initialize", "Use `sys/init`."),
    refused("plugin", "Components are registered through the API."),
    used(
        "replication",
        Block(REPLICATION),
        "",
        "A block: how clusters follow one another, see below.",
    ),
];

/// `user_lockout "userpass"` and its like.
pub(super) const USER_LOCKOUT: &[Key] = &[
    used(
        "lockout_threshold",
        Count,
        "5",
        "Wrong secrets in a row that lock a user out.",
    ),
    used("lockout_duration", Duration, "`15m`", "For how long."),
    used(
        "lockout_counter_reset",
        Duration,
        "`15m`",
        "After how long without a wrong secret they are counted from none again.",
    ),
    used("disable_lockout", Flag, "`false`", "Lock nobody out."),
];

/// `audit "file" "…"` and its like.
pub(super) const AUDIT: &[Key] = &[
    used("description", Text, "", "For people."),
    used(
        "local",
        Flag,
        "`false`",
        "Refuse a device that was shared before it was declared; a new one is kept out of performance replication in any case.",
    ),
    used(
        "options",
        Anything,
        "",
        "A block with the options of the device, as `file_path`.",
    ),
];

/// `storage "raft"`.
pub(super) const STORAGE_RAFT: &[Key] = &[
    used(
        "path",
        Text,
        "",
        "Folder for the data and the log. Needed; made when it is missing.",
    ),
    used(
        "node_id",
        Text,
        "",
        "Name of this node, for its log. Its number in the cluster is drawn at the first start and kept in the folder.",
    ),
    idle("retry_join", "There is one node."),
    idle("retry_join_as_non_voter", "There is one node."),
    idle("performance_multiplier", "There is one node."),
    idle(
        "trailing_logs",
        "The log is kept as long as somebody needs it.",
    ),
    idle("snapshot_threshold", "The storage is its own snapshot."),
    idle("snapshot_interval", "The storage is its own snapshot."),
    idle("max_entry_size", "`max_request_size` bounds it."),
    idle(
        "max_mount_and_namespace_table_entry_size",
        "Mounts are entries of their own.",
    ),
    idle("max_transaction_size", "`max_request_size` bounds it."),
    idle("autopilot_reconcile_interval", "There is one node."),
    idle("autopilot_update_interval", "There is one node."),
    idle("autopilot_upgrade_version", "There is one node."),
    idle("autopilot_redundancy_zone", "There is one node."),
    idle("raft_log_verifier_enabled", "The log is always verified."),
    idle(
        "raft_log_verification_interval",
        "The log is always verified.",
    ),
    idle("raft_wal", "There is one kind of log."),
    idle("allow_loopback_cluster_address", "There is one node."),
];

/// `storage "inmem"`.
pub(super) const STORAGE_INMEM: &[Key] = &[];
