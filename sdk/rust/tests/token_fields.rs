//! The fields that every auth method shares, in a method that has nothing else.
#![allow(clippy::unwrap_used, reason = "the helpers of tests fail as tests do")]

use sdk::prelude::*;
use sdk::testing::TestMount;
use sdk::{OlderNames, TokenFields, TokenKind, TokenRules};

const fn method() -> Method {
    Method::new("roles", "0.1.0", "Has roles.")
        .keeps("role/", Replicated)
        .update("role/{name}", "Writes a role.", write)
        .read("role/{name}", "Reads a role.", read)
        .login("login/{name}", "Logs in.", identify, login)
        .renews(renew)
}

#[derive(Fields)]
struct At {
    /// Name of the role.
    #[field(path, kind = "name")]
    name: String,
}

#[derive(Fields)]
struct Write {
    /// Name of the role.
    #[field(path, kind = "name")]
    name: String,
    #[field(flatten)]
    token: TokenFields,
    /// Older name of `token_policies`.
    #[field(deprecated)]
    policies: Option<Vec<String>>,
    /// Older name of `token_ttl`.
    #[field(deprecated)]
    ttl: Option<Duration>,
}

#[derive(Default, Serialize, Deserialize)]
struct Role {
    token: TokenRules,
    older: OlderNames,
}

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    token: TokenRules,
    #[serde(flatten)]
    older: Map,
}

fn role(ctx: &Ctx, name: &str) -> Result<Option<Role>> {
    ctx.get(&format!("role/{name}"))
}

fn write(ctx: &mut Ctx, mut new: Write) -> Result<Reply> {
    let mut role = role(ctx, &new.name)?.unwrap_or_default();
    let token = &mut new.token;
    role.older
        .take("policies", new.policies, &mut token.token_policies);
    role.older.take("ttl", new.ttl, &mut token.token_ttl);
    role.token.change(new.token)?;
    ctx.put(&format!("role/{}", new.name), &role)?;
    Ok(Reply::Empty)
}

fn read(ctx: &Ctx, at: At) -> Result<Reply> {
    let role = role(ctx, &at.name)?.ok_or_else(not_found)?;
    let older = role.older.answer(&role.token)?;
    Reply::data(&Shown {
        token: role.token,
        older,
    })
}

fn identify(_: &Ctx, at: At) -> Result<Option<String>> {
    Ok(Some(at.name))
}

fn login(ctx: &mut Ctx, at: At) -> Result<Login> {
    let role = role(ctx, &at.name)?.ok_or_else(not_found)?;
    Ok(Login::Grant(role.token.grant(ctx, at.name)?))
}

fn renew(ctx: &mut Ctx, grant: Grant, increment: Duration) -> Result<Renewal> {
    let role = role(ctx, &grant.alias)?.ok_or_else(not_found)?;
    Ok(role.token.renewal(increment))
}

fn shown(mount: &TestMount) -> Json {
    mount.read("role/r").unwrap().to_value()
}

#[test]
fn an_answer_has_every_member_from_the_start() {
    let mount = TestMount::new(method());
    mount.update("role/r", json!({})).unwrap();
    let start = json!({
        "token_bound_cidrs": [], "token_explicit_max_ttl": 0, "token_max_ttl": 0,
        "token_no_default_policy": false, "token_num_uses": 0, "token_period": 0,
        "token_policies": [], "token_strictly_bind_ip": false, "token_ttl": 0,
        "token_type": "default",
    });
    assert_eq!(shown(&mount), start);
}

#[test]
fn what_is_given_is_kept_and_the_rest_stays() {
    let mount = TestMount::new(method());
    let given = json!({
        "token_bound_cidrs": "10.0.0.0/8,::1/128", "token_explicit_max_ttl": "2h",
        "token_max_ttl": 3600, "token_no_default_policy": true, "token_num_uses": "3",
        "token_period": "1m", "token_policies": "B,a", "token_ttl": 60, "token_type": "service",
    });
    mount.update("role/r", given).unwrap();
    mount.update("role/r", json!({ "token_ttl": 90 })).unwrap();
    let expected = json!({
        "token_bound_cidrs": ["10.0.0.0/8", "::1"], "token_explicit_max_ttl": 7200,
        "token_max_ttl": 3600, "token_no_default_policy": true, "token_num_uses": 3,
        "token_period": 60, "token_policies": ["B", "a"], "token_strictly_bind_ip": false,
        "token_ttl": 90, "token_type": "service",
    });
    assert_eq!(shown(&mount), expected);

    mount.from_address("10.2.3.4".parse().unwrap());
    let grant = mount.login("login/r", json!({})).unwrap();
    assert_eq!(grant.policies, ["a", "b"]);
    assert_eq!(grant.terms.ttl, Duration::from_secs(90));
    assert_eq!(grant.terms.max_ttl, Duration::from_secs(3600));
    assert_eq!(grant.token.kind, TokenKind::Service);
    assert_eq!(grant.token.period, Duration::from_secs(60));
    assert_eq!(grant.token.explicit_max_ttl, Duration::from_secs(7200));
    assert_eq!(grant.token.uses, 3);
    assert_eq!(grant.token.bound_cidrs, ["10.0.0.0/8", "::1"]);
    assert!(grant.token.no_default_policy);
}

#[test]
fn what_does_not_go_together_is_refused_and_changes_nothing() {
    let mount = TestMount::new(method());
    mount.update("role/r", json!({})).unwrap();
    let before = mount.stored();
    for (given, text) in [
        (
            json!({ "token_type": "x" }),
            "invalid 'token_type' value \"x\"",
        ),
        (
            json!({ "token_type": "batch", "token_period": 1 }),
            "'token_type' cannot be 'batch' or 'default_batch' when set to generate periodic tokens",
        ),
        (
            json!({ "token_type": "batch", "token_num_uses": 1 }),
            "'token_type' cannot be 'batch' or 'default_batch' when set to generate tokens with limited use count",
        ),
        (
            json!({ "token_ttl": 2, "token_max_ttl": 1 }),
            "'token_ttl' cannot be greater than 'token_max_ttl'",
        ),
        (
            json!({ "token_num_uses": -1 }),
            "'token_num_uses' cannot be negative",
        ),
        (
            json!({ "token_num_uses": 4_294_967_296_u64 }),
            "'token_num_uses' is out of range",
        ),
        (
            json!({ "token_bound_cidrs": "::1", "token_strictly_bind_ip": true }),
            "'token_strictly_bind_ip' conflicts with 'token_bound_cidrs'; set only one",
        ),
        (
            json!({ "token_bound_cidrs": "x" }),
            "error parsing address \"x\": Unable to convert \"x\" to an IPv4 or IPv6 address, or a UNIX Socket",
        ),
    ] {
        assert_eq!(mount.update("role/r", given), Err(invalid(text)));
        assert_eq!(mount.stored(), before);
    }
}

#[test]
fn a_login_from_elsewhere_is_denied() {
    let mount = TestMount::new(method());
    let role = json!({ "token_bound_cidrs": ["10.0.0.0/8"] });
    mount.update("role/r", role).unwrap();
    let refused = Err(denied("permission denied"));
    assert_eq!(mount.login("login/r", json!({})), refused);
    mount.from_address("11.0.0.1".parse().unwrap());
    assert_eq!(mount.login("login/r", json!({})), refused);
    mount.from_address("::ffff:10.0.0.1".parse().unwrap());
    assert!(mount.login("login/r", json!({})).is_ok());
}

#[test]
fn a_token_can_be_bound_to_the_address_of_its_login() {
    let mount = TestMount::new(method());
    let role = json!({ "token_strictly_bind_ip": true });
    mount.update("role/r", role).unwrap();
    let unknown = mount.login("login/r", json!({})).unwrap_err();
    assert_eq!(unknown.kind, FailureKind::Internal);
    mount.from_address("192.0.2.7".parse().unwrap());
    let grant = mount.login("login/r", json!({})).unwrap();
    assert_eq!(grant.token.bound_cidrs, ["192.0.2.7"]);
}

#[test]
fn no_method_grants_root() {
    let mount = TestMount::new(method());
    let role = json!({ "token_policies": ["a", " Root "] });
    mount.update("role/r", role).unwrap();
    let refused = Err(invalid("auth methods cannot create root tokens"));
    assert_eq!(mount.login("login/r", json!({})), refused);
}

#[test]
fn a_renewal_follows_the_rules_as_they_stand() {
    let mount = TestMount::new(method());
    mount.update("role/r", json!({ "token_ttl": 60 })).unwrap();
    let grant = mount.login("login/r", json!({})).unwrap();
    let renewed = |increment| {
        let increment = Duration::from_secs(increment);
        let terms = mount.renew_grant(grant.clone(), increment).unwrap().terms;
        (terms.ttl.as_secs(), terms.max_ttl.as_secs())
    };
    assert_eq!(renewed(0), (60, 0));
    assert_eq!(renewed(900), (900, 0));
    let role = json!({ "token_ttl": 30, "token_max_ttl": 90 });
    mount.update("role/r", role).unwrap();
    assert_eq!(renewed(0), (30, 90));
    mount
        .update("role/r", json!({ "token_period": 7 }))
        .unwrap();
    assert_eq!(renewed(900), (7, 90));
}

#[test]
fn older_names_are_shown_until_the_newer_one_comes_alone() {
    let mount = TestMount::new(method());
    for (given, policies, ttl) in [
        (json!({ "policies": "a" }), json!(["a"]), Json::Null),
        (json!({ "ttl": 5, "token_ttl": 6 }), json!(["a"]), json!(6)),
        (json!({ "token_policies": "b" }), Json::Null, json!(6)),
        (json!({ "ttl": 7 }), Json::Null, json!(7)),
        (json!({ "token_ttl": 8 }), Json::Null, Json::Null),
        (json!({ "policies": [], "ttl": 0 }), Json::Null, Json::Null),
    ] {
        mount.update("role/r", given.clone()).unwrap();
        let shown = shown(&mount);
        assert_eq!(
            (&shown["policies"], &shown["ttl"]),
            (&policies, &ttl),
            "{given}"
        );
    }
}
