//! Disabling a mount, however much is in it.

use crate::house::House;
use base::{Operation, RefusalKind};
use serde_json::json;

async fn fill(house: &House, path: &str) {
    for name in ["a", "b"] {
        let bulk = format!("{path}/bulk/{name}");
        house.write(&bulk, json!({})).await.unwrap();
    }
}

async fn disable(house: &House, path: &str) -> Result<(), base::Refusal> {
    let path = format!("sys/mounts/{path}");
    house
        .ask(Operation::Delete, &path, json!({}))
        .await
        .map(drop)
}

#[tokio::test]
async fn nothing_of_it_is_left_when_it_is_answered() {
    let house = House::open().await;
    let before = house.entries();
    house.mount("courier", json!({})).await;
    fill(&house, "courier").await;
    house.read("courier/creds/a").await.unwrap();
    assert!(house.entries() > before + 5_000);
    disable(&house, "courier").await.unwrap();
    assert_eq!(house.entries(), before);
    let gone = house.read("courier/data/a").await.unwrap_err();
    assert_eq!(gone.kind, RefusalKind::NotFound);
    house.mount("courier", json!({})).await;
    assert_eq!(
        house.value("courier/data/started").await,
        Some(json!("yes"))
    );
}

#[tokio::test]
async fn it_goes_on_after_a_restart() {
    let house = House::open().await;
    let before = house.entries();
    house.mount("courier", json!({})).await;
    fill(&house, "courier").await;
    // The mark, and one step of the removal.
    house.fail_write(2);
    disable(&house, "courier").await.unwrap_err();
    let house = house.restarted().await;
    assert!(house.entries() > before + 2_000);
    let gone = house.read("courier/data/a").await.unwrap_err();
    assert_eq!(gone.kind, RefusalKind::NotFound);
    let emptied = async {
        while house.entries() > before {
            tokio::task::yield_now().await;
        }
    };
    let within = core::time::Duration::from_secs(60);
    tokio::time::timeout(within, emptied).await.unwrap();
    house.mount("courier", json!({})).await;
}

#[tokio::test]
async fn what_cannot_be_undone_keeps_the_mount_going() {
    let house = House::open().await;
    house.mount("courier", json!({})).await;
    house.read("courier/creds/a").await.unwrap();
    house
        .write("courier/data/stuck", json!({ "value": "yes" }))
        .await
        .unwrap();
    disable(&house, "courier").await.unwrap_err();
    let gone = house.read("courier/data/stuck").await.unwrap_err();
    assert_eq!(gone.kind, RefusalKind::NotFound);
    let mounts = house.read("sys/mounts").await.unwrap();
    assert!(mounts.get("courier/").is_none());
    let body = json!({ "type": "courier" });
    let taken = house.write("sys/mounts/courier", body).await.unwrap_err();
    assert_eq!(taken.message, "path is already in use at courier/");
    let moved = json!({ "from": "courier", "to": "other" });
    house.write("sys/remount", moved).await.unwrap_err();
}

// A call that waits at the gate holds a thread.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_call_under_way_writes_nothing_into_a_mount_that_is_gone() {
    let house = House::open().await;
    let before = house.entries();
    house.mount("courier", json!({})).await;
    let held = house.gate.close();
    let running = tokio::spawn({
        let house = house.clone();
        async move { house.write("courier/halfway/a", json!({})).await }
    });
    let leave = held.arrived().await;
    disable(&house, "courier").await.unwrap();
    leave.send(()).unwrap();
    let refused = running.await.unwrap().unwrap_err();
    assert_eq!(refused.kind, RefusalKind::NotFound, "{refused:?}");
    assert_eq!(house.entries(), before);
}
