//! What happened between two looks.

use crate::scrape::Named;
use crate::{Distribution, Reading};
use core::time::Duration;
use std::collections::BTreeMap;

/// What was read when a window began. A new one begins when somebody looks and the old one is long
/// enough.
#[derive(Debug, Default)]
pub(crate) struct Window {
    begun: Duration,
    before: BTreeMap<String, Before>,
}

#[derive(Debug)]
enum Before {
    Counter(u64),
    Timer(Distribution),
}

impl Window {
    /// How long it is open at `now`.
    pub(crate) fn age(&self, now: Duration) -> Duration {
        now.saturating_sub(self.begun)
    }

    /// Begins anew with these readings.
    pub(crate) fn begin(&mut self, now: Duration, metrics: &[Named]) {
        self.begun = now;
        let before = metrics.iter().filter_map(|metric| {
            let before = match &metric.reading {
                Reading::Counter(count) => Before::Counter(*count),
                Reading::Timer(times) => Before::Timer(times.clone()),
                Reading::Gauge(_) => return None,
            };
            Some((metric.key(), before))
        });
        self.before = before.collect();
    }

    /// How often it happened in the window.
    pub(crate) fn count(&self, metric: &Named, count: u64) -> u64 {
        match self.before.get(&metric.key()) {
            Some(Before::Counter(before)) => count.saturating_sub(*before),
            _ => count,
        }
    }

    /// How long it took each time in the window.
    pub(crate) fn times(&self, metric: &Named, times: &Distribution) -> Distribution {
        match self.before.get(&metric.key()) {
            Some(Before::Timer(before)) => times.since(before),
            _ => times.clone(),
        }
    }
}
