//! `keys/` and the settings of the mount.

use super::{TEXT, empty, post, refused, with_key};
use core::time::Duration;
use sdk::{Reply, json};

#[test]
fn a_key_is_shown_as_it_was_made() {
    let transit = with_key(
        "k",
        json!({ "exportable": true, "auto_rotate_period": "1h" }),
    );
    let read = transit.read("keys/k").unwrap().to_value();
    assert_eq!(
        read,
        json!({
            "name": "k",
            "type": "aes256-gcm96",
            "latest_version": 1,
            "min_available_version": 0,
            "min_decryption_version": 1,
            "min_encryption_version": 0,
            "auto_rotate_period": 3600,
            "allow_plaintext_backup": false,
            "deletion_allowed": false,
            "exportable": true,
            "soft_deleted": false,
            "imported_key": false,
            "derived": false,
            "supports_encryption": true,
            "supports_decryption": true,
            "supports_signing": false,
            "supports_derivation": true,
            "keys": { "1": 1000 },
        })
    );
    let again = post(&transit, "keys/k", json!({ "type": "rsa-2048" }));
    assert_eq!(again, read, "making it again changes nothing");
    assert_eq!(
        transit.exists(sdk::Operation::Update, "keys/k", empty()),
        Ok(Some(true))
    );
    assert_eq!(
        transit.exists(sdk::Operation::Update, "keys/z", empty()),
        Ok(Some(false))
    );
}

#[test]
fn what_cannot_be_made() {
    let transit = with_key("k", empty());
    for (body, message) in [
        (json!({ "type": "foo" }), "unknown key type foo"),
        (
            json!({ "convergent_encryption": true }),
            "convergent encryption requires derivation to be enabled",
        ),
        (
            json!({ "type": "ed25519", "derived": true, "convergent_encryption": true }),
            "convergent encryption not supported for keys of type ed25519",
        ),
        (
            json!({ "type": "rsa-2048", "derived": true }),
            "key derivation and convergent encryption not supported for keys of type rsa-2048",
        ),
        (
            json!({ "type": "hmac", "key_size": 31 }),
            "invalid key_size 31",
        ),
        (
            json!({ "type": "hmac" }),
            "invalid key size for HMAC key, must be between 32 and 512 bytes",
        ),
        (
            json!({ "key_size": 32 }),
            "key_size is not valid for algorithm aes256-gcm96",
        ),
        (
            json!({ "auto_rotate_period": "5m" }),
            "auto rotate period must be 0 to disable or at least an hour",
        ),
    ] {
        assert_eq!(refused(&transit, "keys/new", body), message);
    }
    assert!(transit.read("keys/new").is_err());
}

#[test]
fn names_have_a_length() {
    let transit = with_key("k", empty());
    let (long, longest) = ("n".repeat(1001), "n".repeat(1000));
    let message = "the name of a key has 1 to 1000 bytes";
    for path in ["keys", "encrypt"] {
        let body = json!({ "plaintext": TEXT });
        assert_eq!(
            refused(&transit, &format!("{path}/{long}"), body),
            message,
            "{path}"
        );
    }
    assert_eq!(transit.read(&format!("keys/{long}")), Err(sdk::not_found()));
    post(&transit, &format!("keys/{longest}"), empty());
    post(
        &transit,
        &format!("encrypt/{longest}"),
        json!({ "plaintext": TEXT }),
    );
}

#[test]
fn old_versions_are_trimmed_and_gone() {
    let transit = with_key("k", empty());
    let old = post(&transit, "encrypt/k", json!({ "plaintext": TEXT }));
    post(&transit, "keys/k/rotate", empty());
    post(&transit, "keys/k/rotate", empty());
    let config = json!({ "min_decryption_version": 3, "min_encryption_version": 3 });
    post(&transit, "keys/k/config", config);
    let shown = post(
        &transit,
        "keys/k/trim",
        json!({ "min_available_version": 3 }),
    );
    assert_eq!(shown["keys"].as_object().unwrap().len(), 1);
    let stored = transit.stored();
    let versions = stored.keys().filter(|key| key.starts_with("archive/k/"));
    assert_eq!(versions.count(), 1);
    assert!(
        refused(
            &transit,
            "decrypt/k",
            json!({ "ciphertext": old["ciphertext"] })
        )
        .contains("too old")
    );
    assert!(
        refused(
            &transit,
            "keys/k/config",
            json!({ "min_decryption_version": 2 })
        )
        .contains("available")
    );
}

#[test]
fn a_deleted_key_leaves_nothing() {
    let transit = with_key("k", json!({ "auto_rotate_period": "1h" }));
    post(&transit, "keys/k/rotate", empty());
    let refusal = transit.delete("keys/k").unwrap_err();
    assert_eq!(
        refusal.message,
        "error deleting policy k: deletion is not allowed for this key"
    );
    post(
        &transit,
        "keys/k/config",
        json!({ "deletion_allowed": true }),
    );
    assert_eq!(transit.delete("keys/k"), Ok(Reply::Empty));
    assert!(transit.stored().is_empty(), "{:?}", transit.stored().keys());
    // The names of the versions are free again.
    post(&transit, "keys/k", empty());
    assert_eq!(
        transit.delete("keys/z").unwrap_err().message,
        "error deleting policy z: could not delete key; not found"
    );
}

#[test]
fn a_key_that_is_set_aside_does_nothing_until_it_is_back() {
    let transit = with_key("k", json!({ "auto_rotate_period": "1h" }));
    let sealed = post(&transit, "encrypt/k", json!({ "plaintext": TEXT }));
    let set_aside =
        || transit.delete("keys/k/soft-delete").unwrap().to_value()["soft_deleted"].clone();
    assert_eq!(set_aside(), true);
    assert_eq!(set_aside(), true);
    assert_eq!(
        transit.warnings(),
        ["key was already marked as soft deleted"]
    );
    for (path, body) in [
        ("encrypt/k", json!({ "plaintext": TEXT })),
        ("decrypt/k", json!({ "ciphertext": sealed["ciphertext"] })),
        ("rewrap/k", json!({ "ciphertext": sealed["ciphertext"] })),
        ("datakey/plaintext/k", empty()),
        ("hmac/k", json!({ "input": TEXT })),
        (
            "verify/k",
            json!({ "input": TEXT, "hmac": "vault:v1:AAAA" }),
        ),
        ("keys/k/rotate", empty()),
    ] {
        assert_eq!(
            refused(&transit, path, body),
            "refusing to use soft-deleted key",
            "{path}"
        );
    }
    transit.after(Duration::from_secs(7200)).tick().unwrap();
    let back = post(&transit, "keys/k/soft-delete-restore", empty());
    assert_eq!(
        (&back["soft_deleted"], &back["latest_version"]),
        (&json!(false), &json!(1))
    );
    post(
        &transit,
        "decrypt/k",
        json!({ "ciphertext": sealed["ciphertext"] }),
    );
    assert_eq!(transit.delete("keys/none/soft-delete"), Ok(Reply::Empty));
}

#[test]
fn keys_rotate_when_they_are_due() {
    let transit = with_key("k", json!({ "auto_rotate_period": "1h" }));
    post(&transit, "keys/calm", empty());
    let latest = |name: &str| {
        transit.read(&format!("keys/{name}")).unwrap().to_value()["latest_version"].clone()
    };
    for (seconds, version) in [(0, 1), (3599, 1), (1, 2), (1, 2), (3600, 3)] {
        transit.after(Duration::from_secs(seconds)).tick().unwrap();
        assert_eq!(latest("k"), version);
    }
    post(
        &transit,
        "keys/k/config",
        json!({ "auto_rotate_period": 0 }),
    );
    transit.after(Duration::from_secs(100_000)).tick().unwrap();
    assert_eq!((latest("k"), latest("calm")), (json!(3), json!(1)));
    transit.tick().unwrap();
    assert_eq!(transit.storage_calls(), 1, "nothing to do costs one list");
}

#[test]
fn names_are_listed_in_pages() {
    let transit = with_key("a", empty());
    for name in ["b", "c"] {
        post(&transit, &format!("keys/{name}"), empty());
    }
    let keys = |body| {
        transit
            .call(sdk::Operation::List, "keys", body)
            .unwrap()
            .to_value()["keys"]
            .clone()
    };
    assert_eq!(keys(empty()), json!(["a", "b", "c"]));
    assert_eq!(keys(json!({ "limit": 2 })), json!(["a", "b"]));
    assert_eq!(keys(json!({ "limit": 2, "after": "b" })), json!(["c"]));
}

#[test]
fn settings() {
    let transit = with_key("k", empty());
    assert_eq!(
        transit.read("cache-config").unwrap().to_value(),
        json!({ "size": 0 })
    );
    assert_eq!(
        post(&transit, "cache-config", json!({ "size": 500 })),
        json!({ "size": 500 })
    );
    refused(&transit, "cache-config", json!({ "size": 5 }));
    post(&transit, "config/keys", json!({ "disable_upsert": true }));
    assert_eq!(
        transit.read("cache-config").unwrap().to_value(),
        json!({ "size": 500 })
    );
}
