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

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use core::time::Duration;
use e2e::canaries::{Canaries, in_files, in_memory};
use e2e::{Client, Durable, Response, binary};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// What connections and tasks hold is given back when they end, which is soon.
const GONE_WITHIN: Duration = Duration::from_secs(20);

const PUBLIC_KEY: &str = "-----BEGIN PUBLIC KEY-----\n\
    MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEecXr3cINUICUlwyI4Ka8wVfjWvWO\n\
    vb7BXPWkwvhyomLZglAYWr8W1vZAMPVaKZMPALGMuGMXQS6SktrCVxICxg==\n\
    -----END PUBLIC KEY-----";

/// For "here", signed with the key's other half; good until 2100.
const SIGNED: &str = "eyJhbGciOiAiRVMyNTYiLCAidHlwIjogIkpXVCJ9.eyJpc3MiOiAiaXNzdWVyIiwgInN1YiI6ICJhbGl\
    jZSIsICJhdWQiOiAiaGVyZSIsICJpYXQiOiAxNzAwMDAwMDAwLCAibmJmIjogMTcwMDAwMDAwMCwgImV\
    4cCI6IDQxMDI0NDQ4MDAsICJ4IjogInkiLCAiZyI6IFsiYSIsICJiIl0sICJuIjogMSwgIm8iOiB7InA\
    iOiAicSJ9fQ.BxHrExkjW1CksGvA5rt4s0Xr1uJ4I4a6_xTSbb5U7j6QDjgbh0_-uQQ94CQYlK3JlWAY\
    gtisP2tpyE5Rl7taaw";

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
    transit_keys(&server.client(), &mut canaries);
    imported_key(&server, &mut canaries);
    leased(&server, &mut canaries);
    identity(&server.client(), &mut canaries);
    second_factor(&server.client(), &mut canaries);
    jwt_login(&server.client(), &mut canaries);
    refused(&server.client(), &mut canaries);
    ceremonies(&server.client(), server.shares(), &mut canaries);

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

/// What a request left on the stack of its thread stays until another one is as deep in calls there:
/// lookups and logins of nobody in particular, on connections of their own, so on every thread.
fn others_follow(server: &Durable) {
    let client = server.client();
    fine(client.write("auth/approle/role/later", &json!({})));
    let role = fine(client.read("auth/approle/role/later/role-id"));
    let made = fine(client.write("auth/approle/role/later/secret-id", &json!({})));
    let login = json!({
        "role_id": text(&role, "/data/role_id"),
        "secret_id": text(&made, "/data/secret_id"),
    });
    for _ in 0..50 {
        fine(server.client().write("auth/approle/login", &login));
        fine(server.client().read("auth/token/lookup-self"));
    }
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

/// Keys that leave.
fn transit_keys(client: &Client, canaries: &mut Canaries) {
    fine(client.write("transit/keys/out", &json!({ "exportable": true })));
    let exported = fine(client.read("transit/export/encryption-key/out"));
    canaries.watch("transit: exported key", &text(&exported, "/data/keys/1"));
    let made = fine(client.write("transit/datakey/plaintext/a", &json!({})));
    canaries.watch("transit: data key", &text(&made, "/data/plaintext"));
}

/// A command that must succeed.
fn run(server: &Durable, arguments: &[&str]) {
    let output = Command::new(binary("casemate"))
        .args(arguments)
        .env_clear()
        .env("HOME", server.folder())
        .env("VAULT_ADDR", server.url())
        .env("VAULT_TOKEN", server.token())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
}

/// A key that was made elsewhere, brought here and used.
fn imported_key(server: &Durable, canaries: &mut Canaries) {
    let key = canaries.hatch("transit: imported key");
    let key = key.get(..32).unwrap();
    canaries.watch("transit: bytes of an imported key", key);
    let in_base64 = STANDARD.encode(key);
    canaries.watch("transit: imported key in base64", &in_base64);
    run(
        server,
        &["transit", "import", "transit/keys/imported", &in_base64],
    );
    let client = server.client();
    let told = fine(client.read("transit/keys/imported"));
    assert_eq!(told["data"]["imported_key"], true);
    let sealed = json!({ "plaintext": "YQ==" });
    let sealed = fine(client.write("transit/encrypt/imported", &sealed));
    let sealed = json!({ "ciphertext": sealed["data"]["ciphertext"] });
    let opened = fine(client.write("transit/decrypt/imported", &sealed));
    assert_eq!(opened["data"]["plaintext"], "YQ==");
}

/// What an engine keeps with a lease: of one that goes on, and of one that has come back.
fn leased(server: &Durable, canaries: &mut Canaries) {
    let courier = Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance/components/courier");
    let file = server.folder().join("courier.wasm");
    fs::write(&file, pack::build(&courier).unwrap()).unwrap();
    let path = file.to_str().unwrap();
    run(
        server,
        &["plugin", "register", "--file", path, "secret", "courier"],
    );
    let client = server.client();
    fine(client.write("sys/mounts/courier", &json!({ "type": "courier" })));
    let lent = ["kept with a lease", "kept with a lease that was revoked"].map(|place| {
        let value = canaries.hatch(place);
        let secret = fine(client.write("courier/lend/a", &json!({ "value": value })));
        (text(&secret, "/lease_id"), value)
    });
    let (lease, value) = &lent[1];
    let revoked = json!({ "lease_id": lease, "sync": true });
    fine(client.write("sys/leases/revoke", &revoked));
    let read = fine(client.read("courier/data/taken-back"));
    assert_eq!(read["data"]["value"], value.as_str());
}

/// What a password policy makes, and a sign-in at an OpenID provider.
fn identity(client: &Client, canaries: &mut Canaries) {
    let policy = "length = 24\nrule \"charset\" { charset = \"abcdefghijklmnopqrstuvwxyz0123\" }";
    fine(client.write("sys/policies/password/p", &json!({ "policy": policy })));
    let made = fine(client.read("sys/policies/password/p/generate"));
    canaries.watch("made by a password policy", &text(&made, "/data/password"));

    let key = json!({ "allowed_client_ids": ["*"] });
    fine(client.write("identity/oidc/key/k", &key));
    let application = json!({
        "key": "k", "redirect_uris": ["http://127.0.0.1/callback"], "assignments": ["allow_all"],
    });
    fine(client.write("identity/oidc/client/c", &application));
    let application = fine(client.read("identity/oidc/client/c"));
    let (id, secret) = (
        text(&application, "/data/client_id"),
        text(&application, "/data/client_secret"),
    );
    canaries.watch("OpenID client secret", &secret);
    fine(client.write(
        "identity/oidc/provider/p",
        &json!({ "allowed_client_ids": [id] }),
    ));

    let password = canaries.hatch("userpass: password of who signs in");
    fine(client.write("auth/userpass/users/b", &json!({ "password": password })));
    let login = fine(client.write("auth/userpass/login/b", &json!({ "password": password })));
    let policy =
        json!({ "policy": "path \"identity/oidc/*\" { capabilities = [\"read\", \"update\"] }" });
    fine(client.write("sys/policies/acl/default", &policy));
    let person = client.with_token(&text(&login, "/auth/client_token"));
    let asked = json!({
        "client_id": id, "redirect_uri": "http://127.0.0.1/callback", "response_type": "code",
        "scope": "openid", "state": "s", "nonce": "n",
    });
    let code = fine(person.write("identity/oidc/provider/p/authorize", &asked));
    let code = text(&code, "/code");
    canaries.watch("OpenID code", &code);
    let exchange = json!({
        "grant_type": "authorization_code", "code": code, "client_id": id,
        "client_secret": secret, "redirect_uri": "http://127.0.0.1/callback",
    });
    let tokens = fine(client.write("identity/oidc/provider/p/token", &exchange));
    canaries.watch("OpenID identity token", &text(&tokens, "/id_token"));
    canaries.watch("OpenID access token", &text(&tokens, "/access_token"));

    fine(client.write("identity/oidc/role/r", &json!({ "key": "k" })));
    let token = fine(person.read("identity/oidc/token/r"));
    canaries.watch("identity token", &text(&token, "/data/token"));
}

/// The key of a second factor, as its owner is told it.
fn second_factor(client: &Client, canaries: &mut Canaries) {
    let method = json!({ "issuer": "a", "method_name": "m" });
    let method = fine(client.write("identity/mfa/method/totp", &method));
    let method = text(&method, "/data/method_id");
    let entity = fine(client.write("identity/entity", &json!({ "name": "e" })));
    let entity = text(&entity, "/data/id");
    let asked = json!({ "method_id": method, "entity_id": entity });
    let made = fine(client.write("identity/mfa/method/totp/admin-generate", &asked));
    let url = text(&made, "/data/url");
    let key = url
        .split("secret=")
        .nth(1)
        .unwrap()
        .split('&')
        .next()
        .unwrap();
    canaries.watch("key of a second factor", key);
}

/// Logins with a token that nobody signed and with one that is good, and a wrapping token that is a
/// JWT.
fn jwt_login(client: &Client, canaries: &mut Canaries) {
    fine(client.write("sys/auth/jwt", &json!({ "type": "jwt" })));
    let key = json!({ "jwt_validation_pubkeys": [PUBLIC_KEY] });
    fine(client.write("auth/jwt/config", &key));
    let role = json!({ "role_type": "jwt", "user_claim": "sub", "bound_audiences": ["here"] });
    fine(client.write("auth/jwt/role/r", &role));
    let token = canaries.hatch("jwt: token of a login").replace('-', "");
    let token = format!("eyJhbGciOiJFUzI1NiJ9.{token}.{token}");
    canaries.watch("jwt: whole token of a login", &token);
    let denied = client.write("auth/jwt/login", &json!({ "role": "r", "jwt": token }));
    assert!(denied.status >= 400, "{}", denied.body);
    canaries.watch("jwt: token of a login that is let in", SIGNED);
    let login = fine(client.write("auth/jwt/login", &json!({ "role": "r", "jwt": SIGNED })));
    canaries.watch(
        "jwt: token that a login gave",
        &text(&login, "/auth/client_token"),
    );

    let made = client.send(
        "POST",
        "sys/wrapping/wrap",
        &[("X-Vault-Wrap-TTL", "1h"), ("X-Vault-Wrap-Format", "jwt")],
        Some(&json!({ "password": canaries.hatch("wrapped in a jwt") }).to_string()),
    );
    let token = text(&fine(made), "/wrap_info/token");
    assert!(token.starts_with("eyJ"), "{token}");
    canaries.watch("wrapping token that is a jwt", &token);
}

/// A new root token and new shares, from a quorum of those that there are.
fn ceremonies(client: &Client, shares: &[String], canaries: &mut Canaries) {
    let started = fine(client.write("sys/generate-root/attempt", &json!({})));
    let otp = text(&started, "/otp");
    canaries.watch("one-time password of a new root token", &otp);
    let done = submit(client, "sys/generate-root/update", &started, shares);
    let encoded = STANDARD_NO_PAD.decode(text(&done, "/encoded_token"));
    let token = encoded.unwrap().into_iter().zip(otp.bytes());
    let token = String::from_utf8(token.map(|(a, b)| a ^ b).collect()).unwrap();
    canaries.watch("new root token", &token);
    fine(client.with_token(&token).read("auth/token/lookup-self"));

    let plan = json!({ "secret_shares": 3, "secret_threshold": 2 });
    let started = fine(client.write("sys/rekey/init", &plan));
    let done = submit(client, "sys/rekey/update", &started, shares);
    let new = done["keys_base64"].as_array().unwrap();
    assert_eq!(new.len(), 3);
    for share in new {
        canaries.watch("new share of the unseal key", share.as_str().unwrap());
    }
}

/// Submits two shares.
fn submit(client: &Client, path: &str, started: &Value, shares: &[String]) -> Value {
    let mut answer = Value::Null;
    for share in &shares[..2] {
        let share = json!({ "key": share, "nonce": started["nonce"] });
        answer = fine(client.write(path, &share));
    }
    answer
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
        others_follow(server);
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
