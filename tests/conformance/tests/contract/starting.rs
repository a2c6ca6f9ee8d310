//! `lifecycle.start`.

use crate::house::House;
use core::time::Duration;
use node::Settings;
use serde_json::json;
use std::sync::Arc;

/// Long enough that only not waiting can explain what a neighbor gets done before it.
const START_MAX: Duration = Duration::from_secs(4);

// A start that spins holds a thread for most of its time.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_that_hangs_keeps_only_its_own_mount_waiting() {
    let limits = plugin::Limits {
        deadline: START_MAX,
        ..plugin::Limits::default()
    };
    let house = House::with(Settings {
        limits: Arc::new(limits),
        ..Settings::default()
    })
    .await;
    house.mount("neighbor", json!({})).await;
    house.mount("stuck", json!({ "start": "hangs" })).await;
    let stuck = tokio::spawn({
        let house = house.clone();
        async move { house.write("stuck/data/a", json!({ "value": "1" })).await }
    });
    for path in ["neighbor/data/a", "neighbor/data/b"] {
        house.write(path, json!({ "value": "1" })).await.unwrap();
    }
    // Mounting goes on as well.
    house.mount("later", json!({})).await;
    house
        .write("later/data/a", json!({ "value": "1" }))
        .await
        .unwrap();
    assert!(
        !stuck.is_finished(),
        "the neighbors waited for a start that hangs"
    );
    stuck.await.unwrap().unwrap();
    assert_eq!(house.value("stuck/data/a").await, Some(json!("1")));
    // It was stopped, and nothing of it was kept.
    assert_eq!(house.value("stuck/data/started").await, None);
}

#[tokio::test]
async fn nothing_is_asked_of_a_mount_before_it_has_started() {
    let house = House::open().await;
    house.mount("courier", json!({})).await;
    assert_eq!(
        house.value("courier/data/started").await,
        Some(json!("yes"))
    );
    house.node.seal().await;
    house.unseal().await;
    assert_eq!(
        house.value("courier/data/started").await,
        Some(json!("yes"))
    );
}

#[tokio::test]
async fn sealing_ends_a_start_that_hangs() {
    let house = House::open().await;
    house.mount("stuck", json!({ "start": "hangs" })).await;
    house.node.seal().await;
    house.unseal().await;
    house.mount("neighbor", json!({})).await;
    assert_eq!(
        house.value("neighbor/data/started").await,
        Some(json!("yes"))
    );
}
