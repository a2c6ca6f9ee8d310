//! Namespaces with engines in them: deleted, however much is in them, and mounts that move between
//! them.

use crate::house::House;
use base::{Operation, RefusalKind};
use serde_json::{Value, json};

impl House {
    async fn namespace(&self, name: &str) {
        let path = format!("sys/namespaces/{name}");
        self.write(&path, json!({})).await.unwrap();
    }

    async fn courier_in(&self, namespace: &str) {
        let path = format!("{namespace}/sys/mounts/courier");
        self.write(&path, json!({ "type": "courier" }))
            .await
            .unwrap();
    }

    async fn fill(&self, mount: &str) {
        for name in ["a", "b"] {
            let bulk = format!("{mount}/bulk/{name}");
            self.write(&bulk, json!({})).await.unwrap();
        }
    }

    async fn delete(&self, path: &str) -> Value {
        self.ask(Operation::Delete, path, json!({})).await.unwrap()
    }

    async fn until_gone(&self, name: &str) {
        while self.read(&format!("sys/namespaces/{name}")).await.is_ok() {
            tokio::task::yield_now().await;
        }
    }

    async fn move_mount(&self, from: &str, to: &str) -> String {
        let body = json!({ "from": from, "to": to });
        let moved = self.write("sys/remount", body).await.unwrap();
        moved["migration_id"].as_str().unwrap().to_owned()
    }

    async fn move_status(&self, id: &str) -> Value {
        let path = format!("sys/remount/status/{id}");
        self.read(&path).await.unwrap()["migration_info"]["status"].clone()
    }
}

#[tokio::test]
async fn a_deleted_namespace_takes_its_engines_with_it() {
    let house = House::open().await;
    let before = house.entries();
    house.namespace("goes").await;
    house.courier_in("goes").await;
    house.fill("goes/courier").await;
    house.read("goes/courier/creds/a").await.unwrap();
    assert!(house.entries() > before + 5_000);
    house.delete("sys/namespaces/goes").await;
    let gone = house.read("goes/courier/data/a").await.unwrap_err();
    assert_eq!(gone.kind, RefusalKind::NotFound);
    house.until_gone("goes").await;
    assert_eq!(house.entries(), before);
}

#[tokio::test]
async fn its_removal_goes_on_after_a_restart() {
    let house = House::open().await;
    let before = house.entries();
    house.namespace("goes").await;
    house.courier_in("goes").await;
    house.fill("goes/courier").await;
    // The mark of the namespace, that of the mount, and one step of its removal.
    house.fail_write(3);
    house.delete("sys/namespaces/goes").await;
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    let house = house.restarted().await;
    assert!(house.entries() > before + 2_000);
    let gone = house.read("goes/courier/data/a").await.unwrap_err();
    assert_eq!(gone.kind, RefusalKind::NotFound);
    house.until_gone("goes").await;
    assert_eq!(house.entries(), before);
}

#[tokio::test]
async fn what_cannot_be_undone_keeps_the_namespace_going() {
    let house = House::open().await;
    house.namespace("goes").await;
    house.courier_in("goes").await;
    house.read("goes/courier/creds/a").await.unwrap();
    let stuck = json!({ "value": "yes" });
    house.write("goes/courier/data/stuck", stuck).await.unwrap();
    house.delete("sys/namespaces/goes").await;
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    let shown = house.read("sys/namespaces/goes").await.unwrap();
    assert_eq!(shown["tainted"], true);
    let inside = house.read("goes/sys/mounts").await.unwrap_err();
    assert_eq!(inside.kind, RefusalKind::NotFound);
    let again = house.write("sys/namespaces/goes", json!({})).await;
    assert!(again.unwrap_err().message.contains("is being deleted"));
}

// A call that waits at the gate holds a thread.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_request_under_way_writes_nothing_into_a_namespace_that_is_gone() {
    let house = House::open().await;
    let before = house.entries();
    house.namespace("goes").await;
    house.courier_in("goes").await;
    let held = house.gate.close();
    let running = tokio::spawn({
        let house = house.clone();
        async move { house.write("goes/courier/halfway/a", json!({})).await }
    });
    let leave = held.arrived().await;
    house.delete("sys/namespaces/goes").await;
    house.until_gone("goes").await;
    leave.send(()).unwrap();
    let refused = running.await.unwrap().unwrap_err();
    assert_eq!(refused.kind, RefusalKind::NotFound, "{refused:?}");
    assert_eq!(house.entries(), before);
}

#[tokio::test]
async fn a_mount_moves_with_all_it_has() {
    let house = House::open().await;
    house.namespace("here").await;
    house.namespace("there").await;
    let before = house.entries();
    house.courier_in("here").await;
    house.fill("here/courier").await;
    let full = house.entries();
    house.read("here/courier/creds/a").await.unwrap();
    let id = house.move_mount("here/courier", "there/moved").await;
    for path in ["here/courier/data/started", "there/moved/data/started"] {
        let refused = house.read(path).await.unwrap_err();
        assert_eq!(refused.kind, RefusalKind::NotFound, "{path}");
    }
    for path in ["here/sys/mounts/courier", "there/sys/mounts/moved"] {
        let taken = house.write(path, json!({ "type": "courier" })).await;
        let text = taken.unwrap_err().message;
        assert!(text.starts_with("path is already in use at"), "{text}");
        let disabled = house.ask(Operation::Delete, path, json!({})).await;
        assert_eq!(disabled.unwrap_err().kind, RefusalKind::Unavailable);
    }
    while house.move_status(&id).await != "success" {
        assert_eq!(house.move_status(&id).await, "in-progress");
        tokio::task::yield_now().await;
    }
    // What it leased is undone, of which the engine takes note; everything else is there.
    assert_eq!(house.entries(), full + 1);
    let started = house.value("there/moved/data/started").await;
    assert_eq!(started, Some(json!("yes")));
    let gone = house.read("here/courier/data/a").await.unwrap_err();
    assert_eq!(gone.kind, RefusalKind::NotFound);
    house.courier_in("here").await;
    house.delete("here/sys/mounts/courier").await;
    house.delete("there/sys/mounts/moved").await;
    assert_eq!(house.entries(), before);
}

#[tokio::test]
async fn a_move_goes_on_after_a_restart() {
    let house = House::open().await;
    house.namespace("there").await;
    house.mount("courier", json!({})).await;
    house.fill("courier").await;
    let full = house.entries();
    // The marks, and one step.
    house.fail_write(2);
    house.move_mount("courier", "there/moved").await;
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    let house = house.restarted().await;
    while house.read("there/moved/data/started").await.is_err() {
        tokio::task::yield_now().await;
    }
    assert_eq!(house.entries(), full);
}
