//! Moves of mounts that are asked for through a secondary.

use crate::hostile_secondary::thief::NOTES;
use crate::pair::Network;
use crate::replication::{Member, a_while, primary, secondary};
use base::RefusalKind;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

/// Asks a cluster for a move, and what came of it until it is done.
async fn moved(cluster: &Member, from: &str, to: &str) -> serde_json::Value {
    let asked = json!({ "from": from, "to": to });
    let begun = cluster.write("sys/remount", asked).await.unwrap();
    let id = begun["migration_id"].as_str().unwrap();
    let path = format!("sys/remount/status/{id}");
    for _ in 0..1_000 {
        let status = cluster.read(&path).await.unwrap();
        assert_eq!(status["migration_id"], id);
        if status["migration_info"]["status"] == "success" {
            return status["migration_info"].clone();
        }
        a_while().await;
    }
    panic!("{from} never came to {to}");
}

#[tokio::test(start_paused = true)]
async fn whoever_moves_a_mount_through_a_secondary_is_told_there_what_came_of_it() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    for (path, data) in [
        (
            "sys/plugins/catalog/secret/notes",
            json!({ "component": STANDARD.encode(NOTES) }),
        ),
        ("sys/mounts/m", json!({ "type": "notes" })),
        ("sys/namespaces/team", json!({})),
        ("m/notes/x", json!({ "text": "hello" })),
    ] {
        a.write(path, data).await.unwrap();
    }
    let c = secondary(&network, &both, "c", json!({})).await;
    // Within a namespace, and into another one, which takes a while.
    for (from, to) in [("m", "moved"), ("moved", "team/there")] {
        let info = moved(&c, from, to).await;
        assert_eq!(info["source_mount"], format!("{from}/"));
        assert_eq!(info["target_mount"], format!("{to}/"));
        for cluster in [a, &c] {
            let read = cluster.read(&format!("{to}/notes/x")).await.unwrap();
            assert_eq!(read["text"], "hello", "{to}");
            assert!(cluster.read(&format!("{from}/notes/x")).await.is_err());
        }
    }
    // A mount of its own it moves itself, whether its primary can be reached or not.
    c.write("sys/mounts/own", json!({ "type": "notes", "local": true }))
        .await
        .unwrap();
    c.cut_off(&network).await;
    moved(&c, "own", "ours").await;
    network.cut(false);
    c.until_it_streams().await;
    // Nobody knows of a move that there was none of.
    for cluster in [a, &c] {
        let unknown = cluster.read("sys/remount/status/none").await.unwrap_err();
        assert_eq!(unknown.kind, RefusalKind::NotFound, "{unknown:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_denied_is_not_carried_to_another_cluster_by_a_move() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    let component = json!({ "component": STANDARD.encode(NOTES) });
    let notes = json!({ "type": "notes" });
    for (path, data) in [
        ("sys/plugins/catalog/secret/notes", component),
        ("sys/namespaces/open", json!({})),
        ("sys/namespaces/shut", json!({})),
        ("sys/mounts/denied", notes.clone()),
        ("shut/sys/mounts/in", notes),
        ("denied/notes/canary", json!({ "text": "canary" })),
        ("shut/in/notes/canary", json!({ "text": "canary" })),
    ] {
        a.write(path, data).await.unwrap();
    }
    let deny = json!({ "paths_filter_mode": "deny", "paths": ["denied", "shut"] });
    let c = secondary(&network, &both, "c", deny).await;
    for (from, to) in [
        ("denied", "open/canary-by-name"),
        ("shut/in", "open/canary-with-all"),
        ("open/canary-with-all", "canary-and-on"),
    ] {
        moved(a, from, to).await;
        let read = a.read(&format!("{to}/notes/canary")).await.unwrap();
        assert_eq!(read["text"], "canary", "{to}");
        c.until_it_streams().await;
    }
    assert!(!network.carried(b"canary"));
    // Until somebody says again what is denied.
    let path = "sys/replication/performance/primary/paths-filter/c";
    let deny = json!({ "mode": "deny", "paths": ["shut"] });
    a.write(path, deny).await.unwrap();
    c.until_it_streams().await;
    assert!(network.carried(b"canary"));
    for path in ["open/canary-by-name", "canary-and-on"] {
        let read = c.read(&format!("{path}/notes/canary")).await.unwrap();
        assert_eq!(read["text"], "canary", "{path}");
    }
}
