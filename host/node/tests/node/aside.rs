//! What a primary wrote that nobody had when another one was promoted.

use crate::pair::Network;
use crate::replication::{Member, a_while, primary, secondary};
use base::{Operation, RefusalKind};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use storage::{Space, Storage as _};

const ASIDE: &str = "sys/replication/performance/secondary/aside";
const EXPORT: &str = "sys/replication/performance/secondary/aside/export";

async fn policy(member: &Member, name: &str, rules: &str) {
    let path = format!("sys/policies/acl/{name}");
    let data = json!({ "policy": rules });
    member.write(&path, data).await.unwrap();
}

async fn delete(member: &Member, path: &str) {
    let deleted = member
        .house
        .ask_as(&member.token, Operation::Delete, path, json!({}));
    deleted.await.unwrap();
}

/// An activation token of a new primary, sealed to the one that is to follow it.
async fn follow(a: &Member, c: &Member, id: &str) {
    let key = "sys/replication/performance/secondary/generate-public-key";
    let key = a.write(key, json!({})).await.unwrap();
    let path = "sys/replication/performance/primary/secondary-token";
    let data = json!({ "id": id, "secondary_public_key": key["secondary_public_key"] });
    let made = c.write(path, data).await.unwrap();
    let path = "sys/replication/performance/secondary/update-primary";
    let data = json!({ "token": made["token"] });
    a.write(path, data).await.unwrap();
    a.until(|status| status["state"] == "stream-wals").await;
}

fn paths(page: &Value) -> Vec<&str> {
    let entries = page["entries"].as_array().unwrap().iter();
    entries
        .map(|entry| entry["path"].as_str().unwrap())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn what_nobody_had_of_an_old_primary_is_kept_and_can_be_taken_out() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    for name in ["changed", "gone", "new-there"] {
        policy(a, name, "# both").await;
    }
    let c = secondary(&network, &both, "c", json!({})).await;
    c.cut_off(&network).await;
    policy(a, "changed", "# a alone").await;
    policy(a, "made", "# made by a").await;
    delete(a, "sys/policies/acl/gone").await;
    let promote = "sys/replication/performance/secondary/promote";
    c.write(promote, json!({ "force": true })).await.unwrap();
    policy(&c, "new-there", "# c").await;
    network.cut(false);
    let demote = "sys/replication/performance/primary/demote";
    a.write(demote, json!({ "force": true })).await.unwrap();
    assert!(a.status().await["aside_entries"].is_null());
    // Its keys go as well: what is kept opens all the same.
    c.write("sys/rotate", json!({})).await.unwrap();
    follow(a, &c, "a").await;

    it_is_as_the_new_primary_says(a, &c).await;
    // What both had, and the new primary changed, is none of it.
    let status = a.status().await;
    assert_eq!(status["aside_entries"], 2, "{status:#}");
    assert_eq!(status["aside_left_out"], 0, "{status:#}");
    let listed = a.read(ASIDE).await.unwrap();
    assert_eq!(paths(&listed), ["sys/policy/changed", "sys/policy/made"]);
    assert_eq!(listed["generation"], 2);
    assert_eq!(listed["entries"][0]["mount"], "sys/");
    assert!(listed["entries"][0]["value"].is_null());
    it_is_taken_out(a).await;
    // Sealed at rest, and never sent.
    let snapshot = a.house.storage.snapshot();
    for pair in snapshot.range(Space::Entries, b"", None) {
        let (_, value) = pair.unwrap();
        assert!(!value.windows(9).any(|window| window == b"made by a"));
    }
    assert!(!network.carried(b"core/aside/"));

    delete(a, ASIDE).await;
    assert!(a.status().await["aside_entries"].is_null());
    assert_eq!(a.read(ASIDE).await.unwrap_err().kind, RefusalKind::NotFound);
}

async fn it_is_as_the_new_primary_says(a: &Member, c: &Member) {
    for (name, rules) in [
        ("changed", "# both"),
        ("gone", "# both"),
        ("new-there", "# c"),
    ] {
        let read = a.read(&format!("sys/policies/acl/{name}")).await.unwrap();
        assert_eq!(read["policy"], rules, "{name}");
    }
    assert!(a.read("sys/policies/acl/made").await.is_err());
    assert_eq!(
        a.status().await["merkle_root"],
        c.status().await["merkle_root"]
    );
}

async fn it_is_taken_out(a: &Member) {
    let exported = a.read(EXPORT).await.unwrap();
    for (number, expected) in [(0, "# a alone"), (1, "# made by a")] {
        let value = exported["entries"][number]["value"].as_str().unwrap();
        let value = String::from_utf8(STANDARD.decode(value).unwrap()).unwrap();
        assert!(value.contains(expected), "{value}");
    }
    // A page after the first.
    let after = exported["entries"][0]["key"].clone();
    let page = a
        .house
        .ask_as(
            &a.token,
            Operation::Read,
            EXPORT,
            json!({ "after": after, "limit": 5 }),
        )
        .await
        .unwrap();
    assert_eq!(paths(&page), ["sys/policy/made"]);
}

#[tokio::test(start_paused = true)]
async fn where_nothing_was_lost_nothing_is_kept() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    policy(a, "p", "# before").await;
    let c = secondary(&network, &both, "c", json!({})).await;
    let demote = "sys/replication/performance/primary/demote";
    a.write(demote, json!({})).await.unwrap();
    let promote = "sys/replication/performance/secondary/promote";
    c.write(promote, json!({})).await.unwrap();
    policy(&c, "p", "# after").await;
    follow(a, &c, "a").await;
    let read = a.read("sys/policies/acl/p").await.unwrap();
    assert_eq!(read["policy"], "# after");
    assert!(a.status().await["aside_entries"].is_null());
}

#[tokio::test(start_paused = true)]
async fn an_old_primary_that_comes_back_hears_that_there_is_another() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    let c = secondary(&network, &both, "c", json!({})).await;
    c.cut_off(&network).await;
    let promote = "sys/replication/performance/secondary/promote";
    c.write(promote, json!({ "force": true })).await.unwrap();
    assert!(a.status().await["superseded_by"].is_null());
    network.cut(false);
    a.until(|status| status["superseded_by"] == 2).await;
    assert_eq!(a.status().await["mode"], "primary");
    let path = "sys/replication/performance/primary/secondary-token";
    let refused = a.write(path, json!({ "id": "d" })).await.unwrap_err();
    assert!(refused.message.contains("was promoted"), "{refused:?}");
    // It remembers, and whoever was promoted does not call again.
    a.house.node.seal().await;
    a.house.submit(&both.1).await.unwrap();
    assert_eq!(a.status().await["superseded_by"], 2);
    let carried = network.carried_bytes();
    for _ in 0..10_000 {
        a_while().await;
    }
    assert_eq!(network.carried_bytes(), carried);
    // It is the word of a secondary, and goes with it.
    assert_eq!(a.status().await["superseded_told_by"], json!(["c"]));
    let revoke = "sys/replication/performance/primary/revoke-secondary";
    a.write(revoke, json!({ "id": "c" })).await.unwrap();
    for _ in 0..2 {
        assert!(a.status().await["superseded_by"].is_null());
        a.house.node.seal().await;
        a.house.submit(&both.1).await.unwrap();
    }
    a.write(path, json!({ "id": "d" })).await.unwrap();
    // Once it follows there is nothing to say any more.
    let demote = "sys/replication/performance/primary/demote";
    a.write(demote, json!({ "force": true })).await.unwrap();
    follow(a, &c, "a").await;
    assert!(a.status().await["superseded_by"].is_null());
}
