//! Storage that fails: nothing is left half done, and no use is lost or won.

use crate::{login, look_up, make, with_role, write};
use sdk::testing::TestMount;
use sdk::{Json, Operation, json};

/// Fails the request at each of its storage calls in turn, until it succeeds.
fn survives(mount: &TestMount, operation: Operation, path: &str, body: &Json) {
    let before = mount.stored();
    for n in 1.. {
        mount.failing_storage_at(n);
        if mount.call(operation, path, body.clone()).is_ok() {
            break;
        }
        assert_eq!(mount.stored(), before, "{path} at {n}");
    }
    mount.failing_storage_at(0);
}

#[test]
fn every_change_is_whole_or_none() {
    let mount = with_role(json!({ "secret_id_ttl": 60 }));
    let (secret_id, accessor) = make(&mount, json!({}));
    for (operation, path, body) in [
        (Operation::Update, "role/new", json!({ "role_id": "n" })),
        (
            Operation::Update,
            "role/r",
            json!({ "role_id": "rid2", "token_ttl": 5 }),
        ),
        (
            Operation::Update,
            "role/r/role-id",
            json!({ "role_id": "rid" }),
        ),
        (Operation::Update, "role/r/secret-id", json!({})),
        (
            Operation::Update,
            "role/r/custom-secret-id",
            json!({ "secret_id": "mine" }),
        ),
        (
            Operation::Update,
            "role/r/secret-id/destroy",
            json!({ "secret_id": secret_id }),
        ),
        (
            Operation::Update,
            "role/r/token-ttl",
            json!({ "token_ttl": 6 }),
        ),
        (Operation::Delete, "role/r", json!({})),
    ] {
        survives(&mount, operation, path, &body);
    }
    let body = json!({ "secret_id_accessor": accessor });
    let gone = mount.update("role/r/secret-id-accessor/destroy", body);
    assert!(gone.is_err());
}

#[test]
fn a_use_is_counted_with_the_grant_or_not_at_all() {
    let mount = with_role(json!({ "secret_id_num_uses": 2 }));
    let (secret_id, _) = make(&mount, json!({}));
    for left in [1, 0] {
        let before = mount.stored();
        for n in 1.. {
            mount.failing_storage_at(n);
            if login(&mount, &secret_id).is_ok() {
                break;
            }
            assert_eq!(mount.stored(), before, "at {n}");
        }
        mount.failing_storage_at(0);
        let found = look_up(&mount, &secret_id).unwrap().to_value();
        let uses = found["secret_id_num_uses"].as_u64().unwrap_or(0);
        assert_eq!(uses, left);
    }
}

#[test]
fn a_tick_that_fails_is_made_up_for_by_the_next() {
    let mount = with_role(json!({ "secret_id_ttl": 10 }));
    for _ in 0..3 {
        make(&mount, json!({}));
    }
    write(&mount, "tidy/secret-id", json!({}));
    mount.after(std::time::Duration::from_secs(10));
    for n in 1.. {
        mount.failing_storage_at(n);
        if mount.tick().is_ok() {
            break;
        }
    }
    mount.failing_storage_at(0);
    let left = mount.stored().into_keys();
    let left: Vec<String> = left.filter(|key| key.starts_with("secret_id/")).collect();
    assert_eq!(left, Vec::<String>::new());
}
