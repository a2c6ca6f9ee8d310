//! Identity tokens of a secondary are signed with the keys of the set.

use crate::hostile_secondary::thief::RECEPTION;
use crate::pair::Network;
use crate::replication::{primary, secondary};
use base::{Operation, RefusalKind};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use core::time::Duration;
use serde_json::json;

const REDIRECT: &str = "https://app.test/back";

/// The default key is made when it first signs, and a secondary may be the first to be asked: for a
/// token of a role, or for one of an application, whose code is nowhere else.
#[tokio::test(start_paused = true)]
async fn the_default_key_is_made_for_whoever_first_needs_it() {
    for by_application in [false, true] {
        let network = Network::default();
        let both = primary(&network).await;
        let a = &both.0;
        let rule = r#"path "identity/*" { capabilities = ["read", "update"] }"#;
        let application = json!({ "redirect_uris": [REDIRECT], "assignments": ["allow_all"] });
        for (path, body) in [
            (
                "sys/plugins/catalog/auth/reception",
                json!({ "component": STANDARD.encode(RECEPTION) }),
            ),
            ("sys/auth/r", json!({ "type": "reception" })),
            ("sys/policies/acl/visitor", json!({ "policy": rule })),
            ("identity/oidc/role/r", json!({ "key": "default" })),
            ("identity/oidc/client/app", application),
        ] {
            a.write(path, body).await.unwrap();
        }
        let c = secondary(&network, &both, "c", json!({})).await;
        let ask = |token: &str, operation, path: &str, data| {
            let (token, path) = (token.to_owned(), path.to_owned());
            let house = &c.house;
            async move { house.ask_as(&token, operation, &path, data).await }
        };
        let login = ask("", Operation::Update, "auth/r/login/ann/none", json!({})).await;
        let token = login.unwrap()["client_token"].as_str().unwrap().to_owned();
        let application = c.read("identity/oidc/client/app").await.unwrap();
        let id = application["client_id"].as_str().unwrap();
        let asked = json!({
            "client_id": id, "redirect_uri": REDIRECT, "scope": "openid",
            "response_type": "code", "state": "s", "nonce": "n",
        });
        let at = "identity/oidc/provider/default";
        let code = format!("{at}/authorize");
        let code = ask(&token, Operation::Update, &code, asked).await.unwrap();
        let exchange = json!({
            "client_id": id, "client_secret": application["client_secret"],
            "grant_type": "authorization_code", "code": code["code"], "redirect_uri": REDIRECT,
        });
        let (role, exchanged) = ("identity/oidc/token/r", format!("{at}/token"));
        // Who cannot be reached makes none.
        network.cut(true);
        c.until_it_is_cut_off().await;
        for (token, operation, path, data) in [
            (token.as_str(), Operation::Read, role, json!({})),
            ("", Operation::Update, exchanged.as_str(), exchange.clone()),
        ] {
            let refused = ask(token, operation, path, data).await.unwrap_err();
            assert_eq!(
                refused.kind,
                RefusalKind::Unavailable,
                "{path}: {refused:?}"
            );
        }
        network.cut(false);
        c.until_it_streams().await;
        let signed = match by_application {
            false => ask(&token, Operation::Read, role, json!({})).await.unwrap()["token"].clone(),
            true => {
                let told = ask("", Operation::Update, &exchanged, exchange).await;
                told.unwrap()["id_token"].clone()
            }
        };
        assert!(signed.as_str().unwrap().starts_with("eyJ"), "{signed}");
        let keys = a.read("identity/oidc/.well-known/keys").await.unwrap();
        assert_eq!(keys["keys"].as_array().unwrap().len(), 2, "{keys:#}");
        assert_eq!(
            c.read("identity/oidc/.well-known/keys").await.unwrap(),
            keys
        );
    }
}

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
