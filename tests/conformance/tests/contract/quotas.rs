//! Counts of leases, where what stands behind a lease is made outside.

use crate::house::House;
use crate::outside::{base64, counting_upstream, tune};
use base::{Operation, Refusal, RefusalKind};
use core::time::Duration;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const ROOM: usize = 2;

/// An engine that makes its secrets outside, with room for some leases.
struct Minting {
    house: House,
    asked: Value,
    made: Arc<AtomicUsize>,
}

impl Minting {
    async fn open() -> Self {
        let house = House::open().await;
        house.mount("courier", json!({})).await;
        let hosts = json!({ "outbound_hosts": ["api.test", "127.0.0.1"] });
        tune(&house, hosts).await.unwrap();
        let quota = json!({ "path": "courier", "max_leases": ROOM });
        house
            .write("sys/quotas/lease-count/c", quota)
            .await
            .unwrap();
        let (url, certificate, made) = counting_upstream().await;
        let asked = json!({ "url": url, "method": "POST", "trust": base64(&certificate) });
        Self { house, asked, made }
    }

    async fn ask(&self, path: &str, method: &str) -> Result<Value, Refusal> {
        let mut asked = self.asked.clone();
        asked["method"] = json!(method);
        self.house.write(path, asked).await
    }

    fn made(&self) -> usize {
        self.made.load(Ordering::SeqCst)
    }
}

fn is_full(outcome: &Result<Value, Refusal>) -> bool {
    let refused = outcome.as_ref().err();
    refused.is_some_and(|refused| {
        refused.kind == RefusalKind::TooMany
            && refused.message.ends_with(": lease count quota exceeded")
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_made_outside_for_a_lease_that_there_is_no_room_for() {
    let minting = Arc::new(Minting::open().await);
    let running: Vec<_> = (0..8)
        .map(|number| {
            let minting = Arc::clone(&minting);
            let path = format!("courier/mint/{number}");
            tokio::spawn(async move { minting.ask(&path, "POST").await })
        })
        .collect();
    let mut refused = 0;
    for asked in running {
        let outcome = asked.await.unwrap();
        refused += usize::from(is_full(&outcome));
        assert!(outcome.is_ok() || is_full(&outcome), "{outcome:?}");
    }
    assert_eq!((refused, minting.made()), (8 - ROOM, ROOM));
    let shown = minting.house.read("sys/quotas/lease-count/c").await;
    assert_eq!(shown.unwrap()["counter"], ROOM);
    // A secret that nothing is made for outside is refused as well.
    assert!(is_full(&minting.house.read("courier/creds/a").await));
}

#[tokio::test]
async fn what_needs_no_lease_goes_on_where_there_is_no_room() {
    let minting = Minting::open().await;
    for _ in 0..ROOM {
        minting.ask("courier/mint/a", "POST").await.unwrap();
    }
    let value = json!({ "value": "new" });
    minting
        .house
        .write("courier/data/a", value.clone())
        .await
        .unwrap();
    assert_eq!(minting.house.read("courier/data/a").await.unwrap(), value);
    let looked = minting.ask("courier/fetch/a", "GET").await.unwrap();
    assert_eq!(looked["body"], "hello");
    let made = minting.made();
    assert!(is_full(&minting.ask("courier/fetch/a", "POST").await));
    // Nor is an intent kept for it.
    let halfway = minting.house.write("courier/halfway/a", json!({})).await;
    assert!(is_full(&halfway));
    assert_eq!(minting.house.value("courier/data/intent").await, None);
    assert_eq!(minting.made(), made);
    // A lease that ends makes room; that is noticed with the next count.
    let revoke = json!({ "sync": true });
    minting
        .house
        .write("sys/leases/revoke-prefix/courier/mint", revoke)
        .await
        .unwrap();
    minting.house.clock.advance(Duration::from_secs(1));
    minting.ask("courier/mint/b", "POST").await.unwrap();
}

#[tokio::test]
async fn a_request_that_comes_to_no_lease_gives_its_room_back() {
    let minting = Minting::open().await;
    for _ in 0..3 * ROOM {
        let failed = minting
            .ask("courier/mint/a", "no method")
            .await
            .unwrap_err();
        assert_ne!(failed.kind, RefusalKind::TooMany, "{failed:?}");
        minting.ask("courier/fetch/a", "POST").await.unwrap();
    }
    for _ in 0..ROOM {
        minting.ask("courier/mint/a", "POST").await.unwrap();
    }
    assert!(is_full(&minting.ask("courier/mint/a", "POST").await));
}

#[tokio::test]
async fn a_login_is_refused_before_its_method_runs_and_gives_back_what_it_did_not_need() {
    let house = House::open().await;
    let body = json!({ "type": "hostile-method" });
    house.write("sys/auth/hostile", body).await.unwrap();
    let quota = json!({ "path": "auth/hostile", "max_leases": 1 });
    house
        .write("sys/quotas/lease-count/h", quota)
        .await
        .unwrap();
    let log_in = async |path: &str| {
        let path = format!("auth/hostile/{path}");
        house.ask_as("", Operation::Update, &path, json!({})).await
    };
    for _ in 0..3 {
        let failed = log_in("liar").await;
        assert_eq!(failed.unwrap_err().kind, RefusalKind::Internal);
    }
    log_in("honest").await.unwrap();
    assert!(is_full(&log_in("honest").await));
    // It would have been told another thing.
    assert!(is_full(&log_in("liar").await));
}
