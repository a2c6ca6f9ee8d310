//! How a secondary stands that cannot follow as it should: how often it comes again, and what both
//! sides say of how old that is which it has.

use crate::pair::Network;
use crate::replication::{primary, secondary};
use core::time::Duration;
use serde_json::json;

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
    network.cut(true);
    c.until_it_is_cut_off().await;
    network.cut(false);
    let before = tokio::time::Instant::now();
    c.until_it_streams().await;
    assert!(before.elapsed() < Duration::from_secs(1), "{before:?}");
}
