//! What `tidy` finds: nothing where nothing is wrong, and what was left behind else.

use crate::house::House;
use serde_json::json;

async fn tidy(house: &House) {
    for path in ["sys/leases/tidy", "auth/token/tidy"] {
        house.write(path, json!({})).await.unwrap();
    }
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn tidying_finds_nothing_where_nothing_is_wrong() {
    let house = House::open().await;
    house.mount("courier", json!({})).await;
    house.read("courier/creds/a").await.unwrap();
    let before = house.entries();
    tidy(&house).await;
    assert_eq!(house.entries(), before);
}

#[tokio::test]
async fn tidying_takes_what_has_lost_its_token_or_its_mount() {
    let house = House::open().await;
    let mounts = house.keys("core/mounts/");
    house.mount("courier", json!({})).await;
    house.read("courier/creds/a").await.unwrap();
    let mount = &house.keys("core/mounts/") - &mounts;
    assert_eq!(mount.len(), 1);
    let (tokens, accessors) = (house.keys("token/id/"), house.keys("token/accessor/"));
    let asked = json!({ "policies": ["default"], "no_parent": true });
    house.write("auth/token/create", asked).await.unwrap();
    let token = &house.keys("token/id/") - &tokens;
    assert_eq!(token.len(), 1);
    for key in mount.union(&token) {
        house.tamper(key);
    }

    let house = house.restarted().await;
    assert_ne!(house.keys("token/accessor/"), accessors);
    let leases = || house.keys("courier/creds/a/").len();
    assert!(leases() > 0);
    tidy(&house).await;
    assert_eq!(house.keys("token/accessor/"), accessors);
    assert_eq!(leases(), 0);
}
