//! Identity tokens of a secondary are signed with the keys of the set.

use crate::hostile_secondary::thief::RECEPTION;
use crate::pair::Network;
use crate::replication::{Member, primary, secondary};
use base::{Operation, Refusal, RefusalKind};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use core::time::Duration;
use serde_json::{Value, json};

const REDIRECT: &str = "https://app.test/back";

/// A pair whose primary has a method, a role and an application of the default key.
async fn pair(network: &Network) -> (Member, Member) {
    let both = primary(network).await;
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
        both.0.write(path, body).await.unwrap();
    }
    let c = secondary(network, &both, "c", json!({})).await;
    (both.0, c)
}

/// Who asks, how, where and with what.
type Asked = (String, Operation, &'static str, Value);

async fn ask(c: &Member, (token, operation, path, data): &Asked) -> Result<Value, Refusal> {
    c.house.ask_as(token, *operation, path, data.clone()).await
}

/// Someone who logged in at a cluster asks for a token of the role; or exchanges a code of the
/// application.
async fn wishes(c: &Member) -> [Asked; 2] {
    let update = Operation::Update;
    let login = (String::new(), update, "auth/r/login/ann/none", json!({}));
    let token = ask(c, &login).await.unwrap()["client_token"].clone();
    let token = token.as_str().unwrap().to_owned();
    let application = c.read("identity/oidc/client/app").await.unwrap();
    let id = &application["client_id"];
    let asked = json!({
        "client_id": id, "redirect_uri": REDIRECT, "scope": "openid",
        "response_type": "code", "state": "s", "nonce": "n",
    });
    let at = "identity/oidc/provider/default/authorize";
    let code = ask(c, &(token.clone(), update, at, asked)).await.unwrap();
    let exchange = json!({
        "client_id": id, "client_secret": application["client_secret"],
        "grant_type": "authorization_code", "code": code["code"], "redirect_uri": REDIRECT,
    });
    let at = "identity/oidc/provider/default/token";
    let role = "identity/oidc/token/r";
    [
        (token, Operation::Read, role, json!({})),
        (String::new(), update, at, exchange),
    ]
}

/// The default key is made when it first signs, and a secondary may be the first to be asked: for a
/// token of a role, or for one of an application, whose code is nowhere else.
#[tokio::test(start_paused = true)]
async fn the_default_key_is_made_for_whoever_first_needs_it() {
    for (first, member) in ["token", "id_token"].into_iter().enumerate() {
        let network = Network::default();
        let (a, c) = pair(&network).await;
        let wishes = wishes(&c).await;
        // Who cannot be reached makes none.
        c.cut_off(&network).await;
        for wish in &wishes {
            let refused = ask(&c, wish).await.unwrap_err();
            assert_eq!(refused.kind, RefusalKind::Unavailable, "{refused:?}");
        }
        network.cut(false);
        c.until_it_streams().await;
        let signed = ask(&c, &wishes[first]).await.unwrap()[member].clone();
        assert!(signed.as_str().unwrap().starts_with("eyJ"), "{signed}");
        let keys = "identity/oidc/.well-known/keys";
        let of_a = a.read(keys).await.unwrap();
        assert_eq!(of_a["keys"].as_array().unwrap().len(), 2, "{of_a:#}");
        assert_eq!(c.read(keys).await.unwrap(), of_a);
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
    c.cut_off(&network).await;
    c.house.clock.advance(Duration::from_secs(400));
    let path = "identity/oidc/token/r";
    let signed = c
        .house
        .ask_as(token, Operation::Read, path, json!({}))
        .await;
    let signed = signed.unwrap();
    assert!(signed["token"].as_str().unwrap().starts_with("eyJ"));
}
