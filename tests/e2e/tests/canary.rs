//! Secrets that were given to a server are looked for afterwards where they must not be: in its
//! folder, its log, its audit file, and its memory as a core dump would show it.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]
#![cfg(target_os = "linux")]

use core::time::Duration;
use e2e::canaries::{Canaries, in_files, in_memory};
use e2e::{Client, Durable, Response};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::time::Instant;

/// What connections and tasks hold is given back when they end, which is soon.
const GONE_WITHIN: Duration = Duration::from_secs(20);

fn fine(answer: Response) -> Value {
    assert!(answer.status < 300, "{}: {}", answer.status, answer.body);
    answer.json()
}

fn text(answer: &Value, pointer: &str) -> String {
    answer
        .pointer(pointer)
        .unwrap()
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn secrets_are_in_no_file_and_in_no_memory() {
    let mut canaries = Canaries::default();
    let mut server = Durable::new("log_level = \"trace\"\n");
    server.start();
    server.initialize(3, 2);
    server.unseal();
    canaries.watch("root token", server.token());
    for share in server.shares() {
        canaries.watch("share of the unseal key", share);
    }
    let audit = server.folder().join("audit.log");
    let options = json!({ "type": "file", "options": { "file_path": audit } });
    fine(server.client().write("sys/audit/file", &options));

    // Each with connections of its own, which end with it.
    keep(&server.client(), &mut canaries);
    log_in(&server.client(), &mut canaries);
    wrap(&server.client(), &mut canaries);
    transit(&server.client(), &mut canaries);
    refused(&server.client(), &mut canaries);
    for _ in 0..50 {
        fine(server.client().read("auth/token/lookup-self"));
    }

    nothing_in_memory(&server, &canaries);
    server.signal("TERM");
    assert!(server.ended_well());
    assert_eq!(
        canaries.in_bytes(server.log().as_bytes()),
        [""; 0],
        "in the log"
    );
    let records = fs::read(&audit).unwrap();
    assert!(records.len() > 10_000);
    assert_eq!(canaries.in_bytes(&records), [""; 0], "in the audit file");
    nothing_in_files(server.folder(), &canaries);
}

/// Secrets that are stored, read, replaced and destroyed.
fn keep(client: &Client, canaries: &mut Canaries) {
    fine(client.write("sys/mounts/kv", &json!({ "type": "kv-v2" })));
    for place in ["kv: first version", "kv: second version"] {
        let secret = canaries.hatch(place);
        fine(client.write("kv/data/a", &json!({ "data": { "password": secret } })));
        let read = fine(client.read("kv/data/a"));
        assert_eq!(read["data"]["data"]["password"], secret);
    }
    fine(client.write("kv/destroy/a", &json!({ "versions": [1] })));
    let secret = canaries.hatch("cubbyhole");
    fine(client.write("cubbyhole/a", &json!({ "password": secret })));
    let large = canaries.hatch("kv: a large value").repeat(4000);
    fine(client.write("kv/data/large", &json!({ "data": { "password": large } })));
    fine(client.read("kv/data/large"));
}

fn log_in(client: &Client, canaries: &mut Canaries) {
    fine(client.write("sys/auth/userpass", &json!({ "type": "userpass" })));
    let password = canaries.hatch("userpass: password");
    fine(client.write("auth/userpass/users/a", &json!({ "password": password })));
    let login = fine(client.write("auth/userpass/login/a", &json!({ "password": password })));
    let token = text(&login, "/auth/client_token");
    canaries.watch("userpass: token", &token);
    fine(client.with_token(&token).read("auth/token/lookup-self"));
    let wrong = canaries.hatch("userpass: wrong password");
    let denied = client.write("auth/userpass/login/a", &json!({ "password": wrong }));
    assert_eq!(denied.status, 400, "{}", denied.body);

    fine(client.write("sys/auth/approle", &json!({ "type": "approle" })));
    fine(client.write("auth/approle/role/a", &json!({})));
    let role = text(
        &fine(client.read("auth/approle/role/a/role-id")),
        "/data/role_id",
    );
    let made = fine(client.write("auth/approle/role/a/secret-id", &json!({})));
    let secret = text(&made, "/data/secret_id");
    canaries.watch("approle: secret id", &secret);
    let login = json!({ "role_id": role, "secret_id": secret });
    let login = fine(client.write("auth/approle/login", &login));
    canaries.watch("approle: token", &text(&login, "/auth/client_token"));
    for kind in ["service", "batch"] {
        let made = fine(client.write(
            "auth/token/create",
            &json!({ "type": kind, "policies": ["default"] }),
        ));
        let token = text(&made, "/auth/client_token");
        canaries.watch(kind, &token);
        fine(client.with_token(&token).read("auth/token/lookup-self"));
    }
}

fn wrap(client: &Client, canaries: &mut Canaries) {
    for (place, is_unwrapped) in [("wrapped", false), ("unwrapped", true)] {
        let secret = canaries.hatch(place);
        let body = json!({ "password": secret }).to_string();
        let wrapped = client.send(
            "POST",
            "sys/wrapping/wrap",
            &[("X-Vault-Wrap-TTL", "1h")],
            Some(&body),
        );
        let token = text(&fine(wrapped), "/wrap_info/token");
        canaries.watch("wrapping token", &token);
        if is_unwrapped {
            let unwrapped = fine(client.write("sys/wrapping/unwrap", &json!({ "token": token })));
            assert_eq!(unwrapped["data"]["password"], secret);
        }
    }
}

fn transit(client: &Client, canaries: &mut Canaries) {
    fine(client.write("sys/mounts/transit", &json!({ "type": "transit" })));
    fine(client.write("transit/keys/a", &json!({})));
    // Base64 as it is: its letters and digits are a valid plaintext.
    let plaintext = canaries.hatch("transit: plaintext").replace('-', "");
    let plaintext = format!("{plaintext}{}", "A".repeat((4 - plaintext.len() % 4) % 4));
    canaries.watch("transit: plaintext in base64", &plaintext);
    let sealed = fine(client.write("transit/encrypt/a", &json!({ "plaintext": plaintext })));
    let sealed = json!({ "ciphertext": sealed["data"]["ciphertext"] });
    let opened = fine(client.write("transit/decrypt/a", &sealed));
    assert_eq!(opened["data"]["plaintext"], plaintext);
    fine(client.write("sys/mounts/totp", &json!({ "type": "totp" })));
    let key = canaries
        .hatch("totp: key")
        .replace("canary-", "")
        .to_uppercase();
    // Base32 has no 0, 1, 8 and 9.
    let key = key.replace(['0', '1', '8', '9'], "A");
    canaries.watch("totp: key in base32", &key);
    let key = json!({ "key": key, "issuer": "a", "account_name": "a" });
    fine(client.write("totp/keys/a", &key));
    fine(client.read("totp/code/a"));
}

/// What comes to nothing must leave nothing either.
fn refused(client: &Client, canaries: &mut Canaries) {
    let mut send = |place: &str, verb: &str, path: &str, body: &dyn Fn(&str) -> String| {
        let secret = canaries.hatch(place);
        let answer = client.send(verb, path, &[], Some(&body(&secret)));
        assert!(answer.status >= 400, "{place}: {}", answer.body);
    };
    let whole = |secret: &str| json!({ "data": { "password": secret } }).to_string();
    send("malformed body", "POST", "kv/data/b", &|secret| {
        format!("{{\"data\": \"{secret}")
    });
    send("no such mount", "POST", "nowhere/a", &whole);
    send("no such route", "POST", "kv/nowhere/a", &whole);
    send("wrong verb", "PATCH", "kv/data/b", &whole);
    send("wrong type", "POST", "kv/data/b", &|secret| {
        json!({ "data": secret, "options": secret }).to_string()
    });
    send("wrong share", "POST", "sys/unseal", &|secret| {
        json!({ "key": secret }).to_string()
    });
    let token = canaries.hatch("unknown token");
    assert_eq!(client.with_token(&token).read("kv/data/a").status, 403);
}

fn nothing_in_memory(server: &Durable, canaries: &Canaries) {
    let deadline = Instant::now() + GONE_WITHIN;
    loop {
        let found = in_memory(server.id(), canaries);
        if found.is_empty() {
            return;
        }
        assert!(Instant::now() < deadline, "in memory: {found:#?}");
    }
}

fn nothing_in_files(folder: &Path, canaries: &Canaries) {
    assert_eq!(in_files(folder, canaries), [""; 0]);
}
