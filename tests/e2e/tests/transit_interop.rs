//! Keys move between OpenBao and us, wrapped, and what was made with them there is good here.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use e2e::{Client, Server, binary};
use serde_json::{Value, json};

/// "text" in base64.
const TEXT: &str = "dGV4dA==";

struct Side(Client);

impl Side {
    fn new(server: &Server) -> Self {
        let client = server.client();
        client.write("sys/mounts/transit", &json!({ "type": "transit" }));
        Self(client)
    }

    fn write(&self, path: &str, body: &Value) -> Value {
        let response = self.0.write(&format!("transit/{path}"), body);
        assert!(response.status < 300, "{path}: {}", response.body);
        response.json()["data"].take()
    }

    fn read(&self, path: &str) -> Value {
        let response = self.0.read(&format!("transit/{path}"));
        assert!(response.status < 300, "{path}: {}", response.body);
        response.json()["data"].take()
    }

    /// Gives the key `name` to `other`, which knows it by the same name.
    fn give(&self, name: &str, kind: &str, other: &Self) {
        let wrapping = other.read("wrapping_key");
        let body = json!({ "type": "rsa-4096", "public_key": wrapping["public_key"] });
        self.0.write("transit/keys/to/import", &body);
        let wrapped = self.read(&format!("byok-export/to/{name}"));
        let body = json!({ "type": kind, "ciphertext": wrapped["keys"]["1"] });
        other.write(&format!("keys/{name}/import"), &body);
    }

    fn opens(&self, name: &str, body: &Value) {
        let opened = self.write(&format!("decrypt/{name}"), body);
        assert_eq!(opened["plaintext"], TEXT, "{name}");
    }
}

fn moves(from: &Side, to: &Side) {
    for kind in [
        "aes128-gcm96",
        "aes256-gcm96",
        "chacha20-poly1305",
        "xchacha20-poly1305",
        "rsa-2048",
    ] {
        from.write(
            &format!("keys/{kind}"),
            &json!({ "type": kind, "exportable": true }),
        );
        from.give(kind, kind, to);
        let mut body = json!({ "plaintext": TEXT });
        if !kind.starts_with("rsa") {
            body["associated_data"] = "AAAA".into();
        }
        for (one, other) in [(from, to), (to, from)] {
            let mut sealed = one.write(&format!("encrypt/{kind}"), &body);
            sealed["associated_data"] = body["associated_data"].clone();
            other.opens(
                kind,
                &json!({
                    "ciphertext": sealed["ciphertext"],
                    "associated_data": body["associated_data"].as_str().unwrap_or_default(),
                }),
            );
        }
    }
    for kind in [
        "ed25519",
        "ecdsa-p256",
        "ecdsa-p384",
        "ecdsa-p521",
        "rsa-3072",
    ] {
        from.write(
            &format!("keys/{kind}"),
            &json!({ "type": kind, "exportable": true }),
        );
        from.give(kind, kind, to);
        for marshaling in ["asn1", "jws"] {
            for (one, other) in [(from, to), (to, from)] {
                let wish = json!({ "input": TEXT, "marshaling_algorithm": marshaling });
                let signed = one.write(&format!("sign/{kind}"), &wish);
                let mut proof = wish;
                proof["signature"] = signed["signature"].clone();
                let verified = other.write(&format!("verify/{kind}"), &proof);
                assert_eq!(verified["valid"], true, "{kind} {marshaling}");
            }
        }
        // What one shows of the secret key is what the other shows.
        let shown =
            |side: &Side| side.read(&format!("export/public-key/{kind}"))["keys"]["1"].clone();
        assert_eq!(shown(from), shown(to), "{kind}");
        // A request for a certificate reads there as it was written here.
        let request = from.write(&format!("keys/{kind}/csr"), &json!({}));
        to.write(
            &format!("keys/{kind}/csr"),
            &json!({ "csr": request["csr"] }),
        );
    }
}

#[test]
fn keys_move_from_openbao_with_what_they_made() {
    let (bao, casemate) = (Server::start_bao(), Server::start_casemate());
    moves(&Side::new(&bao), &Side::new(&casemate));
}

#[test]
fn keys_move_to_openbao_with_what_they_made() {
    let (bao, casemate) = (Server::start_bao(), Server::start_casemate());
    moves(&Side::new(&casemate), &Side::new(&bao));
}

#[test]
fn secret_keys_are_exported_as_openbao_exports_them() {
    let (bao, casemate) = (Server::start_bao(), Server::start_casemate());
    let (bao, casemate) = (Side::new(&bao), Side::new(&casemate));
    for kind in [
        "ed25519",
        "ecdsa-p256",
        "ecdsa-p384",
        "ecdsa-p521",
        "rsa-2048",
    ] {
        bao.write(
            &format!("keys/{kind}"),
            &json!({ "type": kind, "exportable": true }),
        );
        let wrapping = casemate.read("wrapping_key");
        let body = json!({ "type": "rsa-4096", "public_key": wrapping["public_key"] });
        bao.0.write("transit/keys/to/import", &body);
        let wrapped = bao.read(&format!("byok-export/to/{kind}"));
        let body = json!({ "type": kind, "exportable": true, "ciphertext": wrapped["keys"]["1"] });
        casemate.write(&format!("keys/{kind}/import"), &body);
        let exported =
            |side: &Side| side.read(&format!("export/signing-key/{kind}"))["keys"]["1"].clone();
        assert_eq!(exported(&casemate), exported(&bao), "{kind}");
    }
}

#[test]
fn both_sides_of_an_agreement_may_be_different_servers() {
    let (bao, casemate) = (Server::start_bao(), Server::start_casemate());
    let (bao, casemate) = (Side::new(&bao), Side::new(&casemate));
    for kind in ["ecdsa-p256", "ecdsa-p384", "ecdsa-p521"] {
        let public = |side: &Side| {
            side.write(&format!("keys/{kind}"), &json!({ "type": kind }))["keys"]["1"]["public_key"]
                .take()
        };
        let (theirs, ours) = (public(&bao), public(&casemate));
        let agree = |side: &Side, peer: &Value| {
            let body = json!({ "base_key_name": kind, "peer_public_key": peer });
            side.write(&format!("derive-key/agreed-{kind}"), &body);
        };
        agree(&bao, &ours);
        agree(&casemate, &theirs);
        let name = format!("agreed-{kind}");
        let sealed = bao.write(&format!("encrypt/{name}"), &json!({ "plaintext": TEXT }));
        casemate.opens(&name, &json!({ "ciphertext": sealed["ciphertext"] }));
    }
}

/// Imports material with a client, into the server that it is pointed at.
fn import(client: &str, server: &Server, words: &[&str]) -> std::process::Output {
    let mut command = std::process::Command::new(binary(client));
    command
        .env_clear()
        .env("HOME", server.folder())
        .env("VAULT_ADDR", format!("http://{}", server.address()))
        .env("VAULT_TOKEN", "root")
        .args(["transit"])
        .args(words);
    command.output().unwrap()
}

#[test]
fn both_clients_wrap_a_key_so_that_both_servers_have_the_same() {
    let servers = [Server::start_casemate(), Server::start_bao()];
    let sides = [Side::new(&servers[0]), Side::new(&servers[1])];
    let material = ["QUJD".repeat(10) + "QUI=", "REVG".repeat(10) + "REU="];
    let file = servers[0].folder().join("material");
    std::fs::write(&file, format!("{}\n", material[0])).unwrap();
    let file = format!("@{}", file.display());
    for (client, key) in [("casemate", "ours"), ("bao", "theirs")] {
        let path = format!("transit/keys/{key}");
        for server in &servers {
            for words in [
                &["import", &path, &file, "type=aes256-gcm96"][..],
                &["import-version", &path, &material[1]],
            ] {
                let ran = import(client, server, words);
                assert!(ran.status.success(), "{client} {words:?}: {ran:?}");
                let said = String::from_utf8_lossy(&ran.stdout);
                assert!(
                    said.ends_with("Submitting wrapped key.\nSuccess!\n"),
                    "{said}"
                );
            }
        }
        for (one, other) in [(0, 1), (1, 0)] {
            for version in [1, 2] {
                let body = json!({ "plaintext": TEXT, "key_version": version });
                let sealed = sides[one].write(&format!("encrypt/{key}"), &body);
                sides[other].opens(key, &json!({ "ciphertext": sealed["ciphertext"] }));
            }
        }
    }
    // What one client had imported, the other's has the same bytes of.
    let sealed = sides[0].write("encrypt/ours", &json!({ "plaintext": TEXT }));
    sides[1].opens("theirs", &json!({ "ciphertext": sealed["ciphertext"] }));
}

#[test]
fn a_client_says_what_is_wrong_with_an_import() {
    let server = Server::start_casemate();
    let _ = Side::new(&server);
    for (words, expected, code) in [
        (
            ["import", "transit/a", "QUJD"],
            "expected transit path and key name in the form",
            1,
        ),
        (
            ["import", "transit/keys/a", "no Base64"],
            "error base64 decoding source key material",
            1,
        ),
        (
            ["import", "transit/keys/a", "@nowhere"],
            "error reading key material file: open nowhere",
            1,
        ),
        (
            ["import", "nowhere/keys/a", "QUJD"],
            "failed to fetch wrapping key",
            2,
        ),
        (
            ["import-version", "transit/keys/none", "QUJD"],
            "failed to call import",
            2,
        ),
    ] {
        let ran = import("casemate", &server, &words);
        let said = String::from_utf8_lossy(&ran.stderr);
        assert!(said.contains(expected), "{words:?}: {said}");
        assert_eq!(ran.status.code(), Some(code), "{words:?}");
    }
}
