//! The keys of `listener "tcp"`.

use crate::config::schema::Kind::{Anything, Block, Count, Duration, Flag, Text, Texts};
use crate::config::schema::{Key, idle, refused, used};

/// `listener "tcp"`.
pub(in crate::config) const LISTENER_TCP: &[Key] = &[
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
        "They name no mount to whom has no token that may read it.",
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
