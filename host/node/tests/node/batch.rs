//! Batch tokens: nothing of them is stored, and so there is much that they cannot.

use crate::house::House;
use base::{Operation, RefusalKind};
use core::time::Duration;
use serde_json::{Value, json};

const OWN: &str = "auth/token/lookup-self";

async fn batch(house: &House, maker: &str, data: Value) -> String {
    let made = house
        .ask_as(maker, Operation::Update, "auth/token/create", data)
        .await
        .unwrap();
    assert_eq!(made["type"], "batch");
    assert_eq!(made["accessor"], "");
    made["client_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_batch_token_is_used_as_any_other_and_leaves_nothing() {
    let house = House::open().await;
    let before = house.entries();
    let asked = json!({ "policies": ["default"], "type": "batch", "ttl": "1h" });
    let token = batch(&house, &house.token, asked).await;
    assert!(token.starts_with("hvb."));
    assert_eq!(house.entries(), before);
    let own = || house.ask_as(&token, Operation::Read, OWN, json!({}));
    let found = own().await.unwrap();
    assert_eq!(
        (&found["type"], &found["ttl"]),
        (&json!("batch"), &json!(3600))
    );
    assert_eq!(found["orphan"], false);
    house.clock.advance(Duration::from_secs(3600));
    assert_eq!(own().await.unwrap_err().kind, RefusalKind::Denied);
}

#[tokio::test]
async fn what_a_batch_token_cannot() {
    let house = House::open().await;
    let rules = r#"path "*" { capabilities = ["create", "read", "update", "sudo", "list"] }"#;
    house
        .write("sys/policies/acl/all", json!({ "policy": rules }))
        .await
        .unwrap();
    let asked = json!({ "policies": ["all"], "type": "batch" });
    let token = batch(&house, &house.token, asked).await;
    let refused = async |caller: &str, path: &str, data: Value, text: &str| {
        let refused = house.ask_as(caller, Operation::Update, path, data).await;
        assert_eq!(refused.unwrap_err().message, text, "{path}");
    };
    let (own, other) = (json!({}), json!({ "token": token }));
    let text = "batch tokens cannot create more tokens";
    for path in ["auth/token/create", "auth/token/create-orphan"] {
        refused(&token, path, own.clone(), text).await;
    }
    let text = "batch tokens cannot be renewed";
    refused(&token, "auth/token/renew-self", own.clone(), text).await;
    refused(&house.token, "auth/token/renew", other.clone(), text).await;
    let text = "batch tokens cannot be revoked";
    refused(&token, "auth/token/revoke-self", own.clone(), text).await;
    for path in ["auth/token/revoke", "auth/token/revoke-orphan"] {
        refused(&house.token, path, other.clone(), text).await;
    }
    let text = "cubbyhole operations are only supported by 'service' type tokens";
    refused(&token, "cubbyhole/a", json!({ "a": 1 }), text).await;
    for (name, value) in [
        ("period", json!("1h")),
        ("num_uses", json!(1)),
        ("explicit_max_ttl", json!("1h")),
    ] {
        let mut asked = json!({ "policies": ["all"], "type": "batch" });
        asked[name] = value;
        let text = format!("batch tokens cannot have {name:?} set");
        refused(&house.token, "auth/token/create", asked, &text).await;
    }
    let text = "batch tokens cannot be root tokens";
    refused(
        &house.token,
        "auth/token/create",
        json!({ "type": "batch" }),
        text,
    )
    .await;
}

#[tokio::test]
async fn a_batch_token_dies_with_its_parent_unless_it_is_an_orphan() {
    let house = House::open().await;
    let rules = r#"path "auth/token/create" { capabilities = ["update", "sudo"] }"#;
    house
        .write("sys/policies/acl/maker", json!({ "policy": rules }))
        .await
        .unwrap();
    let parent = house.token_with(&["maker"]).await;
    let child = batch(&house, &parent, json!({ "type": "batch" })).await;
    let orphan = batch(
        &house,
        &parent,
        json!({ "type": "batch", "no_parent": true }),
    )
    .await;
    house
        .write("auth/token/revoke", json!({ "token": parent }))
        .await
        .unwrap();
    let own = |token: String| {
        let house = &house;
        async move { house.ask_as(&token, Operation::Read, OWN, json!({})).await }
    };
    assert_eq!(own(child).await.unwrap_err().kind, RefusalKind::Denied);
    assert_eq!(own(orphan).await.unwrap()["orphan"], true);
}

#[tokio::test]
async fn a_batch_token_outlives_the_sealing_of_the_node() {
    let mut house = House::empty();
    let made = house.initialize(1, 1).await.unwrap();
    house.submit(&made.shares[0]).await.unwrap();
    house.token = made.root_token.expose().clone();
    let asked = json!({ "policies": ["default"], "type": "batch", "no_parent": true });
    let token = batch(&house, &house.token, asked).await;
    house.node.seal().await;
    house.submit(&made.shares[0]).await.unwrap();
    house
        .ask_as(&token, Operation::Read, OWN, json!({}))
        .await
        .unwrap();
    let mut forged = token.into_bytes();
    let last = forged.len() - 3;
    forged[last] = if forged[last] == b'A' { b'B' } else { b'A' };
    let forged = String::from_utf8(forged).unwrap();
    let refused = house.ask_as(&forged, Operation::Read, OWN, json!({})).await;
    assert_eq!(refused.unwrap_err().kind, RefusalKind::Denied);
}
