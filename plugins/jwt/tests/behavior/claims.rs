//! What a role wants of claims, and takes from them.

use super::world::*;
use core::time::Duration;
use sdk::testing::TestMount;
use sdk::{FailureKind, Grant, Json, TokenKind, json};

fn by(mount: &TestMount, more: Json) -> Result<Grant, String> {
    let token = token(&P256, "ES256", &claims(more));
    let grant = mount.login("login", json!({"role": "R", "jwt": token}));
    grant.map_err(|failure| failure.message)
}

#[test]
fn logins_that_do_not_get_as_far_as_a_token() {
    let mount = bare_mount();
    let refused = |body: Json| mount.login("login", body).unwrap_err().message;
    assert_eq!(refused(json!({})), "could not load configuration");
    mount
        .update("config", json!({ "jwt_validation_pubkeys": pem(&P256) }))
        .unwrap();
    write_role(&mount, json!({}));
    for (body, message) in [
        (json!({}), "missing role"),
        (json!({"role": "nope"}), "role \"nope\" could not be found"),
        (
            json!({"role": "NOPE", "jwt": "x"}),
            "role \"nope\" could not be found",
        ),
        (
            json!({"role": "../config/main", "jwt": "x"}),
            "role \"../config/main\" could not be found",
        ),
        (
            json!({"role": "..", "jwt": "x"}),
            "role \"..\" could not be found",
        ),
        (json!({"role": "r"}), "missing token"),
        (
            json!({"role": "r", "jwt": "x"}),
            "error validating token: error verifying token signature: compact JWS format must have three parts",
        ),
        (
            json!({"role": "r", "jwt": "a.b.c"}),
            "error validating token: error verifying token signature: illegal base64 data",
        ),
    ] {
        assert_eq!(refused(body.clone()), message, "{body}");
    }
    let config = json!({"jwt_validation_pubkeys": pem(&P256), "default_role": "R"});
    mount.update("config", config).unwrap();
    let token = token(&P256, "ES256", &claims(json!({})));
    assert_eq!(
        mount.login("login", json!({ "jwt": token })).unwrap().alias,
        "alice"
    );
    assert_eq!(
        mount.identify("login", json!({"role": "r", "jwt": token})),
        Ok(None)
    );
}

#[test]
fn whom_a_token_is_for() {
    let check = |role: Json, more: Json, expected: Result<(), &str>| {
        let mount = mount_with(role.clone());
        let told = by(&mount, more.clone()).map(|_| ());
        assert_eq!(told, expected.map_err(str::to_owned), "{role} {more}");
    };
    let wrong = "error validating token: invalid audience (aud) claim: audience claim does not match any expected audience";
    check(json!({}), json!({"aud": ["x", "here"]}), Ok(()));
    for aud in [json!(null), json!("x"), json!([]), json!(""), json!("HERE")] {
        check(json!({}), json!({ "aud": aud }), Err(wrong));
    }
    for aud in [json!(1), json!([1]), json!({"here": 1}), json!(["here", 1])] {
        let wrong = "error validating token: aud is neither a string nor a list of strings";
        check(json!({}), json!({ "aud": aud }), Err(wrong));
    }
    let unbound = json!({"bound_audiences": [], "bound_subject": "alice"});
    let found = "audience claim found in JWT but no audiences bound to the role";
    check(unbound.clone(), json!({}), Err(found));
    check(unbound.clone(), json!({"aud": ""}), Err(found));
    check(unbound.clone(), json!({"aud": []}), Ok(()));
    check(unbound.clone(), json!({"aud": null}), Ok(()));
    let other = "error validating token: invalid subject (sub) claim";
    check(
        unbound.clone(),
        json!({"aud": null, "sub": "bob"}),
        Err(other),
    );
    check(
        unbound,
        json!({"aud": null, "sub": 1}),
        Err("error validating token: sub is not a string"),
    );
}

#[test]
fn whose_token_it_is() {
    let mount = mount_with(json!({}));
    let config = json!({"jwt_validation_pubkeys": pem(&P256), "bound_issuer": "issuer"});
    mount.update("config", config).unwrap();
    assert!(by(&mount, json!({})).is_ok());
    for iss in [json!(null), json!("other"), json!("")] {
        let wrong = "error validating token: invalid issuer (iss) claim";
        assert_eq!(by(&mount, json!({ "iss": iss })).unwrap_err(), wrong);
    }
}

#[test]
fn bound_claims() {
    let check = |role: Json, more: Json, expected: bool| {
        let mount = mount_with(role.clone());
        let told = by(&mount, more.clone());
        assert_eq!(told.is_ok(), expected, "{role} {more} {told:?}");
    };
    let string = |bound: Json| json!({ "bound_claims": bound });
    let glob = |bound: Json| json!({"bound_claims": bound, "bound_claims_type": "glob"});
    for (bound, actual, expected) in [
        (json!("y"), json!("y"), true),
        (json!("y"), json!(["z", "y"]), true),
        (json!("y"), json!("z"), false),
        (json!("y"), json!(["z"]), false),
        (json!("y"), json!([]), false),
        (json!("y"), json!(null), false),
        (json!("y"), json!({"y": 1}), false),
        (json!("y"), json!(["y", {}]), false),
        (json!("y"), json!([["y"]]), false),
        (json!(["x", "y"]), json!("y"), true),
        (json!([]), json!("y"), false),
        (json!([["y"]]), json!("y"), false),
        (json!("*"), json!("y"), false),
        (json!(1), json!(1), true),
        (json!(1), json!(1.0), true),
        (json!(1), json!("1"), false),
        (json!(1), json!(true), false),
        (
            json!(9_007_199_254_740_993_u64),
            json!(9_007_199_254_740_992_u64),
            false,
        ),
        (json!(true), json!(true), true),
        (json!(true), json!("true"), false),
        (json!({"a": 1}), json!({"a": 1}), false),
        (json!(null), json!(null), false),
    ] {
        check(
            string(json!({ "x": bound })),
            json!({ "x": actual }),
            expected,
        );
    }
    for (bound, actual, expected) in [
        (json!("a*"), json!("abc"), true),
        (json!("a*"), json!("cab"), false),
        (json!(["a*", "b"]), json!(["q", "b"]), true),
        (json!("*"), json!(1), false),
    ] {
        check(
            glob(json!({ "x": bound })),
            json!({ "x": actual }),
            expected,
        );
    }
    check(string(json!({"/x/y": "v"})), json!({"x": {"y": "v"}}), true);
    check(
        string(json!({"/x/y": "v"})),
        json!({"x": {"y": "w"}}),
        false,
    );
    check(string(json!({"/x/y": "v"})), json!({"/x/y": "v"}), false);
    check(string(json!({"/a~1b/0": "v"})), json!({"a/b": ["v"]}), true);
    check(
        string(json!({"a": "v", "b": "v"})),
        json!({"a": "v"}),
        false,
    );
}

#[test]
fn refusals_name_the_claim() {
    let mount = mount_with(json!({"bound_claims": {"x": "y"}}));
    let missing = "error validating claims: claim \"x\" is missing";
    assert_eq!(by(&mount, json!({})).unwrap_err(), missing);
    let other =
        "error validating claims: claim \"x\" does not match any associated bound claim values";
    assert_eq!(by(&mount, json!({"x": "z"})).unwrap_err(), other);
}

#[test]
fn who_the_caller_is() {
    let check = |role: Json, more: Json, expected: Result<&str, &str>| {
        let mount = mount_with(role.clone());
        let told = by(&mount, more.clone()).map(|grant| grant.alias);
        assert_eq!(
            told,
            expected.map(str::to_owned).map_err(str::to_owned),
            "{role} {more}"
        );
    };
    check(json!({"user_claim": "u"}), json!({"u": "A@b"}), Ok("A@b"));
    check(
        json!({"user_claim": "u"}),
        json!({}),
        Err("claim \"u\" not found in token"),
    );
    for wrong in [json!(1), json!(true), json!(["a"]), json!({})] {
        let told = "claim \"u\" could not be converted to string";
        check(json!({"user_claim": "u"}), json!({ "u": wrong }), Err(told));
    }
    check(
        json!({"user_claim": "u"}),
        json!({"u": ""}),
        Err("missing name in alias"),
    );
    let pointer = json!({"user_claim": "/u/n", "user_claim_json_pointer": true});
    check(pointer.clone(), json!({"u": {"n": "deep"}}), Ok("deep"));
    check(pointer, json!({}), Err("claim \"/u/n\" not found in token"));
    check(
        json!({"user_claim": "/u/n"}),
        json!({"/u/n": "literal"}),
        Ok("literal"),
    );
}

#[test]
fn groups_and_metadata() {
    let role = json!({"groups_claim": "g", "claim_mappings": {"x": "xm", "/o/p": "op"}});
    let mount = mount_with(role);
    let grant = by(&mount, json!({"g": ["a", "b"], "x": "1", "o": {"p": "q"}})).unwrap();
    assert_eq!(grant.groups, ["a", "b"]);
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let expected = [pair("op", "q"), pair("role", "r"), pair("xm", "1")];
    assert_eq!(
        (&grant.metadata[..], &grant.alias_metadata[..]),
        (&expected[..], &expected[..])
    );
    assert_eq!(grant.display_name, "alice");
    assert_eq!(by(&mount, json!({"g": "one"})).unwrap().groups, ["one"]);
    assert!(by(&mount, json!({"g": []})).unwrap().groups.is_empty());
    for (more, message) in [
        (
            json!({}),
            "failed to fetch groups: \"g\" claim not found in token",
        ),
        (
            json!({"g": [1]}),
            "value 1 in groups claim could not be parsed as string",
        ),
        (
            json!({"g": [], "x": 1}),
            "error converting claim 'x' to string",
        ),
        (
            json!({"g": [], "o": {"p": ["a"]}}),
            "error converting claim '/o/p' to string",
        ),
    ] {
        assert_eq!(by(&mount, more.clone()).unwrap_err(), message, "{more}");
    }
}

#[test]
fn what_the_token_is() {
    let role = json!({
        "token_policies": "a,b", "token_ttl": 60, "token_max_ttl": 120, "token_type": "service",
        "token_num_uses": 3, "token_bound_cidrs": "10.0.0.0/8", "token_no_default_policy": true,
    });
    let mount = mount_with(role);
    let failed = mount
        .login("login", json!({"role": "r", "jwt": "x"}))
        .unwrap_err();
    assert_eq!(failed.kind, FailureKind::Denied, "from nowhere");
    mount.from_address("10.1.2.3".parse().unwrap());
    let grant = by(&mount, json!({})).unwrap();
    assert_eq!(grant.policies, ["a", "b"]);
    let seconds = Duration::from_secs;
    assert_eq!(
        (grant.terms.ttl, grant.terms.max_ttl),
        (seconds(60), seconds(120))
    );
    assert_eq!(
        (grant.token.kind, grant.token.uses),
        (TokenKind::Service, 3)
    );
    assert_eq!(grant.token.bound_cidrs, ["10.0.0.0/8"]);
    assert!(grant.token.no_default_policy);
}

#[test]
fn a_token_is_renewed_as_its_role_says_then() {
    let mount = mount_with(json!({"token_ttl": 60}));
    let grant = by(&mount, json!({})).unwrap();
    write_role(&mount, json!({"token_max_ttl": 500}));
    let renewed = mount.renew_grant(grant.clone(), Duration::ZERO).unwrap();
    assert_eq!(renewed.terms.max_ttl, Duration::from_secs(500));
    mount.delete("role/r").unwrap();
    let failed = mount.renew_grant(grant, Duration::ZERO).unwrap_err();
    assert!(
        failed
            .message
            .contains("role r does not exist during renewal")
    );
}

#[test]
fn times_are_the_roles() {
    let strict = json!({"clock_skew_leeway": -1, "expiration_leeway": -1, "not_before_leeway": -1});
    let expired = "error validating token: invalid expiration time (exp) claim: token is expired";
    let mount = mount_with(json!({}));
    assert!(by(&mount, json!({"exp": NOW - 10})).is_ok());
    assert_eq!(by(&mount, json!({"exp": NOW - 100})).unwrap_err(), expired);
    let none = json!({"exp": null, "nbf": null, "iat": null});
    assert_eq!(
        by(&mount, none).unwrap_err(),
        "error validating token: no issued at (iat), not before (nbf), or expiration time (exp) claims in token"
    );
    let mount = mount_with(strict);
    assert_eq!(by(&mount, json!({"exp": NOW - 10})).unwrap_err(), expired);
}
