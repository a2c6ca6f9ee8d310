//! Initialisation, unsealing and sealing.

use crate::house::House;
use base::{Operation, RefusalKind};
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
    let refused = house.node.submit_share(wrong).await.unwrap_err();
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
