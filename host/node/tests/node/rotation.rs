//! Data keys and the root key: rotated by hand, by count and by age, and what they sealed.

use crate::house::House;
use barrier::{Counts, Keyring};
use base::Operation;
use core::time::Duration;
use locality::{PhysicalKey, SystemKey};
use serde_json::json;
use std::sync::Arc;
use storage::{Batch, Durability, Space, Storage};

const DAY: Duration = Duration::from_secs(24 * 3600);

async fn put(house: &House, name: &str) {
    let policy = json!({ "policy": r#"path "a/*" { capabilities = ["read"] }"# });
    let path = format!("sys/policies/acl/{name}");
    house.write(&path, policy).await.unwrap();
}

async fn term(house: &House) -> u64 {
    let status = house.read("sys/key-status").await.unwrap();
    status["term"].as_u64().unwrap()
}

async fn encryptions(house: &House) -> u64 {
    let status = house.read("sys/key-status").await.unwrap();
    status["encryptions"].as_u64().unwrap()
}

/// The same disk after the process was killed, unsealed again.
async fn after_a_crash(house: &House, share: &seal::Share) -> House {
    let storage = Arc::new(house.storage.crash(0));
    let mut after = House::on(storage, Arc::clone(&house.clock));
    after.submit(share).await.unwrap();
    after.token = house.token.clone();
    after
}

#[tokio::test]
async fn old_values_open_after_rotations_and_crashes() {
    let (house, share) = House::open_with_share().await;
    put(&house, "first").await;
    house.write("sys/rotate", json!({})).await.unwrap();
    put(&house, "second").await;
    house.write("sys/rotate/keyring", json!({})).await.unwrap();
    house.write("sys/rotate/root", json!({})).await.unwrap();
    put(&house, "third").await;
    assert_eq!(term(&house).await, 3);

    let after = after_a_crash(&house, &share).await;
    assert_eq!(term(&after).await, 3);
    for name in ["first", "second", "third"] {
        let path = format!("sys/policies/acl/{name}");
        after.read(&path).await.unwrap();
    }
}

#[tokio::test]
async fn a_rotation_is_one_entry_of_the_log() {
    let house = House::open().await;
    put(&house, "first").await;
    let before = house.index().await;
    house.write("sys/rotate", json!({})).await.unwrap();
    assert_eq!(house.index().await, before + 1);
    house.write("sys/rotate/root", json!({})).await.unwrap();
    assert_eq!(house.index().await, before + 2);
}

#[tokio::test]
async fn a_rotation_that_is_not_stored_did_not_happen() {
    let (house, share) = House::open_with_share().await;
    put(&house, "first").await;
    house.storage.fail_write(0, storage::Fault::Failed);
    house.write("sys/rotate", json!({})).await.unwrap_err();
    let after = after_a_crash(&house, &share).await;
    assert_eq!(term(&after).await, 1);
    after.read("sys/policies/acl/first").await.unwrap();
}

#[tokio::test]
async fn counts_outlive_a_crash_and_never_shrink() {
    let (house, share) = House::open_with_share().await;
    for round in 0..20 {
        put(&house, &format!("p{round}")).await;
    }
    let counted = encryptions(&house).await;
    assert!(counted >= 20, "{counted}");
    let after = after_a_crash(&house, &share).await;
    let again = encryptions(&after).await;
    assert!(
        (counted..=counted + Counts::AHEAD).contains(&again),
        "{counted} {again}"
    );

    // A node that is sealed in peace knows it exactly.
    put(&after, "last").await;
    let counted = encryptions(&after).await;
    after.write("sys/seal", json!({})).await.unwrap();
    let root = after_a_crash(&after, &share).await;
    assert_eq!(encryptions(&root).await, counted);
}

#[tokio::test]
async fn the_stored_keyring_is_ciphertext() {
    let house = House::open().await;
    let key = SystemKey::keyring();
    let stored = house
        .storage
        .snapshot()
        .get(Space::Entries, key.physical().as_bytes())
        .unwrap()
        .unwrap();
    let wrong = base::Secret::new([0; 32]);
    assert!(Keyring::open_with(&stored, &wrong).is_err());
}

#[tokio::test]
async fn the_policy_is_held_to_its_bounds() {
    let house = House::open().await;
    let default = json!({ "enabled": true, "interval": 0, "max_operations": 3_865_470_566_u64 });
    assert_eq!(house.read("sys/rotate/config").await.unwrap(), default);
    for (body, text) in [
        (
            json!({ "max_operations": 5 }),
            "max_operations must be in the range [1000000,3865470566]",
        ),
        (
            json!({ "max_operations": -1 }),
            "max_operations must be in the range [1000000,3865470566]",
        ),
        (
            json!({ "interval": "1h" }),
            "interval must be greater or equal to 24h0m0s",
        ),
    ] {
        let refused = house.write("sys/rotate/config", body).await.unwrap_err();
        assert_eq!(refused.message, text);
    }
    let body = json!({ "max_operations": 1_000_000, "interval": "25h" });
    house
        .write("sys/rotate/keyring/config", body)
        .await
        .unwrap();
    let body = json!({ "enabled": false });
    house.write("sys/rotate/config", body).await.unwrap();
    let expected = json!({ "enabled": false, "interval": "25h0m0s", "max_operations": 1_000_000 });
    for path in ["sys/rotate/config", "sys/rotate/keyring/config"] {
        assert_eq!(house.read(path).await.unwrap(), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn an_old_key_is_replaced_by_itself() {
    let house = House::open().await;
    let body = json!({ "interval": "24h" });
    house.write("sys/rotate/config", body).await.unwrap();
    house.tick().await;
    assert_eq!(term(&house).await, 1);
    house.clock.advance(DAY);
    house.tick().await;
    assert_eq!(term(&house).await, 2);
    house.tick().await;
    assert_eq!(term(&house).await, 2);
    let body = json!({ "enabled": false });
    house.write("sys/rotate/config", body).await.unwrap();
    house.clock.advance(DAY);
    house.tick().await;
    assert_eq!(term(&house).await, 2);
}

#[tokio::test]
async fn rotating_needs_sudo() {
    let house = House::open().await;
    let policy = json!({ "policy": r#"path "sys/rotate*" { capabilities = ["update"] }"# });
    house.write("sys/policies/acl/some", policy).await.unwrap();
    let token = house.token_with(&["some"]).await;
    for path in ["sys/rotate", "sys/rotate/keyring", "sys/rotate/root"] {
        let refused = house
            .ask_as(&token, Operation::Update, path, json!({}))
            .await;
        assert_eq!(refused.unwrap_err().kind, base::RefusalKind::Denied);
    }
}

/// What the stored keyring says after so many more values were sealed, behind the node's back.
async fn with_more_sealed(house: &House, share: &seal::Share, more: u64) -> House {
    let storage = Arc::new(house.storage.crash(0));
    let stored = |key: &PhysicalKey| {
        let snapshot = storage.snapshot();
        let found = snapshot.get(Space::Entries, key.as_bytes());
        found.unwrap().unwrap().to_vec()
    };
    let all = seal::ValidThreshold::new(1, 1).unwrap();
    let key = seal::combine(core::slice::from_ref(share), all).unwrap();
    let root = seal::unwrap_root_key(&key, &stored(SystemKey::root_key().physical())).unwrap();
    let mut ring = stored(SystemKey::keyring().physical());
    for step in 0..more / Counts::AHEAD {
        let opened = Keyring::open_with(&ring, &root).unwrap();
        let entropy = crate::house::Counting::new(step << 32);
        ring = opened
            .seal_with(&root, Counts::Ahead, &entropy)
            .unwrap()
            .bytes;
    }
    let mut batch = Batch::new();
    let key = SystemKey::keyring();
    batch.put(Space::Entries, key.physical().as_bytes().to_vec(), ring);
    storage.commit(batch, Durability::Synced).unwrap();
    let mut after = House::on(storage, Arc::clone(&house.clock));
    after.submit(share).await.unwrap();
    after.token = house.token.clone();
    after
}

#[tokio::test(start_paused = true)]
async fn a_key_that_sealed_as_much_as_it_may_is_replaced_by_itself() {
    let (house, share) = House::open_with_share().await;
    put(&house, "first").await;
    let body = json!({ "max_operations": 1_000_000 });
    house.write("sys/rotate/config", body).await.unwrap();
    for (more, expected) in [(850_000, 1), (1_100_000, 2)] {
        let after = with_more_sealed(&house, &share, more).await;
        put(&after, "second").await;
        after.tick().await;
        assert_eq!(term(&after).await, expected, "{more}");
        assert_eq!(encryptions(&after).await < 1_000, expected == 2, "{more}");
        after.read("sys/policies/acl/first").await.unwrap();
        after.tick().await;
        assert_eq!(term(&after).await, expected, "{more}");
    }
}
