//! The keys themselves.

use super::replication::REPLICATION;
use super::schema::Kind::{Anything, Block, Count, Duration, Flag, Signed, Text, Texts};
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
    refused("audit", "Audit devices are enabled through the API."),
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

/// `listener "tcp"`.
pub(super) const LISTENER_TCP: &[Key] = &[
    used(
        "address",
        Text,
        "`127.0.0.1:8200`",
        "Address and port to serve.",
    ),
    used(
        "cluster_address",
        Text,
        "the port after `address`'s",
        "Address and port for other nodes.",
    ),
    used("tls_disable", Flag, "`false`", "Serve plain HTTP."),
    used(
        "tls_cert_file",
        Text,
        "",
        "PEM file with the certificate and its intermediates. Read again on SIGHUP.",
    ),
    used(
        "tls_key_file",
        Text,
        "",
        "PEM file with the certificate's key, not encrypted. Read again on SIGHUP.",
    ),
    used("tls_min_version", Text, "`tls12`", "`tls12` or `tls13`."),
    used("tls_max_version", Text, "`tls13`", "`tls12` or `tls13`."),
    used(
        "tls_client_ca_file",
        Text,
        "",
        "PEM bundle; a client certificate that comes must be issued below it. Without it any is taken, for the auth method to judge. Read again on SIGHUP.",
    ),
    used(
        "tls_require_and_verify_client_cert",
        Flag,
        "`false`",
        "A client certificate must come, issued below `tls_client_ca_file`.",
    ),
    used(
        "tls_disable_client_certs",
        Flag,
        "`false`",
        "Client certificates are not asked for.",
    ),
    used(
        "x_forwarded_for_authorized_addrs",
        Texts,
        "",
        "Addresses and blocks whose `X-Forwarded-For` is believed. Without it nobody's is.",
    ),
    used(
        "x_forwarded_for_hop_skips",
        Count,
        "`0`",
        "How many entries from the end are further proxies.",
    ),
    used(
        "x_forwarded_for_reject_not_authorized",
        Flag,
        "`true`",
        "Refuse the header from others; else ignore it.",
    ),
    used(
        "x_forwarded_for_reject_not_present",
        Flag,
        "`true`",
        "Refuse requests without the header.",
    ),
    used(
        "max_request_size",
        Count,
        "`33554432`",
        "Longest request body in bytes.",
    ),
    used(
        "max_request_duration",
        Duration,
        "`90s`",
        "Longest time for one request.",
    ),
    used(
        "max_request_json_memory",
        Count,
        "`34078720`",
        "Most memory in bytes for the values of one JSON body.",
    ),
    used(
        "max_request_json_strings",
        Count,
        "`100000`",
        "Most strings, keys included, in one JSON body.",
    ),
    used(
        "max_json_depth",
        Count,
        "`128`",
        "Deepest nesting of a JSON body; at most 128.",
    ),
    used(
        "http_read_header_timeout",
        Duration,
        "`10s`",
        "From the first byte of a request to the end of its headers.",
    ),
    used(
        "http_read_timeout",
        Duration,
        "`60s`",
        "From the end of the headers to the end of the body.",
    ),
    used(
        "http_write_timeout",
        Duration,
        "`30s`",
        "How long a client may take nothing of what is sent to it.",
    ),
    used(
        "http_idle_timeout",
        Duration,
        "`5m`",
        "How long a connection may lie idle between requests.",
    ),
    used(
        "max_connections",
        Count,
        "`10000`",
        "Open connections; further ones wait.",
    ),
    used(
        "disable_unauthed_rekey_endpoints",
        Flag,
        "`true`",
        "Do `sys/rekey/…` and `sys/rekey-recovery-key/…` need a token?",
    ),
    used(
        "disable_unauthed_generate_root_endpoints",
        Flag,
        "`true`",
        "Do `sys/generate-root/attempt` and `sys/generate-root/update` need a token?",
    ),
    used(
        "telemetry",
        Block(LISTENER_TELEMETRY),
        "",
        "A block with `unauthenticated_metrics_access`: is `sys/metrics` served without a token, also while sealed? `false` without it.",
    ),
    idle("profiling", "There are no profiles to serve."),
    used(
        "inflight_requests_logging",
        Block(LISTENER_IN_FLIGHT),
        "",
        "A block with `unauthenticated_in_flight_request_access`: is `sys/in-flight-req` served without a token, also while sealed? `false` without it.",
    ),
    used(
        "custom_response_headers",
        Anything,
        "",
        "A block of maps from names to lists of values: headers to add to all responses (`default`), to those of a class (`\"4xx\"`) and to those of a status (`\"404\"`).",
    ),
    idle("tls_cipher_suites", "All suites that are spoken are safe."),
    idle(
        "tls_prefer_server_cipher_suites",
        "The server always chooses.",
    ),
    idle(
        "disable_replication_status_endpoints",
        "They tell nothing secret.",
    ),
    idle("disable_request_limiter", "Only Vault Enterprise knows it."),
    idle(
        "max_json_string_value_length",
        "`max_request_size` bounds it.",
    ),
    idle(
        "max_json_object_entry_count",
        "`max_request_json_strings` bounds it.",
    ),
    idle(
        "max_json_array_element_count",
        "`max_request_json_memory` bounds it.",
    ),
    idle("enable_quit", "Only Vault's agent knows it."),
    idle("agent_api", "Only Vault's agent knows it."),
    idle("proxy_api", "Only Vault's proxy knows it."),
    idle("role", "Only Vault's agent knows it."),
    idle("purpose", "Only Vault's cloud knows it."),
    idle("redact_addresses", "Only Vault Enterprise knows it."),
    idle("redact_cluster_name", "Only Vault Enterprise knows it."),
    idle("redact_version", "Only Vault Enterprise knows it."),
    refused(
        "proxy_protocol_behavior",
        "The PROXY protocol is not spoken; use `x_forwarded_for_authorized_addrs`.",
    ),
    refused(
        "proxy_protocol_authorized_addrs",
        "The PROXY protocol is not spoken.",
    ),
    refused(
        "x_forwarded_for_client_cert_header",
        "Certificates come with the connection only.",
    ),
    refused(
        "x_forwarded_for_client_cert_header_decoders",
        "Certificates come with the connection only.",
    ),
    refused("chroot_namespace", "A listener serves all namespaces."),
    refused("require_request_header", "Only Vault's agent knows it."),
    refused("tls_acme_domains", "Certificates come from files."),
    refused("tls_acme_ca_directory", "Certificates come from files."),
];

/// `telemetry` of a listener.
const LISTENER_TELEMETRY: &[Key] = &[
    used(
        "unauthenticated_metrics_access",
        Flag,
        "`false`",
        "Is `sys/metrics` served without a token, also while sealed?",
    ),
    refused("metrics_only", "A listener serves everything."),
    refused("disallow_metrics", "A listener serves everything."),
];

/// `inflight_requests_logging` of a listener.
const LISTENER_IN_FLIGHT: &[Key] = &[used(
    "unauthenticated_in_flight_request_access",
    Flag,
    "`false`",
    "Is `sys/in-flight-req` served without a token, also while sealed?",
)];

/// Why an address to send metrics to has no effect.
const NO_SINK: &str =
    "Metrics are not sent anywhere; have `sys/metrics` fetched, by Prometheus or by an agent.";

/// `telemetry`.
pub(super) const TELEMETRY: &[Key] = &[
    used(
        "prometheus_retention_time",
        Duration,
        "`24h`",
        "How long the quantiles for Prometheus look back; `0`: there is nothing for Prometheus.",
    ),
    used(
        "disable_hostname",
        Flag,
        "`false`",
        "Leave the name of the machine out of the names of gauges.",
    ),
    used(
        "enable_hostname_label",
        Flag,
        "`false`",
        "Show the name of the machine in a label `host` instead.",
    ),
    used(
        "metrics_prefix",
        Text,
        "`vault`",
        "What stands before every name.",
    ),
    used(
        "prefix_filter",
        Texts,
        "",
        "Beginnings of names, with `+` before what is shown and `-` before what is not; the longest that fits counts.",
    ),
    used(
        "filter_default",
        Flag,
        "`true`",
        "Is shown what no filter fits?",
    ),
    idle("usage_gauge_period", "Gauges are read when somebody looks."),
    idle(
        "maximum_gauge_cardinality",
        "The number of series is bounded by itself.",
    ),
    idle(
        "lease_metrics_epsilon",
        "Leases are not grouped by their ends.",
    ),
    idle(
        "num_lease_metrics_buckets",
        "Leases are not grouped by their ends.",
    ),
    idle(
        "add_lease_metrics_namespace_labels",
        "Leases are not grouped by their ends.",
    ),
    idle(
        "add_mount_point_rollback_metrics",
        "There are no rollbacks.",
    ),
    idle(
        "rollback_metrics_include_mount_point",
        "There are no rollbacks.",
    ),
    idle("statsite_address", NO_SINK),
    idle("statsd_address", NO_SINK),
    idle("dogstatsd_addr", NO_SINK),
    idle("dogstatsd_tags", NO_SINK),
    idle("stackdriver_project_id", NO_SINK),
    idle("stackdriver_location", NO_SINK),
    idle("stackdriver_namespace", NO_SINK),
    idle("stackdriver_debug_logs", NO_SINK),
    idle("circonus_api_token", NO_SINK),
    idle("circonus_api_app", NO_SINK),
    idle("circonus_api_url", NO_SINK),
    idle("circonus_submission_interval", NO_SINK),
    idle("circonus_submission_url", NO_SINK),
    idle("circonus_check_id", NO_SINK),
    idle("circonus_check_force_metric_activation", NO_SINK),
    idle("circonus_check_instance_id", NO_SINK),
    idle("circonus_check_search_tag", NO_SINK),
    idle("circonus_check_display_name", NO_SINK),
    idle("circonus_check_tags", NO_SINK),
    idle("circonus_broker_id", NO_SINK),
    idle("circonus_broker_select_tag", NO_SINK),
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
