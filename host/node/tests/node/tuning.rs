//! What a mount is tuned to.

use crate::house::House;
use serde_json::json;

/// OpenBao's client sends an empty text for each flag that was not given.
#[tokio::test]
async fn an_empty_lease_time_is_one_that_is_not_set() {
    let house = House::open().await;
    let tune = "sys/auth/token/tune";
    let set = json!({ "default_lease_ttl": "1h", "max_lease_ttl": 7200 });
    house.write(tune, set).await.unwrap();
    let others = json!({ "description": "d", "default_lease_ttl": "", "max_lease_ttl": "" });
    house.write(tune, others).await.unwrap();
    let told = house.read(tune).await.unwrap();
    assert_eq!(told["description"], "d");
    assert_eq!(told["default_lease_ttl"], 3600);
    assert_eq!(told["max_lease_ttl"], 7200);
    let usual = json!({ "default_lease_ttl": "system", "max_lease_ttl": "0" });
    house.write(tune, usual).await.unwrap();
    assert_eq!(
        house.read(tune).await.unwrap()["max_lease_ttl"],
        32 * 24 * 3600
    );
    house
        .write(tune, json!({ "max_lease_ttl": "long" }))
        .await
        .unwrap_err();
}
