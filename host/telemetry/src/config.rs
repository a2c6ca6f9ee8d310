//! What the operator set: the `telemetry` block.

use core::time::Duration;

/// How metrics are named and kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Before every name.
    pub prefix: String,
    /// How long quantiles for Prometheus look back; zero: there is nothing for Prometheus.
    pub prometheus_retention: Duration,
    /// Where the name of the machine stands.
    pub hostname: Hostname,
    /// Beginnings of names, and whether what begins so is shown. The longest that fits counts.
    pub filters: Vec<(String, bool)>,
    /// Is shown what no filter fits?
    pub shows_others: bool,
}

/// Where the name of the machine stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hostname {
    /// Nowhere.
    Hidden,
    /// In the names of gauges, behind the prefix.
    InNames(String),
    /// In a label `host`.
    InLabels(String),
}

impl Default for Config {
    fn default() -> Self {
        Self {
            prefix: String::from("vault"),
            prometheus_retention: Duration::from_secs(24 * 3600),
            hostname: Hostname::Hidden,
            filters: Vec::new(),
            shows_others: true,
        }
    }
}

impl Config {
    /// Is a metric of this full name shown?
    pub(crate) fn shows(&self, name: &str) -> bool {
        let fitting = self
            .filters
            .iter()
            .filter(|(beginning, _)| name.starts_with(beginning));
        let longest = fitting.max_by_key(|(beginning, _)| beginning.len());
        longest.map_or(self.shows_others, |(_, is_shown)| *is_shown)
    }
}
