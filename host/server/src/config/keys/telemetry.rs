//! The keys of `telemetry`.

use crate::config::schema::Kind::{Duration, Flag, Text, Texts};
use crate::config::schema::{Key, idle, used};

/// Why an address to send metrics to has no effect.
const NO_SINK: &str =
    "Metrics are not sent anywhere; have `sys/metrics` fetched, by Prometheus or by an agent.";

/// `telemetry`.
pub(in crate::config) const TELEMETRY: &[Key] = &[
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
