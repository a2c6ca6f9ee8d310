//! Roles of tokens, and what they allow.

use crate::house::House;
use base::{Operation, RefusalKind};
use core::time::Duration;
use serde_json::{Value, json};

const ROLE: &str = "auth/token/roles/r";
const CREATE: &str = "auth/token/create/r";

/// Makes the role anew.
async fn role(house: &House, data: Value) {
    house.ask(Operation::Delete, ROLE, json!({})).await.unwrap();
    house.write(ROLE, data).await.unwrap();
}

#[tokio::test]
async fn a_role_is_written_read_listed_and_deleted() {
    let house = House::open().await;
    assert!(house.read(ROLE).await.is_err());
    role(&house, json!({})).await;
    let found = house.read(ROLE).await.unwrap();
    assert_eq!(found["token_type"], "default-service");
    assert_eq!(found["renewable"], true);
    assert_eq!(found["allowed_entity_aliases"], Value::Null);
    let all = json!({
        "allowed_policies": "A, b ,,a",
        "orphan": true,
        "period": "1h",
        "token_bound_cidrs": ["1.1.1.1/32", "10.0.0.0/8"],
        "token_num_uses": 5,
    });
    house.write(ROLE, all).await.unwrap();
    let found = house.read(ROLE).await.unwrap();
    assert_eq!(found["allowed_policies"], json!(["a", "b"]));
    assert_eq!(
        (&found["period"], &found["token_period"]),
        (&json!(3600), &json!(3600))
    );
    assert_eq!(found["token_bound_cidrs"], json!(["1.1.1.1", "10.0.0.0/8"]));
    // What is not given stays.
    house
        .write(ROLE, json!({ "token_period": 60 }))
        .await
        .unwrap();
    let found = house.read(ROLE).await.unwrap();
    assert_eq!(
        (&found["period"], &found["token_period"]),
        (&json!(0), &json!(60))
    );
    assert_eq!(found["orphan"], true);
    let list = house
        .ask(Operation::List, "auth/token/roles", json!({}))
        .await;
    assert_eq!(list.unwrap(), json!({ "keys": ["r"] }));
    house.ask(Operation::Delete, ROLE, json!({})).await.unwrap();
    assert!(house.read(ROLE).await.is_err());
    let refused = house.write(CREATE, json!({})).await.unwrap_err();
    assert_eq!(refused.message, "unknown role r");
}

#[tokio::test]
async fn roles_that_cannot_be_are_refused() {
    let house = House::open().await;
    for (data, text) in [
        (
            json!({ "token_type": "zz" }),
            "invalid 'token_type' value \"zz\"",
        ),
        (
            json!({ "token_type": "batch" }),
            "'token_type' cannot be 'batch' when role is set to generate non-orphan tokens",
        ),
        (
            json!({ "path_suffix": "a b" }),
            "given role path suffix contains invalid characters; must match \\w[\\w-.]+\\w",
        ),
        (
            json!({ "token_num_uses": -1 }),
            "error parsing role fields: 'token_num_uses' cannot be negative",
        ),
        (
            json!({ "token_bound_cidrs": "zz" }),
            "error parsing role fields: error parsing address \"zz\": Unable to convert \"zz\" to an IPv4 or IPv6 address, or a UNIX Socket",
        ),
    ] {
        let refused = house.write(ROLE, data).await.unwrap_err();
        assert_eq!(
            (refused.kind, refused.message.as_str()),
            (RefusalKind::Invalid, text)
        );
    }
    assert!(house.read(ROLE).await.is_err());
}

#[tokio::test]
async fn a_role_gives_policies_that_its_users_have_not() {
    let house = House::open().await;
    let rules = r#"path "auth/token/create/*" { capabilities = ["update"] }"#;
    house
        .write("sys/policies/acl/maker", json!({ "policy": rules }))
        .await
        .unwrap();
    let maker = house.token_with(&["maker"]).await;
    let check = async |policy: Value, asked: Value, expected: Result<Value, &str>| {
        role(&house, policy).await;
        let made = house.ask_as(&maker, Operation::Update, CREATE, asked).await;
        let made = made.map(|made| made["policies"].clone());
        let made = made.map_err(|refused| refused.message);
        assert_eq!(made, expected.map_err(str::to_owned));
    };
    let allowed = json!({ "allowed_policies": "a,b" });
    check(allowed.clone(), json!({}), Ok(json!(["a", "b", "default"]))).await;
    check(
        allowed.clone(),
        json!({ "policies": ["a"] }),
        Ok(json!(["a", "default"])),
    )
    .await;
    let text = "token policies ([\"default\" \"maker\"]) must be subset of the role's allowed policies ([\"a\" \"b\" \"default\"]) or glob policies ([])";
    check(allowed, json!({ "policies": ["maker"] }), Err(text)).await;
    let globs = json!({ "allowed_policies_glob": "a*" });
    check(globs.clone(), json!({}), Ok(json!(["default"]))).await;
    check(
        globs,
        json!({ "policies": ["ab"] }),
        Ok(json!(["ab", "default"])),
    )
    .await;
    let forbids = json!({ "disallowed_policies": "b" });
    check(
        forbids.clone(),
        json!({ "policies": ["a"] }),
        Ok(json!(["a", "default"])),
    )
    .await;
    let text = "token policy \"b\" is disallowed by this role";
    check(forbids, json!({ "policies": ["b"] }), Err(text)).await;
    let text = "child policies must be subset of parent";
    check(json!({}), json!({ "policies": ["a"] }), Err(text)).await;
    let bare = json!({ "allowed_policies": "a", "token_no_default_policy": true });
    check(bare, json!({}), Ok(json!(["a"]))).await;
    let text = "root tokens may not be created without parent token being root";
    check(json!({ "allowed_policies": "root" }), json!({}), Err(text)).await;
    let text = "invalid 'entity_alias' value";
    check(json!({}), json!({ "entity_alias": "x" }), Err(text)).await;
}

#[tokio::test]
async fn a_role_bounds_the_terms_of_its_tokens() {
    let house = House::open().await;
    let policies = json!(["default"]);
    let create = async |of_role: Value, mut asked: Value| {
        role(&house, of_role).await;
        asked["policies"] = policies.clone();
        house.write(CREATE, asked).await.unwrap()
    };
    let made = create(json!({ "token_period": "1h" }), json!({ "period": "2h" })).await;
    assert_eq!(made["lease_duration"], 3600);
    assert_eq!(
        made["warnings"],
        json!([
            "Period specified both during creation call and in role; using the lesser value of 3600 seconds"
        ])
    );
    let made = create(
        json!({ "token_explicit_max_ttl": "1h" }),
        json!({ "ttl": "5h" }),
    )
    .await;
    assert_eq!(made["lease_duration"], 3600);
    let made = create(json!({ "token_num_uses": 5 }), json!({ "num_uses": 30 })).await;
    assert_eq!(made["num_uses"], 5);
    let made = create(json!({ "renewable": false, "orphan": true }), json!({})).await;
    assert_eq!(
        (&made["renewable"], &made["orphan"]),
        (&json!(false), &json!(true))
    );
    let made = create(json!({ "token_type": "default-batch" }), json!({})).await;
    assert_eq!(made["type"], "batch");
    let made = create(
        json!({ "token_type": "service" }),
        json!({ "type": "batch" }),
    )
    .await;
    assert_eq!(made["type"], "service");
    let made = create(json!({ "path_suffix": "suf" }), json!({})).await;
    let found = house
        .write(
            "auth/token/lookup",
            json!({ "token": made["client_token"] }),
        )
        .await
        .unwrap();
    assert_eq!(found["path"], "auth/token/create/r/suf");
    assert_eq!(found["role"], "r");
}

#[tokio::test]
async fn a_role_that_changes_changes_the_renewals_of_its_tokens() {
    let house = House::open().await;
    role(&house, json!({ "token_period": "1h" })).await;
    let asked = json!({ "policies": ["default"] });
    let made = house.write(CREATE, asked).await.unwrap();
    let renew = || house.write("auth/token/renew", json!({ "token": made["client_token"] }));
    assert_eq!(renew().await.unwrap()["lease_duration"], 3600);
    house
        .write(ROLE, json!({ "token_period": "3h" }))
        .await
        .unwrap();
    assert_eq!(renew().await.unwrap()["lease_duration"], 3 * 3600);
    house.ask(Operation::Delete, ROLE, json!({})).await.unwrap();
    let text = "original token role \"r\" could not be found, not renewing";
    assert_eq!(renew().await.unwrap_err().message, text);
    house.clock.advance(Duration::from_secs(60));
}

#[tokio::test]
async fn tokens_are_bound_to_networks() {
    let house = House::open().await;
    let own = "auth/token/lookup-self";
    let use_one = async |of_role: Value| {
        role(&house, of_role).await;
        let asked = json!({ "policies": ["default"] });
        let made = house.write(CREATE, asked).await.unwrap();
        let token = made["client_token"].as_str().unwrap().to_owned();
        house.ask_as(&token, Operation::Read, own, json!({})).await
    };
    let found = use_one(json!({ "token_bound_cidrs": "127.0.0.0/8" })).await;
    assert_eq!(found.unwrap()["bound_cidrs"], json!(["127.0.0.0/8"]));
    let refused = use_one(json!({ "token_bound_cidrs": "10.0.0.0/8" })).await;
    assert_eq!(refused.unwrap_err().kind, RefusalKind::Denied);
    let found = use_one(json!({ "token_strictly_bind_ip": true })).await;
    assert_eq!(found.unwrap()["bound_cidrs"], json!(["127.0.0.1"]));
}

#[tokio::test]
async fn a_token_of_a_role_may_stand_for_an_alias() {
    let house = House::open().await;
    let role = json!({ "allowed_entity_aliases": ["ann", "b*"], "allowed_policies": "default" });
    house.write("auth/token/roles/r", role).await.unwrap();
    let entity_of = async |asked: Value| {
        let made = house.write("auth/token/create/r", asked).await?;
        let token = made["client_token"].as_str().unwrap().to_owned();
        let told = house
            .ask_as(&token, Operation::Read, "auth/token/lookup-self", json!({}))
            .await
            .unwrap();
        Ok::<_, base::Refusal>((told["entity_id"].clone(), made["policies"].clone()))
    };
    let (ann, _) = entity_of(json!({ "entity_alias": "Ann" })).await.unwrap();
    let (again, _) = entity_of(json!({ "entity_alias": "ann", "type": "batch" }))
        .await
        .unwrap();
    assert_eq!(ann, again);
    let at = format!("identity/entity/id/{}", ann.as_str().unwrap());
    let entity = house.read(&at).await.unwrap();
    assert_eq!(entity["aliases"][0]["name"], "ann");
    assert_eq!(entity["aliases"][0]["mount_path"], "auth/token/");
    house
        .write(&at, json!({ "policies": ["extra"] }))
        .await
        .unwrap();
    let (_, policies) = entity_of(json!({ "entity_alias": "ann" })).await.unwrap();
    assert_eq!(policies, json!(["default", "extra"]));
    let (bob, _) = entity_of(json!({ "entity_alias": "bob" })).await.unwrap();
    assert_ne!(ann, bob);
    house.write(&at, json!({ "disabled": true })).await.unwrap();
    let refused = entity_of(json!({ "entity_alias": "ann" }))
        .await
        .unwrap_err();
    assert_eq!(refused.kind, RefusalKind::Denied);
    assert_eq!(
        refused.message,
        "entity from given entity alias is disabled"
    );
    let other = entity_of(json!({ "entity_alias": "carl" }))
        .await
        .unwrap_err();
    assert_eq!(other.message, "invalid 'entity_alias' value");
}
