//! What a request says against what a route takes.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the helpers of tests fail as tests do"
)]

use manifest::{
    Access, Field, FieldKind, FieldSource, Limits, Locality, Manifest, Map, Matcher, Operation,
    Placement, Route, StorageRule, validate,
};
use serde_json::{Value, json};

fn field(name: &str, kind: FieldKind, source: FieldSource) -> Field {
    Field {
        name: name.into(),
        kind,
        source,
        required: false,
        sensitive: false,
        deprecated: false,
        default: None,
        allowed: vec![],
        summary: "It.".into(),
        display: None,
    }
}

fn manifest(operation: Operation, pattern: &str, fields: Vec<Field>) -> Manifest {
    Manifest {
        name: "kv".into(),
        version: "1.0.0".into(),
        summary: "Keeps.".into(),
        routes: vec![Route {
            pattern: pattern.into(),
            operation,
            access: Access::Token,
            placement: Placement::AnyNode,
            when: None,
            fields,
            answers: vec![],
            checks_existence: false,
            raw_body: false,
            deprecated: false,
            summary: "Does.".into(),
            description: String::new(),
        }],
        storage: vec![],
        secret_kinds: vec![],
        outbound: vec![],
        starts: false,
        ticks: false,
        annotations: Map::new(),
    }
}

fn run(manifest: &Manifest, path: &str, body: Value) -> Result<(Value, Vec<String>), String> {
    manifest.check(&Limits::default()).unwrap();
    let Value::Object(body) = body else {
        panic!("a body is an object")
    };
    let route = &manifest.routes[0];
    let matcher = Matcher::new(manifest, |_| None).unwrap();
    let found = matcher.find(route.operation, path).unwrap();
    let validated = validate(route, &found.parameters, body).map_err(|wrong| wrong.to_string())?;
    let warnings = validated.warnings();
    Ok((Value::Object(validated.input), warnings))
}

fn role(operation: Operation) -> Manifest {
    let required = Field {
        required: true,
        ..field("host", FieldKind::Text, FieldSource::Body)
    };
    let with_default = Field {
        default: Some(json!(3600)),
        ..field("ttl", FieldKind::Duration, FieldSource::Body)
    };
    let limited = Field {
        allowed: vec![json!("rsa"), json!("ec")],
        ..field("key_type", FieldKind::Text, FieldSource::Body)
    };
    let name = field("name", FieldKind::Name, FieldSource::Path);
    manifest(
        operation,
        "role/{name}",
        vec![name, required, with_default, limited],
    )
}

#[test]
fn fields_are_shaped_and_defaulted() {
    let role = role(Operation::Update);
    let given = run(&role, "role/a", json!({"host": 5, "key_type": "ec"})).unwrap();
    let input = json!({"name": "a", "host": "5", "ttl": 3600, "key_type": "ec"});
    assert_eq!(given, (input, vec![]));
}

#[test]
fn a_fault_names_the_field_and_not_the_value() {
    let role = role(Operation::Update);
    let fault = |body| run(&role, "role/a", body).unwrap_err();
    let prefix = "Field validation failed: ";
    assert_eq!(
        fault(json!({})),
        format!("{prefix}field \"host\" is required")
    );
    assert_eq!(
        fault(json!({"host": null})),
        format!("{prefix}field \"host\" is required")
    );
    assert_eq!(
        fault(json!({"host": "h", "ttl": "zz"})),
        format!("{prefix}error converting input for field \"ttl\": time: invalid duration \"zz\"")
    );
    assert_eq!(
        fault(json!({"host": "h", "key_type": "hunter2"})),
        format!(
            "{prefix}error converting input for field \"key_type\": must be one of \"rsa\", \"ec\""
        )
    );
}

#[test]
fn a_patch_has_no_defaults_and_may_clear() {
    let role = role(Operation::Patch);
    let given = run(&role, "role/a", json!({"host": "h", "key_type": null})).unwrap();
    assert_eq!(given.0, json!({"name": "a", "host": "h", "key_type": null}));
}

#[test]
fn what_is_unknown_or_overridden_is_told() {
    let role = role(Operation::Update);
    let body = json!({"host": "h", "zz": 1, "aa": 2, "name": "b"});
    let (input, warnings) = run(&role, "role/a", body).unwrap();
    assert_eq!(input["name"], "a");
    assert_eq!(
        warnings,
        [
            "Endpoint ignored these unrecognized parameters: [aa zz]",
            "Endpoint replaced the value of these parameters with the values captured from the endpoint's path: [name]",
        ]
    );
}

#[test]
fn the_rest_takes_everything_as_it_came() {
    let fields = vec![
        field("path", FieldKind::Text, FieldSource::Path),
        field("data", FieldKind::Object, FieldSource::Rest),
    ];
    let kv = manifest(Operation::Update, "{path..}", fields);
    let body: Value =
        serde_json::from_str(r#"{"a":1.50,"b":12345678901234567890,"path":"x","n":null}"#).unwrap();
    let given = run(&kv, "a/b", body.clone()).unwrap();
    assert_eq!(given, (json!({"path": "a/b", "data": body}), vec![]));
    assert!(given.0.to_string().contains("1.50"));
}

#[test]
fn a_manifest_survives_json() {
    let mut manifest = role(Operation::Update);
    manifest.storage.push(StorageRule {
        prefix: "role/".into(),
        locality: Locality::Local,
        seal_wrap: true,
    });
    let text = serde_json::to_string(&manifest).unwrap();
    assert_eq!(serde_json::from_str::<Manifest>(&text).unwrap(), manifest);
    let more = text.replacen('{', r#"{"newer":1,"#, 1);
    assert!(
        serde_json::from_str::<Manifest>(&more).is_err(),
        "a wish that nobody would grant"
    );
}

#[test]
fn manifests_that_are_refused() {
    let refused = |change: &dyn Fn(&mut Manifest)| {
        let mut manifest = role(Operation::Update);
        change(&mut manifest);
        manifest.check(&Limits::default()).unwrap_err().to_string()
    };
    let rule = |prefix: &str| StorageRule {
        prefix: prefix.into(),
        locality: Locality::Replicated,
        seal_wrap: false,
    };
    let check =
        |expected: &str, change: &dyn Fn(&mut Manifest)| assert_eq!(refused(change), expected);
    check("\"K V\" is not a name", &|m| m.name = "K V".into());
    check("\"1.0\" is not a version", &|m| m.version = "1.0".into());
    check(
        "storage prefix \"a//b\": has an empty or relative segment",
        &|m| m.storage.push(rule("a//b")),
    );
    check(
        "storage prefix \"../\": has an empty or relative segment",
        &|m| m.storage.push(rule("../")),
    );
    check(
        "storage prefix \"/\": has an empty or relative segment",
        &|m| m.storage.push(rule("/")),
    );
    check("storage prefix \"a/\": stands twice", &|m| {
        m.storage.extend([rule("a/"), rule("a/")])
    });
    check(
        "field \"name\" of \"role/{name}\": stands in the pattern, but is no field",
        &|m| {
            m.routes[0].fields.remove(0);
        },
    );
    check(
        "field \"ttl\" of \"role/{name}\": its default is not of its kind",
        &|m| {
            m.routes[0].fields[2].default = Some(json!("1h"));
        },
    );
    check(
        "field \"host\" of \"role/{name}\": does not stand in the pattern",
        &|m| {
            m.routes[0].fields[1].source = FieldSource::Path;
        },
    );
    check("field \"host\" of \"role/{name}\": stands twice", &|m| {
        let again = m.routes[0].fields[1].clone();
        m.routes[0].fields.push(again);
    });
    check(
        "route \"role/{name}\": only update and patch have a body to keep",
        &|m| {
            m.routes[0].operation = Operation::Read;
            m.routes[0].raw_body = true;
        },
    );
    check("pattern \"role/{name}\" has two routes for Update", &|m| {
        let again = m.routes[0].clone();
        m.routes.push(again);
    });
    check("\"http://x\" is not a host pattern", &|m| {
        m.outbound.push("http://x".into())
    });
    check("more than 1024 routes", &|m| {
        m.routes = vec![m.routes[0].clone(); 1025]
    });
}
