//! What the server is told at run time, below `sys/config/`.

use crate::house::House;
use base::{Answer, Operation, RefusalKind};
use serde_json::json;

#[tokio::test]
async fn pages_of_other_origins_may_ask_once_it_is_said() {
    let house = House::open().await;
    assert_eq!(
        house.read("sys/config/cors").await.unwrap(),
        json!({ "enabled": false })
    );
    assert!(house.node.cross_origin().is_none());
    let rules = json!({
        "allowed_origins": "https://a.example,https://b.example",
        "allowed_headers": ["X-Own"],
        "allow_credentials": true,
    });
    house.write("sys/config/cors", rules).await.unwrap();
    let kept = house.node.cross_origin().unwrap();
    assert!(kept.allows("https://b.example") && !kept.allows("https://c.example"));
    assert!(kept.credentials);
    assert_eq!(kept.headers.last().unwrap(), "X-Own");
    let shown = house.read("sys/config/cors").await.unwrap();
    assert_eq!(shown["enabled"], true);
    assert_eq!(shown["allowed_headers"].as_array().unwrap().len(), 11);

    for (rules, expected) in [
        (
            json!({}),
            "at least one origin or the wildcard must be provided",
        ),
        (
            json!({ "allowed_origins": "*,https://a" }),
            "to allow all origins the '*' must be the only value for allowed_origins",
        ),
        (
            json!({ "allowed_origins": "*", "allowed_headers": ["a b"] }),
            "allowed_headers holds what is no name of a header",
        ),
        (
            json!({ "allowed_origins": ["a".repeat(300)] }),
            "too many origins and headers, or too long ones",
        ),
    ] {
        let refused = house.write("sys/config/cors", rules).await.unwrap_err();
        assert_eq!(refused.kind, RefusalKind::Invalid);
        assert!(refused.message.contains(expected), "{}", refused.message);
    }
    let deleted = house
        .ask(Operation::Delete, "sys/config/cors", json!({}))
        .await;
    deleted.unwrap();
    assert!(house.node.cross_origin().is_none());
}

#[tokio::test]
async fn the_rules_are_there_after_a_restart_and_not_while_sealed() {
    let (house, share) = House::open_with_share().await;
    let rules = json!({ "allowed_origins": "*" });
    house.write("sys/config/cors", rules).await.unwrap();
    house.write("sys/seal", json!({})).await.unwrap();
    assert!(house.node.cross_origin().is_none());
    house.submit(&share).await.unwrap();
    assert!(
        house
            .node
            .cross_origin()
            .unwrap()
            .allows("https://any.example")
    );
}

#[tokio::test]
async fn headers_of_the_user_interface_are_kept() {
    let house = House::open().await;
    let at = |name: &str| format!("sys/config/ui/headers/{name}");
    let none = house
        .ask(Operation::List, "sys/config/ui/headers", json!({}))
        .await;
    assert_eq!(none.unwrap_err().kind, RefusalKind::NotFound);
    let values = json!({ "values": ["a", "b"] });
    house.write(&at("x-own"), values.clone()).await.unwrap();
    let listed = house
        .ask(Operation::List, "sys/config/ui/headers", json!({}))
        .await;
    assert_eq!(listed.unwrap(), json!({ "keys": ["X-Own"] }));
    assert_eq!(
        house.read(&at("X-OWN")).await.unwrap(),
        json!({ "value": "a" })
    );
    let many = json!({ "multivalue": true });
    let many = house.ask(Operation::Read, &at("X-OWN"), many).await;
    assert_eq!(many.unwrap(), values);
    let refused = house.write(&at("X-Vault-Own"), values).await.unwrap_err();
    assert_eq!(refused.message, "X-Vault headers cannot be set");
    let refused = house.write(&at("X-Other"), json!({})).await.unwrap_err();
    assert_eq!(refused.message, "header and values must be specified");
    house
        .ask(Operation::Delete, &at("x-own"), json!({}))
        .await
        .unwrap();
    assert_eq!(
        house.read(&at("x-own")).await.unwrap_err().kind,
        RefusalKind::NotFound
    );
}

#[tokio::test]
async fn a_dangerous_header_is_taken_with_a_warning() {
    let house = House::open().await;
    let data = serde_json::from_value(json!({ "values": "default-src *" })).unwrap();
    let path = "sys/config/ui/headers/content-security-policy";
    let request = crate::house::request(&house.token, Operation::Update, path, data);
    let Ok(Answer::Envelope(envelope)) = house.node.handle(request).await.outcome else {
        panic!("an envelope")
    };
    assert!(envelope.warnings[0].contains("secure by default"));
}
