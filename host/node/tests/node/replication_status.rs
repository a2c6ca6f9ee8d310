//! The members of the status, by name and type: what others build on.

use crate::pair::Network;
use crate::replication::{Member, primary, secondary};
use base::{Clock as _, Operation};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// `name: type` of each member.
fn shape(status: &Value) -> Vec<String> {
    let members = status.as_object().unwrap().iter();
    let members = members.map(|(name, value)| {
        let of = match value {
            Value::Null => "null",
            Value::Bool(_) => "bool",
            Value::Number(number) if number.is_f64() => "seconds",
            Value::Number(_) => "count",
            Value::String(_) => "text",
            Value::Array(_) => "list",
            Value::Object(_) => "object",
        };
        format!("{name}: {of}")
    });
    let mut all: Vec<String> = members.collect();
    all.sort_unstable();
    all
}

const BOTH: &[&str] = &[
    "audit_devices_not_open: list",
    "cluster_id: text",
    "corrupted_merkle_tree: bool",
    "generation: count",
    "last_corruption_check_epoch: text",
    "last_reindex_epoch: text",
    "merkle_root: text",
    "mode: text",
    "reindex_in_progress: bool",
    "state: text",
];
const OF_PRIMARY: &[&str] = &[
    "known_secondaries: list",
    "last_performance_wal: count",
    "last_wal: count",
    "log_bytes: count",
    "log_bytes_max: count",
    "log_purged: count",
    "primary_cluster_addr: text",
    "secondaries: list",
];
const OF_SECONDARY: &[&str] = &[
    "clock_skew_ms: text",
    "connection_state: text",
    "known_primary_cluster_addrs: list",
    "lag_bytes: count",
    "lag_entries: count",
    "lag_seconds: seconds",
    "last_error: text",
    "last_remote_wal: count",
    "last_start: text",
    "mounts_in_the_way_count: count",
    "primaries: list",
    "primary_cluster_addr: text",
    "rollback_possible: bool",
    "secondary_id: text",
];
const OF_KNOWN: &[&str] = &[
    "connection_status: text",
    "issued: text",
    "node_id: text",
    "revoked: null",
    "state: text",
];
const OF_THERE: &[&str] = &[
    "api_address: text",
    "cluster_address: text",
    "headroom_bytes: count",
    "headroom_entries: count",
    "headroom_is_low: bool",
    "lag_bytes: count",
    "lag_entries: count",
    "lag_seconds: seconds",
    "last_heartbeat: text",
    "last_heartbeat_duration_ms: text",
    "last_remote_wal: count",
    "replication_primary_canary_age_ms: text",
];

const OF_PRIMARIES: [&str; 3] = [
    "api_address: text",
    "cluster_address: text",
    "connection_status: text",
];

fn check(status: &Value, expected: &[&[&str]]) {
    let mut all: Vec<&str> = expected.concat();
    all.sort_unstable();
    assert_eq!(shape(status), all, "{status:#}");
}

fn some(status: &Value, names: &[&str]) -> Value {
    let pick = |name: &&str| ((*name).to_owned(), status[*name].clone());
    Value::Object(names.iter().map(pick).collect::<Map<_, _>>())
}

/// With one secondary that came, and one that did not.
async fn check_primary(a: &Member) {
    let status = a.status().await;
    check(&status, &[BOTH, OF_PRIMARY]);
    assert_eq!(status["state"], "running");
    assert_eq!(status["known_secondaries"], json!(["b", "c"]));
    assert_eq!(status["last_corruption_check_epoch"], "-62135596800");
    assert_eq!(status["last_reindex_epoch"], "0");
    assert_eq!(status["last_wal"], status["last_performance_wal"]);
    let root = status["merkle_root"].as_str().unwrap();
    assert_eq!(root.len(), 40, "{root}");
    let [issued, there] = [0, 1].map(|number| status["secondaries"][number].clone());
    check(&issued, &[OF_KNOWN, &["used: null"]]);
    assert_eq!(issued["state"], "issued");
    check(&there, &[OF_KNOWN, OF_THERE, &["used: text"]]);
    let said = some(
        &there,
        &[
            "state",
            "connection_status",
            "api_address",
            "cluster_address",
        ],
    );
    let expected = json!({
        "state": "connected",
        "connection_status": "connected",
        "api_address": "https://c:8200",
        "cluster_address": "https://c:8201",
    });
    assert_eq!(said, expected);
}

async fn check_secondary(c: &Member) {
    let status = c.status().await;
    check(&status, &[BOTH, OF_SECONDARY]);
    let address = "https://a:8201";
    let said = some(
        &status,
        &[
            "mode",
            "state",
            "connection_state",
            "secondary_id",
            "primary_cluster_addr",
            "known_primary_cluster_addrs",
            "last_error",
            "mounts_in_the_way_count",
        ],
    );
    let expected = json!({
        "mode": "secondary",
        "state": "stream-wals",
        "connection_state": "ready",
        "secondary_id": "c",
        "primary_cluster_addr": address,
        "known_primary_cluster_addrs": [address],
        "last_error": "",
        "mounts_in_the_way_count": 0,
    });
    assert_eq!(said, expected);
    let primaries = status["primaries"].as_array().unwrap();
    assert_eq!(primaries.len(), 1);
    let heard = [
        "clock_skew_ms: text",
        "last_heartbeat: text",
        "last_heartbeat_duration_ms: text",
        "replication_primary_canary_age_ms: text",
    ];
    check(&primaries[0], &[&OF_PRIMARIES, &heard]);
    assert_eq!(primaries[0]["connection_status"], "connected");
    assert_eq!(primaries[0]["replication_primary_canary_age_ms"], "0");
}

#[tokio::test(start_paused = true)]
async fn each_part_has_its_members() {
    let network = Network::default();
    let (off, _) = network.cluster("x").await;
    let path = "sys/replication/performance/status";
    let status = off.read(path).await.unwrap();
    assert_eq!(status, json!({ "mode": "disabled" }));
    let both = primary(&network).await;
    let a = &both.0;
    let token = "sys/replication/performance/primary/secondary-token";
    a.write(token, json!({ "id": "b" })).await.unwrap();
    let c = secondary(&network, &both, "c", json!({})).await;
    check_primary(a).await;
    check_secondary(&c).await;
    // It leaves, and what it said stays; an operator looks for damage.
    c.cut_off(&network).await;
    for path in ["sys/replication/merkle-check", "sys/replication/reindex"] {
        a.write(path, json!({})).await.unwrap();
    }
    let status = a.status().await;
    let now = a.house.clock.now().as_seconds().to_string();
    assert_eq!(status["last_corruption_check_epoch"], now);
    assert_eq!(status["last_reindex_epoch"], now);
    let left = &status["secondaries"][1];
    check(left, &[OF_KNOWN, OF_THERE, &["used: text"]]);
    assert_eq!(
        (&left["state"], &left["connection_status"]),
        (&json!("used"), &json!("disconnected"))
    );
}

/// A mount of a cluster is no secret to whom may see that, and nobody else learns that it is there.
#[tokio::test(start_paused = true)]
async fn what_is_in_the_way_is_named_to_a_token_that_may_read_it_alone() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    let c = secondary(&network, &both, "c", json!({})).await;
    let notes = include_bytes!("../../../../tests/compat/components/v0.1/notes.wasm");
    let body = json!({ "component": STANDARD.encode(notes) });
    let catalog = "sys/plugins/catalog/secret/notes";
    a.write(catalog, body).await.unwrap();
    c.until_it_streams().await;
    let path = "sys/replication/performance/status";
    let may = format!("path \"{path}\" {{ capabilities = [\"read\"] }}");
    let write = |name: &str, policy: String| (format!("sys/policies/acl/{name}"), policy);
    for (path, policy) in [
        write("may", may),
        write("other", String::from("path \"x\" {}")),
    ] {
        a.write(&path, json!({ "policy": policy })).await.unwrap();
    }
    c.until_it_streams().await;
    let update = Operation::Update;
    let as_own = |path: &'static str, body: Value| c.house.ask_as(&c.own_token, update, path, body);
    let local = json!({ "type": "notes", "local": true });
    as_own("sys/mounts/same", local).await.unwrap();
    a.write("sys/mounts/same", json!({ "type": "notes" }))
        .await
        .unwrap();
    c.until(|status| status["mounts_in_the_way_count"] == 1)
        .await;
    let make = async |body: Value| {
        let made = as_own("auth/token/create", body).await.unwrap();
        String::from(made["client_token"].as_str().unwrap())
    };
    let may = make(json!({ "policies": ["may"] })).await;
    let other = make(json!({ "policies": ["other"] })).await;
    let counted = make(json!({ "policies": ["may"], "num_uses": 1 })).await;
    let whole = "sys/replication/status";
    for (token, path, expected) in [
        (c.own_token.as_str(), path, json!(["same/"])),
        (c.own_token.as_str(), whole, json!(["same/"])),
        (may.as_str(), path, json!(["same/"])),
        (may.as_str(), whole, Value::Null),
        (other.as_str(), path, Value::Null),
        (counted.as_str(), path, Value::Null),
        ("made-up", path, Value::Null),
        ("", path, Value::Null),
    ] {
        let status = c.house.ask_as(token, Operation::Read, path, json!({}));
        let mut status = status.await.unwrap();
        if path == whole {
            status = status["performance"].take();
        }
        assert_eq!(status["mounts_in_the_way"], expected, "{path} {token}");
        assert_eq!(status["mounts_in_the_way_count"], 1);
        if expected.is_null() {
            assert!(!status.to_string().contains("same"), "{status}");
        }
    }
}

/// Of several addresses what is known of the primary stands beside the one that answered; and none at
/// all is said as Vault says it.
#[tokio::test(start_paused = true)]
async fn addresses_that_did_not_answer_show_nothing() {
    let network = Network::default();
    let both = primary(&network).await;
    let c = secondary(&network, &both, "c", json!({})).await;
    let update = async |addresses: Value| {
        let path = "sys/replication/performance/secondary/update-primary";
        let body = json!({ "update_primary_addrs": addresses });
        let update = base::Operation::Update;
        let asked = c.house.ask_as(&c.own_token, update, path, body);
        asked.await.unwrap();
    };
    update(json!(["dead:8201", "a:8201"])).await;
    c.until_it_streams().await;
    c.house.clock.advance(core::time::Duration::from_secs(3));
    let primaries = c.status().await["primaries"].clone();
    assert_eq!(primaries[0]["cluster_address"], "https://a:8201");
    assert_eq!(primaries[0]["connection_status"], "connected");
    assert_eq!(primaries[0]["last_heartbeat_duration_ms"], "3000");
    assert_eq!(primaries[1]["cluster_address"], "https://dead:8201");
    assert_eq!(primaries[1]["connection_status"], "disconnected");
    check(&primaries[1], &[&OF_PRIMARIES]);
    update(json!([])).await;
    let status = c.status().await;
    assert_eq!(status["primary_cluster_addr"], "");
    assert_eq!(status["known_primary_cluster_addrs"], json!([]));
    assert_eq!(status["primaries"], json!([]));
}

/// Also while it is sealed, since that is when it is asked for.
#[tokio::test(start_paused = true)]
async fn a_secondary_says_whose_shares_unseal_it() {
    let network = Network::default();
    let both = primary(&network).await;
    let needs = async |house: &crate::house::House| {
        let status = house.read("sys/seal-status").await.unwrap();
        let needs = status.get("needs_unseal_with").cloned();
        (status["sealed"].clone(), needs)
    };
    let mut c = secondary(&network, &both, "c", json!({})).await;
    let of_primary = Some(json!("primary"));
    assert_eq!(needs(&both.0.house).await, (json!(false), None));
    assert_eq!(needs(&c.house).await, (json!(false), of_primary.clone()));
    c.house = network.on("c", Arc::new(c.house.storage.kill()), 1);
    assert_eq!(needs(&c.house).await, (json!(true), of_primary));
    c.house.submit(&both.1).await.unwrap();
    let disable = "sys/replication/performance/secondary/disable";
    let update = base::Operation::Update;
    let asked = c.house.ask_as(&c.own_token, update, disable, json!({}));
    asked.await.unwrap();
    assert_eq!(needs(&c.house).await, (json!(false), None));
}
