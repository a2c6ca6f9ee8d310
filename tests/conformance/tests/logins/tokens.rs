//! Identity tokens of who logged in.

use crate::house::House;
use base::Operation;
use serde_json::{Value, json};

/// A house where who logs in may have identity tokens of the role `r`.
async fn opened() -> House {
    let house = House::open().await;
    let text = r#"path "identity/oidc/token/*" { capabilities = ["read"] }"#;
    house.policy("visitor", text).await;
    let key = json!({ "algorithm": "ES256", "allowed_client_ids": "app" });
    house.write("identity/oidc/key/k", key).await.unwrap();
    let template = r#"{"called": {{identity.entity.name}}}"#;
    let role = json!({ "key": "k", "client_id": "app", "ttl": "1h", "template": template });
    house.write("identity/oidc/role/r", role).await.unwrap();
    house
}

async fn token_of(house: &House, auth: &Value) -> Result<String, String> {
    let own = auth["client_token"].as_str().unwrap();
    let path = "identity/oidc/token/r";
    let told = house.ask(own, Operation::Read, path, json!({})).await;
    let told = told.map_err(|refused| refused.message)?;
    Ok(told["data"]["token"].as_str().unwrap().to_owned())
}

async fn is_active(house: &House, data: Value) -> bool {
    let told = house.write("identity/oidc/introspect", data).await.unwrap();
    told["active"].as_bool().unwrap()
}

/// Ids of the keys that everybody may see.
async fn published(house: &House) -> Vec<String> {
    let path = "identity/oidc/.well-known/keys";
    let told = house.ask("", Operation::Read, path, json!({})).await;
    let told = told.unwrap();
    let keys = told["keys"].as_array().unwrap().iter();
    keys.map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn an_identity_token_counts_as_long_as_its_entity() {
    let house = opened().await;
    let auth = house.login("ann", "-").await.unwrap();
    let token = token_of(&house, &auth).await.unwrap();
    assert!(is_active(&house, json!({ "token": token })).await);
    assert!(is_active(&house, json!({ "token": token, "client_id": "app" })).await);
    assert!(!is_active(&house, json!({ "token": token, "client_id": "other" })).await);
    let mut forged = token.clone();
    forged.truncate(token.len() - 4);
    assert!(!is_active(&house, json!({ "token": forged + "AAAA" })).await);
    let path = format!("identity/entity/id/{}", auth["entity_id"].as_str().unwrap());
    house
        .write(&path, json!({ "disabled": true }))
        .await
        .unwrap();
    assert!(!is_active(&house, json!({ "token": token })).await);
}

#[tokio::test]
async fn without_an_entity_or_a_client_that_the_key_knows_there_is_no_token() {
    let house = opened().await;
    let root = json!({ "client_token": house.root });
    assert_eq!(
        token_of(&house, &root).await.unwrap_err(),
        "no entity associated with the request's token"
    );
    house
        .write("identity/oidc/key/k", json!({ "allowed_client_ids": [] }))
        .await
        .unwrap();
    let auth = house.login("ann", "-").await.unwrap();
    let refused = token_of(&house, &auth).await.unwrap_err();
    assert!(refused.contains("does not list the client ID"), "{refused}");
}

#[tokio::test]
async fn keys_of_roles_are_published_before_they_sign_and_after() {
    let house = opened().await;
    let auth = house.login("ann", "-").await.unwrap();
    let before = published(&house).await;
    assert_eq!(before.len(), 2);
    let token = token_of(&house, &auth).await.unwrap();
    house
        .write("identity/oidc/key/k/rotate", json!({}))
        .await
        .unwrap();
    let after = published(&house).await;
    assert_eq!(after.len(), 3);
    assert!(before.iter().all(|id| after.contains(id)));
    assert!(is_active(&house, json!({ "token": token })).await);
    // Told to forget at once, it does.
    let at_once = json!({ "verification_ttl": 0 });
    let newer = token_of(&house, &auth).await.unwrap();
    house
        .write("identity/oidc/key/k/rotate", at_once)
        .await
        .unwrap();
    assert!(!is_active(&house, json!({ "token": newer })).await);
}

#[tokio::test]
async fn the_default_key_is_made_when_it_is_first_used() {
    let house = opened().await;
    let role = json!({ "key": "default", "client_id": "app" });
    house.write("identity/oidc/role/r", role).await.unwrap();
    let auth = house.login("ann", "-").await.unwrap();
    let token = token_of(&house, &auth).await.unwrap();
    assert!(is_active(&house, json!({ "token": token })).await);
    let again = token_of(&house, &auth).await.unwrap();
    let head = |token: &str| token.split('.').next().unwrap().to_owned();
    assert_eq!(head(&token), head(&again), "the same key");
}

#[tokio::test]
async fn keys_turn_by_time_without_being_asked() {
    let house = opened().await;
    let before = published(&house).await;
    house.advance(86_400);
    // Wakes the work in the background, which then finds what else is due.
    house.login("ann", "-").await.unwrap();
    let mut after = Vec::new();
    for _ in 0..1_000_000 {
        after = published(&house).await;
        if after != before {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(
        after.len(),
        3,
        "a new next key, and the old one for its tokens"
    );
    assert!(before.iter().all(|id| after.contains(id)));
}
