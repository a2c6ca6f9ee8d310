//! Keys that come and go: export, import, agreement, backup.

use super::{TEXT, empty, post, refused, text, with_key};
use sdk::testing::TestMount;
use sdk::{Json, json};

fn read(transit: &TestMount, path: &str) -> Result<Json, String> {
    match transit.read(path) {
        Ok(reply) => Ok(reply.to_value()),
        Err(failure) => Err(failure.message),
    }
}

#[test]
fn only_what_was_made_exportable_leaves() {
    let transit = with_key("k", empty());
    let refusal = Err("private key material is not exportable".to_owned());
    assert_eq!(read(&transit, "export/encryption-key/k"), refusal);
    assert_eq!(read(&transit, "export/hmac-key/k"), refusal);
    // What becomes exportable are the versions made from then on.
    post(&transit, "keys/k/config", json!({ "exportable": true }));
    assert!(
        read(&transit, "export/encryption-key/k")
            .unwrap_err()
            .contains("before the key became")
    );
    post(&transit, "keys/k/rotate", empty());
    let exported = read(&transit, "export/encryption-key/k").unwrap();
    assert_eq!(exported["keys"].as_object().unwrap().len(), 1);
    assert_eq!(text(&exported["keys"], "2").len(), 44);
    assert!(
        transit
            .warnings()
            .iter()
            .any(|warning| warning.ends_with("left out: 1"))
    );
    assert!(read(&transit, "export/encryption-key/k/1").is_err());
    assert!(read(&transit, "export/encryption-key/k/latest").is_ok());
    for (path, message) in [
        ("export/foo/k", "invalid export type: foo"),
        ("export/signing-key/k", "signing not supported for the key"),
        (
            "export/public-key/k",
            "unknown key type aes256-gcm96 for export type public-key",
        ),
        ("export/encryption-key/k/x", "invalid key version"),
        (
            "export/encryption-key/k/9",
            "version does not exist or cannot be found",
        ),
        (
            "export/encryption-key/k/0",
            "version for export is below minimum decryption version",
        ),
        ("export/encryption-key/none", ""),
    ] {
        assert_eq!(read(&transit, path), Err(message.to_owned()), "{path}");
    }
}

#[test]
fn public_halves_need_no_leave() {
    let transit = with_key("k", json!({ "type": "ecdsa-p256" }));
    let exported = read(&transit, "export/public-key/k").unwrap();
    let pem = text(&exported["keys"], "1");
    assert!(pem.starts_with("-----BEGIN PUBLIC KEY-----\n") && !pem.ends_with('\n'));
}

#[test]
fn a_wrapped_key_moves_between_mounts() {
    let (here, there) = (
        with_key("k", json!({ "exportable": true })),
        with_key("other", empty()),
    );
    let wrapping = read(&there, "wrapping_key").unwrap();
    assert_eq!(
        read(&there, "wrapping_key").unwrap(),
        wrapping,
        "it is made once"
    );
    let import = json!({ "type": "rsa-4096", "public_key": wrapping["public_key"] });
    post(&here, "keys/to/import", import);
    let wrapped = read(&here, "byok-export/to/k").unwrap();
    let ciphertext = &wrapped["keys"]["1"];
    post(&there, "keys/k/import", json!({ "ciphertext": ciphertext }));
    let sealed = post(&here, "encrypt/k", json!({ "plaintext": TEXT }));
    let opened = post(
        &there,
        "decrypt/k",
        json!({ "ciphertext": sealed["ciphertext"] }),
    );
    assert_eq!(opened["plaintext"], TEXT);

    let shown = read(&there, "keys/k").unwrap();
    assert_eq!(
        (
            &shown["imported_key"],
            &shown["imported_key_allow_rotation"]
        ),
        (&json!(true), &json!(false))
    );
    assert_eq!(
        refused(&there, "keys/k/rotate", empty()),
        "imported key k does not allow rotation within Vault"
    );
    post(
        &there,
        "keys/k/import_version",
        json!({ "ciphertext": ciphertext }),
    );
    assert_eq!(read(&there, "keys/k").unwrap()["latest_version"], 2);
}

#[test]
fn what_is_no_import() {
    let there = with_key("other", empty());
    read(&there, "wrapping_key").unwrap();
    for (body, message) in [
        (
            json!({ "ciphertext": "!" }),
            "illegal base64 data at input byte 0",
        ),
        (
            json!({ "ciphertext": "AAAA" }),
            "provided ciphertext is too short",
        ),
        (
            json!({ "ciphertext": "AAAA", "hash_function": "x" }),
            "unknown hash function: x",
        ),
        (
            json!({ "ciphertext": "AAAA", "type": "x" }),
            "unknown key type: x",
        ),
        (
            json!({}),
            "provided type does not support public_key import",
        ),
        (
            json!({ "ciphertext": "AAAA", "auto_rotate_period": "2h" }),
            "allow_rotation must be set to true if auto-rotation is enabled",
        ),
        (
            json!({ "public_key": "AAAA", "type": "rsa-2048" }),
            "error importing key: error parsing public key: not in PEM format",
        ),
    ] {
        assert_eq!(refused(&there, "keys/new/import", body), message);
    }
    assert!(
        refused(&there, "keys/other/import_version", empty())
            .contains("only be used with an imported")
    );
    assert!(
        refused(&there, "keys/none/import_version", empty())
            .starts_with("no key found with name none")
    );
}

#[test]
fn a_public_half_verifies_until_it_is_completed() {
    let (here, there) = (
        with_key("k", json!({ "type": "ed25519", "exportable": true })),
        with_key("other", empty()),
    );
    let wrapping = read(&there, "wrapping_key").unwrap();
    post(
        &here,
        "keys/to/import",
        json!({ "type": "rsa-4096", "public_key": wrapping["public_key"] }),
    );
    let pem = with_key("e", json!({ "type": "ecdsa-p384", "exportable": true }));
    let public = text(&read(&pem, "export/public-key/e").unwrap()["keys"], "1");
    post(
        &pem,
        "keys/to/import",
        json!({ "type": "rsa-4096", "public_key": wrapping["public_key"] }),
    );
    let wrapped = read(&pem, "byok-export/to/e").unwrap();
    post(
        &there,
        "keys/e/import",
        json!({ "type": "ecdsa-p384", "public_key": public }),
    );
    let signed = post(&pem, "sign/e", json!({ "input": TEXT }));
    let proof = json!({ "input": TEXT, "signature": signed["signature"] });
    assert_eq!(post(&there, "verify/e", proof)["valid"], true);
    assert_eq!(
        refused(&there, "sign/e", json!({ "input": TEXT })),
        "requested version for signing does not contain a private part"
    );
    post(&here, "keys/k/rotate", empty());
    let foreign = read(&here, "byok-export/to/k").unwrap();
    assert!(
        there
            .update(
                "keys/e/import_version",
                json!({ "ciphertext": foreign["keys"]["2"] })
            )
            .is_err(),
        "another key does not complete it"
    );
    post(
        &there,
        "keys/e/import_version",
        json!({ "ciphertext": wrapped["keys"]["1"] }),
    );
    assert_eq!(read(&there, "keys/e").unwrap()["latest_version"], 1);
    post(&there, "sign/e", json!({ "input": TEXT }));
}

#[test]
fn two_sides_agree_on_a_key() {
    let (here, there) = (
        with_key("own", json!({ "type": "ecdsa-p256" })),
        with_key("own", json!({ "type": "ecdsa-p256" })),
    );
    let agree = |own: &TestMount, peer: &TestMount| {
        let public = text(&read(peer, "export/public-key/own").unwrap()["keys"], "1");
        post(
            own,
            "derive-key/k",
            json!({ "base_key_name": "own", "peer_public_key": public }),
        );
    };
    agree(&here, &there);
    agree(&there, &here);
    let sealed = post(&here, "encrypt/k", json!({ "plaintext": TEXT }));
    let opened = post(
        &there,
        "decrypt/k",
        json!({ "ciphertext": sealed["ciphertext"] }),
    );
    assert_eq!(opened["plaintext"], TEXT);
    agree(&here, &there);
    assert_eq!(read(&here, "keys/k").unwrap()["latest_version"], 2);
    let own = text(&read(&here, "export/public-key/own").unwrap()["keys"], "1");
    let with = |name: &str, value: Json| {
        let mut body = json!({ "base_key_name": "own", "peer_public_key": own });
        body[name] = value;
        refused(&here, "derive-key/z", body)
    };
    assert_eq!(
        with("peer_public_key", json!("")),
        "peer public key not provided"
    );
    assert_eq!(
        with("base_key_name", json!("none")),
        "specified base key not found"
    );
    assert_eq!(
        with("base_key_name", json!("k")),
        "base key type aes256-gcm96 does not support key agreement"
    );
    assert_eq!(
        with("derived_key_type", json!("hmac")),
        "unknown key type hmac"
    );
    assert_eq!(
        with("key_derivation_algorithm", json!("x")),
        "key derivation algorithm x not supported"
    );
    assert_eq!(
        with("base_key_version", json!(9)),
        "requested version of the base key is higher than the latest key version"
    );
}

#[test]
fn a_backup_is_of_use_to_its_mount_alone() {
    let body = json!({ "exportable": true, "allow_plaintext_backup": true });
    let transit = with_key("k", body.clone());
    post(&transit, "keys/k/rotate", empty());
    let sealed = post(
        &transit,
        "encrypt/k",
        json!({ "plaintext": TEXT, "key_version": 1 }),
    );
    let made = post(&transit, "hmac/k", json!({ "input": TEXT }));
    let backup = text(&read(&transit, "backup/k").unwrap(), "backup");
    let again = || json!({ "backup": backup });
    assert_eq!(
        refused(&transit, "restore", again()),
        "key \"k\" already exists"
    );
    post(&transit, "restore/copy", again());
    post(
        &transit,
        "restore",
        json!({ "backup": backup, "force": true }),
    );
    for name in ["k", "copy"] {
        let opened = post(
            &transit,
            &format!("decrypt/{name}"),
            json!({ "ciphertext": sealed["ciphertext"] }),
        );
        assert_eq!(opened["plaintext"], TEXT);
        assert_eq!(
            post(&transit, &format!("hmac/{name}"), json!({ "input": TEXT })),
            made
        );
        let shown = read(&transit, &format!("keys/{name}")).unwrap();
        assert_eq!(shown["restore_info"]["version"], 2);
        assert_eq!(shown["backup_info"]["version"], 2);
    }
    let other = with_key("other", body);
    read(&other, "backup/other").unwrap();
    assert_eq!(
        refused(&other, "restore", again()),
        "the backup was not made by this mount"
    );
    let mut forged = backup.into_bytes();
    forged[40] ^= 1;
    let forged = String::from_utf8(forged).unwrap();
    refused(&transit, "restore/forged", json!({ "backup": forged }));
    refused(&transit, "restore", json!({ "backup": "!" }));
    assert_eq!(
        refused(&transit, "restore", empty()),
        "'backup' must be supplied"
    );
}

#[test]
fn what_cannot_be_backed_up() {
    for (body, message) in [
        (json!({}), "exporting is disallowed on the policy"),
        (
            json!({ "exportable": true }),
            "plaintext backup is disallowed on the policy",
        ),
        (
            json!({ "allow_plaintext_backup": true }),
            "exporting is disallowed on the policy",
        ),
    ] {
        let transit = with_key("k", body);
        assert_eq!(read(&transit, "backup/k"), Err(message.into()));
    }
    let transit = with_key("k", json!({ "allow_plaintext_backup": true }));
    post(&transit, "keys/k/config", json!({ "exportable": true }));
    assert!(
        read(&transit, "backup/k")
            .unwrap_err()
            .starts_with("version 1 was made before")
    );
    assert_eq!(
        read(&transit, "backup/none"),
        Err("key \"none\" not found".into())
    );
}
