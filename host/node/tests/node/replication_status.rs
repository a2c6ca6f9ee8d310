//! The members of the status, by name and type: what others build on.

use crate::pair::Network;
use crate::replication::{Member, primary, secondary};
use base::Clock as _;
use serde_json::{Map, Value, json};

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
    "mounts_in_the_way: list",
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
    "lag_bytes: count",
    "lag_entries: count",
    "lag_seconds: seconds",
    "last_heartbeat: text",
    "last_heartbeat_duration_ms: text",
    "last_remote_wal: count",
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
            "mounts_in_the_way",
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
        "mounts_in_the_way": [],
    });
    assert_eq!(said, expected);
    let primaries = status["primaries"].as_array().unwrap();
    assert_eq!(primaries.len(), 1);
    let of_primaries = [
        "api_address: text",
        "cluster_address: text",
        "connection_status: text",
        "last_heartbeat: text",
    ];
    check(&primaries[0], &[&of_primaries]);
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
    network.cut(true);
    c.until_it_is_cut_off().await;
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
