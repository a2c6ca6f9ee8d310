//! A cluster whose first synchronization goes on: what it says of itself, and what can be asked of it.

use crate::house::{House, request};
use crate::pair::Network;
use crate::replication::{Member, a_while, primary};
use base::{Answer, HealthReport, Operation};
use serde_json::{Map, Value, json};
use storage::{Batch, Durability, Space, Storage as _};

const STATUS: &str = "sys/replication/performance/status";
const RECOVER: &str = "sys/replication/recover";
const CHECK: &str = "sys/replication/merkle-check";
const REINDEX: &str = "sys/replication/reindex";

async fn status(c: &House) -> Value {
    let status = c.ask_anybody(Operation::Read, STATUS, json!({}));
    status.await.unwrap()
}

async fn until(c: &House, is_so: impl Fn(&Value) -> bool) {
    for _ in 0..10_000 {
        if is_so(&status(c).await) {
            return;
        }
        a_while().await;
    }
    panic!("{:#}", status(c).await);
}

/// What load balancers are told.
async fn health(c: &House) -> HealthReport {
    let asked = request("", Operation::Read, "sys/health", Map::new());
    match c.node.handle(asked).await.outcome.unwrap() {
        Answer::Health(report) => *report,
        other => panic!("{other:?}"),
    }
}

/// A cluster that has begun to become a secondary of the primary.
async fn begun(network: &Network, a: &Member) -> House {
    let (c, _) = network.cluster("c").await;
    let key = "sys/replication/performance/secondary/generate-public-key";
    let key = c.write(key, json!({})).await.unwrap();
    let asked = json!({ "id": "c", "secondary_public_key": key["secondary_public_key"] });
    let path = "sys/replication/performance/primary/secondary-token";
    let made = a.write(path, asked).await.unwrap();
    assert_eq!(health(&c).await.performance_mode, "disabled");
    let enable = "sys/replication/performance/secondary/enable";
    c.write(enable, json!({ "token": made["token"] }))
        .await
        .unwrap();
    c
}

/// It serves its own, and says what it is to become.
async fn is_on_its_way(c: &House) {
    let health = health(c).await;
    assert_eq!(health.performance_mode, "bootstrapping");
    assert!(health.initialized && !health.sealed && !health.standby);
    let status = status(c).await;
    assert_eq!(status["mode"], "bootstrapping", "{status:#}");
    assert_eq!(status["rollback_possible"], true, "{status:#}");
    let path = "sys/policies/acl/own";
    c.write(path, json!({ "policy": "# own" })).await.unwrap();
    assert_eq!(c.read(path).await.unwrap()["policy"], "# own");
}

async fn becomes_a_secondary(a: &Member, c: &House) {
    until(c, |status| {
        status["state"] == "stream-wals" && status["mode"] == "secondary"
    })
    .await;
    assert_eq!(health(c).await.performance_mode, "secondary");
    let status = status(c).await;
    assert_eq!(status["merkle_root"], a.status().await["merkle_root"]);
}

#[tokio::test(start_paused = true)]
async fn it_is_told_while_the_primary_says_nothing() {
    let network = Network::default();
    let (a, _) = primary(&network).await;
    network.hold("compare");
    let c = begun(&network, &a).await;
    for _ in 0..3 {
        a_while().await;
        is_on_its_way(&c).await;
    }
    network.let_go();
    becomes_a_secondary(&a, &c).await;
}

#[tokio::test(start_paused = true)]
async fn recover_begins_the_connection_anew() {
    let network = Network::default();
    let (a, _) = primary(&network).await;
    network.refuse(Some("compare"));
    let c = begun(&network, &a).await;
    until(&c, |status| {
        status["connection_state"] == "transient_failure"
    })
    .await;
    is_on_its_way(&c).await;
    let admitted = network.admitted();
    let told = c.warnings(&c.token, RECOVER, json!({})).await.unwrap();
    assert_eq!(told, ["the connection to the primary is made anew"]);
    // At once, and not when its patience is over.
    for _ in 0..3 {
        tokio::task::yield_now().await;
    }
    until(&c, |_| network.admitted() > admitted).await;
    is_on_its_way(&c).await;
    network.refuse(None);
    c.write(RECOVER, json!({})).await.unwrap();
    becomes_a_secondary(&a, &c).await;
}

#[tokio::test(start_paused = true)]
async fn its_own_digests_are_looked_at_and_put_right() {
    let network = Network::default();
    let (a, _) = primary(&network).await;
    network.hold("compare");
    let c = begun(&network, &a).await;
    is_on_its_way(&c).await;
    let corrupted = async || {
        let report = c.write(CHECK, json!({})).await.unwrap();
        report["merkle_corruption_report"]["corrupted_root"].clone()
    };
    assert_eq!(corrupted().await, false);
    let snapshot = c.storage.snapshot();
    let mut records = snapshot.range(Space::Digests, b"R", Some(b"S"));
    let (key, value) = records.next().unwrap().unwrap();
    let mut wrong = value.to_vec();
    wrong[5] ^= 1;
    let mut damage = Batch::new();
    damage.put(Space::Digests, key.to_vec(), wrong);
    c.storage.commit(damage, Durability::Synced).unwrap();
    assert_eq!(corrupted().await, true);
    let told = c.warnings(&c.token, REINDEX, json!({})).await.unwrap();
    assert!(
        told[0].ends_with("records of digests were put right"),
        "{told:?}"
    );
    assert_eq!(corrupted().await, false);
    is_on_its_way(&c).await;
    network.let_go();
    becomes_a_secondary(&a, &c).await;
}
