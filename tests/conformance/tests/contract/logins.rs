//! Logins: who is identified is who is granted a token, and the method has its say in renewals.

use crate::house::House;
use base::{Operation, Refusal, RefusalKind};
use core::time::Duration;
use serde_json::{Value, json};

async fn open() -> House {
    let house = House::open().await;
    let body = json!({ "type": "hostile-method" });
    house.write("sys/auth/hostile", body).await.unwrap();
    house
}

async fn log_in(house: &House, path: &str) -> Result<String, Refusal> {
    let path = format!("auth/hostile/{path}");
    let auth = house
        .ask_as("", Operation::Update, &path, json!({}))
        .await?;
    Ok(auth["client_token"].as_str().unwrap().to_owned())
}

async fn renew(house: &House, token: &str, increment: u64) -> Result<Value, Refusal> {
    let body = json!({ "increment": increment });
    house
        .ask_as(token, Operation::Update, "auth/token/renew-self", body)
        .await
}

async fn is_alive(house: &House, token: &str) -> bool {
    let path = "auth/token/lookup-self";
    house
        .ask_as(token, Operation::Read, path, json!({}))
        .await
        .is_ok()
}

#[tokio::test]
async fn a_grant_to_another_than_was_identified_is_refused() {
    let house = open().await;
    log_in(&house, "honest").await.unwrap();
    log_in(&house, "silent").await.unwrap();
    let before = house.entries();
    let refused = log_in(&house, "liar").await.unwrap_err();
    assert_eq!(refused.kind, RefusalKind::Internal);
    assert_eq!(
        refused.reason,
        r#"an auth method identified "somebody" and granted a token to "liar""#
    );
    assert_eq!(house.entries(), before);
}

#[tokio::test]
async fn a_renewal_is_the_methods_to_grant() {
    let house = open().await;
    let token = log_in(&house, "silent").await.unwrap();
    let first = renew(&house, &token, 30).await.unwrap();
    assert_eq!(first["lease_duration"], 30);
    // What the method kept with the grant came back to it.
    assert_eq!(first["warnings"], json!([r#"{"kept":true}"#]));
    // What it keeps since the first renewal makes it refuse the second.
    let refused = renew(&house, &token, 30).await.unwrap_err();
    assert_eq!(
        (refused.kind, refused.message.as_str()),
        (RefusalKind::Denied, "no longer")
    );
    house.clock.advance(Duration::from_secs(31));
    assert!(!is_alive(&house, &token).await);
}

#[tokio::test]
async fn a_renewal_goes_no_further_than_method_and_mount_allow() {
    let house = open().await;
    let brief = log_in(&house, "brief").await.unwrap();
    let renewed = renew(&house, &brief, 1_000).await.unwrap();
    assert_eq!(renewed["lease_duration"], 100);
    house.clock.advance(Duration::from_secs(40));
    let renewed = renew(&house, &brief, 1_000).await.unwrap();
    assert_eq!(renewed["lease_duration"], 60);
    let tuned = json!({ "max_lease_ttl": "2m", "default_lease_ttl": "1m" });
    house.write("sys/auth/hostile/tune", tuned).await.unwrap();
    let honest = log_in(&house, "honest").await.unwrap();
    let renewed = renew(&house, &honest, 1_000).await.unwrap();
    assert_eq!(renewed["lease_duration"], 120);
}

/// The alias, and where it is found by its name, by its id and by its entity.
const ENTRIES_OF_A_NAME: usize = 4;

#[tokio::test]
async fn tokens_end_with_their_method() {
    let house = open().await;
    // Who logged in once is known from then on: the entity outlives its tokens, and the method too,
    // without the name that it has there.
    let first = log_in(&house, "honest").await.unwrap();
    house
        .write("auth/token/revoke", json!({ "token": first }))
        .await
        .unwrap();
    let before = house.entries();
    let policy = r#"path "auth/token/create" { capabilities = ["update"] }"#;
    house
        .write("sys/policies/acl/default", json!({ "policy": policy }))
        .await
        .unwrap();
    let mut tokens = Vec::new();
    for _ in 0..120 {
        tokens.push(log_in(&house, "honest").await.unwrap());
    }
    let child = house
        .ask_as(
            &tokens[0],
            Operation::Update,
            "auth/token/create",
            json!({}),
        )
        .await
        .unwrap();
    tokens.push(child["client_token"].as_str().unwrap().to_owned());
    house
        .ask(Operation::Delete, "sys/auth/hostile", json!({}))
        .await
        .unwrap();
    // The mount itself is gone as well, and all that was known of the name.
    assert_eq!(house.entries(), before - 1 - ENTRIES_OF_A_NAME);
    for token in &tokens {
        let refused = house
            .ask_as(token, Operation::Update, "auth/token/create", json!({}))
            .await
            .unwrap_err();
        assert_eq!(refused.message, "permission denied");
    }
}

#[tokio::test]
async fn a_login_for_one_request_stores_nothing_and_leases_nothing() {
    let house = open().await;
    house.mount("courier", json!({})).await;
    let policy = r#"path "courier/*" { capabilities = ["read"] }"#;
    let policy = json!({ "policy": policy });
    house
        .write("sys/policies/acl/default", policy)
        .await
        .unwrap();
    let value = json!({ "value": "v" });
    house.write("courier/data/a", value).await.unwrap();
    let headers = [("x-vault-inline-auth-path", "auth/hostile/silent")];
    let read = async |path: &'static str| house.read_with_as("", path, &headers).await;
    // The first login makes the entity.
    read("courier/data/a").await.unwrap();
    let before = house.entries();
    let data = read("courier/data/a").await.unwrap();
    assert_eq!(data["value"], "v");
    let refused = read("courier/creds/a").await.unwrap_err();
    assert_eq!(
        refused.message,
        "requests with inline authentication cannot generate leases"
    );
    assert_eq!(house.entries(), before);
}
