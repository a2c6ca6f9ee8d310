//! What tuning a mount does to those who use it.

use crate::house::House;
use crate::outside::tune;
use base::{Operation, RefusalKind};
use serde_json::{Value, json};

#[tokio::test]
async fn an_engine_sees_the_headers_that_its_mount_passes_and_no_others() {
    let house = House::open().await;
    house.mount("courier", json!({})).await;
    let sent = [("x-one", "1"), ("x-two", "2")];
    let seen = async |name: &str| {
        let path = format!("courier/headers/{name}");
        house.read_with(&path, &sent).await.unwrap()["values"].clone()
    };
    assert_eq!(seen("x-one").await, json!([]));
    let tuned = json!({ "passthrough_request_headers": ["X-One"] });
    tune(&house, tuned).await.unwrap();
    assert_eq!(seen("x-one").await, json!(["1"]));
    assert_eq!(seen("x-two").await, json!([]));
    tune(&house, json!({ "passthrough_request_headers": [] }))
        .await
        .unwrap();
    assert_eq!(seen("x-one").await, json!([]));
}

#[tokio::test]
async fn a_mount_is_listed_to_everybody_where_it_was_tuned_so() {
    let house = House::open().await;
    house.mount("courier", json!({})).await;
    house.mount("other", json!({})).await;
    let listed = async || {
        let path = "sys/internal/ui/mounts";
        let told = house.ask_as("", Operation::Read, path, json!({})).await;
        let told = told.unwrap();
        let secret = told["secret"].as_object().unwrap();
        secret.keys().cloned().collect::<Vec<_>>()
    };
    assert!(listed().await.is_empty());
    for (visibility, expected) in [("unauth", vec!["courier/"]), ("hidden", vec![])] {
        tune(&house, json!({ "listing_visibility": visibility }))
            .await
            .unwrap();
        assert_eq!(listed().await, expected, "{visibility}");
    }
    let wrong = json!({ "listing_visibility": "all" });
    let refused = tune(&house, wrong).await.unwrap_err();
    assert_eq!(refused.kind, RefusalKind::Invalid);
}

#[tokio::test]
async fn logins_of_a_method_give_tokens_of_the_type_that_its_mount_was_tuned_to() {
    let house = House::open().await;
    let body = json!({ "type": "hostile-method" });
    house.write("sys/auth/hostile", body).await.unwrap();
    for (kind, prefix) in [
        ("default-service", "hvs."),
        ("batch", "hvb."),
        ("default-batch", "hvb."),
        ("service", "hvs."),
    ] {
        let tuned = json!({ "token_type": kind });
        house.write("sys/auth/hostile/tune", tuned).await.unwrap();
        let login = "auth/hostile/honest";
        let auth = house.ask_as("", Operation::Update, login, json!({})).await;
        let token: Value = auth.unwrap()["client_token"].clone();
        assert!(token.as_str().unwrap().starts_with(prefix), "{kind}");
    }
}
