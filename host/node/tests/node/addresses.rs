//! Of several addresses of a primary the one that answers comes first.

use crate::pair::Network;
use crate::replication::{Member, primary, secondary};
use base::Operation;
use serde_json::{Value, json};
use std::sync::Arc;

const UPDATE: &str = "sys/replication/performance/secondary/update-primary";

/// Whom it says that it follows.
fn known(status: &Value) -> Vec<&str> {
    let known = status["known_primary_cluster_addrs"].as_array().unwrap();
    let known: Vec<&str> = known.iter().map(|one| one.as_str().unwrap()).collect();
    assert_eq!(status["primary_cluster_addr"], known[0], "{status:#}");
    let shown = status["primaries"].as_array().unwrap().iter();
    let shown: Vec<&str> = shown
        .map(|one| one["cluster_address"].as_str().unwrap())
        .collect();
    assert_eq!(shown, known);
    known
}

async fn update(c: &Member, addresses: &[&str]) {
    let body = json!({ "update_primary_addrs": addresses });
    let asked = c
        .house
        .ask_as(&c.own_token, Operation::Update, UPDATE, body);
    asked.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_address_that_answered_is_recorded_and_shown_first() {
    let network = Network::default();
    let both = primary(&network).await;
    let mut c = secondary(&network, &both, "c", json!({})).await;
    update(
        &c,
        &["dead:8201", "https://gone:8201", "a:8201", "more:8201"],
    )
    .await;
    c.until_it_streams().await;
    let expected = [
        "https://a:8201",
        "https://dead:8201",
        "https://gone:8201",
        "https://more:8201",
    ];
    assert_eq!(known(&c.status().await), expected);
    // Also while nobody answers, and after a restart.
    c.cut_off(&network).await;
    assert_eq!(known(&c.status().await), expected);
    c.house = network.on("c", Arc::new(c.house.storage.kill()), 1);
    c.house.submit(&both.1).await.unwrap();
    assert_eq!(known(&c.status().await), expected);
    network.cut(false);
    c.until_it_streams().await;
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_joins_keeps_which_address_answered() {
    let network = Network::default();
    let both = primary(&network).await;
    let (house, _) = network.cluster("c").await;
    let key = "sys/replication/performance/secondary/generate-public-key";
    let key = house.write(key, json!({})).await.unwrap();
    let data = json!({ "id": "c", "secondary_public_key": key["secondary_public_key"] });
    let path = "sys/replication/performance/primary/secondary-token";
    let made = both.0.write(path, data).await.unwrap();
    let own_token = house.token.clone();
    let mut c = Member {
        house,
        token: both.0.token.clone(),
        own_token,
    };
    // It goes on under a list whose first address is dead, before anything came.
    network.refuse(Some("compare"));
    let enable = "sys/replication/performance/secondary/enable";
    let body = json!({ "token": made["token"] });
    c.house.write(enable, body).await.unwrap();
    c.until_it_is_cut_off().await;
    update(&c, &["dead:8201", "a:8201"]).await;
    let expected = ["https://a:8201", "https://dead:8201"];
    c.until(|status| status["primary_cluster_addr"] == expected[0])
        .await;
    assert_eq!(c.status().await["mode"], "bootstrapping");
    network.refuse(None);
    c.until_it_streams().await;
    assert_eq!(known(&c.status().await), expected);
    c.house = network.on("c", Arc::new(c.house.storage.kill()), 1);
    c.house.submit(&both.1).await.unwrap();
    assert_eq!(known(&c.status().await), expected);
}
