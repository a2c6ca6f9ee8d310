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
async fn an_engines_own_headers_reach_the_client_where_its_mount_lists_them() {
    let house = House::open().await;
    house.mount("courier", json!({})).await;
    let sent = [
        "X-Own: 1",
        "x-other: 2",
        "Set-Cookie: a=b",
        "Location: /elsewhere",
        "www-authenticate: Basic",
        "Cache-Control: max-age=60",
        "pragma: no-cache",
    ];
    let passed = async || {
        let asked = json!({ "headers": sent });
        let page = house.page("courier/page/a", asked).await;
        // What is no header is the engine's in any case.
        assert_eq!((page.status, page.body.as_slice()), (418, &b"a"[..]));
        assert_eq!(page.content_type, "text/plain");
        let lines = page.headers.iter();
        lines
            .map(|(name, value)| format!("{name}: {value}"))
            .collect::<Vec<_>>()
    };
    let always = &sent[3..];
    assert_eq!(passed().await, always);
    for (listed, own) in [
        (json!(["x-own"]), &sent[..1]),
        (json!(["X-OTHER", "X-Own"]), &sent[..2]),
        (json!("set-cookie"), &sent[2..3]),
        // A list of one's own takes nothing from those that always pass, and a pattern is a name.
        (json!(["location", "x-*"]), &[]),
        (json!([]), &[]),
    ] {
        let tuned = json!({ "allowed_response_headers": listed });
        tune(&house, tuned).await.unwrap();
        assert_eq!(passed().await, [own, always].concat(), "{listed}");
    }
    // Listed where the mount is made, it is so from the first answer on.
    let config = json!({ "allowed_response_headers": ["set-cookie"] });
    let mount = json!({ "type": "courier", "config": config });
    house.write("sys/mounts/other", mount).await.unwrap();
    let page = house.page("other/page/a", json!({ "headers": sent })).await;
    assert_eq!(page.headers.len(), 1 + always.len());
    assert_eq!(page.headers[0].0, "Set-Cookie");
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
