//! What replication shows in `sys/metrics`.

use crate::house::{House, request};
use crate::pair::Network;
use crate::replication::{primary, secondary};
use base::{Answer, Operation};
use serde_json::{Value, json};

/// All gauges, by their names; where one has a label `secondary`, by that too.
pub(crate) async fn gauges(house: &House, token: &str) -> Value {
    let shown = shown(house, token).await;
    let list = shown["Gauges"].as_array().unwrap().iter();
    let named = list.map(|gauge| {
        let name = gauge["Name"].as_str().unwrap().to_owned();
        let name = match gauge["Labels"]["secondary"].as_str() {
            Some(id) => format!("{name} {id}"),
            None => name,
        };
        (name, gauge["Value"].clone())
    });
    Value::Object(named.collect())
}

/// How often something was timed.
async fn timed(house: &House, token: &str, name: &str) -> u64 {
    let shown = shown(house, token).await;
    let mut samples = shown["Samples"].as_array().unwrap().iter();
    let sample = samples.find(|sample| sample["Name"] == name);
    sample.map_or(0, |sample| sample["Count"].as_u64().unwrap())
}

async fn shown(house: &House, token: &str) -> Value {
    let request = request(
        token,
        Operation::Read,
        "sys/metrics",
        serde_json::Map::new(),
    );
    let Ok(Answer::Raw(raw)) = house.node.handle(request).await.outcome else {
        panic!("no metrics");
    };
    serde_json::from_slice(&raw.body).unwrap()
}

#[tokio::test]
async fn both_sides_show_how_far_the_secondary_is() {
    let network = Network::default();
    let leading = primary(&network).await;
    let following = secondary(&network, &leading, "b", json!({})).await;
    let (leading, _) = leading;
    let path = "sys/policies/acl/p";
    let policy = json!({ "policy": "path \"x\" { capabilities = [\"read\"] }" });
    leading.write(path, policy).await.unwrap();
    following.until_it_streams().await;
    let of_primary = gauges(&leading.house, &leading.token).await;
    assert_eq!(
        of_primary["vault.core.replication.performance.primary"],
        1.0
    );
    assert_eq!(
        of_primary["vault.core.replication.performance.secondary"],
        0.0
    );
    let last = of_primary["vault.replication.wal.last_wal"]
        .as_f64()
        .unwrap();
    assert!(last > 0.0, "{of_primary:#}");
    let same = &of_primary["vault.replication.wal.last_performance_wal"];
    assert_eq!(same.as_f64().unwrap(), last);
    assert_eq!(of_primary["vault.replication.secondary.connected b"], 1.0);
    for name in [
        "lag_entries",
        "lag_bytes",
        "headroom_bytes",
        "heartbeat_age_seconds",
    ] {
        let name = format!("vault.replication.secondary.{name} b");
        assert!(of_primary[&name].is_number(), "{name}: {of_primary:#}");
    }
    let own = gauges(&following.house, &following.token).await;
    assert_eq!(own["vault.core.replication.performance.primary"], 0.0);
    assert_eq!(own["vault.core.replication.performance.secondary"], 1.0);
    let reached = own["vault.replication.fsm.last_remote_wal"].as_f64();
    assert!(reached.unwrap() > 0.0, "{own:#}");
    assert_eq!(own["vault.replication.connected"], 1.0);
    for name in ["lag_entries", "lag_bytes", "lag_seconds"] {
        let name = format!("vault.replication.{name}");
        assert_eq!(own[&name], 0.0, "{name}: {own:#}");
    }
    assert!(
        own.get("vault.replication.wal.last_wal").is_none(),
        "{own:#}"
    );
}

/// What operators of Vault watch for, and what is watched here in the place of what Vault has besides.
#[tokio::test(start_paused = true)]
async fn a_comparison_is_timed() {
    let network = Network::default();
    let leading = primary(&network).await;
    let following = secondary(&network, &leading, "b", json!({})).await;
    let (shut, nothing) = ("sys/namespaces/shut", json!({}));
    leading.0.write(shut, nothing).await.unwrap();
    let name = "vault.replication.merkleSync";
    let (house, token) = (&following.house, following.token.as_str());
    // What was before is seen now and not again.
    timed(house, token, name).await;
    let filter = "sys/replication/performance/primary/paths-filter/b";
    let deny = json!({ "mode": "deny", "paths": ["shut"] });
    leading.0.write(filter, deny).await.unwrap();
    for _ in 0..100 {
        house.clock.advance(core::time::Duration::from_secs(11));
        if timed(house, token, name).await > 0 {
            return;
        }
        crate::replication::a_while().await;
    }
    panic!("no comparison was timed");
}
