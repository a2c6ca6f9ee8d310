//! What is shown of metrics.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

use base::Timestamp;
use core::time::Duration;
use serde_json::{Value, json};
use telemetry::{Config, Hostname, Metric, Scrape, Timer};

const NOW: Timestamp = Timestamp::from_millis(1_767_323_045_678);

const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

fn metrics(count: u64, timer: &Timer) -> Vec<Metric> {
    vec![
        Metric::timer("core.handle_request", timer.read()),
        Metric::counter("token.creation", count).label("auth_method", "user\"pass"),
        Metric::gauge("core.unsealed", 1.0).label("cluster", "c"),
        Metric::gauge("runtime.load", 0.5),
        Metric::timer("route.read.secret-", timer.read()),
    ]
}

fn shown(scrape: &Scrape, count: u64, timer: &Timer, elapsed: Duration) -> Value {
    serde_json::from_str(&scrape.json(metrics(count, timer), NOW, elapsed)).unwrap()
}

#[test]
fn json_shows_what_happened_since_the_last_look() {
    let scrape = Scrape::default();
    let timer = Timer::default();
    timer.record(Duration::from_millis(3));
    let first = shown(&scrape, 4, &timer, seconds(20));
    assert_eq!(first["Timestamp"], "2026-01-02 03:04:05 +0000 UTC");
    assert_eq!(
        first["Gauges"],
        json!([
            { "Name": "vault.core.unsealed", "Value": 1, "Labels": { "cluster": "c" } },
            { "Name": "vault.runtime.load", "Value": 0.5, "Labels": {} },
        ])
    );
    assert_eq!(
        first["Counters"],
        json!([{
            "Name": "vault.token.creation", "Count": 4, "Rate": 0.2, "Sum": 4, "Min": 1, "Max": 1,
            "Mean": 1, "Stddev": 0, "Labels": { "auth_method": "user\"pass" },
        }])
    );
    assert_eq!(first["Samples"][0]["Name"], "vault.core.handle_request");
    assert_eq!(first["Samples"][0]["Sum"], 3);
    assert_eq!(first["Samples"][0]["Rate"], 0.15);
    assert_eq!(first["Points"], json!([]));

    timer.record(Duration::from_millis(5));
    // Within ten seconds everybody sees the same.
    assert_eq!(shown(&scrape, 9, &timer, seconds(25)), first);
    let second = shown(&scrape, 9, &timer, seconds(30));
    assert_eq!(second["Counters"][0]["Count"], 5);
    assert_eq!(second["Samples"][0]["Count"], 1);
    assert_eq!(second["Samples"][0]["Sum"], 5);
    // What did not happen is not there.
    let third = shown(&scrape, 9, &timer, seconds(60));
    assert_eq!(
        (&third["Counters"], &third["Samples"]),
        (&json!([]), &json!([]))
    );
}

#[test]
fn prometheus_reads_totals_and_quantiles() {
    let scrape = Scrape::default();
    let timer = Timer::default();
    for _ in 0..10 {
        timer.record(Duration::from_millis(4));
    }
    let text = scrape.prometheus(metrics(4, &timer), seconds(1));
    let expected = "\
# HELP vault_core_handle_request vault_core_handle_request
# TYPE vault_core_handle_request summary
vault_core_handle_request{quantile=\"0.5\"} 3.93216
vault_core_handle_request{quantile=\"0.9\"} 3.93216
vault_core_handle_request{quantile=\"0.99\"} 3.93216
vault_core_handle_request_sum 40
vault_core_handle_request_count 10
# HELP vault_core_unsealed vault_core_unsealed
# TYPE vault_core_unsealed gauge
vault_core_unsealed{cluster=\"c\"} 1
# HELP vault_route_read_secret_ vault_route_read_secret_
# TYPE vault_route_read_secret_ summary
vault_route_read_secret_{quantile=\"0.5\"} 3.93216
vault_route_read_secret_{quantile=\"0.9\"} 3.93216
vault_route_read_secret_{quantile=\"0.99\"} 3.93216
vault_route_read_secret__sum 40
vault_route_read_secret__count 10
# HELP vault_runtime_load vault_runtime_load
# TYPE vault_runtime_load gauge
vault_runtime_load 0.5
# HELP vault_token_creation vault_token_creation
# TYPE vault_token_creation counter
vault_token_creation{auth_method=\"user\\\"pass\"} 4
";
    assert_eq!(text, expected);
}

#[test]
fn quantiles_look_back_as_long_as_is_configured() {
    let scrape = Scrape::new(Config {
        prometheus_retention: seconds(30),
        ..Config::default()
    });
    let timer = Timer::default();
    timer.record(Duration::from_secs(10));
    let median = |elapsed| {
        let text = scrape.prometheus(metrics(0, &timer), elapsed);
        let line = text.lines().find(|line| line.contains("0.5\"")).unwrap();
        line.split_once("} ").unwrap().1.to_owned()
    };
    let long = median(seconds(10));
    assert!(long.parse::<f64>().unwrap() > 5000.0);
    assert_eq!(median(seconds(31)), long);
    assert_eq!(median(seconds(40)), "NaN");
    timer.record(Duration::from_millis(1));
    assert!(median(seconds(50)).parse::<f64>().unwrap() < 2.0);
}

#[test]
fn names() {
    let names = |config: Config| -> Vec<String> {
        let scrape = Scrape::new(config);
        let text = scrape.json(metrics(1, &Timer::default()), NOW, seconds(1));
        let shown: Value = serde_json::from_str(&text).unwrap();
        let all = [&shown["Gauges"], &shown["Counters"]].map(|list| list.as_array().unwrap());
        let all = all.into_iter().flatten();
        all.map(|one| format!("{} {}", one["Name"].as_str().unwrap(), one["Labels"]))
            .collect()
    };
    let host = || String::from("h");
    assert_eq!(
        names(Config {
            hostname: Hostname::InNames(host()),
            ..Config::default()
        }),
        [
            r#"vault.h.core.unsealed {"cluster":"c"}"#,
            "vault.h.runtime.load {}",
            r#"vault.token.creation {"auth_method":"user\"pass"}"#,
        ]
    );
    assert_eq!(
        names(Config {
            hostname: Hostname::InLabels(host()),
            prefix: String::from("own"),
            ..Config::default()
        })[1],
        r#"own.runtime.load {"host":"h"}"#
    );
    let filters = vec![
        (String::from("vault."), false),
        (String::from("vault.core"), true),
    ];
    assert_eq!(
        names(Config {
            filters,
            ..Config::default()
        }),
        [r#"vault.core.unsealed {"cluster":"c"}"#]
    );
    assert!(
        names(Config {
            shows_others: false,
            ..Config::default()
        })
        .is_empty()
    );
}

#[test]
fn without_retention_there_is_nothing_for_prometheus() {
    let scrape = Scrape::new(Config {
        prometheus_retention: Duration::ZERO,
        ..Config::default()
    });
    assert!(!scrape.has_prometheus());
    assert!(Scrape::default().has_prometheus());
}
