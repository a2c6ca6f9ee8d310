//! Tokens: what they may do, how they end.

use crate::house::House;
use base::{Operation, RefusalKind};
use core::time::Duration;
use serde_json::json;

const DENIED: &str = "1 error occurred:\n\t* permission denied\n\n";

#[tokio::test]
async fn without_a_live_token_nothing_is_told() {
    let house = House::open().await;
    for token in ["", "hvs.unknown", "hvs.\u{1}"] {
        for path in ["sys/mounts", "no/such/mount", "auth/token/lookup-self"] {
            let refused = house
                .ask_as(token, Operation::Read, path, json!({}))
                .await
                .unwrap_err();
            let told = (refused.kind, refused.message.as_str());
            assert_eq!(told, (RefusalKind::Denied, "permission denied"), "{path}");
        }
    }
}

#[tokio::test]
async fn policies_grant_and_deny() {
    let house = House::open().await;
    let policy = json!({ "policy": r#"path "sys/mounts" { capabilities = ["read"] }"# });
    house
        .write("sys/policies/acl/Reader", policy)
        .await
        .unwrap();
    let token = house.token_with(&["reader"]).await;
    house
        .ask_as(&token, Operation::Read, "sys/mounts", json!({}))
        .await
        .unwrap();
    for (operation, path) in [
        (Operation::Read, "sys/policies/acl/reader"),
        (Operation::Update, "sys/mounts/x"),
        (Operation::Read, "sys/audit"),
        (Operation::Read, "no/such/mount"),
    ] {
        let refused = house
            .ask_as(&token, operation, path, json!({}))
            .await
            .unwrap_err();
        assert_eq!(
            (refused.kind, refused.message.as_str()),
            (RefusalKind::Denied, DENIED),
            "{path}"
        );
    }
    // The change of a policy holds for the tokens that have it.
    let policy = json!({ "policy": r#"path "sys/mounts" { capabilities = ["deny"] }"# });
    house
        .write("sys/policies/acl/reader", policy)
        .await
        .unwrap();
    let refused = house
        .ask_as(&token, Operation::Read, "sys/mounts", json!({}))
        .await;
    assert_eq!(refused.unwrap_err().message, DENIED);
}

#[tokio::test]
async fn children_end_with_their_parents() {
    let house = House::open().await;
    let policy =
        json!({ "policy": r#"path "auth/token/*" { capabilities = ["update", "sudo"] }"# });
    house.write("sys/policies/acl/maker", policy).await.unwrap();
    let parent = house.token_with(&["maker"]).await;
    let create = |path: &'static str| {
        let (house, parent) = (&house, parent.clone());
        async move {
            let made = house
                .ask_as(&parent, Operation::Update, path, json!({}))
                .await
                .unwrap();
            made["client_token"].as_str().unwrap().to_owned()
        }
    };
    let child = create("auth/token/create").await;
    let orphan = create("auth/token/create-orphan").await;
    house
        .write("auth/token/revoke", json!({ "token": parent }))
        .await
        .unwrap();
    let own = "auth/token/lookup-self";
    for dead in [&parent, &child] {
        let refused = house
            .ask_as(dead, Operation::Read, own, json!({}))
            .await
            .unwrap_err();
        assert_eq!(refused.kind, RefusalKind::Denied);
    }
    house
        .ask_as(&orphan, Operation::Read, own, json!({}))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_child_may_do_no_more_than_its_parent() {
    let house = House::open().await;
    let policy = json!({ "policy": r#"path "auth/token/create" { capabilities = ["update"] }"# });
    house.write("sys/policies/acl/maker", policy).await.unwrap();
    let parent = house.token_with(&["maker"]).await;
    for (asked, text) in [
        (
            json!({ "policies": ["root"] }),
            "child policies must be subset of parent",
        ),
        (
            json!({ "policies": ["other"] }),
            "child policies must be subset of parent",
        ),
        (
            json!({ "no_parent": true }),
            "root or sudo privileges required to create orphan token",
        ),
        (
            json!({ "period": "1h" }),
            "root or sudo privileges required to create periodic token",
        ),
        (
            json!({ "id": "chosen" }),
            "root or sudo privileges required to specify token id",
        ),
    ] {
        let refused = house
            .ask_as(&parent, Operation::Update, "auth/token/create", asked)
            .await;
        assert_eq!(refused.unwrap_err().message, text);
    }
}

#[tokio::test]
async fn a_token_ends_at_its_time() {
    let house = House::open().await;
    let made = house
        .write(
            "auth/token/create",
            json!({ "policies": ["default"], "ttl": "1h" }),
        )
        .await;
    let token = made.unwrap()["client_token"].as_str().unwrap().to_owned();
    house.clock.advance(Duration::from_secs(3599));
    let own = "auth/token/lookup-self";
    let found = house
        .ask_as(&token, Operation::Read, own, json!({}))
        .await
        .unwrap();
    assert_eq!(found["ttl"], 1);
    let renewed = house
        .ask_as(
            &token,
            Operation::Update,
            "auth/token/renew-self",
            json!({}),
        )
        .await;
    assert_eq!(renewed.unwrap()["lease_duration"], 3600);
    house.clock.advance(Duration::from_secs(3600));
    let refused = house
        .ask_as(&token, Operation::Read, own, json!({}))
        .await
        .unwrap_err();
    assert_eq!(refused.kind, RefusalKind::Denied);
}

#[tokio::test]
async fn a_token_of_two_uses_has_two() {
    let house = House::open().await;
    let asked = json!({ "policies": ["default"], "num_uses": 2 });
    let made = house.write("auth/token/create", asked).await.unwrap();
    let token = made["client_token"].as_str().unwrap().to_owned();
    let own = "auth/token/lookup-self";
    for left in [1, -1] {
        let found = house.ask_as(&token, Operation::Read, own, json!({})).await;
        assert_eq!(found.unwrap()["num_uses"], left);
    }
    let refused = house
        .ask_as(&token, Operation::Read, own, json!({}))
        .await
        .unwrap_err();
    assert_eq!(refused.kind, RefusalKind::Denied);
}

#[tokio::test]
async fn the_last_use_cannot_be_had_twice() {
    let house = std::sync::Arc::new(House::open().await);
    let asked = json!({ "policies": ["default"], "num_uses": 5 });
    let made = house.write("auth/token/create", asked).await.unwrap();
    let token = made["client_token"].as_str().unwrap().to_owned();
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (house, token) = (house.clone(), token.clone());
        asking.spawn(async move {
            house
                .ask_as(&token, Operation::Read, "auth/token/lookup-self", json!({}))
                .await
                .is_ok()
        });
    }
    let granted = asking
        .join_all()
        .await
        .into_iter()
        .filter(|granted| *granted)
        .count();
    assert_eq!(granted, 5);
}

#[tokio::test]
async fn a_token_with_few_uses_makes_no_children() {
    let house = House::open().await;
    let policy = json!({ "policy": r#"path "auth/token/create" { capabilities = ["update"] }"# });
    house.write("sys/policies/acl/maker", policy).await.unwrap();
    let asked = json!({ "policies": ["maker"], "num_uses": 1 });
    let made = house.write("auth/token/create", asked).await.unwrap();
    let token = made["client_token"].as_str().unwrap().to_owned();
    let refused = house
        .ask_as(&token, Operation::Update, "auth/token/create", json!({}))
        .await
        .unwrap_err();
    assert_eq!(
        refused.message,
        "restricted use token cannot generate child tokens"
    );
}

#[tokio::test]
async fn another_spelling_is_no_way_around_a_rule() {
    let house = House::open().await;
    let policy = json!({ "policy": r#"
        path "sys/*" { capabilities = ["create", "read", "update"] }
        path "sys/policies/acl/admin" { capabilities = ["deny"] }
        path "sys/mounts/*" { capabilities = ["deny"] }
    "# });
    house.write("sys/policies/acl/some", policy).await.unwrap();
    let token = house.token_with(&["some"]).await;
    let update = Operation::Update;
    let policy = json!({ "policy": r#"path "a" { capabilities = ["read"] }"# });
    for (path, kind) in [
        ("sys/policies/acl/ADMIN", RefusalKind::Denied),
        ("sys/policies/acl/admin", RefusalKind::Denied),
        ("sys/mounts/auth/token/tune", RefusalKind::Denied),
        ("sys/tune/mounts/auth/token", RefusalKind::NotFound),
    ] {
        let refused = house
            .ask_as(&token, update, path, policy.clone())
            .await
            .unwrap_err();
        assert_eq!(refused.kind, kind, "{path}");
    }
    house
        .ask_as(&token, update, "sys/policies/acl/other", policy)
        .await
        .unwrap();
}

#[tokio::test]
async fn every_path_can_be_asked_what_it_is_for() {
    let house = House::open().await;
    let token = house.token_with(&["default"]).await;
    for (path, part) in [
        ("sys", "policies/acl/{name..} (update)"),
        ("sys/policies/acl/some", "## UPDATE"),
        ("sys/mounts/kv", "Lease times and visibility"),
        ("auth/token/create", "num_uses (integer)"),
    ] {
        let help = house
            .ask_as(&token, Operation::Help, path, json!({}))
            .await
            .unwrap();
        assert!(
            help["help"].as_str().unwrap().contains(part),
            "{path}: {help}"
        );
    }
    let refused = house
        .ask_as(&token, Operation::Help, "sys/nothing", json!({}))
        .await;
    assert_eq!(refused.unwrap_err().kind, RefusalKind::NotFound);
    let refused = house.ask_as("", Operation::Help, "sys", json!({})).await;
    assert_eq!(refused.unwrap_err().kind, RefusalKind::Denied);
}

/// More than one transaction revokes.
#[tokio::test]
async fn none_of_very_many_children_is_used_after_the_answer_that_they_are_revoked() {
    let house = House::open().await;
    let make = async |maker: &str| {
        let made = house.ask_as(
            maker,
            Operation::Update,
            "auth/token/create",
            json!({ "policies": ["root"] }),
        );
        let made = made.await.unwrap();
        made["client_token"].as_str().unwrap().to_owned()
    };
    let parent = make(&house.token).await;
    let mut children = Vec::new();
    for _ in 0..2_000 {
        children.push(make(&parent).await);
    }
    let grandchild = make(children.last().unwrap()).await;
    children.push(grandchild);
    let revoked = json!({ "token": parent });
    house.write("auth/token/revoke", revoked).await.unwrap();
    let own = "auth/token/lookup-self";
    for child in &children {
        let refused = house.ask_as(child, Operation::Read, own, json!({})).await;
        assert_eq!(refused.unwrap_err().kind, RefusalKind::Denied);
    }
    let other = json!({ "token": children[0] });
    for path in ["lookup", "renew", "revoke-orphan"] {
        let path = format!("auth/token/{path}");
        house.write(&path, other.clone()).await.unwrap_err();
    }
}

/// More than fit into one step.
#[tokio::test]
async fn very_many_children_outlive_a_parent_that_is_revoked_as_their_orphan() {
    let house = House::open().await;
    let made = house.write("auth/token/create", json!({ "policies": ["root"] }));
    let parent = made.await.unwrap()["client_token"].clone();
    let mut accessors = Vec::new();
    for _ in 0..=access::ORPHANED_AT_ONCE_MAX {
        let child = json!({ "policies": ["default"] });
        let made = house.ask_as(
            parent.as_str().unwrap(),
            Operation::Update,
            "auth/token/create",
            child,
        );
        accessors.push(made.await.unwrap()["accessor"].clone());
    }
    let named = json!({ "token": parent });
    let revoke = "auth/token/revoke-orphan";
    house.write(revoke, named.clone()).await.unwrap();
    house.write(revoke, named).await.unwrap_err();
    for accessor in accessors {
        let path = "auth/token/lookup-accessor";
        let found = house.write(path, json!({ "accessor": accessor })).await;
        assert_eq!(found.unwrap()["orphan"], true);
    }
}

/// Who ends it looks at the clock once a minute, and whenever something is to end sooner.
#[tokio::test(start_paused = true)]
async fn a_token_that_lives_for_seconds_is_gone_after_seconds() {
    let house = House::open().await;
    let asked = json!({ "policies": ["default"], "ttl": "5s" });
    let wait = |seconds| {
        let nothing = core::future::pending::<()>();
        let seconds = Duration::from_secs(seconds);
        house.clock.advance(seconds);
        tokio::time::timeout(seconds, nothing)
    };
    let _ = wait(1).await;
    let before = house.entries();
    house.write("auth/token/create", asked).await.unwrap();
    assert!(house.entries() > before);
    let _ = wait(4).await;
    assert!(house.entries() > before);
    let _ = wait(6).await;
    assert_eq!(house.entries(), before);
}
