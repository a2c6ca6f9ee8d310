//! Whom a login stands for.

use crate::house::House;
use base::{Operation, RefusalKind};
use serde_json::{Value, json};

#[tokio::test]
async fn a_name_is_the_same_entity_at_every_login() {
    let house = House::open().await;
    let first = house.login("ann", "-").await.unwrap();
    let again = house.login("Ann", "-").await.unwrap();
    let other = house.login("bob", "-").await.unwrap();
    assert_eq!(first["entity_id"], again["entity_id"]);
    assert_ne!(first["entity_id"], other["entity_id"]);
    let id = first["entity_id"].as_str().unwrap();
    let entity = house.read(&format!("identity/entity/id/{id}")).await;
    let entity = &entity.unwrap()["data"];
    let alias = &entity["aliases"][0];
    assert_eq!(alias["mount_path"], "auth/reception/");
    assert_eq!(alias["mount_type"], "reception");
    assert_eq!(alias["metadata"], json!({ "seen-as": "Ann" }));
    assert_eq!(alias["custom_metadata"], Value::Null);
    assert_eq!(house.own(&first).await.unwrap()["entity_id"], id);
}

#[tokio::test]
async fn an_alias_that_was_made_before_leads_to_its_entity() {
    let house = House::open().await;
    let id = house
        .make("identity/entity", json!({ "name": "ann" }))
        .await;
    let alias = json!({ "name": "a", "canonical_id": id, "mount_accessor": house.accessor });
    house.make("identity/entity-alias", alias).await;
    let auth = house.login("a", "-").await.unwrap();
    assert_eq!(auth["entity_id"], id.as_str());
}

#[tokio::test]
async fn who_is_disabled_can_neither_come_in_nor_go_on() {
    let house = House::open().await;
    let auth = house.login("ann", "-").await.unwrap();
    house.own(&auth).await.unwrap();
    let path = format!("identity/entity/id/{}", auth["entity_id"].as_str().unwrap());
    house
        .write(&path, json!({ "disabled": true }))
        .await
        .unwrap();
    for refused in [house.own(&auth).await, house.login("ann", "-").await] {
        let refused = refused.unwrap_err();
        assert_eq!(
            (refused.kind, refused.message.as_str()),
            (RefusalKind::Denied, "permission denied")
        );
    }
    house
        .write(&path, json!({ "disabled": false }))
        .await
        .unwrap();
    house.own(&auth).await.unwrap();
    // And when the entity is gone, so is what its tokens may do.
    house
        .ask(&house.root, Operation::Delete, &path, json!({}))
        .await
        .unwrap();
    assert_eq!(
        house.own(&auth).await.unwrap_err().kind,
        RefusalKind::Denied
    );
    let new = house.login("ann", "-").await.unwrap();
    assert_ne!(new["entity_id"], auth["entity_id"]);
}

#[tokio::test]
async fn tokens_of_a_merged_entity_stand_for_the_one_that_stayed() {
    let house = House::open().await;
    let from = house.login("ann", "-").await.unwrap();
    let to = house
        .make("identity/entity", json!({ "policies": ["boss"] }))
        .await;
    house
        .policy("boss", r#"path "a" { capabilities = ["read"] }"#)
        .await;
    assert_eq!(house.may(&from, "a").await.unwrap(), json!(["deny"]));
    let merge = json!({ "from_entity_ids": [from["entity_id"]], "to_entity_id": to });
    house.write("identity/entity/merge", merge).await.unwrap();
    assert_eq!(house.may(&from, "a").await.unwrap(), json!(["read"]));
    assert_eq!(house.own(&from).await.unwrap()["entity_id"], to.as_str());
    let again = house.login("ann", "-").await.unwrap();
    assert_eq!(again["entity_id"], to.as_str());
}
