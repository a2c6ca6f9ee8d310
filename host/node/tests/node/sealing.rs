//! Initialisation, unsealing and sealing.

use crate::house::House;
use base::{Operation, RefusalKind, Secret};
use serde_json::json;
use std::sync::Arc;
use storage::Fault;

#[tokio::test]
async fn shares_unseal_and_wrong_ones_do_not() {
    let house = House::empty();
    assert_eq!(
        house.read("sys/seal-status").await.unwrap()["initialized"],
        false
    );
    let refused = house.read("sys/mounts").await.unwrap_err();
    assert_eq!(
        (refused.kind, refused.message.as_str()),
        (RefusalKind::Sealed, "Vault is sealed")
    );

    let made = house.initialize(5, 3).await.unwrap();
    assert_eq!(made.shares.len(), 5);
    let again = house.initialize(5, 3).await.unwrap_err();
    assert_eq!(again.message, "Vault is already initialized");

    house.submit(&made.shares[0]).await.unwrap();
    house.submit(&made.shares[0]).await.unwrap();
    assert_eq!(house.read("sys/seal-status").await.unwrap()["progress"], 1);
    house.submit(&made.shares[1]).await.unwrap();
    let mut wrong = made.shares[2].expose().clone();
    wrong[0] ^= 1;
    let refused = house
        .node
        .submit_share(Secret::new(wrong))
        .await
        .unwrap_err();
    assert!(
        refused.message.contains("message authentication failed"),
        "{}",
        refused.message
    );
    let status = house.read("sys/seal-status").await.unwrap();
    assert_eq!(
        (&status["progress"], &status["sealed"]),
        (&json!(0), &json!(true))
    );

    for share in &made.shares[2..] {
        house.submit(share).await.unwrap();
    }
    assert_eq!(
        house.read("sys/seal-status").await.unwrap()["sealed"],
        false
    );
}

#[tokio::test]
async fn impossible_shares_are_refused() {
    let house = House::empty();
    for (shares, threshold) in [(0, 0), (1, 2), (5, 1), (256, 3), (-1, 1)] {
        let refused = house.initialize(shares, threshold).await.unwrap_err();
        assert!(
            refused.message.starts_with("invalid seal configuration"),
            "{}",
            refused.message
        );
    }
    assert_eq!(house.read("sys/init").await.unwrap()["initialized"], false);
}

#[tokio::test]
async fn what_was_answered_is_there_after_a_crash() {
    let mut house = House::empty();
    let made = house.initialize(1, 1).await.unwrap();
    house.submit(&made.shares[0]).await.unwrap();
    house.token = made.root_token.expose().clone();
    let policy = json!({ "policy": r#"path "a/*" { capabilities = ["read"] }"# });
    house.write("sys/policies/acl/kept", policy).await.unwrap();

    let mut after = House::on(Arc::new(house.storage.crash(0)), Arc::clone(&house.clock));
    after.token = house.token.clone();
    assert_eq!(
        after.read("sys/mounts").await.unwrap_err().kind,
        RefusalKind::Sealed
    );
    after.submit(&made.shares[0]).await.unwrap();
    let kept = after.read("sys/policies/acl/kept").await.unwrap();
    assert!(kept["policy"].as_str().unwrap().contains("a/*"));
}

#[tokio::test]
async fn sealing_takes_the_keys_out_of_reach() {
    let house = House::open().await;
    house.write("sys/seal", json!({})).await.unwrap();
    assert_eq!(
        house.read("sys/mounts").await.unwrap_err().kind,
        RefusalKind::Sealed
    );
    assert_eq!(house.read("sys/seal-status").await.unwrap()["sealed"], true);
}

#[tokio::test]
async fn an_initialisation_is_there_or_is_not() {
    for fault in [Fault::Failed, Fault::Full] {
        let house = House::empty();
        house.storage.fail_write(0, fault);
        house.initialize(1, 1).await.unwrap_err();
        let after = House::on(Arc::new(house.storage.crash(0)), Arc::clone(&house.clock));
        assert_eq!(after.read("sys/init").await.unwrap()["initialized"], false);
        after.initialize(1, 1).await.unwrap();
    }
}

#[tokio::test]
async fn only_some_endpoints_answer_while_sealed() {
    let house = House::empty();
    house.read("sys/health").await.unwrap();
    let refused = house.read("sys/leader").await.unwrap_err();
    assert_eq!(refused.kind, RefusalKind::Sealed);
    let refused = house
        .ask(Operation::Delete, "sys/init", json!({}))
        .await
        .unwrap_err();
    assert_eq!(refused.kind, RefusalKind::UnsupportedOperation);
    let refused = house
        .write("sys/unseal", json!({ "key": "zz!" }))
        .await
        .unwrap_err();
    assert_eq!(
        refused.message,
        "'key' must be a valid hex or base64 string"
    );
}

/// Bodies of `sys/init`, and how they are refused.
#[rustfmt::skip]
const REFUSED: &[(&str, &str)] = &[
    (r#"{}"#, "invalid seal configuration: shares must be at least one"),
    (r#"{"secret_shares":5}"#, "invalid seal configuration: threshold must be at least one"),
    (r#"{"secret_threshold":3}"#, "invalid seal configuration: shares must be at least one"),
    (r#"{"secret_shares":null,"secret_threshold":1}"#, "invalid seal configuration: shares must be at least one"),
    (r#"{"secret_shares":1,"secret_threshold":2}"#, "invalid seal configuration: threshold cannot be larger than shares"),
    (r#"{"secret_shares":5,"secret_threshold":1}"#, "invalid seal configuration: threshold must be greater than one for multiple shares"),
    (r#"{"secret_shares":256,"secret_threshold":3}"#, "invalid seal configuration: shares must be less than 256"),
    (r#"{"secret_shares":"5","secret_threshold":3}"#, "failed to decode JSON input: secret_shares is not a whole number"),
    (r#"{"secret_shares":1,"secret_threshold":1.5}"#, "failed to decode JSON input: secret_threshold is not a whole number"),
    (r#"{"secret_shares":1,"secret_threshold":1,"recovery_shares":true}"#, "failed to decode JSON input: recovery_shares is not a whole number"),
    (r#"{"recovery_shares":1,"recovery_threshold":1}"#, "parameters recovery_shares,recovery_threshold not applicable to seal type shamir"),
    (r#"{"secret_shares":1,"secret_threshold":1,"recovery_pgp_keys":["a"]}"#, "parameters recovery_pgp_keys not applicable to seal type shamir"),
];

#[tokio::test]
async fn what_init_is_asked_and_cannot_do() {
    let house = House::empty();
    for (body, text) in REFUSED {
        let asked = serde_json::from_str(body).unwrap();
        let refused = house.write("sys/init", asked).await.unwrap_err();
        let told = (refused.kind, refused.message.as_str());
        assert_eq!(told, (RefusalKind::Invalid, *text), "{body}");
    }
    let status = house.read("sys/init").await.unwrap();
    assert_eq!(status["initialized"], false);
    let fine = json!({ "secret_shares": 1, "secret_threshold": 1, "stored_shares": 1 });
    house.write("sys/init", fine.clone()).await.unwrap();
    let refused = house.write("sys/init", fine).await.unwrap_err();
    assert_eq!(refused.message, "Vault is already initialized");
}

#[tokio::test]
async fn what_unseal_is_asked_and_cannot_do() {
    let house = House::empty();
    let share = "00".repeat(32);
    let refused = house
        .write("sys/unseal", json!({ "key": share }))
        .await
        .unwrap_err();
    assert_eq!(refused.message, "Vault is not initialized");
    house.initialize(1, 1).await.unwrap();
    for (body, text) in [
        (
            json!({}),
            "'key' must be specified in request body as JSON, or 'reset' set to true",
        ),
        (
            json!({ "key": 5 }),
            "failed to decode JSON input: key is not a text",
        ),
        (
            json!({ "reset": "x" }),
            "failed to decode JSON input: reset is not a boolean",
        ),
        (
            json!({ "key": share, "migrate": true }),
            "can't perform a seal migration, no migration seal found",
        ),
        (
            json!({ "key": "YWFh" }),
            "invalid key: key is shorter than minimum 32 bytes",
        ),
    ] {
        let refused = house.write("sys/unseal", body).await.unwrap_err();
        assert_eq!(
            (refused.kind, refused.message.as_str()),
            (RefusalKind::Invalid, text)
        );
    }
    house
        .write("sys/unseal", json!({ "reset": true }))
        .await
        .unwrap();
}

#[tokio::test]
async fn one_node_is_all_nodes() {
    let house = House::open().await;
    let status = house.read("sys/ha-status").await.unwrap();
    assert_eq!(status["nodes"].as_array().unwrap().len(), 1);
    assert_eq!(status["nodes"][0]["active_node"], true);
    house.write("sys/step-down", json!({})).await.unwrap();
    assert_eq!(house.read("sys/leader").await.unwrap()["is_self"], true);
    let token = house.token_with(&["default"]).await;
    for (operation, path) in [
        (Operation::Read, "sys/ha-status"),
        (Operation::Update, "sys/step-down"),
    ] {
        let refused = house.ask_as(&token, operation, path, json!({})).await;
        assert_eq!(refused.unwrap_err().kind, RefusalKind::Denied);
    }
}
