//! Cubbyholes: each token has its own, which ends with it.

use crate::house::House;
use base::{Operation, RefusalKind};
use serde_json::json;

#[tokio::test]
async fn no_token_reaches_the_cubbyhole_of_another() {
    let house = House::open().await;
    let [one, other] = [
        house.token_with(&["default"]).await,
        house.token_with(&["default"]).await,
    ];
    let (read, write) = (Operation::Read, Operation::Update);
    let secret = json!({ "a": 1, "b": { "c": [1.5, "x"] } });
    house
        .ask_as(&one, write, "cubbyhole/mine", secret.clone())
        .await
        .unwrap();
    let found = house.ask_as(&one, read, "cubbyhole/mine", json!({})).await;
    assert_eq!(found.unwrap(), secret);
    for token in [&other, &house.token] {
        let refused = house
            .ask_as(token, read, "cubbyhole/mine", json!({}))
            .await
            .unwrap_err();
        assert_eq!(refused.kind, RefusalKind::NotFound);
    }
}

#[tokio::test]
async fn a_cubbyhole_lists_deletes_and_refuses_nothing() {
    let house = House::open().await;
    for path in ["cubbyhole/a", "cubbyhole/d", "cubbyhole/d/b"] {
        house.write(path, json!({ "x": 1 })).await.unwrap();
    }
    let list = |path: &'static str| house.ask(Operation::List, path, json!({}));
    let keys = list("cubbyhole").await.unwrap();
    assert_eq!(keys, json!({ "keys": ["a", "d", "d/"] }));
    assert_eq!(list("cubbyhole/d").await.unwrap(), json!({ "keys": ["b"] }));
    let missing = list("cubbyhole/none").await.unwrap_err();
    assert_eq!(missing.kind, RefusalKind::NotFound);
    for path in ["cubbyhole/a", "cubbyhole/a", "cubbyhole"] {
        house.ask(Operation::Delete, path, json!({})).await.unwrap();
    }
    assert!(house.read("cubbyhole/a").await.is_err());
    let refused = house.write("cubbyhole/e", json!({})).await.unwrap_err();
    assert_eq!(refused.message, "missing data fields");
    let refused = house.read("cubbyhole").await.unwrap_err();
    assert_eq!(refused.message, "missing path");
}

#[tokio::test]
async fn policies_tell_create_from_update_in_a_cubbyhole() {
    let house = House::open().await;
    let rules = |what: &str| json!({ "policy": format!(r#"path "cubbyhole/*" {{ capabilities = ["{what}"] }}"#) });
    for what in ["create", "update"] {
        let path = format!("sys/policies/acl/{what}");
        house.write(&path, rules(what)).await.unwrap();
    }
    let made = house
        .write(
            "auth/token/create",
            json!({ "policies": ["create"], "no_default_policy": true }),
        )
        .await
        .unwrap();
    let token = made["client_token"].as_str().unwrap();
    let write = || house.ask_as(token, Operation::Update, "cubbyhole/a", json!({ "x": 1 }));
    write().await.unwrap();
    assert_eq!(write().await.unwrap_err().kind, RefusalKind::Denied);
    // The policy of the same name now grants the other half.
    house
        .write("sys/policies/acl/create", rules("update"))
        .await
        .unwrap();
    write().await.unwrap();
    let refused = house
        .ask_as(token, Operation::Update, "cubbyhole/b", json!({ "x": 1 }))
        .await;
    assert_eq!(refused.unwrap_err().kind, RefusalKind::Denied);
}

#[tokio::test]
async fn a_cubbyhole_ends_with_its_token_however_much_it_holds() {
    let house = House::open().await;
    let token = house.token_with(&["default"]).await;
    let few = house.entries();
    let other = house.token_with(&["default"]).await;
    for number in 0..2_100 {
        let path = format!("cubbyhole/{number}");
        house
            .ask_as(&other, Operation::Update, &path, json!({ "x": number }))
            .await
            .unwrap();
    }
    for token in [&other, &token] {
        house
            .write("auth/token/revoke", json!({ "token": token }))
            .await
            .unwrap();
    }
    // What did not fit into one step goes in the background.
    house.until(|| house.entries() < few).await;
}
