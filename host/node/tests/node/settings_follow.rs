//! What is kept in memory of the settings that clusters share holds on a secondary as soon as it has
//! them, with nobody asking there in between.

use crate::house::request;
use crate::pair::Network;
use crate::replication::{Member, primary, secondary};
use base::{Operation, RefusalKind, Reply};
use core::net::SocketAddr;
use serde_json::{Map, Value, json};
use std::fs;
use std::path::Path;

async fn pair(network: &Network) -> (Member, Member) {
    let both = primary(network).await;
    let c = secondary(network, &both, "c", json!({})).await;
    (both.0, c)
}

/// Writes on the primary, and waits until the secondary has it.
async fn set(a: &Member, c: &Member, path: &str, data: Value) {
    a.write(path, data).await.unwrap();
    until_it_has_all(a, c).await;
}

async fn until_it_has_all(a: &Member, c: &Member) {
    let index = a.status().await["last_wal"].as_u64();
    assert!(index.is_some());
    c.until(|status| status["last_remote_wal"].as_u64() >= index)
        .await;
}

async fn unset(a: &Member, c: &Member, path: &str) {
    let deleted = a.house.ask_as(&a.token, Operation::Delete, path, json!({}));
    deleted.await.unwrap();
    until_it_has_all(a, c).await;
}

#[tokio::test(start_paused = true)]
async fn which_pages_may_ask() {
    let network = Network::default();
    let (a, c) = pair(&network).await;
    let path = "sys/config/cors";
    for origin in ["https://a.test", "https://b.test"] {
        set(&a, &c, path, json!({ "allowed_origins": origin })).await;
        let rules = c.house.node.cross_origin().unwrap();
        assert!(rules.allows(origin) && !rules.allows("https://c.test"));
    }
    unset(&a, &c, path).await;
    assert!(c.house.node.cross_origin().is_none());
}

/// What the last line of a device says of a header.
fn header(file: &Path, name: &str) -> Value {
    let text = fs::read_to_string(file).unwrap();
    let last: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    last["request"]["headers"][name].clone()
}

#[tokio::test(start_paused = true)]
async fn which_headers_are_recorded() {
    let network = Network::default();
    let (a, c) = pair(&network).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("audit");
    let device = json!({ "type": "file", "local": true, "options": { "file_path": file } });
    c.write("sys/audit/own", device).await.unwrap();
    let ask = async || {
        let mut asked = request(&c.token, Operation::Read, "sys/mounts", Map::new());
        asked.headers = vec![(String::from("x-h"), String::from("clear"))];
        c.house.node.handle(asked).await.outcome.unwrap();
        header(&file, "x-h")
    };
    let path = "sys/config/auditing/request-headers/x-h";
    assert_eq!(ask().await, Value::Null);
    set(&a, &c, path, json!({ "hmac": false })).await;
    assert_eq!(ask().await, json!(["clear"]));
    set(&a, &c, path, json!({ "hmac": true })).await;
    let hashed = ask().await;
    let hashed = hashed[0].as_str().unwrap();
    assert!(hashed.starts_with("hmac-sha256:"), "{hashed}");
    unset(&a, &c, path).await;
    assert_eq!(ask().await, Value::Null);
}

async fn get(c: &Member, path: &str) -> Reply {
    let mut asked = request(&c.token, Operation::Read, path, Map::new());
    asked.client.address = SocketAddr::from(([10, 0, 0, 1], 1));
    c.house.node.handle(asked).await
}

async fn is_turned_away(c: &Member, path: &str) -> bool {
    let refused = get(c, path).await.outcome.err();
    refused.is_some_and(|refused| refused.kind == RefusalKind::TooMany)
}

#[tokio::test(start_paused = true)]
async fn what_holds_for_quotas() {
    let network = Network::default();
    let (a, c) = pair(&network).await;
    let quota = json!({ "rate": 1, "interval": 3600, "path": "auth/token" });
    set(&a, &c, "sys/quotas/rate-limit/q", quota).await;
    let path = "auth/token/lookup-self";
    assert!(!is_turned_away(&c, path).await);
    assert!(is_turned_away(&c, path).await);
    let config = "sys/quotas/config";
    set(
        &a,
        &c,
        config,
        json!({ "enable_rate_limit_response_headers": true }),
    )
    .await;
    assert_eq!(get(&c, path).await.rate.room.unwrap().limit, 1);
    let exempt = json!({
        "enable_rate_limit_response_headers": false,
        "rate_limit_exempt_paths": ["auth/token/"],
    });
    set(&a, &c, config, exempt).await;
    assert!(!is_turned_away(&c, path).await);
    assert!(get(&c, path).await.rate.room.is_none());
    unset(&a, &c, "sys/quotas/rate-limit/q").await;
    set(&a, &c, config, json!({ "rate_limit_exempt_paths": [] })).await;
    for _ in 0..3 {
        assert!(!is_turned_away(&c, path).await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_namespace_that_is_locked() {
    let network = Network::default();
    let (a, c) = pair(&network).await;
    set(&a, &c, "sys/namespaces/team", json!({})).await;
    let locked = "API access to this namespace has been locked by an administrator";
    let inside = "team/sys/mounts";
    assert!(c.read(inside).await.is_ok());
    // By the primary's people, and by those of the secondary.
    for (by, other) in [(&a, &c), (&c, &a)] {
        let lock = "sys/namespaces/api-lock/lock/team";
        let key = by.write(lock, json!({})).await.unwrap()["unlock_key"].clone();
        c.until_it_is_there(inside, false).await;
        for cluster in [&a, &c] {
            let refused = cluster.read(inside).await.unwrap_err();
            assert_eq!(refused.kind, RefusalKind::Unavailable, "{refused:?}");
            assert!(refused.message.starts_with(locked), "{refused:?}");
        }
        let unlock = "sys/namespaces/api-lock/unlock/team";
        let wrong = other.write(unlock, json!({ "unlock_key": "x" })).await;
        assert!(wrong.is_err());
        other
            .write(unlock, json!({ "unlock_key": key }))
            .await
            .unwrap();
        for cluster in [&a, &c] {
            cluster.until_it_is_there(inside, true).await;
        }
    }
}
