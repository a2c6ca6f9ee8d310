//! Counts and times, and how they are shown: in Vault's JSON and in the text that Prometheus reads.
//!
//! ```text
//!  Counter, Timer ── read ──▶ Metric ─┐            ┌─▶ json: what happened in the last window
//!  (one or two atomic additions)      ├─▶ Scrape ──┤
//!  gauges, asked for when shown ──────┘            └─▶ prometheus: totals, and quantiles of a window
//! ```
//!
//! Nothing runs in the background: a window ends when somebody looks.

mod config;
mod counter;
mod json;
mod metric;
mod prometheus;
mod scrape;
mod timer;
mod window;

pub use config::{Config, Hostname};
pub use counter::Counter;
pub use metric::{Metric, Reading};
pub use scrape::Scrape;
pub use timer::{Distribution, Timer};
