//! How a secondary stands that cannot follow as it should: how often it comes again, and what both
//! sides say of how old that is which it has.

use crate::house::{House, request};
use crate::pair::Network;
use crate::replication::{a_while, primary, secondary};
use crate::replication_metrics::gauges;
use base::{Answer, Operation, ReplicatedReport};
use core::time::Duration;
use serde_json::{Value, json};

const FILTER: &str = "sys/replication/performance/primary/paths-filter/c";

/// Lets time go by, of which there is as much as anybody wants.
async fn let_go_by(length: Duration) {
    let nothing = core::future::pending::<()>();
    let _ = tokio::time::timeout(length, nothing).await;
}

#[tokio::test(start_paused = true)]
async fn who_is_let_in_and_fails_then_comes_again_ever_more_slowly() {
    let network = Network::default();
    let both = primary(&network).await;
    both.0.write("sys/namespaces/n", json!({})).await.unwrap();
    let c = secondary(&network, &both, "c", json!({})).await;
    // It is let in each time, has to compare, and cannot.
    network.refuse(Some("compare"));
    let filter = json!({ "mode": "deny", "paths": ["n/"] });
    both.0.write(FILTER, filter).await.unwrap();
    c.until_it_is_cut_off().await;
    let before = network.admitted();
    let_go_by(Duration::from_secs(60)).await;
    let tries = network.admitted() - before;
    assert!((10..=40).contains(&tries), "{tries} tries within a minute");
    // What stood in the way is gone: the next connection lasts, and the one after it comes soon.
    network.refuse(None);
    c.until_it_streams().await;
    c.cut_off(&network).await;
    network.cut(false);
    let before = tokio::time::Instant::now();
    c.until_it_streams().await;
    assert!(before.elapsed() < Duration::from_secs(1), "{before:?}");
}

/// What `sys/health` says of replication.
async fn health(house: &House) -> Option<ReplicatedReport> {
    let ask = request("", Operation::Read, "sys/health", serde_json::Map::new());
    match house.node.handle(ask).await.outcome {
        Ok(Answer::Health(report)) => report.replicated,
        _ => panic!("no health"),
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_here_grows_old_while_the_primary_cannot_be_reached() {
    let network = Network::default();
    let both = primary(&network).await;
    let (a, share) = &both;
    let c = secondary(&network, &both, "c", json!({})).await;
    let policy = json!({ "policy": "# x" });
    assert_eq!(c.status().await["lag_seconds"], 0.0);
    assert_eq!(health(&c.house).await.unwrap().age_ms, 0);
    assert_eq!(a.status().await["secondaries"][0]["lag_seconds"], 0.0);
    c.cut_off(&network).await;
    for house in [&a.house, &c.house] {
        house.clock.advance(Duration::from_secs(3_600));
    }
    a.write("sys/policies/acl/x", policy).await.unwrap();
    // The secondary knows of no entry that it does not have, and not that there is none.
    let status = c.status().await;
    assert!(
        status["lag_seconds"].as_f64() >= Some(3_600.0),
        "{status:#}"
    );
    assert_eq!(status["lag_entries"], 0);
    assert!(health(&c.house).await.unwrap().age_ms >= 3_600_000);
    let shown = gauges(&c.house, &c.own_token).await;
    let lag = shown["vault.replication.lag_seconds"].as_f64();
    assert!(lag >= Some(3_600.0), "{shown:#}");
    let status = a.status().await["secondaries"][0].clone();
    assert!(
        status["lag_seconds"].as_f64() >= Some(3_600.0),
        "{status:#}"
    );
    assert!(status["lag_entries"].as_u64() > Some(0), "{status:#}");
    let shown = gauges(&a.house, &a.own_token).await;
    let lag = shown["vault.replication.secondary.lag_seconds c"].as_f64();
    assert!(lag >= Some(3_600.0), "{shown:#}");
    assert_eq!(health(&a.house).await.unwrap().age_ms, 0);
    // Nor does it know anything after a restart.
    c.house.node.seal().await;
    assert_eq!(health(&c.house).await, None);
    c.house.submit(share).await.unwrap();
    c.house.clock.advance(Duration::from_secs(60));
    let status = c.status().await;
    assert_eq!(status["lag_entries"], Value::Null, "{status:#}");
    assert!(status["lag_seconds"].as_f64() >= Some(60.0), "{status:#}");
    network.cut(false);
    c.until_it_streams().await;
    assert_eq!(c.status().await["lag_seconds"], 0.0);
    assert_eq!(a.status().await["secondaries"][0]["lag_seconds"], 0.0);
    // The clock of one is a minute before that of the other.
    let health = health(&c.house).await.unwrap();
    assert_eq!((health.clock_skew_ms, health.age_ms), (60_000, 0));
    assert!(health.last_wal > 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_still_to_be_fetched_is_said_with_what_was() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    a.write("sys/namespaces/n", json!({})).await.unwrap();
    let c = secondary(&network, &both, "c", json!({})).await;
    c.cut_off(&network).await;
    let policy = json!({ "policy": format!("# {}", "x".repeat(30_000)) });
    for number in 0..150 {
        let path = format!("sys/policies/acl/p{number}");
        a.write(&path, policy.clone()).await.unwrap();
    }
    let filter = json!({ "mode": "deny", "paths": ["n/"] });
    a.write(FILTER, filter).await.unwrap();
    // A part of what it lacks comes, and then another one.
    network.hold_after(0);
    network.cut(false);
    let mut seen = Vec::new();
    while c.status().await["state"] != "stream-wals" {
        let progress = c.status().await["merkle_sync_progress"].clone();
        let count = |name: &str| progress[name].as_u64();
        seen.extend(count("sync_progress").zip(count("sync_total_keys")));
        network.hold_after(1_500_000);
        a_while().await;
    }
    network.let_go();
    c.until_it_streams().await;
    seen.dedup();
    assert!(seen.len() > 2, "{seen:?}");
    assert!(
        seen.iter()
            .all(|(done, total)| done <= total && *total >= 150)
    );
    assert!(seen.iter().any(|(done, total)| 0 < *done && done < total));
    assert!(seen.is_sorted(), "{seen:?}");
}
