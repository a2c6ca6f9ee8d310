//! Servers that follow one another.

use e2e::{Client, Durable};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const ALL: &str = r#"path "*" { capabilities = ["create", "read", "update", "delete", "list"] }"#;

/// A primary, and a token that is good on all of its clusters.
pub(crate) fn primary() -> (Durable, String) {
    let primary = Durable::started();
    set(&primary, "sys/policies/acl/all", &json!({ "policy": ALL }));
    for path in ["kv", "few"] {
        set(
            &primary,
            &format!("sys/mounts/{path}"),
            &json!({ "type": "kv" }),
        );
    }
    set(
        &primary,
        "sys/replication/performance/primary/enable",
        &json!({}),
    );
    let asked = json!({ "type": "batch", "no_parent": true, "policies": ["all"], "ttl": "24h" });
    let made = set(&primary, "auth/token/create", &asked);
    let token = made["auth"]["client_token"].as_str().expect("a token");
    (primary, token.to_owned())
}

pub(crate) fn set(server: &Durable, path: &str, body: &Value) -> Value {
    let answer = server.client().write(path, body);
    assert!(answer.status < 300, "{path}: {}", answer.body);
    serde_json::from_str(&answer.body).unwrap_or_default()
}

/// Makes a server a secondary.
pub(crate) fn follow(primary: &Durable, secondary: &Durable, id: &str) {
    let path = "sys/replication/performance/secondary/generate-public-key";
    let key = set(secondary, path, &json!({}));
    let asked = json!({ "id": id, "secondary_public_key": key["data"]["secondary_public_key"] });
    let path = "sys/replication/performance/primary/secondary-token";
    let made = set(primary, path, &asked);
    let path = "sys/replication/performance/secondary/enable";
    set(secondary, path, &json!({ "token": made["data"]["token"] }));
}

pub(crate) fn status(server: &Durable) -> Value {
    let anybody = Client::new(&server.url(), "");
    let answer = anybody.read("sys/replication/performance/status");
    serde_json::from_str::<Value>(&answer.body).unwrap_or_default()["data"].take()
}

pub(crate) fn wait(server: &Durable, is_so: impl Fn(&Value) -> bool) {
    let began = Instant::now();
    while !is_so(&status(server)) {
        assert!(
            began.elapsed() < Duration::from_secs(600),
            "{:#}",
            status(server)
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// What is written.
pub(crate) fn entry() -> String {
    json!({ "v": "x".repeat(460) }).to_string()
}
