//! Digests are looked at, and put right.

use crate::pair::Network;
use crate::replication::{Member, primary, secondary};
use base::Operation;
use core::time::Duration;
use serde_json::{Value, json};
use storage::{Space, Storage as _};

const CHECK: &str = "sys/replication/merkle-check";
const REINDEX: &str = "sys/replication/reindex";

/// One record says something else.
fn damage(member: &Member) {
    let storage = &member.house.storage;
    let snapshot = storage.snapshot();
    let mut records = snapshot.range(Space::Digests, b"R", Some(b"S"));
    let (key, value) = records.next().unwrap().unwrap();
    let mut wrong = value.to_vec();
    wrong[5] ^= 1;
    let mut damage = storage::Batch::new();
    damage.put(Space::Digests, key.to_vec(), wrong);
    storage.commit(damage, storage::Durability::Synced).unwrap();
}

/// So much time goes by, and the work in the background has its turn.
async fn later(member: &Member, hours: u64) {
    member
        .house
        .clock
        .advance(Duration::from_secs(hours * 3600));
    member.house.tick().await;
}

fn checked_at(status: &Value) -> i64 {
    status["last_corruption_check_epoch"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn damage_is_found_where_nobody_looks() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    // More than is read in one piece.
    for number in 0..4 {
        let policy = format!("# {}", "x".repeat(400_000));
        let path = format!("sys/policies/acl/large{number}");
        a.write(&path, json!({ "policy": policy })).await.unwrap();
    }
    let c = secondary(&network, &both, "c", json!({})).await;
    for member in [a, &c] {
        later(member, 1).await;
        let looked =
            |status: &Value| checked_at(status) > 0 && status["reindex_in_progress"] == false;
        member.until(looked).await;
        assert_eq!(member.status().await["corrupted_merkle_tree"], false);
    }
    let first = checked_at(&c.status().await);
    damage(&c);
    // Not before its time.
    later(&c, 22).await;
    assert_eq!(checked_at(&c.status().await), first);
    later(&c, 2).await;
    c.until(|status| status["corrupted_merkle_tree"] == true)
        .await;
    assert!(checked_at(&c.status().await) >= first + 24 * 3600);
    later(a, 24).await;
    a.until(|status| checked_at(status) >= first + 24 * 3600)
        .await;
    assert_eq!(a.status().await["corrupted_merkle_tree"], false);
    // What was put right is right the next day.
    let reindex = c
        .house
        .ask_as(&c.own_token, Operation::Update, REINDEX, json!({}));
    reindex.await.unwrap();
    let mended = checked_at(&c.status().await);
    later(&c, 25).await;
    c.until(|status| checked_at(status) > mended).await;
    assert_eq!(c.status().await["corrupted_merkle_tree"], false);
}

#[tokio::test(start_paused = true)]
async fn who_is_told_not_to_look_does_not() {
    let network = Network::default();
    network.set(|settings| settings.digests_checked_every = None);
    let both = primary(&network).await;
    damage(&both.0);
    for _ in 0..3 {
        later(&both.0, 30).await;
    }
    let status = both.0.status().await;
    assert!(checked_at(&status) < 0, "{status:#}");
    assert_eq!(status["corrupted_merkle_tree"], false);
}

#[tokio::test(start_paused = true)]
async fn digests_that_are_wrong_are_found_and_put_right() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    let report = a.write(CHECK, json!({})).await.unwrap();
    assert_eq!(
        report["merkle_corruption_report"]["corrupted_root"], false,
        "{report:#}"
    );
    damage(a);
    let report = a.write(CHECK, json!({})).await.unwrap();
    let report = &report["merkle_corruption_report"];
    assert_eq!(report["corrupted_root"], true, "{report:#}");
    assert_eq!(
        report["corrupted_tree_map"]["1"]["corrupted_subtree_root"], true,
        "{report:#}"
    );
    assert_eq!(
        report["corrupted_tree_map"]["2"]["corrupted_subtree_root"], false,
        "{report:#}"
    );
    assert_eq!(a.status().await["corrupted_merkle_tree"], true);
    a.write(REINDEX, json!({})).await.unwrap();
    let report = a.write(CHECK, json!({})).await.unwrap();
    assert_eq!(
        report["merkle_corruption_report"]["corrupted_root"], false,
        "{report:#}"
    );
    assert_eq!(a.status().await["corrupted_merkle_tree"], false);
}

#[tokio::test(start_paused = true)]
async fn a_look_at_the_digests_shows_how_far_it_is_and_goes_on_when_nobody_waits() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    // Enough for somebody to look between two of them, however busy the machine is.
    for number in 0..50 {
        let path = format!("sys/namespaces/n{number}");
        a.write(&path, json!({})).await.unwrap();
    }
    let before = a.status().await;
    assert_eq!(before["reindex_in_progress"], false, "{before:#}");
    assert_eq!(before["last_reindex_epoch"], "0", "{before:#}");
    let mut stages = Vec::new();
    {
        let waits = a.write(REINDEX, json!({}));
        tokio::pin!(waits);
        // Begun, looked at between its trees, and given up.
        while stages.len() < 3 {
            tokio::task::yield_now().await;
            tokio::select! {
                biased;
                done = &mut waits => panic!("done already: {done:?}"),
                status = a.status() => {
                    if status["reindex_in_progress"] == true {
                        stages.push(status);
                    }
                }
            }
        }
        let busy = a.house.warnings(&a.token, CHECK, json!({})).await.unwrap();
        assert!(busy[0].contains("already"), "{busy:?}");
        // Whoever writes does not wait for it.
        let policy = json!({ "policy": "# meanwhile" });
        a.write("sys/policies/acl/meanwhile", policy).await.unwrap();
    }
    for stage in &stages {
        assert_eq!(stage["reindex_stage"], "scanning", "{stage:#}");
        let number = |name: &str| stage[name].as_u64().unwrap();
        assert!(number("reindex_building_total") > 5, "{stage:#}");
        assert!(
            number("reindex_building_progress") <= number("reindex_building_total"),
            "{stage:#}"
        );
    }
    a.until(|status| status["reindex_in_progress"] == false)
        .await;
    let after = a.status().await;
    assert_ne!(after["last_reindex_epoch"], "0", "{after:#}");
    assert_eq!(after["reindex_stage"], Value::Null, "{after:#}");
    assert_eq!(
        a.write(CHECK, json!({})).await.unwrap()["merkle_corruption_report"]["corrupted_root"],
        false
    );
}
