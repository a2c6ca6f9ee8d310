//! Keys that a provider publishes: fetched, kept, fetched anew.

use super::world::*;
use core::cell::RefCell;
use core::time::Duration;
use sdk::http::{HttpError, Response};
use sdk::testing::{Sent, TestMount};
use sdk::{FailureKind, Json, json};

pub(crate) const ISSUER: &str = "https://idp.example";

/// The provider of one test.
#[derive(Default)]
pub(crate) struct Provider {
    pub(crate) keys: Vec<Json>,
    pub(crate) issuer: Option<String>,
    pub(crate) is_down: bool,
    pub(crate) is_odd: bool,
    pub(crate) tokens: Option<(u16, Json)>,
    pub(crate) user_info: Option<Json>,
    pub(crate) asked: Vec<Sent>,
}

thread_local! {
    static PROVIDER: RefCell<Provider> = RefCell::default();
}

pub(crate) fn provider<T>(change: impl FnOnce(&mut Provider) -> T) -> T {
    PROVIDER.with_borrow_mut(change)
}

/// How often the provider was asked for its keys since the last question.
pub(crate) fn asked_for_keys() -> usize {
    let asked = provider(|provider| core::mem::take(&mut provider.asked));
    asked
        .iter()
        .filter(|sent| sent.url.ends_with("/keys"))
        .count()
}

pub(crate) fn upstream(sent: &Sent) -> Result<Response, HttpError> {
    provider(|provider| {
        provider.asked.push(sent.clone());
        if provider.is_down {
            return Err(HttpError::Unreachable("refused".into()));
        }
        let issuer = provider.issuer.clone().unwrap_or_else(|| ISSUER.into());
        let (status, body) = match sent.url.strip_prefix(ISSUER).unwrap_or_default() {
            _ if provider.is_odd => (200, json!("odd")),
            "/.well-known/openid-configuration" => (
                200,
                json!({
                    "issuer": issuer, "authorization_endpoint": format!("{ISSUER}/auth"),
                    "token_endpoint": format!("{ISSUER}/token"), "jwks_uri": format!("{ISSUER}/keys"),
                    "userinfo_endpoint": format!("{ISSUER}/me"),
                }),
            ),
            "/keys" => (200, json!({ "keys": provider.keys })),
            "/token" => provider.tokens.clone().unwrap_or_else(|| (500, json!({}))),
            "/me" => match &provider.user_info {
                Some(info) => (200, info.clone()),
                None => (401, json!({})),
            },
            _ => (404, json!({})),
        };
        Ok(Response {
            status,
            headers: Vec::new(),
            body: body.to_string().into_bytes(),
        })
    })
}

fn mount() -> TestMount {
    provider(|provider| {
        *provider = Provider {
            keys: vec![jwk(&RSA, "r1"), jwk(&P256, "e1"), jwk(&ED25519, "d1")],
            ..Provider::default()
        };
    });
    let mount = bare_mount();
    mount.with_upstream(upstream);
    let config = json!({ "jwks_url": format!("{ISSUER}/keys") });
    mount.update("config", config).unwrap();
    write_role(&mount, json!({}));
    assert_eq!(asked_for_keys(), 1);
    mount
}

#[test]
fn keys_are_fetched_once() {
    let mount = mount();
    let good = claims(json!({}));
    for token in [
        token_of(&RSA, "RS256", "r1", &good),
        token_of(&P256, "ES256", "e1", &good),
        token_of(&ED25519, "EdDSA", "d1", &good),
        token(&RSA, "PS256", &good),
    ] {
        assert_eq!(login(&mount, &token), Ok("alice".into()));
    }
    // A known name, and not its signature: there is nothing to ask.
    assert!(login(&mount, &token_of(&RSA, "RS256", "e1", &good)).is_err());
    assert!(login(&mount, &token_of(&OTHER_RSA, "RS256", "r1", &good)).is_err());
    assert_eq!(asked_for_keys(), 0);
}

#[test]
fn a_new_key_is_asked_for_and_not_too_often() {
    let mount = mount();
    let token = |id| token_of(&OTHER_RSA, "RS256", id, &claims(json!({})));
    assert!(login(&mount, &token("r2")).is_err(), "asked a moment ago");
    assert_eq!(asked_for_keys(), 0);
    mount.after(Duration::from_secs(10));
    assert!(login(&mount, &token("r2")).is_err(), "not there yet");
    assert_eq!(asked_for_keys(), 1);
    provider(|provider| provider.keys = vec![jwk(&OTHER_RSA, "r2")]);
    for _ in 0..3 {
        assert!(
            login(&mount, &token("r2")).is_err(),
            "the last question is kept, though the login failed"
        );
    }
    assert_eq!(asked_for_keys(), 0);
    mount.after(Duration::from_secs(10));
    assert_eq!(login(&mount, &token("r2")), Ok("alice".into()));
    assert_eq!(login(&mount, &token("r2")), Ok("alice".into()));
    assert_eq!(asked_for_keys(), 1);
    // What the provider has taken back is good for nothing.
    let old = token_of(&RSA, "RS256", "r1", &claims(json!({})));
    assert!(login(&mount, &old).is_err());
}

#[test]
fn keys_grow_old() {
    let mount = mount();
    let token = token_of(&RSA, "RS256", "r1", &claims(json!({"exp": NOW + 900_000})));
    mount.after(Duration::from_secs(15 * 60 - 1));
    assert_eq!(login(&mount, &token), Ok("alice".into()));
    assert_eq!(asked_for_keys(), 0);
    mount.after(Duration::from_secs(1));
    assert_eq!(login(&mount, &token), Ok("alice".into()));
    assert_eq!(asked_for_keys(), 1);
    // While the provider is away, what is known is good for a day.
    provider(|provider| provider.is_down = true);
    mount.after(Duration::from_secs(24 * 60 * 60 - 1));
    assert_eq!(login(&mount, &token), Ok("alice".into()));
    assert_eq!(asked_for_keys(), 1);
    assert_eq!(login(&mount, &token), Ok("alice".into()));
    assert_eq!(asked_for_keys(), 0, "asked a moment ago");
    mount.after(Duration::from_secs(1));
    let failure = mount
        .login("login", json!({"role": "r", "jwt": token}))
        .unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unavailable);
    mount.after(Duration::from_secs(10));
    provider(|provider| provider.is_down = false);
    assert_eq!(login(&mount, &token), Ok("alice".into()));
}

#[test]
fn only_keys_that_may_sign_this() {
    let mount = mount();
    let token = token_of(&P256, "ES256", "e1", &claims(json!({})));
    for (name, value) in [
        ("use", json!("enc")),
        ("alg", json!("ES384")),
        ("alg", json!("ECDH-ES")),
    ] {
        provider(|provider| {
            let mut key = jwk(&P256, "e1");
            key[name] = value;
            provider.keys = vec![key];
        });
        let config = json!({ "jwks_url": format!("{ISSUER}/keys") });
        mount.update("config", config).unwrap();
        assert!(login(&mount, &token).is_err(), "{name}");
    }
}

#[test]
fn providers_that_do_not_answer() {
    let mount = mount();
    let set = json!({ "jwks_url": format!("{ISSUER}/nothing") });
    let failed = mount.update("config", set.clone()).unwrap_err();
    assert_eq!(failed.message, "error checking jwks URL");
    let mut skipped = set;
    skipped["skip_jwks_validation"] = true.into();
    mount.update("config", skipped).unwrap();
    assert_eq!(mount.warnings(), ["error checking jwks URL"]);
    let token = token_of(&RSA, "RS256", "r1", &claims(json!({})));
    let failure = mount
        .login("login", json!({"role": "r", "jwt": token}))
        .unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unavailable, "{failure}");
    provider(|provider| provider.is_odd = true);
    for url in ["jwks_url", "oidc_discovery_url"] {
        let config = json!({ url: ISSUER });
        assert!(mount.update("config", config).is_err());
    }
}

#[test]
fn discovery() {
    let mount = mount();
    let config = json!({ "oidc_discovery_url": ISSUER });
    mount.update("config", config.clone()).unwrap();
    let token = token_of(&RSA, "RS256", "r1", &claims(json!({})));
    assert_eq!(login(&mount, &token), Ok("alice".into()));
    provider(|provider| provider.issuer = Some("https://other".into()));
    let failed = mount.update("config", config).unwrap_err();
    assert_eq!(
        failed.message,
        "error checking oidc discovery URL: issuer did not match the returned issuer, expected \
         \"https://idp.example\" got \"https://other\""
    );
    let failed = mount.update(
        "config",
        json!({ "oidc_discovery_url": format!("{ISSUER}/") }),
    );
    assert!(failed.unwrap_err().message.contains("issuer did not match"));
}

/// A host that was not granted is not asked.
#[test]
fn no_grant() {
    let mount = bare_mount();
    let config = json!({ "jwks_url": "https://elsewhere/keys" });
    assert_eq!(
        mount.update("config", config).unwrap_err().message,
        "error checking jwks URL"
    );
}
