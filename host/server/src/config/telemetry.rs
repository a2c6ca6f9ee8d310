//! The block `telemetry`.

use super::check::Checked;
use super::error::ConfigError;
use core::time::Duration;
use telemetry::{Config, Hostname};

/// How metrics are named and kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TelemetryConfig {
    prefix: String,
    prometheus_retention: Duration,
    is_hostname_hidden: bool,
    is_hostname_a_label: bool,
    filters: Vec<(String, bool)>,
    shows_others: bool,
}

impl TelemetryConfig {
    /// As `sys/config/state/sanitized` shows it; durations in nanoseconds, as Vault has them there.
    pub fn shown(&self) -> serde_json::Value {
        let nanos = u64::try_from(self.prometheus_retention.as_nanos()).unwrap_or(u64::MAX);
        serde_json::json!({
            "disable_hostname": self.is_hostname_hidden,
            "enable_hostname_label": self.is_hostname_a_label,
            "metrics_prefix": self.prefix,
            "prometheus_retention_time": nanos,
        })
    }

    /// On the machine of this name.
    pub fn on(&self, hostname: &str) -> Config {
        let host = || hostname.to_owned();
        Config {
            prefix: self.prefix.clone(),
            prometheus_retention: self.prometheus_retention,
            hostname: match (self.is_hostname_a_label, self.is_hostname_hidden) {
                _ if hostname.is_empty() => Hostname::Hidden,
                (true, _) => Hostname::InLabels(host()),
                (false, true) => Hostname::Hidden,
                (false, false) => Hostname::InNames(host()),
            },
            filters: self.filters.clone(),
            shows_others: self.shows_others,
        }
    }
}

/// Reads the blocks of all files; the last file that says something of a setting counts. As in Vault,
/// no block at all hides the name of the machine.
pub(super) fn read(tops: &[Checked<'_>]) -> Result<TelemetryConfig, ConfigError> {
    let blocks: Vec<Checked<'_>> = tops
        .iter()
        .filter(|top| top.has("telemetry"))
        .map(|top| top.block("telemetry"))
        .collect();
    let flag = |name: &str| blocks.iter().find_map(|block| block.flag(name));
    let usual = Config::default();
    let retention = "prometheus_retention_time";
    let retention = blocks.iter().find_map(|block| block.duration(retention));
    let prefix = blocks.iter().find_map(|block| block.text("metrics_prefix"));
    let mut filters = Vec::new();
    for block in &blocks {
        for filter in block.texts("prefix_filter") {
            let (beginning, is_shown) = match (filter.strip_prefix('+'), filter.strip_prefix('-')) {
                (Some(shown), _) => (shown, true),
                (_, Some(hidden)) => (hidden, false),
                (None, None) => {
                    let message = "a \"prefix_filter\" must begin with + or -";
                    return Err(block.wrong("prefix_filter", message));
                }
            };
            filters.push((beginning.to_owned(), is_shown));
        }
    }
    Ok(TelemetryConfig {
        prefix: prefix
            .filter(|prefix| !prefix.is_empty())
            .unwrap_or(usual.prefix),
        prometheus_retention: retention.unwrap_or(usual.prometheus_retention),
        is_hostname_hidden: flag("disable_hostname").unwrap_or(blocks.is_empty()),
        is_hostname_a_label: flag("enable_hostname_label") == Some(true),
        filters,
        shows_others: flag("filter_default").unwrap_or(usual.shows_others),
    })
}
