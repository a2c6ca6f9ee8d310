//! A look at all metrics.

use crate::window::Window;
use crate::{Config, Hostname, Metric, Reading, json, prometheus};
use base::Timestamp;
use core::time::Duration;
use std::sync::{Mutex, PoisonError};

/// Shows metrics, and remembers when it last did.
#[derive(Debug, Default)]
pub struct Scrape {
    config: Config,
    /// Held while an answer is written; who looks at the same time waits.
    looked: Mutex<Looked>,
}

#[derive(Debug, Default)]
struct Looked {
    /// The last answer in JSON: within an interval everybody gets the same.
    shown: Option<(Duration, String)>,
    interval: Window,
    retention: Window,
}

/// A metric by the name under which it is shown.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) labels: Vec<(&'static str, String)>,
    pub(crate) reading: Reading,
}

impl Named {
    /// Tells it from all others.
    pub(crate) fn key(&self) -> String {
        let mut key = self.name.clone();
        for (name, value) in &self.labels {
            key.extend(["\u{1}", name, "\u{2}", value]);
        }
        key
    }
}

/// The shortest window of the JSON form.
const INTERVAL: Duration = Duration::from_secs(10);

impl Scrape {
    /// With these settings.
    pub fn new(config: Config) -> Self {
        Self {
            config,
            looked: Mutex::default(),
        }
    }

    /// Is there something for Prometheus?
    pub const fn has_prometheus(&self) -> bool {
        !self.config.prometheus_retention.is_zero()
    }

    /// Vault's JSON: gauges, and what happened since the last look, at least ten seconds before.
    /// `elapsed` is a time that only grows.
    pub fn json(&self, metrics: Vec<Metric>, now: Timestamp, elapsed: Duration) -> String {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, shown)) = &looked.shown
            && elapsed.saturating_sub(*at) < INTERVAL
        {
            return shown.clone();
        }
        let metrics = self.named(metrics);
        let shown = json::write(&metrics, &looked.interval, now, elapsed);
        looked.interval.begin(elapsed, &metrics);
        looked.shown = Some((elapsed, shown.clone()));
        shown
    }

    /// The text that Prometheus reads.
    pub fn prometheus(&self, metrics: Vec<Metric>, elapsed: Duration) -> String {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let metrics = self.named(metrics);
        let text = prometheus::write(&metrics, &looked.retention);
        if looked.retention.age(elapsed) >= self.config.prometheus_retention {
            looked.retention.begin(elapsed, &metrics);
        }
        text
    }

    /// Those that are shown, sorted by their full names.
    fn named(&self, metrics: Vec<Metric>) -> Vec<Named> {
        let mut named: Vec<Named> = metrics
            .into_iter()
            .map(|metric| self.name(metric))
            .filter(|named| self.config.shows(&named.name))
            .collect();
        named.sort_by(|one, other| (&one.name, &one.labels).cmp(&(&other.name, &other.labels)));
        named
    }

    fn name(&self, metric: Metric) -> Named {
        let is_gauge = matches!(metric.reading, Reading::Gauge(_));
        let mut labels = metric.labels;
        let name = match &self.config.hostname {
            Hostname::InNames(host) if is_gauge => format!("{host}.{}", metric.name),
            Hostname::InLabels(host) => {
                labels.push(("host", host.clone()));
                metric.name
            }
            _ => metric.name,
        };
        let name = match self.config.prefix.as_str() {
            "" => name,
            prefix => format!("{prefix}.{name}"),
        };
        Named {
            name,
            labels,
            reading: metric.reading,
        }
    }
}
