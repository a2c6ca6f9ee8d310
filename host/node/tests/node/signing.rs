//! Identity tokens of a secondary are signed with the keys of the set.

use crate::hostile_secondary::thief::RECEPTION;
use crate::pair::Network;
use crate::replication::{primary, secondary};
use base::Operation;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use core::time::Duration;
use serde_json::json;

#[tokio::test(start_paused = true)]
async fn a_key_whose_time_is_over_signs_while_the_primary_is_away() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    let rule = r#"path "identity/oidc/token/*" { capabilities = ["read"] }"#;
    let five = "5m";
    for (path, body) in [
        (
            "sys/plugins/catalog/auth/reception",
            json!({ "component": STANDARD.encode(RECEPTION) }),
        ),
        ("sys/auth/r", json!({ "type": "reception" })),
        ("sys/policies/acl/visitor", json!({ "policy": rule })),
        (
            "identity/oidc/key/k",
            json!({ "rotation_period": five, "verification_ttl": five, "allowed_client_ids": "*" }),
        ),
        ("identity/oidc/role/r", json!({ "key": "k", "ttl": five })),
    ] {
        a.write(path, body).await.unwrap();
    }
    let c = secondary(&network, &both, "c", json!({})).await;
    let login = "auth/r/login/ann/none";
    let login = c
        .house
        .ask_as("", Operation::Update, login, json!({}))
        .await;
    let login = login.unwrap();
    let token = login["client_token"].as_str().unwrap();
    network.cut(true);
    c.until_it_is_cut_off().await;
    c.house.clock.advance(Duration::from_secs(400));
    let path = "identity/oidc/token/r";
    let signed = c
        .house
        .ask_as(token, Operation::Read, path, json!({}))
        .await;
    let signed = signed.unwrap();
    assert!(signed["token"].as_str().unwrap().starts_with("eyJ"));
}
