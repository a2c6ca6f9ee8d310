//! The method on the bench, in all that its users rely on.
#![allow(clippy::unwrap_used, reason = "the helpers of tests fail as tests do")]

use sdk::testing::{Caller, TestMount};
use sdk::{Failure, FailureKind, Grant, Json, Reply, Result, denied, invalid, json, not_found};
use std::time::Duration;

const BCRYPT: &str = "$2a$10$CsQ4h/TR/hZVjKwwmZfaeeqX7wBYCB7CCLHUxHh/7Q0zmAPN7hJXe";

fn mount() -> TestMount {
    TestMount::new(userpass::method())
}

fn with_user(user: Json) -> TestMount {
    let mount = mount();
    mount.update("users/ann", user).unwrap();
    mount
}

fn login(mount: &TestMount, name: &str, password: &str) -> Result<Grant> {
    mount.login(&format!("login/{name}"), json!({ "password": password }))
}

fn wrong() -> Failure {
    Failure::new(
        FailureKind::InvalidCredentials,
        "invalid username or password",
    )
}

#[test]
fn a_user_logs_in_with_the_password_and_no_other() {
    let mount = with_user(json!({ "password": "pw", "token_policies": "b,a", "token_ttl": 60 }));
    let grant = login(&mount, "Ann", "pw").unwrap();
    assert_eq!(grant.alias, "ann");
    assert_eq!(grant.display_name, "ann");
    assert_eq!(grant.policies, ["a", "b"]);
    assert_eq!(grant.metadata, [("username".into(), "ann".into())]);
    assert_eq!(grant.terms.ttl, Duration::from_secs(60));
    assert!(grant.terms.renewable);
    for (name, password) in [("ann", "PW"), ("ann", "pw "), ("bob", "pw"), ("ann", "p")] {
        assert_eq!(login(&mount, name, password), Err(wrong()), "{name}");
    }
    for body in [json!({}), json!({ "password": "" })] {
        let missing = Err(invalid("missing password"));
        assert_eq!(mount.login("login/ann", body.clone()), missing);
        assert_eq!(mount.login("login/bob", body), missing);
    }
}

#[test]
fn who_is_claimed_to_be_is_known_before_any_password() {
    let mount = mount();
    let claimed = mount.identify("login/Nobody", json!({}));
    assert_eq!(claimed, Ok(Some("nobody".into())));
}

#[test]
fn no_password_is_stored() {
    let mount = with_user(json!({ "password": "correct horse" }));
    mount
        .update(
            "users/ann/password",
            json!({ "password": "battery staple" }),
        )
        .unwrap();
    for (key, value) in mount.stored() {
        let text = String::from_utf8_lossy(&value).into_owned() + &key;
        assert!(
            !text.contains("horse") && !text.contains("staple"),
            "{text}"
        );
    }
    assert_eq!(login(&mount, "ann", "correct horse"), Err(wrong()));
    assert!(login(&mount, "ann", "battery staple").is_ok());
}

#[test]
fn a_new_user_needs_a_password_and_a_known_one_keeps_it() {
    let mount = mount();
    let needed = Err(invalid("must provide either password or password_hash"));
    for body in [json!({}), json!({ "password": "", "password_hash": "" })] {
        assert_eq!(mount.update("users/ann", body.clone()), needed);
        assert_eq!(mount.read("users/ann"), Err(not_found()));
    }
    mount
        .update("users/ann", json!({ "password": "pw" }))
        .unwrap();
    mount
        .update("users/ann", json!({ "token_ttl": 9 }))
        .unwrap();
    let grant = login(&mount, "ann", "pw").unwrap();
    assert_eq!(grant.terms.ttl, Duration::from_secs(9));
    assert_eq!(mount.update("users/ann/password", json!({})), needed);
}

#[test]
fn a_hash_from_elsewhere_must_be_one_and_not_too_costly() {
    let mount = mount();
    let write = |body: Json| mount.update("users/ann", body);
    write(json!({ "password_hash": BCRYPT })).unwrap();
    assert_eq!(mount.stored_value("users/ann")["password"], BCRYPT);
    let before = mount.stored();
    for (body, text) in [
        (
            json!({ "password_hash": BCRYPT, "password": "pw" }),
            "only one of password or password_hash may be provided",
        ),
        (
            json!({ "password_hash": "x" }),
            "password_hash is not a valid bcrypt hash",
        ),
        (
            json!({ "password_hash": BCRYPT.replace("$10$", "$15$") }),
            "password_hash has a cost of 15, and must have one of 4 to 14",
        ),
    ] {
        assert_eq!(write(body.clone()), Err(invalid(text)));
        assert_eq!(mount.update("users/ann/password", body), Err(invalid(text)));
    }
    assert_eq!(mount.stored(), before);
}

#[test]
fn an_answer_shows_tokens_and_no_password() {
    let mount = with_user(json!({
        "password": "pw", "policies": "B,a,b", "ttl": "1h", "max_ttl": "2h", "bound_cidrs": "10.0.0.0/8",
    }));
    let expected = json!({
        "bound_cidrs": ["10.0.0.0/8"], "max_ttl": 7200, "policies": ["a", "b"], "ttl": 3600,
        "token_bound_cidrs": ["10.0.0.0/8"], "token_explicit_max_ttl": 0, "token_max_ttl": 7200,
        "token_no_default_policy": false, "token_num_uses": 0, "token_period": 0,
        "token_policies": ["a", "b"], "token_strictly_bind_ip": false, "token_ttl": 3600,
        "token_type": "default",
    });
    assert_eq!(mount.read("users/ANN").unwrap().to_value(), expected);
}

#[test]
fn policies_change_alone() {
    let mount = with_user(json!({ "password": "pw", "policies": "a" }));
    let shown = |name: &str| mount.read("users/ann").unwrap().to_value()[name].clone();
    mount
        .update("users/ann/policies", json!({ "token_policies": "z" }))
        .unwrap();
    assert_eq!(shown("token_policies"), json!(["z"]));
    assert_eq!(shown("policies"), Json::Null);
    mount
        .update("users/ann/policies", json!({ "policies": "y" }))
        .unwrap();
    assert_eq!(shown("policies"), json!(["y"]));
    let missing = Err(invalid("username does not exist"));
    for path in ["users/bob/policies", "users/bob/password"] {
        assert_eq!(mount.update(path, json!({ "password": "x" })), missing);
    }
}

#[test]
fn users_are_listed_in_parts() {
    let mount = mount();
    assert_eq!(mount.list("users"), Err(not_found()));
    for name in ["c", "A", "b"] {
        let path = format!("users/{name}");
        mount.update(&path, json!({ "password": "x" })).unwrap();
    }
    let list = |range: Json| mount.call(sdk::Operation::List, "users/", range);
    let keys = |names: &[&str]| {
        let owned = names.iter().map(|name| (*name).to_owned());
        Ok(Reply::Keys(owned.collect()))
    };
    assert_eq!(list(json!({})), keys(&["a", "b", "c"]));
    assert_eq!(list(json!({ "limit": "2" })), keys(&["a", "b"]));
    assert_eq!(list(json!({ "after": "a", "limit": 1 })), keys(&["b"]));
    assert_eq!(list(json!({ "limit": -1 })), keys(&["a", "b", "c"]));
    mount.delete("users/B").unwrap();
    assert_eq!(list(json!({})), keys(&["a", "c"]));
}

#[test]
fn create_and_update_are_told_apart() {
    let mount = with_user(json!({ "password": "x" }));
    let exists = |path: &str| mount.exists(sdk::Operation::Update, path, json!({}));
    assert_eq!(exists("users/ann"), Ok(Some(true)));
    assert_eq!(exists("users/bob"), Ok(Some(false)));
}

#[test]
fn a_user_bound_to_networks_logs_in_from_there_alone() {
    let mount = with_user(json!({ "password": "pw", "token_bound_cidrs": "10.0.0.0/8" }));
    mount.from_address("192.0.2.1".parse().unwrap());
    assert_eq!(login(&mount, "ann", "pw"), Err(denied("permission denied")));
    // A wrong password is no way to learn of it.
    assert_eq!(login(&mount, "ann", "x"), Err(wrong()));
    mount.from_address("10.0.0.1".parse().unwrap());
    assert!(login(&mount, "ann", "pw").is_ok());
}

#[test]
fn a_token_is_renewed_while_the_user_is_there_with_the_same_policies() {
    let user = json!({ "password": "pw", "token_policies": "b,a", "token_ttl": 60 });
    let mount = with_user(user);
    let grant = login(&mount, "ann", "pw").unwrap();
    let renew = || mount.renew_grant(grant.clone(), Duration::ZERO);
    let change = |body: Json| mount.update("users/ann", body).unwrap();
    assert_eq!(renew().unwrap().terms.ttl, Duration::from_secs(60));
    change(json!({ "token_policies": "A,b,default", "token_ttl": 30 }));
    assert_eq!(renew().unwrap().terms.ttl, Duration::from_secs(30));
    for policies in ["a", "a,b,c", ""] {
        change(json!({ "token_policies": policies }));
        let refused = Err(invalid("policies have changed, not renewing"));
        assert_eq!(renew(), refused, "{policies}");
    }
    change(json!({ "token_policies": "a,b" }));
    assert!(renew().is_ok());
    mount.delete("users/ann").unwrap();
    let refused = Err(invalid("the user no longer exists, not renewing"));
    assert_eq!(renew(), refused);
}

#[test]
fn no_fault_of_storage_leaves_half_a_user_or_lets_anybody_in() {
    let mount = with_user(json!({ "password": "pw" }));
    let before = mount.stored();
    for n in 1.. {
        mount.failing_storage_at(n);
        let written = mount.update("users/ann", json!({ "password": "new", "token_ttl": 1 }));
        if written.is_ok() {
            break;
        }
        assert_eq!(mount.stored(), before);
    }
    mount.failing_storage_at(1);
    let unavailable = login(&mount, "ann", "new").unwrap_err();
    assert_eq!(unavailable.kind, FailureKind::Unavailable);
}

#[test]
fn the_caller_of_a_login_is_of_no_account() {
    let mount = with_user(json!({ "password": "pw" }));
    mount.as_caller(Caller::named("root"));
    assert_eq!(login(&mount, "ann", "x"), Err(wrong()));
}
