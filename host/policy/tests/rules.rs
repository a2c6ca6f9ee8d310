//! What the recorded table cannot show: the root policy, grants, time, namespaces, templates.

#![expect(clippy::unwrap_used, reason = "a test")]

use base::{Map, NamespaceId, Timestamp};
use core::time::Duration;
use policy::{
    Acl, Alias, Ask, DEFAULT_TEXT, Decision, Group, Identity, Operation, Policy, PolicyNamespace,
    RESPONSE_WRAPPING_TEXT,
};
use serde_json::json;
use std::sync::Arc;

fn parse(name: &str, text: &str) -> Arc<Policy> {
    Arc::new(Policy::parse(name, text).unwrap())
}

fn ask(acl: &Acl, operation: Operation, path: &str, data: serde_json::Value) -> Decision {
    let data: Map = data.as_object().cloned().unwrap_or_default();
    acl.decide(&Ask {
        path,
        operation,
        data: &data,
        wrap_ttl: None,
        now: Timestamp::from_millis(1_000_000),
    })
}

fn read(acl: &Acl, path: &str) -> bool {
    ask(acl, Operation::Read, path, json!({})).allowed
}

#[test]
fn root_may_do_everything() {
    let acl = Acl::new(&[
        parse("p", "path \"a\" { policy = \"deny\" }"),
        Arc::new(Policy::root()),
    ]);
    let decision = ask(&acl, Operation::Delete, "a", json!({}));
    assert!(decision.allowed && decision.root && decision.allowed_with_sudo());
    assert_eq!(decision.granting_policies().first().unwrap().policy, "root");
    assert_eq!(acl.capabilities("a", Timestamp::default()), ["root"]);
    assert!(acl.grants_below("a/", Timestamp::default()));
}

#[test]
fn no_policy_grants_nothing_but_help() {
    let acl = Acl::new(&[]);
    assert!(!read(&acl, "a"));
    assert!(ask(&acl, Operation::Help, "a", json!({})).allowed);
    assert_eq!(acl.capabilities("a", Timestamp::default()), ["deny"]);
}

#[test]
fn the_name_root_alone_is_no_root() {
    let acl = Acl::new(&[parse("root", "path \"a\" { capabilities = [\"read\"] }")]);
    assert!(!ask(&acl, Operation::Read, "b", json!({})).root);
    assert!(!read(&acl, "b"));
}

#[test]
fn grants_name_the_policies_with_the_capability() {
    let acl = Acl::new(&[
        parse("one", "path \"a\" { capabilities = [\"read\", \"list\"] }"),
        parse("two", "path \"a\" { capabilities = [\"update\"] }"),
        parse(
            "three",
            "path \"a\" { capabilities = [\"read\"] }\npath \"a\" { capabilities = [\"read\"] }",
        ),
        parse("four", "path \"*\" { capabilities = [\"read\"] }"),
    ]);
    let names = |operation| -> Vec<String> {
        let grants = ask(&acl, operation, "a", json!({})).granting_policies();
        grants.into_iter().map(|grant| grant.policy).collect()
    };
    assert_eq!(names(Operation::Read), ["one", "three"]);
    assert_eq!(names(Operation::Update), ["two"]);
    assert!(names(Operation::Delete).is_empty());
}

#[test]
fn a_rule_ends_and_what_lies_below_shows_again() {
    let acl = Acl::new(&[parse(
        "p",
        "path \"a\" { capabilities = [\"deny\"] expiration = \"1970-01-01T00:00:10Z\" }
         path \"a*\" { capabilities = [\"read\"] }
         path \"a\" { capabilities = [\"list\"] expiration = 20 }",
    )]);
    let at = |seconds: u64| acl.capabilities("a", Timestamp::from_millis(seconds * 1000));
    assert_eq!(at(9), ["deny"]);
    assert_eq!(at(10), ["list"]);
    assert_eq!(at(20), ["read"]);
}

#[test]
fn a_policy_reaches_below_its_namespace_only() {
    let namespace = PolicyNamespace {
        id: NamespaceId::new(7),
        path: String::from("team/"),
    };
    let policy = Policy::parse(
        "p",
        "path \"/a\" { capabilities = [\"read\"] } path \"*\" { capabilities = [\"list\"] }",
    );
    let acl = Acl::new(&[Arc::new(policy.unwrap().in_namespace(namespace.clone()))]);
    assert!(read(&acl, "team/a"));
    assert!(!read(&acl, "a"));
    let decision = ask(&acl, Operation::List, "team/x/", json!({}));
    assert_eq!(
        decision.granting_policies().first().unwrap().namespace,
        namespace
    );
    assert!(!ask(&acl, Operation::List, "other/x/", json!({})).allowed);
}

/// Who is root in a namespace is nobody outside of it.
#[test]
fn root_of_a_namespace_ends_with_it() {
    let namespace = PolicyNamespace {
        id: NamespaceId::new(7),
        path: String::from("team/"),
    };
    let acl = Acl::new(&[Arc::new(Policy::root().in_namespace(namespace))]);
    let decision = ask(&acl, Operation::Delete, "team/sys/audit/x", json!({}));
    assert!(decision.allowed_with_sudo() && !decision.root);
    assert!(!read(&acl, "sys/audit"));
    assert!(!read(&acl, "teams/a"));
    let root = Policy::root().in_namespace(PolicyNamespace::ROOT);
    assert!(
        ask(
            &Acl::new(&[Arc::new(root)]),
            Operation::Read,
            "a",
            json!({})
        )
        .root
    );
}

#[test]
fn an_overview_shows_rules_and_their_limits() {
    let acl = Acl::new(&[parse(
        "p",
        "path \"a\" { capabilities = [\"read\", \"list\"] } path \"b/*\" { policy = \"deny\" } path \"+/c*\" { capabilities = [\"scan\"] }
         path \"d\" { capabilities = [\"update\"] required_parameters = [\"z\"] max_wrapping_ttl = \"2m\"
           allowed_parameters = { x = [1] } denied_parameters = { y = [] } }",
    )]);
    let overview = acl.overview(Timestamp::default());
    assert!(!overview.root);
    assert_eq!(overview.exact["a"].capabilities, ["list", "read"]);
    assert!(overview.exact["a"].allowed_parameters.is_empty());
    let limited = &overview.exact["d"];
    assert_eq!(limited.allowed_parameters["x"], [json!(1)]);
    assert!(limited.denied_parameters["y"].is_empty());
    assert_eq!(limited.required_parameters, ["z"]);
    assert_eq!(limited.max_wrapping_ttl, Some(Duration::from_secs(120)));
    assert_eq!(limited.min_wrapping_ttl, None);
    let globs: Vec<_> = overview.globs.keys().collect();
    assert_eq!(globs, ["b/"]);
    assert_eq!(overview.globs["b/"].capabilities, ["deny"]);
}

#[test]
fn a_policy_that_has_ended_says_nothing() {
    let policy = parse("p", "path \"a\" { capabilities = [\"read\"] }");
    let end = Timestamp::from_millis(1_000);
    let policy = Policy::clone(&policy).until(Some(end));
    let acl = Acl::new(&[Arc::new(policy)]);
    let names = |millis| acl.capabilities("a", Timestamp::from_millis(millis));
    assert_eq!(names(999), ["read"]);
    assert_eq!(names(1_000), ["deny"]);
}

#[test]
fn numbers_are_compared_by_amount() {
    let acl = Acl::new(&[parse(
        "p",
        "path \"allowed\" { capabilities = [\"update\"] allowed_parameters = { n = [1, 2.5] } }
         path \"denied\" { capabilities = [\"update\"] denied_parameters = { n = [1, \"x\"] } }",
    )]);
    let update = |path: &str, data| ask(&acl, Operation::Update, path, data).allowed;
    assert!(update("allowed", json!({"n": 1})));
    assert!(update("allowed", json!({"n": 2.50})));
    assert!(!update("allowed", json!({"n": 2})));
    assert!(!update("allowed", json!({"n": "1"})));
    assert!(!update("denied", json!({"n": 1})));
    assert!(!update("denied", json!({"n": "1"})));
    assert!(!update("denied", json!({"N": 1})));
    assert!(update("denied", json!({"n": 2})));
}

#[test]
fn listings_carry_their_limit() {
    let acl = Acl::new(&[parse(
        "p",
        "path \"a\" { capabilities = [\"list\", \"read\"] pagination_limit = 5 }",
    )]);
    assert_eq!(
        ask(&acl, Operation::List, "a/", json!({})).pagination_limit(),
        Some(5)
    );
    assert_eq!(
        ask(&acl, Operation::Read, "a", json!({})).pagination_limit(),
        None
    );
}

#[test]
fn what_narrows_and_is_unknown_here_is_refused() {
    for key in [
        "mfa_methods = [\"a\"]",
        "control_group { ttl = \"1h\" }",
        "list_scan_response_keys_filter_path = \"x\"",
    ] {
        let text = format!("path \"x\" {{ capabilities = [\"read\"]\n {key} }}");
        let error = Policy::parse("p", &text).unwrap_err().to_string();
        assert!(
            error.ends_with("is not supported by this server"),
            "{error}"
        );
    }
    for wrong in [
        "path { capabilities = [\"read\"] }",
        "path \"x\" \"y\" {}",
        "path = \"x\"",
        "{\"path\":",
    ] {
        let error = Policy::parse("p", wrong).unwrap_err().to_string();
        assert!(
            error.starts_with("failed to parse policy: At 1:"),
            "{error}"
        );
    }
}

fn identity() -> Identity {
    let map = |pairs: &[(&str, &str)]| {
        pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect()
    };
    Identity {
        id: "e-1".into(),
        name: "ann".into(),
        metadata: map(&[
            ("team", "red"),
            ("empty", ""),
            ("star", "a*"),
            ("plus", "+"),
            ("slash", "a/b"),
        ]),
        aliases: [(
            String::from("auth_x_1"),
            Alias {
                id: "al".into(),
                name: "ann@x".into(),
                metadata: map(&[("m", "1")]),
                custom_metadata: map(&[("c", "2")]),
            },
        )]
        .into(),
        groups: vec![Group {
            id: "g-1".into(),
            name: "dev.ops".into(),
            metadata: map(&[("cost", "9")]),
        }],
    }
}

#[test]
fn templates_are_filled_with_the_callers_identity() {
    let check = |template: &str, path: &str, expected: bool| {
        let policy = parse(
            "p",
            &format!("path \"s/{template}\" {{ capabilities = [\"read\"] }}"),
        );
        assert!(policy.is_templated());
        assert!(
            !read(&Acl::new(&[Arc::clone(&policy)]), path),
            "{template} without identity"
        );
        let acl = Acl::for_identity(&[policy], &identity()).unwrap();
        assert_eq!(read(&acl, path), expected, "{template}");
    };
    check("{{identity.entity.id}}", "s/e-1", true);
    check("{{ identity.entity.name }}/*", "s/ann/x", true);
    check("{{identity.entity.metadata.team}}", "s/red", true);
    check("{{identity.entity.metadata.none}}", "s/", false);
    check("{{identity.entity.metadata.empty}}", "s/", false);
    check("{{identity.entity.metadata.empty}}*", "s/x", false);
    check("{{identity.entity.aliases.auth_x_1.name}}", "s/ann@x", true);
    check("{{identity.entity.aliases.auth_x_1.id}}", "s/al", true);
    check(
        "{{identity.entity.aliases.auth_x_1.metadata.m}}",
        "s/1",
        true,
    );
    check(
        "{{identity.entity.aliases.auth_x_1.custom_metadata.c}}",
        "s/2",
        true,
    );
    check(
        "{{identity.entity.aliases.auth_x_2.name}}",
        "s/ann@x",
        false,
    );
    check("{{identity.groups.ids.g-1.name}}", "s/dev.ops", true);
    check("{{identity.groups.names.dev.ops.id}}", "s/g-1", true);
    check(
        "{{identity.groups.names.dev.ops.metadata.cost}}",
        "s/9",
        true,
    );
    check("{{identity.groups.names.other.id}}", "s/g-1", false);
    check("{{foo}}", "s/{{foo}}", false);
}

/// CVE class: a caller who may choose its own name or metadata widened its rule with it.
#[test]
fn a_callers_name_cannot_widen_a_rule() {
    for (key, sign) in [("star", '*'), ("plus", '+'), ("slash", '/')] {
        let text = format!(
            "path \"s/{{{{identity.entity.metadata.{key}}}}}\" {{ capabilities = [\"read\"] }}"
        );
        let policies = [
            parse("tp", &text),
            parse("q", "path \"*\" { capabilities = [\"read\"] }"),
        ];
        let error = Acl::for_identity(&policies, &identity()).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "error parsing templated policy \"tp\": failed to parse policy: path \"s/{{{{identity.entity.metadata.{key}}}}}\": template substitution contains forbidden value: \"{sign}\""
            )
        );
    }
}

#[test]
fn what_is_there_from_the_beginning_parses() {
    let acl = Acl::for_identity(&[parse("default", DEFAULT_TEXT)], &identity()).unwrap();
    assert!(read(&acl, "auth/token/lookup-self"));
    assert!(read(&acl, "identity/entity/id/e-1"));
    assert!(read(&acl, "cubbyhole/a/b"));
    assert!(!read(&acl, "secret/a"));
    let acl = Acl::new(&[parse("response-wrapping", RESPONSE_WRAPPING_TEXT)]);
    assert!(ask(&acl, Operation::Update, "sys/wrapping/unwrap", json!({})).allowed);
    assert!(!read(&acl, "cubbyhole/other"));
}
