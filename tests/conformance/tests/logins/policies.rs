//! What an entity and its groups allow: at once, and no longer than they do.

use crate::house::House;
use base::Operation;
use serde_json::{Value, json};

const READ_A: &str = r#"path "a" { capabilities = ["read"] }"#;

#[tokio::test]
async fn policies_of_an_entity_count_at_once_and_end_at_once() {
    let house = House::open().await;
    house.policy("readers", READ_A).await;
    let auth = house.login("ann", "-").await.unwrap();
    assert_eq!(house.may(&auth, "a").await.unwrap(), json!(["deny"]));
    let path = format!("identity/entity/id/{}", auth["entity_id"].as_str().unwrap());
    let with = |policies: Value| json!({ "policies": policies });
    house.write(&path, with(json!(["readers"]))).await.unwrap();
    assert_eq!(house.may(&auth, "a").await.unwrap(), json!(["read"]));
    let own = house.own(&auth).await.unwrap();
    assert_eq!(own["identity_policies"], json!(["readers"]));
    assert_eq!(own["policies"], json!(["default", "visitor"]));
    let auth_now = house.login("ann", "-").await.unwrap();
    assert_eq!(
        auth_now["policies"],
        json!(["default", "readers", "visitor"])
    );
    assert_eq!(auth_now["token_policies"], json!(["default", "visitor"]));
    assert_eq!(auth_now["identity_policies"], json!(["readers"]));
    // The policy itself changes.
    house
        .policy("readers", r#"path "b" { capabilities = ["read"] }"#)
        .await;
    assert_eq!(house.may(&auth, "a").await.unwrap(), json!(["deny"]));
    assert_eq!(house.may(&auth, "b").await.unwrap(), json!(["read"]));
    house.write(&path, with(json!([]))).await.unwrap();
    assert_eq!(house.may(&auth, "b").await.unwrap(), json!(["deny"]));
}

#[tokio::test]
async fn groups_count_however_far_above() {
    let house = House::open().await;
    house.policy("readers", READ_A).await;
    let auth = house.login("ann", "-").await.unwrap();
    let members = json!({ "member_entity_ids": [auth["entity_id"]] });
    let inner = house.make("identity/group", members).await;
    let middle = json!({ "member_group_ids": [inner] });
    let middle = house.make("identity/group", middle).await;
    assert_eq!(house.may(&auth, "a").await.unwrap(), json!(["deny"]));
    let outer = json!({ "member_group_ids": [middle], "policies": ["readers"] });
    let outer = house.make("identity/group", outer).await;
    assert_eq!(house.may(&auth, "a").await.unwrap(), json!(["read"]));
    // Cut in the middle.
    let path = format!("identity/group/id/{middle}");
    house
        .write(&path, json!({ "member_group_ids": [] }))
        .await
        .unwrap();
    assert_eq!(house.may(&auth, "a").await.unwrap(), json!(["deny"]));
    house
        .write(&path, json!({ "member_group_ids": [inner] }))
        .await
        .unwrap();
    assert_eq!(house.may(&auth, "a").await.unwrap(), json!(["read"]));
    house
        .ask(
            &house.root,
            Operation::Delete,
            &format!("identity/group/id/{outer}"),
            json!({}),
        )
        .await
        .unwrap();
    assert_eq!(house.may(&auth, "a").await.unwrap(), json!(["deny"]));
}

#[tokio::test]
async fn external_groups_are_those_of_the_last_login() {
    let house = House::open().await;
    house.policy("readers", READ_A).await;
    let group = json!({ "type": "external", "policies": ["readers"] });
    let group = house.make("identity/group", group).await;
    let alias = json!({ "name": "devs", "canonical_id": group, "mount_accessor": house.accessor });
    house.make("identity/group-alias", alias).await;
    let auth = house.login("ann", "devs,ops").await.unwrap();
    assert_eq!(auth["identity_policies"], json!(["readers"]));
    assert_eq!(house.may(&auth, "a").await.unwrap(), json!(["read"]));
    // The next login is not in the group: then no token of the entity is.
    house.login("ann", "ops").await.unwrap();
    assert_eq!(house.may(&auth, "a").await.unwrap(), json!(["deny"]));
    let members = house.read(&format!("identity/group/id/{group}")).await;
    assert_eq!(members.unwrap()["data"]["member_entity_ids"], Value::Null);
}

#[tokio::test]
async fn templates_are_filled_by_who_asks() {
    let house = House::open().await;
    let text = format!(
        r#"path "home/{{{{identity.entity.aliases.{}.name}}}}/x" {{ capabilities = ["read"] }}
           path "team/{{{{identity.entity.metadata.team}}}}" {{ capabilities = ["list"] }}"#,
        house.accessor
    );
    house.policy("visitor", &text).await;
    let ann = house.login("ann", "-").await.unwrap();
    let bob = house.login("bob", "-").await.unwrap();
    assert_eq!(
        house.may(&ann, "home/ann/x").await.unwrap(),
        json!(["read"])
    );
    assert_eq!(
        house.may(&ann, "home/bob/x").await.unwrap(),
        json!(["deny"])
    );
    assert_eq!(
        house.may(&bob, "home/bob/x").await.unwrap(),
        json!(["read"])
    );
    // The policy `default` lets everybody look at themselves, and at nobody else.
    let id = ann["entity_id"].as_str().unwrap();
    let path = format!("identity/entity/id/{id}");
    assert_eq!(house.may(&ann, &path).await.unwrap(), json!(["read"]));
    assert_eq!(house.may(&bob, &path).await.unwrap(), json!(["deny"]));
    let team = |name: &str| json!({ "metadata": { "team": name } });
    house.write(&path, team("red")).await.unwrap();
    assert_eq!(house.may(&ann, "team/red").await.unwrap(), json!(["list"]));
    house.write(&path, team("blue")).await.unwrap();
    assert_eq!(house.may(&ann, "team/red").await.unwrap(), json!(["deny"]));
    assert_eq!(house.may(&ann, "team/blue").await.unwrap(), json!(["list"]));
}

#[tokio::test]
async fn a_name_that_is_a_pattern_grants_nothing_unless_the_policy_says_so() {
    let house = House::open().await;
    let text = r#"path "team/{{identity.entity.metadata.team}}" { capabilities = ["list"] }"#;
    house.policy("visitor", text).await;
    let auth = house.login("ann", "-").await.unwrap();
    let path = format!("identity/entity/id/{}", auth["entity_id"].as_str().unwrap());
    for (team, switch) in [
        ("*", "allow_wildcards_in_identity_templates"),
        ("+", "allow_wildcards_in_identity_templates"),
        ("a/b", "allow_slashes_in_identity_templates"),
    ] {
        let metadata = json!({ "metadata": { "team": team } });
        house.write(&path, metadata).await.unwrap();
        assert!(house.own(&auth).await.is_err(), "{team}");
        let mut policy = json!({ "policy": text });
        policy[switch] = true.into();
        house
            .write("sys/policies/acl/visitor", policy)
            .await
            .unwrap();
        assert!(house.own(&auth).await.is_ok(), "{team}");
        assert_eq!(
            house.may(&auth, &format!("team/{team}")).await.unwrap(),
            json!(["list"]),
            "{team}"
        );
        house.policy("visitor", text).await;
    }
}
