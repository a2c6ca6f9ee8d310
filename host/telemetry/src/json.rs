//! Vault's JSON.

use crate::Reading;
use crate::scrape::Named;
use crate::window::Window;
use base::Timestamp;
use core::time::Duration;
use serde_json::{Map, Value, json};

pub(crate) fn write(
    metrics: &[Named],
    window: &Window,
    now: Timestamp,
    elapsed: Duration,
) -> String {
    let seconds = window.age(elapsed).as_secs_f64().max(1.0);
    let (mut gauges, mut counters, mut samples) = (Vec::new(), Vec::new(), Vec::new());
    for metric in metrics {
        match &metric.reading {
            Reading::Gauge(value) => gauges.push(json!({
                "Name": metric.name,
                "Value": number(*value),
                "Labels": labels(metric),
            })),
            Reading::Counter(count) => {
                let count = window.count(metric, *count);
                if count > 0 {
                    let [sum, one] = [sum_of(count), 1.0];
                    let shown = [sum / seconds, sum, one, one, one, 0.0];
                    counters.push(aggregate(metric, count, shown));
                }
            }
            Reading::Timer(times) => {
                let times = window.times(metric, times);
                if times.count() > 0 {
                    let sum = times.sum();
                    let shown = [
                        sum / seconds,
                        sum,
                        times.min(),
                        times.max(),
                        times.mean(),
                        times.deviation(),
                    ];
                    samples.push(aggregate(metric, times.count(), shown));
                }
            }
        }
    }
    let shown = json!({
        "Timestamp": timestamp(now),
        "Gauges": gauges,
        "Points": [],
        "Counters": counters,
        "Samples": samples,
    });
    shown.to_string()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "what is shown needs no more digits than a float has"
)]
const fn sum_of(count: u64) -> f64 {
    count as f64
}

fn aggregate(metric: &Named, count: u64, shown: [f64; 6]) -> Value {
    let [rate, sum, min, max, mean, deviation] = shown.map(number);
    json!({
        "Name": metric.name,
        "Count": count,
        "Rate": rate,
        "Sum": sum,
        "Min": min,
        "Max": max,
        "Mean": mean,
        "Stddev": deviation,
        "Labels": labels(metric),
    })
}

fn labels(metric: &Named) -> Map<String, Value> {
    let labels = metric.labels.iter();
    labels
        .map(|(name, value)| ((*name).to_owned(), Value::from(value.as_str())))
        .collect()
}

/// Whole numbers without a fraction, as Vault prints them.
fn number(value: f64) -> Value {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "it was just compared: no digit is lost"
    )]
    let whole = value as i64;
    #[expect(
        clippy::cast_precision_loss,
        reason = "a difference shows that it is not whole"
    )]
    let is_whole = (whole as f64 - value).abs() < f64::EPSILON;
    match is_whole {
        true => Value::from(whole),
        false => Value::from(value),
    }
}

/// `2026-11-27 04:02:30 +0000 UTC`.
fn timestamp(now: Timestamp) -> String {
    let seconds = Timestamp::from_millis(now.as_seconds().saturating_mul(1000));
    let text = seconds.to_rfc3339();
    format!("{} +0000 UTC", text.trim_end_matches('Z').replace('T', " "))
}
