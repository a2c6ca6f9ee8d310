//! Leases: looked up, renewed, revoked, and what becomes of those that cannot be.

use crate::house::House;
use base::{Operation, RefusalKind};
use core::time::Duration;
use serde_json::{Value, json};

/// A mount with leases of these names; their ids.
async fn leased(house: &House, mount: &str, names: &[&str]) -> Vec<String> {
    house.mount(mount, json!({})).await;
    let mut ids = Vec::new();
    for name in names {
        let path = format!("{mount}/creds/{name}");
        house.read(&path).await.unwrap();
        for key in keys(house, &path).await {
            ids.push(format!("{path}/{key}"));
        }
    }
    ids
}

pub(crate) async fn keys(house: &House, folder: &str) -> Vec<String> {
    let path = format!("sys/leases/lookup/{folder}");
    let Ok(found) = house.ask(Operation::List, &path, json!({})).await else {
        return Vec::new();
    };
    let keys = found["keys"].as_array().unwrap().iter();
    keys.map(|key| key.as_str().unwrap().to_owned()).collect()
}

async fn irrevocable(house: &House) -> Value {
    let asked = json!({ "type": "irrevocable" });
    house
        .ask(Operation::Read, "sys/leases", asked)
        .await
        .unwrap()
}

async fn stick(house: &House, mount: &str) {
    let path = format!("{mount}/data/stuck");
    house.write(&path, json!({ "value": "yes" })).await.unwrap();
}

/// Lets the background look at the clock, and work.
pub(crate) async fn wait(house: &House, by: u64) {
    house.clock.advance(Duration::from_secs(by));
    // A new token wakes what ends tokens and leases.
    let asked = json!({ "policies": ["default"], "ttl": "9000h" });
    house.write("auth/token/create", asked).await.unwrap();
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
}

async fn until_gone(house: &House, folder: &str) {
    for _ in 0..10_000 {
        if keys(house, folder).await.is_empty() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("there are leases left");
}

pub(crate) async fn undone(house: &House, path: &str) -> bool {
    house.value(path).await == Some(json!("yes"))
}

#[tokio::test]
async fn a_lease_is_shown_and_ends_in_its_time() {
    let house = House::open().await;
    let ids = leased(&house, "courier", &["a"]).await;
    assert_eq!(ids.len(), 1);
    assert_eq!(keys(&house, "courier").await, ["creds/"]);
    let asked = json!({ "lease_id": ids[0] });
    let found = house.write("sys/leases/lookup", asked.clone()).await;
    let found = found.unwrap();
    assert_eq!(
        (&found["ttl"], &found["renewable"]),
        (&json!(600), &json!(false))
    );
    assert_eq!(found["path"], "courier/creds/a");
    for path in ["sys/leases/renew", "sys/renew"] {
        let refused = house.write(path, asked.clone()).await.unwrap_err();
        assert_eq!(refused.message, "lease is not renewable");
    }
    wait(&house, 600).await;
    until_gone(&house, "courier").await;
    assert!(undone(&house, "courier/data/revoked-a").await);
    let gone = house.write("sys/leases/lookup", asked).await.unwrap_err();
    assert_eq!(gone.message, "invalid lease");
}

#[tokio::test]
async fn a_lease_is_revoked_at_once_or_soon_by_every_path() {
    let house = House::open().await;
    house.mount("courier", json!({})).await;
    for (number, path) in [
        "sys/leases/revoke",
        "sys/revoke",
        "sys/leases/revoke/ID",
        "sys/revoke/ID",
    ]
    .into_iter()
    .enumerate()
    {
        for sync in [true, false] {
            let name = format!("n{number}{sync}");
            let at = format!("courier/creds/{name}");
            house.read(&at).await.unwrap();
            let id = format!("{at}/{}", keys(&house, &at).await[0]);
            let (path, body) = match path.strip_suffix("ID") {
                Some(stem) => (format!("{stem}{id}"), json!({ "sync": sync })),
                None => (path.to_owned(), json!({ "lease_id": id, "sync": sync })),
            };
            house.write(&path, body).await.unwrap();
            if !sync {
                until_gone(&house, &at).await;
            }
            assert!(undone(&house, &format!("courier/data/revoked-{name}")).await);
        }
    }
    let unknown = json!({ "lease_id": "courier/creds/none" });
    house.write("sys/leases/revoke", unknown).await.unwrap();
}

#[tokio::test]
async fn all_below_a_prefix_end_together() {
    let house = House::open().await;
    for path in ["sys/leases/revoke-prefix", "sys/revoke-prefix"] {
        for sync in [true, false] {
            let mount = format!("m{}{sync}", path.len());
            leased(&house, &mount, &["a", "b", "c"]).await;
            house
                .write(&format!("{path}/{mount}"), json!({ "sync": sync }))
                .await
                .unwrap();
            until_gone(&house, &mount).await;
            for name in ["a", "b", "c"] {
                assert!(undone(&house, &format!("{mount}/data/revoked-{name}")).await);
            }
        }
    }
    let denied = house
        .ask_as(
            "",
            Operation::Update,
            "sys/leases/revoke-prefix/x",
            json!({}),
        )
        .await;
    assert_eq!(denied.unwrap_err().kind, RefusalKind::Denied);
}

#[tokio::test]
async fn more_leases_than_one_step_takes_end_all() {
    let house = House::open().await;
    house.mount("courier", json!({})).await;
    for number in 0..450 {
        let path = format!("courier/creds/n{number}");
        house.read(&path).await.unwrap();
    }
    house
        .write("sys/leases/revoke-prefix/courier", json!({}))
        .await
        .unwrap();
    until_gone(&house, "courier").await;
    for number in [0, 200, 449] {
        assert!(undone(&house, &format!("courier/data/revoked-n{number}")).await);
    }
}

#[tokio::test]
async fn what_cannot_be_undone_is_tried_again_and_then_shown_with_its_reason() {
    let house = House::open().await;
    let ids = leased(&house, "courier", &["a"]).await;
    stick(&house, "courier").await;
    let mut tries = 0;
    wait(&house, 600).await;
    while irrevocable(&house).await["lease_count"] == 0 {
        wait(&house, 330).await;
        tries += 1;
        assert!(tries < 1_000, "it never became irrevocable");
    }
    assert!(tries >= 3, "it was given up too soon");
    let found = irrevocable(&house).await;
    assert_eq!(found["leases"][0]["lease_id"], ids[0]);
    let reason = found["leases"][0]["error"].as_str().unwrap();
    assert!(!reason.is_empty());
    let asked = json!({ "type": "irrevocable" });
    let counted = house
        .ask(Operation::Read, "sys/leases/count", asked)
        .await
        .unwrap();
    assert_eq!(counted["lease_count"], 1);
    let accessor = found["leases"][0]["mount_id"].as_str().unwrap();
    assert_eq!(counted["counts"][accessor], 1);
    let one = json!({ "lease_id": ids[0] });
    let shown = house.write("sys/leases/lookup", one.clone()).await.unwrap();
    assert_eq!(shown["revoke_error"], reason);
    // Nobody tries any more, not after a restart either.
    let house = house.restarted().await;
    wait(&house, 100_000).await;
    assert_eq!(irrevocable(&house).await["lease_count"], 1);
    // Asked for, it is tried, and told; once it can be, it is done.
    house
        .write("sys/leases/revoke", one.clone())
        .await
        .unwrap_err();
    house
        .ask(
            Operation::Update,
            "courier/data/stuck",
            json!({ "value": "" }),
        )
        .await
        .unwrap();
    let forced = house
        .write("sys/leases/revoke-force/courier", json!({}))
        .await;
    forced.unwrap();
    assert_eq!(irrevocable(&house).await["lease_count"], 0);
    let none = house.ask(Operation::Read, "sys/leases", json!({})).await;
    assert_eq!(none.unwrap_err().kind, RefusalKind::NotFound);
}

#[tokio::test]
async fn a_prefix_is_not_done_while_one_of_it_cannot_be_undone_unless_by_force() {
    let house = House::open().await;
    let ids = leased(&house, "courier", &["a"]).await;
    stick(&house, "courier").await;
    let refused = house
        .write("sys/leases/revoke-prefix/courier", json!({ "sync": true }))
        .await
        .unwrap_err();
    assert_eq!(refused.kind, RefusalKind::Internal);
    assert!(refused.message.contains(&ids[0]), "{}", refused.message);
    for path in [
        "sys/leases/revoke-force/courier",
        "sys/revoke-force/courier",
    ] {
        house.write(path, json!({})).await.unwrap();
        assert!(keys(&house, "courier").await.is_empty());
    }
    assert!(!undone(&house, "courier/data/revoked-a").await);
}

#[tokio::test]
async fn one_mount_that_is_stuck_does_not_hold_another_up() {
    let house = House::open().await;
    let names: Vec<String> = (0..40).map(|number| format!("n{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    leased(&house, "stuck", &names).await;
    stick(&house, "stuck").await;
    leased(&house, "fine", &["a"]).await;
    wait(&house, 600).await;
    until_gone(&house, "fine").await;
    assert!(undone(&house, "fine/data/revoked-a").await);
    assert_eq!(keys(&house, "stuck/creds").await.len(), 40);
}

#[tokio::test]
async fn what_was_leased_ends_with_its_token() {
    let house = House::open().await;
    house.mount("courier", json!({})).await;
    let rules = json!({ "policy": r#"path "courier/*" { capabilities = ["read"] }"# });
    house.write("sys/policies/acl/reader", rules).await.unwrap();
    let make = async |asked: Value| {
        let made = house.write("auth/token/create", asked).await.unwrap();
        made["client_token"].as_str().unwrap().to_owned()
    };
    let token = make(json!({ "policies": ["reader"] })).await;
    let read = Operation::Read;
    house
        .ask_as(&token, read, "courier/creds/a", json!({}))
        .await
        .unwrap();
    house
        .write("auth/token/revoke", json!({ "token": token }))
        .await
        .unwrap();
    until_gone(&house, "courier").await;
    assert!(undone(&house, "courier/data/revoked-a").await);
    // With the last use of a token, a lease would end before it is there.
    let token = make(json!({ "policies": ["reader"], "num_uses": 1 })).await;
    let refused = house
        .ask_as(&token, read, "courier/creds/b", json!({}))
        .await
        .unwrap_err();
    assert_eq!(
        refused.message,
        "Secret cannot be returned; token had one use left, so leased credentials were immediately revoked."
    );
    until_gone(&house, "courier").await;
    assert!(undone(&house, "courier/data/revoked-b").await);
    // A batch token is not revoked, so nothing that it is given lives longer than it.
    let token = make(json!({ "policies": ["reader"], "type": "batch", "ttl": "60s" })).await;
    house
        .ask_as(&token, read, "courier/creds/c", json!({}))
        .await
        .unwrap();
    wait(&house, 60).await;
    until_gone(&house, "courier").await;
    assert!(undone(&house, "courier/data/revoked-c").await);
}

#[tokio::test]
async fn tokens_are_listed_and_end_by_the_paths_that_made_them() {
    let house = House::open().await;
    let asked = json!({ "policies": ["default"] });
    let made = house.write("auth/token/create", asked).await.unwrap();
    let token = made["client_token"].as_str().unwrap().to_owned();
    let leases = keys(&house, "auth/token/create").await;
    assert_eq!(leases.len(), 1);
    let id = format!("auth/token/create/{}", leases[0]);
    let one = json!({ "lease_id": id });
    house.write("sys/leases/lookup", one.clone()).await.unwrap();
    let refused = house.write("sys/leases/renew", one).await.unwrap_err();
    let text = "tokens cannot be renewed through this endpoint";
    assert_eq!(refused.message, text);
    house
        .write("sys/leases/revoke-prefix/auth/token/create", json!({}))
        .await
        .unwrap();
    let own = "auth/token/lookup-self";
    let refused = house.ask_as(&token, Operation::Read, own, json!({})).await;
    assert_eq!(refused.unwrap_err().kind, RefusalKind::Denied);
    assert!(keys(&house, "auth/token/create").await.is_empty());
}
