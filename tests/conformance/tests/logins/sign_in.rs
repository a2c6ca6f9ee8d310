//! Who is logged in here signs in at an application.

use crate::house::House;
use base::Operation;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

const CALLBACK: &str = "http://127.0.0.1/callback";
/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

struct Application {
    house: House,
    id: String,
    secret: String,
}

impl Application {
    /// An application that who is assigned may sign in to.
    async fn new(kind: &str, assignment: &str) -> Self {
        let house = House::open().await;
        let text = r#"path "identity/oidc/provider/+/authorize" { capabilities = ["read"] }"#;
        house.policy("visitor", text).await;
        let key = json!({ "algorithm": "ES256", "allowed_client_ids": "*" });
        house.write("identity/oidc/key/k", key).await.unwrap();
        let template = r#"{"name": {{identity.entity.name}}}"#;
        let scope = json!({ "template": template });
        house
            .write("identity/oidc/scope/profile", scope)
            .await
            .unwrap();
        let client = json!({
            "client_type": kind,
            "key": "k",
            "redirect_uris": [CALLBACK],
            "assignments": [assignment],
        });
        house
            .write("identity/oidc/client/app", client)
            .await
            .unwrap();
        let client = house.read("identity/oidc/client/app").await.unwrap();
        let text = |name: &str| client["data"][name].as_str().unwrap_or_default().to_owned();
        let (id, secret) = (text("client_id"), text("client_secret"));
        let provider = json!({ "allowed_client_ids": [id], "scopes_supported": ["profile"] });
        house
            .write("identity/oidc/provider/p", provider)
            .await
            .unwrap();
        Self { house, id, secret }
    }

    /// Asks for a code; `more` beside what is always said.
    async fn authorize(&self, auth: &Value, more: Value) -> (u16, Value) {
        let mut data = json!({
            "client_id": self.id,
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scope": "openid profile unknown",
            "nonce": "n",
            "state": "s",
        });
        let (Value::Object(data), Value::Object(more)) = (&mut data, more) else {
            panic!("objects")
        };
        data.extend(more);
        let data = Value::Object(data.clone());
        let token = auth["client_token"].as_str().unwrap();
        let path = "identity/oidc/provider/p/authorize";
        self.house
            .plain(token, Operation::Read, path, data, "")
            .await
    }

    async fn exchange(&self, code: &Value, verifier: &str) -> (u16, Value) {
        let data = json!({
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": verifier,
            "client_id": self.id,
        });
        let basic = STANDARD.encode(format!("{}:{}", self.id, self.secret));
        let basic = match self.secret.is_empty() {
            true => String::new(),
            false => format!("Basic {basic}"),
        };
        let path = "identity/oidc/provider/p/token";
        let house = &self.house;
        house.plain("", Operation::Update, path, data, &basic).await
    }

    async fn userinfo(&self, token: &str) -> (u16, Value) {
        let path = "identity/oidc/provider/p/userinfo";
        let house = &self.house;
        house
            .plain(token, Operation::Read, path, json!({}), "")
            .await
    }
}

fn claims(token: &Value) -> Value {
    let payload = token.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

#[tokio::test]
async fn a_code_becomes_tokens_once() {
    let app = Application::new("confidential", "allow_all").await;
    let auth = app.house.login("ann", "-").await.unwrap();
    let (status, told) = app.authorize(&auth, json!({})).await;
    assert_eq!((status, &told["state"]), (200, &json!("s")), "{told}");
    let (status, tokens) = app.exchange(&told["code"], "").await;
    assert_eq!(status, 200, "{tokens}");
    let claims = claims(&tokens["id_token"]);
    assert_eq!(claims["sub"], auth["entity_id"]);
    assert_eq!(
        (&claims["aud"], &claims["nonce"]),
        (&json!(app.id), &json!("n"))
    );
    assert!(claims["name"].as_str().unwrap().starts_with("entity_"));
    let issuer = claims["iss"].as_str().unwrap();
    assert!(issuer.ends_with("/v1/identity/oidc/provider/p"), "{issuer}");
    let access = tokens["access_token"].as_str().unwrap();
    let (status, info) = app.userinfo(access).await;
    assert_eq!((status, &info["sub"]), (200, &auth["entity_id"]));
    assert_eq!(info["name"], claims["name"]);
    let (status, again) = app.exchange(&told["code"], "").await;
    assert_eq!((status, &again["error"]), (400, &json!("invalid_grant")));
}

#[tokio::test]
async fn an_access_token_is_good_for_nothing_else_and_nothing_else_for_it() {
    let app = Application::new("confidential", "allow_all").await;
    let auth = app.house.login("ann", "-").await.unwrap();
    let (_, told) = app.authorize(&auth, json!({})).await;
    let (_, tokens) = app.exchange(&told["code"], "").await;
    let access = tokens["access_token"].as_str().unwrap().to_owned();
    let own = json!({ "client_token": access });
    assert!(app.house.own(&own).await.is_err());
    for token in ["", "hvs.unknown", &app.house.root] {
        let (status, told) = app.userinfo(token).await;
        assert_eq!((status, &told["error"]), (401, &json!("invalid_token")));
    }
    let path = format!("identity/entity/id/{}", auth["entity_id"].as_str().unwrap());
    app.house
        .write(&path, json!({ "disabled": true }))
        .await
        .unwrap();
    assert_eq!(app.userinfo(&access).await.0, 401);
}

#[tokio::test]
async fn a_stolen_code_is_worth_nothing() {
    let app = Application::new("public", "allow_all").await;
    let auth = app.house.login("ann", "-").await.unwrap();
    let (status, told) = app.authorize(&auth, json!({})).await;
    let required = "PKCE is required for public clients";
    assert_eq!(
        (status, &told["error_description"]),
        (400, &json!(required))
    );
    for (method, challenge) in [("S256", CHALLENGE), ("plain", VERIFIER)] {
        let proof = json!({ "code_challenge": challenge, "code_challenge_method": method });
        let (_, told) = app.authorize(&auth, proof.clone()).await;
        let (status, wrong) = app.exchange(&told["code"], &"x".repeat(43)).await;
        assert_eq!((status, &wrong["error"]), (400, &json!("invalid_grant")));
        // Whoever tried has spent it.
        let (status, _) = app.exchange(&told["code"], VERIFIER).await;
        assert_eq!(status, 400, "{method}");
        let (_, told) = app.authorize(&auth, proof).await;
        let (status, _) = app.exchange(&told["code"], VERIFIER).await;
        assert_eq!(status, 200, "{method}");
    }
}

#[tokio::test]
async fn who_is_not_assigned_does_not_sign_in() {
    let app = Application::new("confidential", "allow_all").await;
    let ann = app.house.login("ann", "-").await.unwrap();
    let bob = app.house.login("bob", "-").await.unwrap();
    let members = json!({ "member_entity_ids": [ann["entity_id"]] });
    let inner = app.house.make("identity/group", members).await;
    let outer = json!({ "member_group_ids": [inner] });
    let outer = app.house.make("identity/group", outer).await;
    let assignment = json!({ "group_ids": [outer] });
    app.house
        .write("identity/oidc/assignment/a", assignment)
        .await
        .unwrap();
    let client = json!({ "assignments": ["a"] });
    app.house
        .write("identity/oidc/client/app", client)
        .await
        .unwrap();
    assert_eq!(app.authorize(&ann, json!({})).await.0, 200);
    let (status, told) = app.authorize(&bob, json!({})).await;
    assert_eq!((status, &told["error"]), (400, &json!("access_denied")));
}

#[tokio::test]
async fn a_code_goes_only_where_the_client_said() {
    let app = Application::new("confidential", "allow_all").await;
    let auth = app.house.login("ann", "-").await.unwrap();
    for (uri, fine) in [
        (CALLBACK, true),
        ("http://127.0.0.1:8250/callback", true),
        ("http://127.0.0.1.evil.test/callback", false),
        ("http://127.0.0.1:80@evil.test/callback", false),
        ("http://127.0.0.1:8250/other", false),
        ("https://127.0.0.1/callback", false),
    ] {
        let (status, _) = app.authorize(&auth, json!({ "redirect_uri": uri })).await;
        assert_eq!(status == 200, fine, "{uri}");
    }
}

#[tokio::test]
async fn a_client_must_prove_who_it_is() {
    let mut app = Application::new("confidential", "allow_all").await;
    let auth = app.house.login("ann", "-").await.unwrap();
    let (_, told) = app.authorize(&auth, json!({})).await;
    let right = core::mem::replace(&mut app.secret, String::from("hvo_secret_wrong"));
    let (status, refused) = app.exchange(&told["code"], "").await;
    assert_eq!((status, &refused["error"]), (401, &json!("invalid_client")));
    app.secret = right;
    assert_eq!(app.exchange(&told["code"], "").await.0, 200);
}

#[tokio::test]
async fn a_login_that_is_too_old_does_not_count() {
    let app = Application::new("confidential", "allow_all").await;
    let auth = app.house.login("ann", "-").await.unwrap();
    let (_, told) = app.authorize(&auth, json!({ "max_age": 10 })).await;
    let (_, tokens) = app.exchange(&told["code"], "").await;
    assert!(claims(&tokens["id_token"])["auth_time"].is_u64());
    app.house.advance(11);
    let (status, told) = app.authorize(&auth, json!({ "max_age": 10 })).await;
    assert_eq!((status, &told["error"]), (400, &json!("max_age_violation")));
    // And a code that nobody came for ends.
    let (_, told) = app.authorize(&auth, json!({})).await;
    app.house.advance(301);
    assert_eq!(app.exchange(&told["code"], "").await.0, 400);
}
