//! The text that Prometheus reads, version 0.0.4, with the names that Vault's have there.

use crate::Reading;
use crate::scrape::Named;
use crate::window::Window;
use core::fmt::Write as _;

pub(crate) fn write(metrics: &[Named], window: &Window) -> String {
    let mut named: Vec<(String, &Named)> = metrics
        .iter()
        .map(|metric| (name(&metric.name), metric))
        .collect();
    // Different names can become one here, and all lines of a name stand together.
    named.sort_by(|(one, _), (other, _)| one.cmp(other));
    let mut text = String::new();
    let mut last = "";
    for (name, metric) in &named {
        if name != last {
            let kind = match metric.reading {
                Reading::Gauge(_) => "gauge",
                Reading::Counter(_) => "counter",
                Reading::Timer(_) => "summary",
            };
            // Writing to a string does not fail.
            let _ = write!(text, "# HELP {name} {name}\n# TYPE {name} {kind}\n");
            last = name;
        }
        write_metric(&mut text, name, metric, window);
    }
    text
}

fn write_metric(text: &mut String, name: &str, metric: &Named, window: &Window) {
    let all = labels(metric, None);
    // Writing to a string does not fail.
    let _ = match &metric.reading {
        Reading::Gauge(value) => writeln!(text, "{name}{all} {value}"),
        Reading::Counter(count) => writeln!(text, "{name}{all} {count}"),
        Reading::Timer(times) => {
            let lately = window.times(metric, times);
            for part in ["0.5", "0.9", "0.99"] {
                let quantile = part.parse().ok().and_then(|part| lately.quantile(part));
                let shown = quantile.map_or_else(|| String::from("NaN"), |one| one.to_string());
                let labels = labels(metric, Some(part));
                let _ = writeln!(text, "{name}{labels} {shown}");
            }
            let (sum, count) = (times.sum(), times.count());
            writeln!(text, "{name}_sum{all} {sum}\n{name}_count{all} {count}")
        }
    };
}

/// Letters, digits and `_`; everything else becomes `_`.
fn name(full: &str) -> String {
    let letter = |letter: char| match letter {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '_' => letter,
        _ => '_',
    };
    full.chars().map(letter).collect()
}

fn labels(metric: &Named, quantile: Option<&str>) -> String {
    let own = metric.labels.iter();
    let own = own.map(|(name, value)| (*name, value.as_str()));
    let shown: Vec<String> = own
        .chain(quantile.map(|quantile| ("quantile", quantile)))
        .map(|(name, value)| format!("{name}=\"{}\"", escaped(value)))
        .collect();
    match shown.is_empty() {
        true => String::new(),
        false => format!("{{{}}}", shown.join(",")),
    }
}

fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}
