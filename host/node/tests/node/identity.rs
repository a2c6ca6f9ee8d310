//! `identity/` as clients see it, without logins.

use crate::house::House;
use base::{Operation, RefusalKind};
use serde_json::{Value, json};

async fn made(house: &House, path: &str, data: Value) -> String {
    let made = house.write(path, data).await.unwrap();
    made["id"].as_str().unwrap().to_owned()
}

async fn accessor(house: &House) -> String {
    let auth = house.read("sys/auth").await.unwrap();
    auth["token/"]["accessor"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_entity_is_shown_as_clients_know_it() {
    let house = House::open().await;
    let new = json!({ "name": "Ann", "policies": ["P1", "p1"], "metadata": { "a": "b" } });
    let made = house.write("identity/entity", new).await.unwrap();
    assert_eq!(
        (&made["aliases"], &made["name"]),
        (&Value::Null, &json!("Ann"))
    );
    let id = made["id"].as_str().unwrap();
    let alias =
        json!({ "name": "ann", "canonical_id": id, "mount_accessor": accessor(&house).await });
    house.write("identity/entity-alias", alias).await.unwrap();
    let shown = house.read("identity/entity/name/aNN").await.unwrap();
    let names: Vec<&String> = shown.as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        [
            "aliases",
            "creation_time",
            "direct_group_ids",
            "disabled",
            "group_ids",
            "id",
            "inherited_group_ids",
            "last_update_time",
            "merged_entity_ids",
            "metadata",
            "name",
            "namespace_id",
            "policies",
        ]
    );
    assert_eq!(shown["policies"], json!(["p1"]));
    assert_eq!(shown["namespace_id"], "root");
    assert_eq!(shown["aliases"][0]["mount_type"], "token");
    assert_eq!(shown["aliases"][0]["custom_metadata"], json!({}));
    // A second write is no second entity, and says nothing.
    let again = house.write("identity/entity/name/ANN", json!({})).await;
    assert_eq!(again.unwrap(), Value::Null);
}

#[tokio::test]
async fn what_is_not_there_is_not_found_but_no_error_to_look_for() {
    let house = House::open().await;
    for path in [
        "identity/entity/id/none",
        "identity/entity/name/none",
        "identity/entity-alias/id/none",
        "identity/group/id/none",
        "identity/group/name/none",
        "identity/group-alias/id/none",
    ] {
        let refused = house.read(path).await.unwrap_err();
        assert_eq!(
            (refused.kind, refused.message.as_str()),
            (RefusalKind::NotFound, ""),
            "{path}"
        );
        house.ask(Operation::Delete, path, json!({})).await.unwrap();
    }
    for path in ["identity/lookup/entity", "identity/lookup/group"] {
        let found = house.write(path, json!({ "name": "none" })).await.unwrap();
        assert_eq!(found, Value::Null);
        let refused = house.write(path, json!({})).await.unwrap_err();
        assert_eq!(refused.message, "query parameter not supplied");
        let both = json!({ "name": "a", "id": "b" });
        let refused = house.write(path, both).await.unwrap_err();
        assert!(refused.message.starts_with("query parameter conflict"));
    }
    for path in [
        "identity/entity/id",
        "identity/group/name",
        "identity/alias/id",
    ] {
        let refused = house.ask(Operation::List, path, json!({})).await;
        assert_eq!(refused.unwrap_err().kind, RefusalKind::NotFound, "{path}");
    }
}

#[tokio::test]
async fn lists_come_in_pages() {
    let house = House::open().await;
    for name in ["c", "a", "b"] {
        made(&house, "identity/entity", json!({ "name": name })).await;
    }
    let list = |data: Value| house.ask(Operation::List, "identity/entity/name", data);
    assert_eq!(
        list(json!({})).await.unwrap()["keys"],
        json!(["a", "b", "c"])
    );
    let page = list(json!({ "after": "a", "limit": "1" })).await.unwrap();
    assert_eq!(page["keys"], json!(["b"]));
    let ids = house
        .ask(Operation::List, "identity/entity/id", json!({}))
        .await
        .unwrap();
    let ids = ids["keys"].as_array().unwrap().clone();
    let page = json!({ "after": ids[0], "limit": 1 });
    let page = house
        .ask(Operation::List, "identity/entity/id", page)
        .await
        .unwrap();
    assert_eq!(page["keys"], json!([ids[1]]));
    let key = ids[1].as_str().unwrap();
    assert!(page["key_info"][key]["name"].is_string());
}

#[tokio::test]
async fn the_older_forms_of_aliases_are_the_same_aliases() {
    let house = House::open().await;
    let accessor = accessor(&house).await;
    let entity = made(&house, "identity/entity", json!({})).await;
    let new = json!({ "name": "p", "mount_accessor": accessor, "entity_id": entity });
    let id = made(&house, "identity/persona", new).await;
    for form in ["persona", "alias", "entity-alias"] {
        let path = format!("identity/{form}/id/{id}");
        assert_eq!(
            house.read(&path).await.unwrap()["canonical_id"],
            entity.as_str()
        );
    }
    let path = format!("identity/alias/id/{id}");
    house
        .ask(Operation::Delete, &path, json!({}))
        .await
        .unwrap();
    let refused = house.read(&format!("identity/entity-alias/id/{id}")).await;
    assert!(refused.is_err());
}

#[tokio::test]
async fn two_requests_do_not_close_a_circle_of_groups_between_them() {
    let house = House::open().await;
    let one = made(&house, "identity/group", json!({ "name": "one" })).await;
    let other = made(&house, "identity/group", json!({ "name": "other" })).await;
    let put = |group: &str, member: &str| {
        let path = format!("identity/group/id/{group}");
        let data = json!({ "member_group_ids": [member] });
        let house = &house;
        async move { house.write(&path, data).await }
    };
    let (first, second) = tokio::join!(put(&one, &other), put(&other, &one));
    assert_ne!(first.is_ok(), second.is_ok());
    let refused = first.err().or_else(|| second.err()).unwrap();
    assert!(refused.message.starts_with("cyclic relationship detected"));
}
