//! Secret ids that stay in their cluster.

use crate::{login, look_up, make, refused, with_role, write};
use sdk::testing::{Plugin, TestMount};
use sdk::{Locality, Reply, json};
use std::collections::BTreeSet;

/// The keys that are there now and were not before, by the locality of their rules.
fn new_keys(mount: &TestMount, before: &BTreeSet<String>) -> Vec<(Locality, String)> {
    let plugin = Plugin::from(approle::method());
    let rules = &plugin.manifest().storage;
    let locality = |key: &String| {
        let rules = rules.iter().filter(|rule| key.starts_with(&rule.prefix));
        rules.map(|rule| rule.locality).next().unwrap()
    };
    let keys = mount.stored().into_keys();
    let new = keys.filter(|key| !before.contains(key));
    new.map(|key| (locality(&key), key)).collect()
}

#[test]
fn they_lie_where_the_role_wants_them() {
    for (is_local, expected) in [(true, Locality::Local), (false, Locality::Replicated)] {
        let mount = with_role(json!({ "local_secret_ids": is_local, "secret_id_ttl": 60 }));
        let before = mount.stored().into_keys().collect();
        let (secret_id, _) = make(&mount, json!({}));
        let new = new_keys(&mount, &before);
        assert_eq!(new.len(), 3, "{new:?}");
        assert!(
            new.iter().all(|(locality, _)| *locality == expected),
            "{new:?}"
        );
        assert!(login(&mount, &secret_id).is_ok());
        assert!(look_up(&mount, &secret_id).unwrap() != Reply::Empty);
    }
}

#[test]
fn no_rule_holds_both_sorts() {
    let plugin = Plugin::from(approle::method());
    let rules = &plugin.manifest().storage;
    for one in rules {
        for other in rules {
            let nested = one.prefix != other.prefix && one.prefix.starts_with(&other.prefix);
            assert!(!nested, "{} {}", one.prefix, other.prefix);
        }
    }
}

#[test]
fn what_a_deleted_role_left_is_tidied() {
    let mount = with_role(json!({ "local_secret_ids": true }));
    // As on a cluster that learns of the deletion, and keeps its own secret ids until it is tidied:
    // more of them than the deletion takes along.
    for _ in 0..501 {
        make(&mount, json!({}));
    }
    let (last, _) = make(&mount, json!({}));
    mount.delete("role/r").unwrap();
    write(
        &mount,
        "role/r",
        json!({ "role_id": "rid", "local_secret_ids": true }),
    );
    assert_eq!(login(&mount, &last), Err(refused()));
    write(&mount, "tidy/secret-id", json!({}));
    mount.tick().unwrap();
    let left = mount.stored().into_keys();
    let left = left.filter(|key| key.contains("_local")).count();
    assert_eq!(left, 0);
}
