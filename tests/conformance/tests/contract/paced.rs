//! What ends in the background keeps nobody waiting: not the other mounts, not those who ask.

use crate::house::House;
use crate::leases::undone;
use base::Operation;
use core::time::Duration;
use serde_json::json;

/// One that hangs and one that is fine, with the namespace of the second.
const PAIRS: [(&str, &str, &str); 2] = [("x/hangs", "", "x/fine"), ("courier", "ns/", "courier")];

impl House {
    /// A new token wakes what ends tokens and leases.
    async fn wake(&self) {
        let asked = json!({ "policies": ["default"], "ttl": "9000h" });
        self.write("auth/token/create", asked).await.unwrap();
    }
}

#[tokio::test]
async fn a_mount_that_hangs_holds_none_up_whose_path_is_like_its_own() {
    for (hangs, namespace, fine) in PAIRS {
        let house = House::open().await;
        house.write("sys/namespaces/ns", json!({})).await.unwrap();
        house.mount(hangs, json!({})).await;
        let body = json!({ "type": "courier" });
        let path = format!("{namespace}sys/mounts/{fine}");
        house.write(&path, body).await.unwrap();
        let fine = format!("{namespace}{fine}");

        // Longer than this test waits.
        let tuned = json!({ "plugin_deadline": "1m" });
        let path = format!("sys/mounts/{hangs}/tune");
        house.write(&path, tuned).await.unwrap();
        let yes = json!({ "value": "yes" });
        let path = format!("{hangs}/data/hangs");
        house.write(&path, yes).await.unwrap();
        house.read(&format!("{hangs}/creds/a")).await.unwrap();
        house.clock.advance(Duration::from_secs(1));
        house.read(&format!("{fine}/creds/a")).await.unwrap();
        house.clock.advance(Duration::from_secs(600));
        house.wake().await;
        let path = format!("{fine}/data/revoked-a");
        let mut rounds = 0;
        while !undone(&house, &path).await {
            rounds += 1;
            assert!(rounds < 100, "{fine} waits for {hangs}");
            tokio::task::yield_now().await;
        }
        assert!(!undone(&house, &format!("{hangs}/data/revoked-a")).await);
    }
}

/// More than one round takes of one mount.
#[tokio::test]
async fn a_request_is_served_between_the_rounds_of_a_storm() {
    let house = House::open().await;
    house.mount("courier", json!({})).await;
    let leases = 600;
    for number in 0..leases {
        let path = format!("courier/creds/n{number}");
        house.read(&path).await.unwrap();
    }
    let left = || house.keys("expire/end/").len();
    house.clock.advance(Duration::from_secs(600));
    house.wake().await;
    let mut seen = Vec::new();
    while left() > 1 {
        let mounts = house.ask(Operation::Read, "sys/mounts", json!({})).await;
        mounts.unwrap();
        seen.push(left());
        tokio::task::yield_now().await;
    }
    seen.dedup();
    // Had it all been one piece of work, there would be a step from all to none.
    let steps = seen.windows(2).map(|pair| pair[0] - pair[1]);
    assert!(steps.max().unwrap() <= 256, "{seen:?}");
    assert!(seen.len() > 2, "{seen:?}");
    assert!(undone(&house, "courier/data/revoked-n599").await);
}
