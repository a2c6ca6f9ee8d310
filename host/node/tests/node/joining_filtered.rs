//! A filter holds while the first synchronization goes on as well: what it keeps does not come because
//! the cluster is told to follow another primary before it has everything, or has another name.

use crate::house::House;
use crate::joining::{
    ENABLE, UPDATE, activation, again, begin_and_be_cut, much, own_cluster_with, status, until,
};
use crate::pair::Network;
use crate::replication::{Member, a_while, primary, secondary};
use serde_json::{Value, json};

const CANARY: &[u8] = b"canary-of-x";
const KEPT: &str = "x/sys/policies/acl/p";

fn denies() -> Value {
    json!({ "paths_filter_mode": "deny", "paths": ["x"] })
}

/// Something that is kept from the secondary, behind much that is not.
async fn fill(a: &Member) {
    much(a).await;
    a.write("sys/namespaces/x", json!({})).await.unwrap();
    let policy = json!({ "policy": "# canary-of-x" });
    a.write(KEPT, policy).await.unwrap();
}

async fn filter(primary: &Member, id: &str) {
    let path = format!("sys/replication/performance/primary/paths-filter/{id}");
    let filter = json!({ "mode": "deny", "paths": ["x"] });
    primary.write(&path, filter).await.unwrap();
}

/// It is told that somebody must write a filter first, and gets nothing for a while.
async fn waits_for_a_filter(c: &House, id: &str) {
    let reason = format!("primary/paths-filter/{id} is written");
    let waits = |status: &Value| {
        let trouble = status["last_error"].as_str().unwrap_or_default();
        trouble.contains(&reason)
    };
    until(c, waits).await;
    for _ in 0..500 {
        a_while().await;
    }
    assert_eq!(status(c).await["mode"], "bootstrapping");
}

async fn has_all_but_what_is_kept(network: &Network, a: &Member, c: &House) {
    until(c, |status| status["state"] == "stream-wals").await;
    let read = |path: &'static str| c.ask_as(&a.token, base::Operation::Read, path, json!({}));
    assert!(read("n5/sys/policies/acl/p").await.is_ok());
    assert!(read(KEPT).await.is_err());
    assert!(!network.carried(CANARY));
}

#[tokio::test(start_paused = true)]
async fn under_another_name_it_goes_on_where_a_filter_is_written() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    fill(a).await;
    let (c, share, enable) = own_cluster_with(&network, a, denies()).await;
    begin_and_be_cut(&network, &c, enable).await;
    let token = activation(a, "d", &c).await;
    c.write(UPDATE, json!({ "token": token })).await.unwrap();
    network.cut(false);
    waits_for_a_filter(&c, "d").await;
    // A third name helps as little, nor does a restart.
    let token = activation(a, "e", &c).await;
    c.write(UPDATE, json!({ "token": token })).await.unwrap();
    waits_for_a_filter(&c, "e").await;
    let c = again(&network, &c, 1);
    c.submit(&share).await.unwrap();
    waits_for_a_filter(&c, "e").await;
    assert!(!network.carried(CANARY));
    filter(a, "e").await;
    has_all_but_what_is_kept(&network, a, &c).await;
}

#[tokio::test(start_paused = true)]
async fn another_primary_sends_on_where_a_filter_is_written() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    fill(a).await;
    let b = secondary(&network, &both, "b", json!({})).await;
    network.forget();
    let (c, share, enable) = own_cluster_with(&network, a, denies()).await;
    begin_and_be_cut(&network, &c, enable).await;
    let c = again(&network, &c, 1);
    c.submit(&share).await.unwrap();
    network.cut(false);
    network.refuse(Some("compare"));
    let demote = "sys/replication/performance/primary/demote";
    a.write(demote, json!({})).await.unwrap();
    let promote = "sys/replication/performance/secondary/promote";
    b.write(promote, json!({ "force": true })).await.unwrap();
    let token = activation(&b, "c", &c).await;
    c.write(UPDATE, json!({ "token": token })).await.unwrap();
    network.refuse(None);
    waits_for_a_filter(&c, "c").await;
    assert!(!network.carried(CANARY));
    filter(&b, "c").await;
    has_all_but_what_is_kept(&network, &b, &c).await;
}

/// It was told nothing yet: the primary knows the filter by the name of before.
#[tokio::test(start_paused = true)]
async fn a_filter_counts_of_which_it_never_heard() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    fill(a).await;
    let (c, _, enable) = own_cluster_with(&network, a, denies()).await;
    network.refuse(Some("compare"));
    c.write(ENABLE, enable).await.unwrap();
    until(&c, |status| {
        status["connection_state"] == "transient_failure"
    })
    .await;
    for id in ["d", "e"] {
        let token = activation(a, id, &c).await;
        c.write(UPDATE, json!({ "token": token })).await.unwrap();
        network.refuse(None);
        waits_for_a_filter(&c, id).await;
    }
    assert!(!network.carried(CANARY));
    filter(a, "e").await;
    has_all_but_what_is_kept(&network, a, &c).await;
}

/// Who had no filter needs none, whoever it is to follow and however it is called.
#[tokio::test(start_paused = true)]
async fn without_a_filter_another_name_is_as_good() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    fill(a).await;
    let (c, _, enable) = own_cluster_with(&network, a, json!({})).await;
    begin_and_be_cut(&network, &c, enable).await;
    let token = activation(a, "d", &c).await;
    c.write(UPDATE, json!({ "token": token })).await.unwrap();
    network.cut(false);
    until(&c, |status| status["state"] == "stream-wals").await;
    let read = c.ask_as(&a.token, base::Operation::Read, KEPT, json!({}));
    assert!(read.await.is_ok());
}
