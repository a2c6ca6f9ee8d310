//! Requests that bring their login with them: what is recorded of them, what guards the login, and that
//! nothing of it is left.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use e2e::{Client, Response, Server};
use serde_json::{Value, json};

/// A server with a user who may read one secret.
fn server_of_ann() -> (Server, Client) {
    let server = Server::start_casemate();
    let client = server.client();
    let policy = json!({ "policy": "path \"kv/a\" { capabilities = [\"read\"] }" });
    for (path, body) in [
        ("sys/auth/people", json!({ "type": "userpass" })),
        ("sys/mounts/kv", json!({ "type": "kv" })),
        ("sys/policies/acl/ann", policy),
        (
            "auth/people/users/ann",
            json!({ "password": "a-password-of-ann", "policies": "ann", "token_num_uses": 1, "token_period": "1h" }),
        ),
        ("kv/a", json!({ "value": "of-ann" })),
    ] {
        let done = client.write(path, &body);
        assert!(done.status < 300, "{path}: {}", done.body);
    }
    (server, client)
}

fn read_as_ann(client: &Client, password: &str, more: &[(&str, &str)]) -> Response {
    let field = json!({ "key": "password", "value": password });
    let field = URL_SAFE_NO_PAD.encode(field.to_string());
    let mut headers = vec![
        ("X-Vault-Inline-Auth-Path", "auth/people/login/ann"),
        ("X-Vault-Inline-Auth-Parameter-1", field.as_str()),
    ];
    headers.extend(more);
    client.with_token("").send("GET", "kv/a", &headers, None)
}

#[test]
fn two_requests_are_recorded_and_nothing_is_left() {
    let (server, client) = server_of_ann();
    // Her entity, which logins leave.
    assert_eq!(read_as_ann(&client, "a-password-of-ann", &[]).status, 200);
    let tokens = || client.list("auth/token/accessors").json()["data"]["keys"].clone();
    let before = tokens();
    let file = server.folder().join("audit.log");
    let device = json!({ "type": "file", "options": { "file_path": file } });
    assert_eq!(client.write("sys/audit/file", &device).status, 204);
    let begun = std::fs::read_to_string(&file).unwrap().len();
    let read = read_as_ann(&client, "a-password-of-ann", &[]);
    assert_eq!(read.json()["data"]["value"], "of-ann", "{}", read.body);
    assert!(read.json()["auth"].is_null());
    let log = std::fs::read_to_string(&file).unwrap();
    assert!(!log.contains("a-password-of-ann"), "{log}");
    let lines = log[begun..].lines();
    let records: Vec<Value> = lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let told = |record: &Value| {
        let text = |pointer: &str| record.pointer(pointer).cloned().unwrap_or_default();
        let kinds = [text("/type"), text("/request/path")];
        kinds.map(|kind| kind.as_str().unwrap_or_default().to_owned())
    };
    // The device's own request ends after it began to listen.
    let records = &records[records.len() - 4..];
    let kinds: Vec<[String; 2]> = records.iter().map(told).collect();
    let login = "auth/people/login/ann";
    let expected = [
        ["request", login],
        ["response", login],
        ["request", "kv/a"],
        ["response", "kv/a"],
    ];
    assert_eq!(kinds, expected);
    let [_, granted, asked, answered] = records else {
        panic!("four records")
    };
    for record in [asked, answered] {
        assert_eq!(record["auth"]["display_name"], "people-ann");
        for own in ["/auth/client_token", "/request/client_token"] {
            let token = record.pointer(own).unwrap();
            assert!(token.as_str().unwrap().starts_with("hmac-sha256:"), "{own}");
            let of_login = granted.pointer("/response/auth/client_token");
            assert_eq!(Some(token), of_login, "{own}");
        }
    }
    assert_eq!(tokens(), before);
    let leases = client.list("sys/leases/lookup/auth/people/login/ann/");
    assert_eq!(leases.status, 404, "{}", leases.body);

    // A login that fails is a request that was refused.
    let begun = std::fs::read_to_string(&file).unwrap().len();
    assert_eq!(read_as_ann(&client, "wrong", &[]).status, 400);
    let log = std::fs::read_to_string(&file).unwrap();
    let records: Vec<Value> = log[begun..]
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let kinds: Vec<[String; 2]> = records[records.len() - 4..].iter().map(told).collect();
    assert_eq!(kinds, expected);
    assert_eq!(records[3]["error"], "invalid username or password");
}

#[test]
fn what_guards_a_login_guards_this_one() {
    let (_server, client) = server_of_ann();
    let limit = json!({ "path": "auth/people", "rate": 3, "interval": "1h" });
    let limited = client.write("sys/quotas/rate-limit/people", &limit);
    assert_eq!(limited.status, 204, "{}", limited.body);
    let tries: Vec<u16> = (0..4)
        .map(|_| read_as_ann(&client, "wrong", &[]).status)
        .collect();
    assert_eq!(tries, [400, 400, 400, 429]);
    client.delete("sys/quotas/rate-limit/people");
    for _ in 0..5 {
        read_as_ann(&client, "wrong", &[]);
    }
    let locked = read_as_ann(&client, "a-password-of-ann", &[]);
    assert_eq!(locked.status, 403, "{}", locked.body);
}

#[test]
fn a_second_factor_comes_along_or_the_request_does_not_run() {
    let (_server, client) = server_of_ann();
    let login = json!({ "password": "a-password-of-ann" });
    let login = client.write("auth/people/login/ann", &login).json();
    let entity = login["auth"]["entity_id"].clone();
    // No code is the same within two hours.
    let method = json!({ "issuer": "C", "method_name": "m", "period": "2h" });
    let method = client.write("identity/mfa/method/totp", &method).json();
    let method = method["data"]["method_id"].clone();
    let enforcement = json!({ "mfa_method_ids": [method], "identity_entity_ids": [entity] });
    client.write("identity/mfa/login-enforcement/ann", &enforcement);
    let key = json!({ "method_id": method, "entity_id": entity });
    let key = client.write("identity/mfa/method/totp/admin-generate", &key);
    client.write("sys/mounts/totp", &json!({ "type": "totp" }));
    client.write(
        "totp/keys/ann",
        &json!({ "url": key.json()["data"]["url"] }),
    );
    let without = read_as_ann(&client, "a-password-of-ann", &[]);
    assert_eq!(without.status, 403, "{}", without.body);
    let code = client.read("totp/code/ann").json()["data"]["code"].clone();
    let header = format!("m:{}", code.as_str().unwrap());
    let with = read_as_ann(&client, "a-password-of-ann", &[("X-Vault-MFA", &header)]);
    assert_eq!(with.json()["data"]["value"], "of-ann", "{}", with.body);
}
