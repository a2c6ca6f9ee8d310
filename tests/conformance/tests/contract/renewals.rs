//! Renewals of leased secrets: by every path, within the most that they may live.

use crate::house::House;
use crate::leases::{keys, undone, wait};
use serde_json::{Value, json};

async fn renewed(house: &House, path: &str, id: &str, increment: u64) -> Value {
    let mut body = json!({ "increment": increment });
    let path = match path.strip_suffix("ID") {
        Some(stem) => format!("{stem}{id}"),
        None => {
            body["lease_id"] = id.into();
            path.to_owned()
        }
    };
    house.write(&path, body).await.unwrap()
}

#[tokio::test]
async fn a_lease_is_renewed_by_every_path_up_to_the_most_that_it_may_live() {
    let house = House::open().await;
    house.mount("courier", json!({})).await;
    house.read("courier/renewable/a").await.unwrap();
    let id = keys(&house, "courier/renewable/a").await.remove(0);
    let id = format!("courier/renewable/a/{id}");
    let lookup = async || {
        let asked = json!({ "lease_id": id });
        house.write("sys/leases/lookup", asked).await
    };
    let found = lookup().await.unwrap();
    assert_eq!(
        (&found["ttl"], &found["renewable"]),
        (&json!(600), &json!(true))
    );
    assert_eq!(found["last_renewal"], Value::Null);

    wait(&house, 300).await;
    for (path, increment) in [
        ("sys/leases/renew", 200),
        ("sys/renew", 300),
        ("sys/leases/renew/ID", 400),
        ("sys/renew/ID", 500),
    ] {
        let told = renewed(&house, path, &id, increment).await;
        let expected = json!({ "lease_id": id, "lease_duration": increment, "renewable": true });
        assert_eq!(told, expected, "{path}");
        assert_eq!(lookup().await.unwrap()["ttl"], increment, "{path}");
    }
    let found = lookup().await.unwrap();
    assert_ne!(found["last_renewal"], Value::Null);
    assert_eq!(
        house
            .keys("expire/end/")
            .iter()
            .filter(|key| { String::from_utf8_lossy(key).contains(&id) })
            .count(),
        1
    );

    // The end that it had at first passes.
    wait(&house, 350).await;
    assert_eq!(lookup().await.unwrap()["ttl"], 150);
    assert!(!undone(&house, "courier/data/revoked-arrrr").await);
    let house = house.restarted().await;
    // Leases of a mount that is starting are not renewed yet.
    house.value("courier/data/started").await.unwrap();
    let told = renewed(&house, "sys/leases/renew", &id, 5_000).await;
    assert_eq!(told["lease_duration"], 350);
    // What is not asked for is what it was given at first, and that is too long by now.
    wait(&house, 10).await;
    let told = renewed(&house, "sys/leases/renew", &id, 0).await;
    assert_eq!(told["lease_duration"], 340);

    wait(&house, 339).await;
    let asked = json!({ "lease_id": id });
    let found = house.write("sys/leases/lookup", asked.clone()).await;
    assert_eq!(found.unwrap()["ttl"], 1);
    wait(&house, 1).await;
    let refused = house.write("sys/leases/renew", asked).await.unwrap_err();
    assert_eq!(refused.message, "lease not found");
    // It was given back what the last renewal kept.
    for _ in 0..10_000 {
        if undone(&house, "courier/data/revoked-arrrrrr").await {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("it was not undone");
}
