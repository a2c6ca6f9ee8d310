//! One reading.

use crate::Distribution;

/// A name, labels, and what was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// Without the prefix: `core.handle_request`.
    pub name: String,
    /// In their order.
    pub labels: Vec<(&'static str, String)>,
    /// What was read.
    pub reading: Reading,
}

/// What was read.
#[derive(Clone, Debug, PartialEq)]
pub enum Reading {
    /// How much there is now.
    Gauge(f64),
    /// How often it happened since the process began.
    Counter(u64),
    /// How long it took each time since the process began.
    Timer(Distribution),
}

impl Metric {
    /// How much there is now.
    pub fn gauge(name: impl Into<String>, value: f64) -> Self {
        Self::new(name, Reading::Gauge(value))
    }

    /// How often it happened.
    pub fn counter(name: impl Into<String>, count: u64) -> Self {
        Self::new(name, Reading::Counter(count))
    }

    /// How long it took.
    pub fn timer(name: impl Into<String>, times: Distribution) -> Self {
        Self::new(name, Reading::Timer(times))
    }

    fn new(name: impl Into<String>, reading: Reading) -> Self {
        Self {
            name: name.into(),
            labels: Vec::new(),
            reading,
        }
    }

    /// With one more label.
    #[must_use]
    pub fn label(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.labels.push((name, value.into()));
        self
    }
}
