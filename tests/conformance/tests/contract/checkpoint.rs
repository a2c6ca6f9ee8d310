//! `storage.checkpoint`.

use crate::house::House;
use core::time::Duration;
use serde_json::json;

#[tokio::test]
async fn what_stood_before_it_stays_when_the_call_fails() {
    let house = House::open().await;
    house.mount("courier", json!({})).await;
    let refused = house
        .write("courier/halfway/a", json!({ "fails": true }))
        .await
        .unwrap_err();
    assert_eq!(refused.message, "as it was told");
    assert_eq!(house.value("courier/data/intent").await, Some(json!("")));
    assert_eq!(house.value("courier/data/after").await, None);
    house.write("courier/halfway/a", json!({})).await.unwrap();
    assert_eq!(
        house.value("courier/data/after").await,
        Some(json!("written"))
    );
}

// A call that waits at the gate holds a thread.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn overtaken_before_an_act_outside_the_call_runs_again() {
    let house = House::open().await;
    house.mount("courier", json!({})).await;
    house
        .write("courier/data/a", json!({ "value": "old" }))
        .await
        .unwrap();
    let held = house.gate.close();
    let running = tokio::spawn({
        let house = house.clone();
        async move { house.write("courier/halfway/a", json!({})).await }
    });
    let leave = held.arrived().await;
    house
        .write("courier/data/a", json!({ "value": "new" }))
        .await
        .unwrap();
    leave.send(()).unwrap();
    let answer = running.await.unwrap().unwrap();
    assert_eq!(answer, json!({ "before": "new", "seen": "new" }));
    assert_eq!(house.gate.passed(), 2);
    assert_eq!(house.value("courier/data/intent").await, Some(json!("new")));
}

#[tokio::test]
async fn start_and_tick_keep_their_steps() {
    let house = House::open().await;
    let options = json!({ "start": "steps", "tick": "steps" });
    house.mount("courier", options).await;
    let steps = || async { house.value("courier/data/steps").await };
    assert_eq!(steps().await, Some(json!("x")));
    house.clock.advance(Duration::from_secs(61));
    // A new end wakes who ticks.
    house.write("auth/token/create", json!({})).await.unwrap();
    while steps().await == Some(json!("x")) {
        tokio::task::yield_now().await;
    }
    assert_eq!(steps().await, Some(json!("xx")));
    assert_eq!(house.value("courier/data/lost").await, None);
}
