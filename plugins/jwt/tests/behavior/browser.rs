//! Logins with a browser, from `auth_url` to the token.

use super::provider::{ISSUER, Provider, provider, upstream};
use super::world::*;
use core::time::Duration;
use sdk::testing::TestMount;
use sdk::{FailureKind, Grant, Json, Operation, Reply, json};
use std::collections::BTreeMap;

const REDIRECT: &str = "https://here/cb";
const NO_STATE: &str = "Vault login failed. Expired or missing OAuth state.";

fn mount_with_role(more: Json) -> TestMount {
    provider(|provider| {
        *provider = Provider {
            keys: vec![jwk(&RSA, "r1")],
            ..Provider::default()
        };
    });
    let mount = bare_mount();
    mount.with_upstream(upstream);
    configure(&mount, json!({}));
    let mut role = json!({
        "user_claim": "sub", "allowed_redirect_uris": [REDIRECT, "http://localhost:8250/oidc/callback"],
        "oidc_scopes": "email,profile",
    });
    for (name, value) in more.as_object().unwrap() {
        role[name] = value.clone();
    }
    mount.update("role/o", role).unwrap();
    mount
}

fn configure(mount: &TestMount, more: Json) {
    let mut config = json!({
        "oidc_discovery_url": ISSUER, "oidc_client_id": "cid", "oidc_client_secret": "s e",
        "default_role": "o",
    });
    for (name, value) in more.as_object().unwrap() {
        config[name] = value.clone();
    }
    mount.update("config", config).unwrap();
}

/// The query of the URL that a login begins with.
fn begin(mount: &TestMount, more: Json) -> BTreeMap<String, String> {
    let mut asked = json!({ "redirect_uri": REDIRECT });
    for (name, value) in more.as_object().unwrap() {
        asked[name] = value.clone();
    }
    let answer = mount.update("oidc/auth_url", asked).unwrap().to_value();
    let url = answer["auth_url"].as_str().unwrap();
    let query = url.strip_prefix("https://idp.example/auth?").unwrap();
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap());
    pairs
        .map(|(name, value)| {
            (
                name.to_owned(),
                value.replace("%2C", ",").replace("%3D", "="),
            )
        })
        .collect()
}

fn id_claims(begun: &BTreeMap<String, String>, more: Json) -> Json {
    let mut of_id = claims(json!({"iss": ISSUER, "aud": "cid", "nonce": begun["nonce"]}));
    for (name, value) in more.as_object().unwrap() {
        of_id[name] = value.clone();
    }
    of_id
}

/// The provider now gives an ID token with these claims.
fn answer_with(begun: &BTreeMap<String, String>, more: Json) {
    let id_token = token_of(&RSA, "RS256", "r1", &id_claims(begun, more));
    let tokens = json!({"access_token": "at", "token_type": "Bearer", "id_token": id_token, "refresh_token": "rt"});
    provider(|provider| provider.tokens = Some((200, tokens)));
}

fn back(mount: &TestMount, query: Json) -> Result<Grant, String> {
    let grant = mount.login_on(Operation::Read, "oidc/callback", query);
    grant.map_err(|failure| failure.message)
}

fn page(reply: Result<Reply, sdk::Failure>) -> (u16, String) {
    match reply.unwrap() {
        Reply::Page(page) => {
            assert!(
                page.headers
                    .iter()
                    .any(|(name, _)| name == "content-security-policy")
            );
            (page.status, String::from_utf8(page.body).unwrap())
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn where_a_login_begins() {
    let mount = mount_with_role(json!({"max_age": 60}));
    let begun = begin(&mount, json!({"role": "O"}));
    let names: Vec<&str> = begun.keys().map(String::as_str).collect();
    let expected = [
        "client_id",
        "code_challenge",
        "code_challenge_method",
        "max_age",
        "nonce",
        "redirect_uri",
        "response_type",
        "scope",
        "state",
    ];
    assert_eq!(names, expected);
    assert_eq!(begun["scope"], "openid+email+profile");
    assert_eq!(
        (begun["max_age"].as_str(), begun["redirect_uri"].as_str()),
        ("60", "https%3A%2F%2Fhere%2Fcb")
    );
    let again = begin(&mount, json!({}));
    for unforeseeable in ["state", "nonce", "code_challenge"] {
        assert_ne!(begun[unforeseeable], again[unforeseeable]);
    }
    assert!(
        mount.stored().keys().all(|key| !key.starts_with("used/")),
        "nothing is kept"
    );
    let asked = |asked: Json| {
        mount
            .update("oidc/auth_url", asked)
            .map(|reply| reply.to_value())
    };
    for uri in [
        "http://x",
        "https://here/cb/",
        "https://here:1/cb",
        "http://127.0.0.1:8250/oidc/callback",
    ] {
        assert_eq!(
            asked(json!({ "redirect_uri": uri })),
            Ok(json!({"auth_url": ""})),
            "{uri}"
        );
    }
    let local = asked(json!({"redirect_uri": "http://localhost:9/oidc/callback"})).unwrap();
    assert_ne!(local["auth_url"], "");
    assert_eq!(
        asked(json!({})).unwrap_err().message,
        "missing redirect_uri"
    );
    let missing = asked(json!({"role": "zz", "redirect_uri": "x"})).unwrap_err();
    assert_eq!(missing.message, "role \"zz\" could not be found");
    let jwt = mount
        .login("login", json!({"role": "o", "jwt": "x"}))
        .unwrap_err();
    assert_eq!(jwt.message, "role with oidc role_type is not allowed");
}

#[test]
fn mounts_without_a_client() {
    let mount = bare_mount();
    let begun = mount.update("oidc/auth_url", json!({})).unwrap_err();
    assert_eq!(begun.message, "could not load configuration");
    assert_eq!(
        back(&mount, json!({})).unwrap_err(),
        "Vault login failed. Could not load configuration"
    );
    mount
        .update("config", json!({ "jwt_validation_pubkeys": pem(&RSA) }))
        .unwrap();
    let begun = mount.update("oidc/auth_url", json!({})).unwrap_err();
    assert_eq!(begun.message, "OIDC login is not configured for this mount");
}

#[test]
fn a_whole_login() {
    let mount = mount_with_role(json!({
        "user_claim": "email", "groups_claim": "groups", "oauth2_metadata": "access_token,refresh_token",
    }));
    let begun = begin(&mount, json!({}));
    answer_with(&begun, json!({}));
    provider(|provider| {
        provider.asked.clear();
        let info = json!({"sub": "alice", "email": "a@b", "groups": ["g"], "iss": "mallory"});
        provider.user_info = Some(info);
    });
    let grant = back(&mount, json!({"state": begun["state"], "code": "a b"})).unwrap();
    assert_eq!(
        (grant.alias.as_str(), &grant.groups[..]),
        ("a@b", &["g".to_owned()][..])
    );
    let metadata: BTreeMap<String, String> = grant.metadata.into_iter().collect();
    assert_eq!(
        json!(metadata),
        json!({"role": "o", "oauth2_access_token": "at", "oauth2_refresh_token": "rt"})
    );
    let alias_metadata: BTreeMap<String, String> = grant.alias_metadata.into_iter().collect();
    assert_eq!(
        json!(alias_metadata),
        json!({"role": "o"}),
        "tokens are not the alias's"
    );
    let asked = provider(|provider| core::mem::take(&mut provider.asked));
    let [token, me] = asked.as_slice() else {
        panic!("{asked:?}");
    };
    let basic = sdk::to_base64(b"cid:s+e");
    assert!(
        token
            .headers
            .contains(&("authorization".into(), format!("Basic {basic}")))
    );
    let body = String::from_utf8(token.body.clone()).unwrap();
    let verifier = body
        .split('&')
        .find_map(|pair| pair.strip_prefix("code_verifier="))
        .unwrap();
    assert!(verifier.len() >= 43, "RFC 7636, 4.1");
    assert_eq!(
        body,
        format!(
            "code=a+b&code_verifier={verifier}&grant_type=authorization_code&redirect_uri=https%3A%2F%2Fhere%2Fcb"
        )
    );
    assert_eq!(
        (me.method.as_str(), me.headers[0].1.as_str()),
        ("GET", "Bearer at")
    );
    // Once.
    let again = back(&mount, json!({"state": begun["state"], "code": "a b"}));
    assert_eq!(again.unwrap_err(), NO_STATE);
}

#[test]
fn states_that_are_not_good() {
    let mount = mount_with_role(json!({}));
    let begun = begin(&mount, json!({}));
    answer_with(&begun, json!({}));
    let state = begun["state"].as_str();
    for bad in [
        "",
        "x",
        "st_",
        "st_AAAA",
        &state[1..],
        &state[..state.len() - 1],
        &format!("{state}A"),
    ] {
        assert_eq!(
            back(&mount, json!({"state": bad, "code": "c"})).unwrap_err(),
            NO_STATE,
            "{bad}"
        );
    }
    let elsewhere = mount_with_role(json!({}));
    begin(&elsewhere, json!({}));
    mount.after(Duration::from_secs(600));
    assert_eq!(
        back(&mount, json!({"state": state, "code": "c"})).unwrap_err(),
        NO_STATE
    );
    // Nothing that came, and what came of it: the state is used up all the same.
    let begun = begin(&mount, json!({}));
    let none = back(&mount, json!({"state": begun["state"]}));
    assert_eq!(
        none.unwrap_err(),
        "Vault login failed. No code or id_token received."
    );
    let late = back(&mount, json!({"state": begun["state"], "code": "c"}));
    assert_eq!(late.unwrap_err(), NO_STATE);
    let begun = begin(&mount, json!({}));
    let refused = back(
        &mount,
        json!({"state": begun["state"], "error": "access_denied\u{1b}"}),
    );
    assert_eq!(
        refused.unwrap_err(),
        "Vault login failed. The provider refused it: access_denied"
    );
    let used = |mount: &TestMount| {
        mount
            .stored()
            .keys()
            .filter(|key| key.starts_with("used/"))
            .count()
    };
    assert_eq!(used(&mount), 2);
    mount.tick().unwrap();
    assert_eq!(used(&mount), 2, "they could still come back");
    mount.after(Duration::from_secs(601));
    mount.tick().unwrap();
    assert_eq!(used(&mount), 0);
}

#[test]
fn a_client_shows_what_it_gave() {
    let mount = mount_with_role(json!({}));
    for (given, shown, expected) in [
        ("n", "n", true),
        ("n", "m", false),
        ("n", "", false),
        ("", "", true),
        ("", "n", true),
    ] {
        let begun = begin(&mount, json!({ "client_nonce": given }));
        answer_with(&begun, json!({}));
        let query = json!({"state": begun["state"], "code": "c", "client_nonce": shown});
        let told = back(&mount, query);
        match expected {
            true => assert_eq!(told.unwrap().alias, "alice"),
            false => {
                assert_eq!(told.unwrap_err(), "invalid client_nonce");
                let right = json!({"state": begun["state"], "code": "c", "client_nonce": given});
                assert_eq!(back(&mount, right).unwrap_err(), NO_STATE, "one guess");
            }
        }
    }
}

#[test]
fn what_an_id_token_must_say() {
    let check = |role: Json, more: Json, expected: Option<&str>| {
        let mount = mount_with_role(role.clone());
        let begun = begin(&mount, json!({}));
        answer_with(&begun, more.clone());
        let told = back(&mount, json!({"state": begun["state"], "code": "c"}));
        let expected =
            expected.map(|why| format!("Vault login failed. Error exchanging oidc code: {why}"));
        assert_eq!(told.err(), expected, "{role} {more}");
    };
    check(json!({}), json!({}), None);
    check(
        json!({}),
        json!({"iss": "https://other"}),
        Some("invalid issuer"),
    );
    check(
        json!({}),
        json!({"aud": "other"}),
        Some("invalid audience: the token is not for this client"),
    );
    check(
        json!({}),
        json!({"aud": ["cid", "x"]}),
        Some("invalid authorized party (azp)"),
    );
    check(json!({}), json!({"aud": ["cid", "x"], "azp": "cid"}), None);
    check(
        json!({}),
        json!({"azp": "x"}),
        Some("invalid authorized party (azp)"),
    );
    check(
        json!({}),
        json!({"nonce": "n_x"}),
        Some("invalid id_token nonce"),
    );
    check(
        json!({}),
        json!({"nonce": null}),
        Some("invalid id_token nonce"),
    );
    check(json!({}), json!({"exp": null}), Some("missing exp claim"));
    check(json!({}), json!({"iat": null}), Some("missing iat claim"));
    check(json!({}), json!({"sub": null}), Some("missing sub claim"));
    let expired = "invalid expiration time (exp) claim: token is expired";
    check(json!({}), json!({"exp": NOW - 500}), Some(expired));
    check(
        json!({"bound_audiences": "x"}),
        json!({}),
        Some("invalid id_token audiences"),
    );
    check(json!({"bound_audiences": "x,cid"}), json!({}), None);
    check(
        json!({"bound_subject": "bob"}),
        json!({}),
        Some("sub claim does not match bound subject"),
    );
    let aged = json!({"max_age": 60});
    let missing = "missing auth_time claim when max age was requested";
    check(aged.clone(), json!({}), Some(missing));
    check(aged.clone(), json!({"auth_time": NOW}), None);
    check(aged.clone(), json!({"auth_time": NOW - 120}), None);
    check(
        aged,
        json!({"auth_time": NOW - 121}),
        Some("auth_time is beyond max age"),
    );
}

#[test]
fn what_a_provider_may_answer() {
    let mount = mount_with_role(json!({"bound_claims": {"email": "a@b"}}));
    let told = |answer: (u16, Json)| {
        let begun = begin(&mount, json!({}));
        provider(|provider| provider.tokens = Some(answer));
        back(&mount, json!({"state": begun["state"], "code": "c"})).unwrap_err()
    };
    let why = |why: &str| format!("Vault login failed. Error exchanging oidc code: {why}");
    let refused = json!({"error": "invalid_grant", "error_description": "dd"});
    assert_eq!(told((400, refused)), why("\"invalid_grant\" \"dd\""));
    assert_eq!(
        told((500, json!([]))),
        why("https://idp.example/token: status 500")
    );
    assert_eq!(
        told((200, json!({}))),
        why("server response missing access_token")
    );
    assert_eq!(
        told((200, json!({"access_token": "a"}))),
        why("id_token is missing")
    );
    let forged = token_of(
        &OTHER_RSA,
        "RS256",
        "r1",
        &claims(json!({"iss": ISSUER, "aud": "cid"})),
    );
    let told_of_forged = told((200, json!({"access_token": "a", "id_token": forged})));
    assert_eq!(
        told_of_forged,
        why("no known key successfully validated the token signature")
    );
    // Of another user: not used.
    let begun = begin(&mount, json!({}));
    answer_with(&begun, json!({}));
    provider(|provider| provider.user_info = Some(json!({"sub": "bob", "email": "a@b"})));
    let told = back(&mount, json!({"state": begun["state"], "code": "c"})).unwrap_err();
    assert_eq!(
        told,
        "Vault login failed. error validating claims: claim \"email\" is missing"
    );
    // What is signed is not replaced.
    let begun = begin(&mount, json!({}));
    answer_with(&begun, json!({"email": "signed@b"}));
    provider(|provider| provider.user_info = Some(json!({"sub": "alice", "email": "a@b"})));
    let told = back(&mount, json!({"state": begun["state"], "code": "c"})).unwrap_err();
    assert!(told.contains("does not match"), "{told}");
}

#[test]
fn by_a_form() {
    let mount = mount_with_role(json!({}));
    configure(
        &mount,
        json!({"oidc_response_types": "id_token", "oidc_response_mode": "form_post"}),
    );
    let begun = begin(&mount, json!({"client_nonce": "n"}));
    assert_eq!(
        (
            begun["response_mode"].as_str(),
            begun["response_type"].as_str()
        ),
        ("form_post", "id_token")
    );
    assert!(!begun.contains_key("code_challenge"));
    let forged = token_of(&OTHER_RSA, "RS256", "r1", &id_claims(&begun, json!({})));
    let state = &begun["state"];
    let (status, _) =
        page(mount.update("oidc/callback", json!({"state": state, "id_token": forged})));
    assert_eq!(status, 400);
    let begun = begin(&mount, json!({"client_nonce": "n"}));
    let (state, good) = (
        &begun["state"],
        token_of(&RSA, "RS256", "r1", &id_claims(&begun, json!({}))),
    );
    let form = json!({"state": state, "id_token": good});
    assert_eq!(page(mount.update("oidc/callback", form.clone())).0, 200);
    assert_eq!(page(mount.update("oidc/callback", form)).0, 400, "once");
    let stranger = back(&mount, json!({"state": state, "client_nonce": "m"}));
    assert_eq!(stranger.unwrap_err(), "invalid client_nonce");
    let query = json!({"state": state, "client_nonce": "n"});
    assert_eq!(back(&mount, query.clone()).unwrap().alias, "alice");
    assert_eq!(back(&mount, query).unwrap_err(), NO_STATE);
}

#[test]
fn to_this_server() {
    let mount = mount_with_role(json!({"callback_mode": "direct", "poll_interval": 3}));
    let asked = json!({"redirect_uri": REDIRECT, "client_nonce": "n"});
    let answer = mount.update("oidc/auth_url", asked).unwrap().to_value();
    assert_eq!(answer["poll_interval"], "3");
    let begun = begin(&mount, json!({"client_nonce": "n"}));
    let state = &begun["state"];
    answer_with(&begun, json!({}));
    let poll = |nonce: &str| {
        let asked = json!({"state": state, "client_nonce": nonce});
        mount
            .login("oidc/poll", asked)
            .map_err(|failure| failure.message)
    };
    assert_eq!(poll("n").unwrap_err(), "authorization_pending");
    assert_eq!(poll("m").unwrap_err(), "invalid client_nonce");
    let came = |more: Json| {
        let mut query = json!({"state": state, "code": "\"><script>"});
        query
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        page(mount.call(Operation::Read, "oidc/callback", query))
    };
    let (status, asks) = came(json!({}));
    assert!(
        status == 200 && asks.contains("Was this you?") && !asks.contains("<script>"),
        "{asks}"
    );
    assert_eq!(
        poll("n").unwrap_err(),
        "authorization_pending",
        "nobody has said yes"
    );
    assert_eq!(came(json!({"confirmation": "true"})).0, 200);
    assert_eq!(came(json!({"confirmation": "true"})).0, 400, "once");
    assert_eq!(poll("m").unwrap_err(), "invalid client_nonce");
    assert_eq!(poll("n").unwrap().alias, "alice");
    assert_eq!(poll("n").unwrap_err(), NO_STATE);
    let open = mount
        .update("oidc/auth_url", json!({ "redirect_uri": REDIRECT }))
        .unwrap_err();
    assert_eq!(
        (open.kind, open.message.as_str()),
        (FailureKind::Invalid, "missing client_nonce")
    );
}
