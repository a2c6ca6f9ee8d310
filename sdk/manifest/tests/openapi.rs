//! OpenAPI of manifests.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the helpers of tests fail as tests do"
)]

use manifest::openapi::{OpenApi, Shown};
use manifest::{Access, Field, FieldKind, FieldSource, Manifest, Map, Operation, Placement, Route};
use serde_json::{Value, json};

fn field(name: &str, kind: FieldKind, source: FieldSource) -> Field {
    Field {
        name: name.into(),
        kind,
        source,
        required: source == FieldSource::Path,
        sensitive: false,
        deprecated: false,
        default: None,
        allowed: vec![],
        summary: format!("The {name}."),
        display: None,
    }
}

fn route(operation: Operation, pattern: &str, fields: Vec<Field>) -> Route {
    Route {
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
    }
}

fn document(routes: Vec<Route>, parameter: Option<&str>) -> Value {
    let manifest = Manifest {
        name: "kv".into(),
        version: "1.0.0".into(),
        summary: "Keeps.".into(),
        routes,
        storage: vec![],
        secret_kinds: vec![],
        outbound: vec![],
        starts: false,
        ticks: false,
        annotations: Map::new(),
    };
    let mut document = OpenApi::default();
    let shown = Shown {
        mount: "secret/",
        parameter,
        tag: "secrets",
        prefix: "kv",
    };
    document.add(&manifest, &shown, |route| route.access != Access::Sudo);
    let document = document.into_document("Casemate API", "1.0.0");
    // Whatever it shows, it is a document that others can read.
    serde_json::from_value::<openapiv3::OpenAPI>(document.clone()).unwrap();
    document
}

#[test]
fn a_route_has_its_parameters_its_body_and_its_answer() {
    let path = || field("path", FieldKind::Text, FieldSource::Path);
    let mut read = route(
        Operation::Read,
        "data/{path..}",
        vec![
            path(),
            field("version", FieldKind::Integer, FieldSource::Query),
        ],
    );
    read.answers = vec![field("data", FieldKind::Object, FieldSource::Body)];
    let mut secret = field("value", FieldKind::Text, FieldSource::Body);
    secret.sensitive = true;
    secret.required = true;
    let mut mode = field("mode", FieldKind::Text, FieldSource::Body);
    mode.default = Some(json!("a"));
    mode.allowed = vec![json!("a"), json!("b")];
    let mut write = route(
        Operation::Update,
        "data/{path..}",
        vec![path(), secret, mode],
    );
    write.checks_existence = true;
    let document = document(vec![read, write], None);
    let item = &document["paths"]["/secret/data/{path}"];
    assert_eq!(item["x-vault-createSupported"], json!(true));
    assert_eq!(item["parameters"][0]["name"], json!("path"));
    assert_eq!(item["get"]["operationId"], json!("kv-read-data-path"));
    assert_eq!(item["get"]["parameters"][0]["name"], json!("version"));
    let schemas = &document["components"]["schemas"];
    let named = |operation: &Value, pointer: &str| {
        let reference = operation.pointer(pointer).and_then(Value::as_str).unwrap();
        let name = reference.strip_prefix("#/components/schemas/").unwrap();
        schemas[name].clone()
    };
    let answer = "/responses/200/content/application~1json/schema/$ref";
    assert_eq!(
        named(&item["get"], answer)["properties"]["data"]["type"],
        json!("object")
    );
    let body = named(
        &item["post"],
        "/requestBody/content/application~1json/schema/$ref",
    );
    assert_eq!(
        body,
        json!({
            "type": "object",
            "required": ["value"],
            "properties": {
                "value": {
                    "type": "string",
                    "description": "The value.",
                    "x-vault-displayAttrs": { "sensitive": true },
                },
                "mode": { "type": "string", "description": "The mode.", "default": "a", "enum": ["a", "b"] },
            },
        })
    );
}

#[test]
fn listing_is_get_with_a_flag() {
    let only = document(vec![route(Operation::List, "roles", vec![])], None);
    let parameters = &only["paths"]["/secret/roles"]["get"]["parameters"];
    assert_eq!(parameters[0]["name"], json!("list"));
    assert_eq!(parameters[0]["required"], json!(true));
    let both = vec![
        route(Operation::Scan, "roles", vec![]),
        route(Operation::Read, "roles", vec![]),
        route(Operation::List, "roles", vec![]),
    ];
    let both = document(both, None);
    let get = &both["paths"]["/secret/roles"]["get"];
    let flags: Vec<&Value> = get["parameters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| &p["name"])
        .collect();
    assert_eq!(flags, [&json!("scan"), &json!("list")]);
    assert!(
        get["parameters"]
            .as_array()
            .unwrap()
            .iter()
            .all(|p| p["required"] == json!(false))
    );
}

#[test]
fn what_is_not_shown_is_not_there() {
    let mut hidden = route(Operation::Read, "hidden", vec![]);
    hidden.access = Access::Sudo;
    let document = document(
        vec![hidden, route(Operation::Read, "shown", vec![])],
        Some("mount"),
    );
    let paths: Vec<&String> = document["paths"].as_object().unwrap().keys().collect();
    assert_eq!(paths, ["/{mount}/shown"]);
}
