//! Roles that are programs, and logins to them.

use super::world::*;
use core::time::Duration;
use proptest::prelude::*;
use sdk::testing::TestMount;
use sdk::{FailureKind, Grant, Json, Reply, TokenKind, json};

fn mount() -> TestMount {
    let mount = bare_mount();
    let config = json!({ "jwt_validation_pubkeys": pem(&P256) });
    mount.update("config", config).unwrap();
    mount
}

fn write(mount: &TestMount, program: Json) -> Result<(), String> {
    let role = json!({"cel_program": program, "bound_audiences": "here"});
    let written = mount.update("cel/role/r", role);
    written.map(|_| ()).map_err(|failure| failure.message)
}

/// What a login comes to with this for a main expression.
fn by(expression: &str) -> Result<Grant, String> {
    let mount = mount();
    write(&mount, json!({ "expression": expression }))?;
    log_in(&mount)
}

fn log_in(mount: &TestMount) -> Result<Grant, String> {
    let more = json!({
        "groups": ["a", "b"], "level": 3, "who": {"name": "Alice"}, "big": 9_007_199_254_740_993_u64,
    });
    let token = token(&P256, "ES256", &claims(more));
    let grant = mount.login("cel/login", json!({"role": "R", "jwt": token}));
    grant.map_err(|failure| failure.message)
}

fn refused_with(told: &str) -> String {
    format!("error executing cel program: CEL role 'r' blocked authorization with message: {told}")
}

#[test]
fn what_a_program_can_say() {
    for (expression, told) in [
        ("'no'", "no"),
        ("claims.sub", "alice"),
        ("claims['sub'] + '!'", "alice!"),
        ("claims.who.name", "Alice"),
        ("claims.level == 3 ? 'y' : 'n'", "y"),
        ("claims.level >= 2.5 && claims.level < 4 ? 'y' : 'n'", "y"),
        ("string(claims.level)", "3"),
        ("has(claims.nope) ? 'y' : 'n'", "n"),
        ("claims.?nope.orValue('none')", "none"),
        ("size(claims.groups) == 2 ? 'y' : 'n'", "y"),
        ("'a' in claims.groups ? 'y' : 'n'", "y"),
        ("claims.groups.exists(g, g == 'b') ? 'y' : 'n'", "y"),
        ("claims.groups.all(g, g.size() == 1) ? 'y' : 'n'", "y"),
        ("claims.groups.map(g, 'team-' + g)[1]", "team-b"),
        ("claims.groups.filter(g, g != 'a')[0]", "b"),
        ("claims.sub.matches('^al.*e$') ? 'y' : 'n'", "y"),
        ("matches(claims.sub, '^bob') ? 'y' : 'n'", "n"),
        ("claims.sub.upperAscii().replace('A', 'x')", "xLICE"),
        ("'a,b'.split(',')[1]", "b"),
        ("base64.encode(b'hello')", "aGVsbG8="),
        ("math.abs(-2) == 2 ? 'y' : 'n'", "y"),
        ("now > timestamp('2020-01-01T00:00:00Z') ? 'y' : 'n'", "y"),
        (
            "now - timestamp(int(claims.iat)) < duration('1s') ? 'y' : 'n'",
            "y",
        ),
        ("type(claims.level) == double ? 'y' : 'n'", "y"),
        ("pb.Auth{display_name: 'x'}.display_name", "x"),
    ] {
        assert_eq!(
            by(expression).unwrap_err(),
            refused_with(told),
            "{expression}"
        );
    }
}

/// The program on the page about this method, as it stands there.
#[test]
fn the_documented_program() {
    let page = include_str!("../../../../docs/reference/auth-jwt.md");
    let program = page.split("```").find(|block| block.contains("claims.org"));
    let mount = mount();
    write(&mount, json!({ "expression": program.unwrap().trim() })).unwrap();
    let login = |more: Json| {
        let token = token(&P256, "ES256", &claims(more));
        let grant = mount.login("cel/login", json!({"role": "r", "jwt": token}));
        grant.map_err(|failure| failure.message)
    };
    let grant = login(json!({ "org": "acme", "groups": ["ops", "web"] })).unwrap();
    assert_eq!(
        (grant.alias.as_str(), grant.policies),
        ("alice", vec!["team-ops".to_owned(), "team-web".to_owned()])
    );
    assert_eq!(grant.terms.ttl, Duration::from_secs(3_600));
    assert!(grant.terms.renewable);
    for other in [
        json!({ "org": "acme", "groups": ["web"] }),
        json!({ "org": "other", "groups": ["ops"] }),
    ] {
        assert_eq!(login(other).unwrap_err(), refused_with("not one of us"));
    }
}

#[test]
fn verdicts_that_are_none() {
    let unexpected = "error executing cel program: CEL program 'r' returned unexpected type: ";
    for (expression, kind) in [
        ("true", "bool"),
        ("1", "int"),
        ("1u", "uint"),
        ("1.0", "double"),
        ("null", "null"),
        ("claims", "map"),
        ("[false]", "list"),
        ("b'x'", "bytes"),
        ("now", "timestamp"),
        ("duration('1s')", "duration"),
        ("logical.Alias{name: 'x'}", "another structure"),
    ] {
        let told = by(expression).unwrap_err();
        assert_eq!(told, format!("{unexpected}{kind}"), "{expression}");
    }
    let blocked =
        "error executing cel program: CEL role 'r' blocked authorization with boolean false return";
    assert_eq!(by("false").unwrap_err(), blocked);
    for expression in [
        "1/0 == 1",
        "claims.nope == 'x'",
        "claims.sub + 1",
        "nope(1)",
        "claims.sub.matches('(')",
        "claims.groups[2]",
        "'x'.substring(9)",
    ] {
        let told = by(expression).unwrap_err();
        let doing =
            "error executing cel program: CEL auth program failed: failed to evaluate expression: ";
        assert!(told.starts_with(doing), "{expression} {told}");
    }
}

#[test]
fn what_a_login_gives() {
    let grant = by("pb.Auth{}").unwrap();
    assert_eq!(
        (grant.alias.as_str(), grant.display_name.as_str()),
        ("", "")
    );
    assert!(!grant.terms.renewable && grant.policies.is_empty());
    let grant = by("pb.Auth{
        alias: logical.Alias{name: claims.sub, metadata: {'k': 'v'}, mount_type: 'x'},
        display_name: claims.who.name,
        policies: claims.groups + ['B', ' c '],
        metadata: {'z': '1', 'a': claims.sub},
        group_aliases: claims.groups.map(g, logical.Alias{name: g}),
        period: 60000000000, num_uses: 3, explicit_max_ttl: 7200000000000,
        bound_cidrs: ['10.0.0.0/8'], no_default_policy: true, token_type: 1u,
        lease_options: pb.LeaseOptions{TTL: 90000000000, MaxTTL: 120999999999, renewable: true, issue_time: now},
        entity_id: 'nobody', client_token: 'mine', identity_policies: ['root'],
    }")
    .unwrap();
    let pairs = |pairs: &[(String, String)]| format!("{pairs:?}");
    assert_eq!(grant.alias, "alice");
    assert_eq!(pairs(&grant.alias_metadata), r#"[("k", "v")]"#);
    assert_eq!(grant.display_name, "Alice");
    assert_eq!(grant.policies, ["a", "b", "c"]);
    assert_eq!(pairs(&grant.metadata), r#"[("a", "alice"), ("z", "1")]"#);
    assert_eq!(grant.groups, ["a", "b"]);
    assert_eq!(grant.token.kind, TokenKind::Service);
    assert_eq!(grant.token.period, Duration::from_secs(60));
    assert_eq!(grant.token.explicit_max_ttl, Duration::from_secs(7200));
    assert_eq!((grant.token.uses, grant.token.no_default_policy), (3, true));
    assert_eq!(grant.token.bound_cidrs, ["10.0.0.0/8"]);
    // The period counts before what the lease options say.
    assert_eq!(grant.terms.ttl, Duration::from_secs(60));
    assert_eq!(grant.terms.max_ttl, Duration::from_secs(120));
    assert!(grant.terms.renewable);
}

#[test]
fn descriptions_that_describe_no_login() {
    for (fields, told) in [
        (
            "policies: ['a', 'Root']",
            "auth methods cannot create root tokens",
        ),
        ("policies: [claims.level]", "policies is no text"),
        ("policies: claims.level", "policies is no list of texts"),
        ("metadata: {'a': 1}", "metadata is no map of texts"),
        ("metadata: {1: 'a'}", "metadata is no map of texts"),
        ("alias: logical.Alias{}", "missing name in alias"),
        (
            "alias: logical.Alias{name: claims.level}",
            "name is no text",
        ),
        ("alias: 'x'", "alias is no structure"),
        (
            "group_aliases: ['x']",
            "group_aliases is no list of aliases",
        ),
        (
            "group_aliases: [logical.Alias{name: ''}]",
            "missing alias name",
        ),
        (
            "period: -1",
            "period is no whole number, or less than nothing",
        ),
        (
            "period: 1.5",
            "period is no whole number, or less than nothing",
        ),
        (
            "num_uses: -1",
            "num_uses is no whole number, or less than nothing",
        ),
        ("num_uses: 4294967296", "num_uses is out of range"),
        ("token_type: 7u", "token_type 7 is none"),
        (
            "no_default_policy: 'x'",
            "no_default_policy is neither true nor false",
        ),
        (
            "bound_cidrs: ['nope']",
            "error parsing address \"nope\": Unable to convert \"nope\" to an IPv4 or IPv6 address, or a UNIX Socket",
        ),
    ] {
        let expression = format!("pb.Auth{{{fields}}}");
        assert_eq!(by(&expression).unwrap_err(), told, "{fields}");
    }
}

/// Every one of these is refused, and nothing kept of it.
fn refused_when_written(programs: Vec<(Json, &str)>) {
    let mount = mount();
    for (program, told) in programs {
        let refused = write(&mount, program.clone()).unwrap_err();
        assert!(refused.contains(told), "{program:.200} {refused:.300}");
    }
    let left = mount.read("cel/role/r").unwrap_err();
    assert_eq!(left.kind, FailureKind::NotFound);
}

#[test]
fn expressions_that_are_refused_when_they_are_written() {
    let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
    let too_deep = format!("{}1{}", "[".repeat(32), "]".repeat(32));
    let chain = format!("'a' + {}'b'", "'a' + ".repeat(32));
    let long = format!("'{}'", "x".repeat(33_000));
    let expressions = [
        ("", "cel_program.expression cannot be empty"),
        ("1 +", "invalid CEL syntax for main expression: "),
        ("nope", "undeclared reference to 'nope'"),
        ("claims.g.map(x, x + y)", "undeclared reference to 'y'"),
        ("claims.g.map(x, x)[0] + x", "undeclared reference to 'x'"),
        ("pb.Auth{polices: []}", "undefined field 'polices'"),
        ("pb.Alias{}", "undeclared reference to 'pb.Alias'"),
        (
            "[pb.Auth{alias: logical.Alias{id: 'x'}}]",
            "undefined field 'id'",
        ),
        (&deep, "recursion limit"),
        (&too_deep, "nested more than 32 deep"),
        (&chain, "nested more than 32 deep"),
        (&long, "more than 32768 bytes"),
    ];
    let program = |(expression, told)| (json!({ "expression": expression }), told);
    refused_when_written(expressions.map(program).to_vec());
}

#[test]
fn programs_that_are_refused_when_they_are_written() {
    let many: Vec<Json> = (0..65)
        .map(|n| json!({"name": format!("v{n}"), "expression": "1"}))
        .collect();
    let variables = [
        ("x", "", "variable[0].x: invalid CEL syntax"),
        ("x", "1 +", "variable[0].x: invalid CEL syntax"),
        ("x", "y", "variable[0].x: undeclared reference to 'y'"),
        ("", "1", "not the name of a variable"),
        ("a b", "1", "not the name of a variable"),
        ("claims", "1", "overlapping identifier for name 'claims'"),
        ("now", "1", "overlapping identifier for name 'now'"),
    ];
    let program = |(name, expression, told)| {
        let variables = json!([{"name": name, "expression": expression}]);
        (json!({"variables": variables, "expression": "'x'"}), told)
    };
    let mut programs = variables.map(program).to_vec();
    programs.extend([
        (json!({}), "cel_program.expression cannot be empty"),
        (
            json!({"expression": "1", "variables": many}),
            "more than 64 variables",
        ),
        (
            json!({"expression": "1", "variables": "x"}),
            "variables is no list",
        ),
        (json!({"expression": ["1"]}), "expression is no text"),
    ]);
    refused_when_written(programs);
}

#[test]
fn variables_are_evaluated_in_order() {
    let mount = mount();
    let variables = json!([
        {"name": "name", "expression": "claims.sub + '!'"},
        {"name": "auth", "expression": "pb.Auth{display_name: name}"},
        {"name": "ok", "expression": "claims.level > 2"},
    ]);
    let program = json!({"variables": variables, "expression": "ok ? auth : 'no'"});
    write(&mount, program).unwrap();
    assert_eq!(log_in(&mount).unwrap().display_name, "alice!");
    let program = json!({
        "variables": [{"name": "x", "expression": "1/0"}], "expression": "'unused'",
    });
    write(&mount, program).unwrap();
    let told = log_in(&mount).unwrap_err();
    assert!(
        told.contains("failed to evaluate variables: variable[0].x: "),
        "{told}"
    );
}

#[test]
fn roles_are_replaced_by_writes_and_changed_by_patches() {
    let mount = mount();
    let missing = mount
        .patch("cel/role/r", json!({"message": "m"}))
        .unwrap_err();
    assert_eq!(missing.message, "Unable to fetch cel role entry to patch");
    let needed = mount
        .update("cel/role/r", json!({"message": "m"}))
        .unwrap_err();
    assert_eq!(needed.message, "missing required field 'cel_program'");
    let full = json!({
        "cel_program": {"variables": [{"name": "x", "expression": "'y'"}], "expression": "x"},
        "message": "m", "bound_audiences": "a,b", "clock_skew_leeway": -1, "expiration_leeway": "1m",
        "not_before_leeway": 0,
    });
    mount.update("cel/role/r", full).unwrap();
    mount
        .patch(
            "cel/role/r",
            json!({"cel_program": {"expression": "x + x"}, "message": "n"}),
        )
        .unwrap();
    let expected = json!({
        "bound_audiences": ["a", "b"],
        "cel_program": {"variables": [{"name": "x", "expression": "'y'"}], "expression": "x + x"},
        "clock_skew_leeway": -1, "expiration_leeway": 60, "message": "n", "name": "r",
        "not_before_leeway": 0,
    });
    assert_eq!(
        mount.read("cel/role/r"),
        Ok(Reply::data(&expected).unwrap())
    );
    assert!(
        mount
            .patch("cel/role/r", json!({"cel_program": {"expression": "z"}}))
            .is_err()
    );
    mount
        .update(
            "cel/role/r",
            json!({"cel_program": {"expression": "false"}}),
        )
        .unwrap();
    let expected = json!({
        "bound_audiences": [], "cel_program": {"expression": "false"}, "clock_skew_leeway": 60,
        "expiration_leeway": 150, "message": "", "name": "r", "not_before_leeway": 150,
    });
    assert_eq!(
        mount.read("cel/role/r"),
        Ok(Reply::data(&expected).unwrap())
    );
    assert_eq!(mount.list("cel/role"), Ok(Reply::Keys(vec!["r".into()])));
    mount.delete("cel/role/r").unwrap();
    assert!(mount.read("cel/role/r").is_err());
}

#[test]
fn roles_of_the_two_kinds_have_nothing_to_do_with_each_other() {
    let mount = mount();
    write(&mount, json!({"expression": "'x'"})).unwrap();
    let refused = |path: &str, body: Json| mount.login(path, body).unwrap_err().message;
    let missing = "role \"r\" could not be found";
    assert_eq!(refused("login", json!({"role": "r", "jwt": "x"})), missing);
    mount.delete("cel/role/r").unwrap();
    write_role(&mount, json!({}));
    assert_eq!(
        refused("cel/login", json!({"role": "r", "jwt": "x"})),
        missing
    );
    assert_eq!(refused("cel/login", json!({})), "missing role");
}

#[test]
fn a_token_is_verified_before_a_program_sees_it() {
    let mount = mount();
    write(&mount, json!({"expression": "pb.Auth{}"})).unwrap();
    let check = |token: String, told: &str| {
        let refused = mount.login("cel/login", json!({"role": "r", "jwt": token}));
        let refused = refused.unwrap_err().message;
        assert!(
            refused.starts_with("error validating token: ") && refused.contains(told),
            "{refused}"
        );
    };
    check(token(&P384, "ES384", &claims(json!({}))), "no known key");
    check(token(&P256, "ES256", &claims(json!({"aud": "x"}))), "(aud)");
    check(
        token(&P256, "ES256", &claims(json!({"exp": NOW - 100}))),
        "expired",
    );
    check("x".into(), "three parts");
    let empty = mount.login("cel/login", json!({"role": "r"})).unwrap_err();
    assert_eq!(empty.message, "missing token");
    // Unlike the other roles', a program's token may have an audience that nobody asked for.
    mount
        .update(
            "cel/role/r",
            json!({"cel_program": {"expression": "pb.Auth{}"}}),
        )
        .unwrap();
    assert!(log_in(&mount).is_ok());
}

#[test]
fn renewals_go_by_what_the_program_gave() {
    let mount = mount();
    let options =
        "pb.LeaseOptions{TTL: 90000000000, MaxTTL: 120000000000, renewable: true, issue_time: now}";
    let expression = format!("pb.Auth{{lease_options: {options}}}");
    write(&mount, json!({ "expression": expression })).unwrap();
    let grant = log_in(&mount).unwrap();
    let renew = |grant: &Grant, seconds| {
        let renewal = mount.renew_grant(grant.clone(), Duration::from_secs(seconds));
        renewal.map(|renewal| renewal.terms.ttl.as_secs())
    };
    assert_eq!(renew(&grant, 0), Ok(90));
    assert_eq!(renew(&grant, 100), Ok(100));
    let expression = format!("pb.Auth{{period: 30000000000, lease_options: {options}}}");
    write(&mount, json!({ "expression": expression })).unwrap();
    let periodic = log_in(&mount).unwrap();
    assert_eq!(renew(&periodic, 100), Ok(30));
    mount.delete("cel/role/r").unwrap();
    let told = renew(&grant, 0).unwrap_err().message;
    assert_eq!(
        told,
        "failed to renew entry: role r does not exist during renewal"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_is_more_than_a_text_to_a_program(sub in ".{0,40}", name in ".{0,40}") {
        let mount = mount();
        write(&mount, json!({"expression": "claims.sub + claims.name"})).unwrap();
        let token = token(&P256, "ES256", &claims(json!({"sub": sub, "name": name})));
        let refused = mount.login("cel/login", json!({"role": "r", "jwt": token})).unwrap_err();
        prop_assert_eq!(refused.message, refused_with(&format!("{sub}{name}")));
    }

    #[test]
    fn any_text_is_a_program_or_refused(text in ".{0,60}") {
        let mount = mount();
        if write(&mount, json!({ "expression": text })).is_ok() {
            let _ = log_in(&mount);
        }
    }
}
