//! What a filter kept from a secondary does not come because the secondary has another name, or
//! another primary.

use crate::pair::Network;
use crate::replication::{Member, a_while, primary, secondary};
use base::Operation;
use serde_json::{Value, json};

const PRIMARY: &str = "sys/replication/performance/primary";
const SECONDARY: &str = "sys/replication/performance/secondary";

/// Lets a secondary follow a primary with a token of this name.
async fn follow(secondary: &Member, primary: &Member, id: &str, more: Value) {
    let key = format!("{SECONDARY}/generate-public-key");
    let key = secondary.write(&key, json!({})).await.unwrap();
    let mut data = json!({ "id": id, "secondary_public_key": key["secondary_public_key"] });
    let members = data.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    let path = format!("{PRIMARY}/secondary-token");
    let made = primary.write(&path, data).await.unwrap();
    let update = format!("{SECONDARY}/update-primary");
    let token = json!({ "token": made["token"] });
    secondary.write(&update, token).await.unwrap();
}

/// Waits until the primary has said that somebody must write a filter first, and for a while more.
async fn until_it_waits_for_a_filter(secondary: &Member, id: &str) {
    let reason = format!("primary/paths-filter/{id} is written");
    secondary
        .until(|status| {
            status["last_error"]
                .as_str()
                .unwrap_or_default()
                .contains(&reason)
        })
        .await;
    for _ in 0..1_000 {
        a_while().await;
    }
}

async fn filter(primary: &Member, id: &str, mode: &str, paths: &[&str]) {
    let path = format!("{PRIMARY}/paths-filter/{id}");
    let filter = json!({ "mode": mode, "paths": paths });
    primary.write(&path, filter).await.unwrap();
}

async fn revoke(primary: &Member, id: &str) {
    let path = format!("{PRIMARY}/revoke-secondary");
    primary.write(&path, json!({ "id": id })).await.unwrap();
}

async fn policy(primary: &Member, path: &str, text: &str) {
    let policy = json!({ "policy": format!("# {text}") });
    primary.write(path, policy).await.unwrap();
}

fn denies(path: &str) -> Value {
    json!({ "paths_filter_mode": "deny", "paths": [path] })
}

const KEPT: &str = "x/sys/policies/acl/p";

#[tokio::test(start_paused = true)]
async fn a_new_token_of_the_same_name_has_the_filter_of_the_name() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    a.write("sys/namespaces/x", json!({})).await.unwrap();
    policy(a, KEPT, "canary-of-x").await;
    let c = secondary(&network, &both, "c", denies("x")).await;
    revoke(a, "c").await;
    c.until_it_is_cut_off().await;
    follow(&c, a, "c", json!({})).await;
    c.until_it_streams().await;
    policy(a, KEPT, "canary-of-x").await;
    policy(a, "sys/policies/acl/last", "last").await;
    c.until_it_is_there("sys/policies/acl/last", true).await;
    assert!(c.read(KEPT).await.is_err());
    assert!(!network.carried(b"canary-of-x"));
}

#[tokio::test(start_paused = true)]
async fn under_another_name_nothing_is_sent_before_a_filter_is_written() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    a.write("sys/namespaces/x", json!({})).await.unwrap();
    policy(a, KEPT, "canary-of-x").await;
    let c = secondary(&network, &both, "c", denies("x")).await;
    follow(&c, a, "d", json!({})).await;
    until_it_waits_for_a_filter(&c, "d").await;
    policy(a, "sys/policies/acl/later", "canary-of-later").await;
    a_while().await;
    assert!(!network.carried(b"canary-of-x") && !network.carried(b"canary-of-later"));
    assert_ne!(c.status().await["state"], "stream-wals");
    // It says so itself, also after it was told to follow the same primary elsewhere.
    let update = format!("{SECONDARY}/update-primary");
    let address = json!({ "update_primary_addrs": ["a:8201"] });
    c.write(&update, address).await.unwrap();
    until_it_waits_for_a_filter(&c, "d").await;
    assert!(!network.carried(b"canary-of-x"));
    // Nor does a third name help.
    follow(&c, a, "e", json!({})).await;
    until_it_waits_for_a_filter(&c, "e").await;
    // Somebody says that all of it is meant.
    filter(a, "e", "deny", &[]).await;
    c.until_it_is_there(KEPT, true).await;
    // From then on it is one without a filter.
    c.until_it_streams().await;
    follow(&c, a, "f", json!({})).await;
    c.until_it_streams().await;
    assert_eq!(c.status().await["secondary_id"], "f");
}

/// A filter that was written while the secondary was away, and that it never heard of.
#[tokio::test(start_paused = true)]
async fn under_another_name_a_filter_counts_of_which_it_never_heard() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    let c = secondary(&network, &both, "c", json!({})).await;
    revoke(a, "c").await;
    c.until_it_is_cut_off().await;
    filter(a, "c", "deny", &["x"]).await;
    a.write("sys/namespaces/x", json!({})).await.unwrap();
    policy(a, KEPT, "canary-of-x").await;
    for id in ["d", "e"] {
        follow(&c, a, id, json!({})).await;
        until_it_waits_for_a_filter(&c, id).await;
    }
    filter(a, "e", "deny", &["x"]).await;
    c.until_it_streams().await;
    assert!(!network.carried(b"canary-of-x"));
}

/// One that leaves out nothing yet is a filter as well, and one that was deleted is none any more.
#[tokio::test(start_paused = true)]
async fn a_filter_counts_before_there_is_what_it_leaves_out_and_not_when_it_is_gone() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    let c = secondary(&network, &both, "c", denies("x")).await;
    follow(&c, a, "d", json!({})).await;
    until_it_waits_for_a_filter(&c, "d").await;
    filter(a, "d", "deny", &["x"]).await;
    c.until_it_streams().await;
    let path = format!("{PRIMARY}/paths-filter/d");
    let gone = a
        .house
        .ask_as(&a.token, Operation::Delete, &path, json!({}));
    gone.await.unwrap();
    a.write("sys/namespaces/x", json!({})).await.unwrap();
    policy(a, KEPT, "p").await;
    c.until_it_is_there(KEPT, true).await;
    c.until_it_streams().await;
    follow(&c, a, "e", json!({})).await;
    c.until_it_streams().await;
    assert_eq!(c.status().await["secondary_id"], "e");
}

/// Hands the primary's part over.
async fn hand_over(from: &Member, to: &Member) {
    to.until_it_streams().await;
    from.write(&format!("{PRIMARY}/demote"), json!({}))
        .await
        .unwrap();
    to.write(&format!("{SECONDARY}/promote"), json!({}))
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn another_primary_sends_nothing_before_it_has_a_filter_and_neither_does_the_first_one_again()
{
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    a.write("sys/namespaces/x", json!({})).await.unwrap();
    policy(a, KEPT, "canary-of-x").await;
    let b = secondary(&network, &both, "b", denies("x")).await;
    assert!(!network.carried(b"canary-of-x"));
    let c = secondary(&network, &both, "c", json!({})).await;
    hand_over(a, &c).await;
    follow(a, &c, "a", json!({})).await;
    a.until_it_streams().await;
    // By its old name and by a new one.
    network.forget();
    for id in ["b", "other"] {
        follow(&b, &c, id, json!({})).await;
        until_it_waits_for_a_filter(&b, id).await;
        assert!(b.read(KEPT).await.is_err());
    }
    assert!(!network.carried(b"canary-of-x"));
    filter(&c, "other", "deny", &["x"]).await;
    b.until_it_streams().await;
    assert!(b.read(KEPT).await.is_err() && !network.carried(b"canary-of-x"));

    // The first one leads again. What it once knew of the name may be less than what was kept since.
    hand_over(&c, a).await;
    follow(&c, a, "c", json!({})).await;
    c.until_it_streams().await;
    network.forget();
    follow(&b, a, "b", json!({})).await;
    until_it_waits_for_a_filter(&b, "b").await;
    assert!(b.read(KEPT).await.is_err() && !network.carried(b"canary-of-x"));
    revoke(a, "b").await;
    follow(&b, a, "b", denies("x")).await;
    b.until_it_streams().await;
    policy(a, KEPT, "canary-of-x").await;
    policy(a, "sys/policies/acl/last", "last").await;
    b.until_it_is_there("sys/policies/acl/last", true).await;
    assert!(b.read(KEPT).await.is_err());
}
