//! A manifest as OpenAPI 3.0: what documentation and generators of clients read. The members are
//! those that Vault's own document has, with its `x-vault-` extensions.

use crate::pattern::{Segment, parse};
use crate::{Access, Field, FieldKind, FieldSource, Manifest, Map, Operation, Route};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Where a document shows a manifest's routes.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// Path of the mount, with a slash at its end.
    pub mount: &'a str,
    /// Name of a parameter that stands for the path of the mount; None to show the path itself.
    pub parameter: Option<&'a str>,
    /// `secrets`, `auth`, `system` or `identity`.
    pub tag: &'a str,
    /// What the names of operations and schemas begin with. With it they must be unique within the
    /// document.
    pub prefix: &'a str,
}

/// A document in the making.
#[derive(Debug, Default)]
pub struct OpenApi {
    paths: Map,
    schemas: Map,
}

impl OpenApi {
    /// Adds the routes of `manifest` for which `is_shown`.
    pub fn add(
        &mut self,
        manifest: &Manifest,
        shown: &Shown<'_>,
        is_shown: impl Fn(&Route) -> bool,
    ) {
        let mut patterns: BTreeMap<&str, Vec<&Route>> = BTreeMap::new();
        for route in manifest.routes.iter().filter(|route| is_shown(route)) {
            patterns.entry(&route.pattern).or_default().push(route);
        }
        for (pattern, mut routes) in patterns {
            // Listings join the read of the same path, which must be there before.
            routes.sort_by_key(|route| route.operation.is_of_folder());
            let path = shown_path(pattern, shown);
            let item = self.item(pattern, &routes, shown);
            self.paths.insert(path, item.into());
        }
    }

    /// The whole document.
    pub fn into_document(self, title: &str, version: &str) -> Value {
        json!({
            "openapi": "3.0.2",
            "info": {
                "title": title,
                "description": "All routes are prefixed with `/v1/`.",
                "version": version,
                "license": { "name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0" },
            },
            "paths": self.paths,
            "components": { "schemas": self.schemas },
        })
    }

    /// All operations of one pattern.
    fn item(&mut self, pattern: &str, routes: &[&Route], shown: &Shown<'_>) -> Map {
        let mut item = Map::new();
        let parameters = path_parameters(routes, shown);
        if !parameters.is_empty() {
            item.insert("parameters".into(), parameters.into());
        }
        if let Some(first) = routes.first() {
            item.insert("description".into(), first.summary.as_str().into());
            if matches!(first.access, Access::Public | Access::Login) {
                item.insert("x-vault-unauthenticated".into(), true.into());
            }
        }
        if routes.iter().any(|route| route.access == Access::Sudo) {
            item.insert("x-vault-sudo".into(), true.into());
        }
        if routes.iter().any(|route| route.checks_existence) {
            item.insert("x-vault-createSupported".into(), true.into());
        }
        for route in routes {
            let (verb, name) = match route.operation {
                Operation::Read => ("get", "read"),
                Operation::Update => ("post", "write"),
                Operation::Patch => ("patch", "patch"),
                Operation::Delete => ("delete", "delete"),
                // One verb, told apart by the query: where there is nothing to read, it must say so.
                Operation::List | Operation::Scan => {
                    self.add_listing(&mut item, pattern, route, routes, shown);
                    continue;
                }
            };
            let operation = self.operation(name, pattern, route, shown);
            item.insert(verb.into(), operation.into());
        }
        item
    }

    fn add_listing(
        &mut self,
        item: &mut Map,
        pattern: &str,
        route: &Route,
        routes: &[&Route],
        shown: &Shown<'_>,
    ) {
        let reads = routes
            .iter()
            .any(|route| route.operation == Operation::Read);
        let name = match route.operation {
            Operation::Scan => "scan",
            _ => "list",
        };
        let is_only = !reads && routes.iter().filter(|r| r.operation.is_of_folder()).count() == 1;
        let flag = json!({
            "name": name,
            "in": "query",
            "description": if is_only { "Must be `true`." } else { "Lists the names below, where it is `true`." },
            "required": is_only,
            "schema": { "type": "string", "enum": ["true"] },
        });
        let mut own = self.operation(name, pattern, route, shown);
        let own_parameters = own.remove("parameters");
        let get = item.entry("get").or_insert_with(|| own.into());
        let Some(get) = get.as_object_mut() else {
            return;
        };
        let parameters = get.entry("parameters").or_insert_with(|| json!([]));
        if let Some(parameters) = parameters.as_array_mut() {
            parameters.push(flag);
            for parameter in own_parameters.iter().filter_map(Value::as_array).flatten() {
                if !parameters
                    .iter()
                    .any(|one| one["name"] == parameter["name"])
                {
                    parameters.push(parameter.clone());
                }
            }
        }
    }

    fn operation(&mut self, verb: &str, pattern: &str, route: &Route, shown: &Shown<'_>) -> Map {
        let id = operation_id(verb, pattern, shown);
        let mut operation = Map::new();
        operation.insert("summary".into(), route.summary.as_str().into());
        if !route.description.is_empty() {
            operation.insert("description".into(), route.description.as_str().into());
        }
        operation.insert("operationId".into(), id.as_str().into());
        operation.insert("tags".into(), json!([shown.tag]));
        operation.insert("x-casemate-access".into(), access(route.access).into());
        if route.deprecated {
            operation.insert("deprecated".into(), true.into());
        }
        let query = fields(route, FieldSource::Query).map(query_parameter);
        let query: Vec<Value> = query.collect();
        if !query.is_empty() {
            operation.insert("parameters".into(), query.into());
        }
        let has_body = matches!(route.operation, Operation::Update | Operation::Patch);
        if has_body && let Some(schema) = request_schema(route) {
            let reference = self.define(&format!("{id}-request"), schema);
            let content = match route.operation {
                Operation::Patch => "application/merge-patch+json",
                _ => "application/json",
            };
            operation.insert(
                "requestBody".into(),
                json!({ "required": true, "content": { content: { "schema": reference } } }),
            );
        }
        operation.insert("responses".into(), self.responses(&id, route));
        operation
    }

    fn responses(&mut self, id: &str, route: &Route) -> Value {
        if !route.answers.is_empty() {
            let schema = object(route.answers.iter());
            let reference = self.define(&format!("{id}-response"), schema);
            return json!({
                "200": { "description": "OK", "content": { "application/json": { "schema": reference } } },
            });
        }
        match route.operation {
            Operation::Delete => json!({ "204": { "description": "empty body" } }),
            _ => json!({ "200": { "description": "OK" } }),
        }
    }

    /// Adds a schema; gives the reference to it.
    fn define(&mut self, id: &str, schema: Value) -> Value {
        let name = pascal(id);
        let reference = format!("#/components/schemas/{name}");
        self.schemas.insert(name, schema);
        json!({ "$ref": reference })
    }
}

/// Who may call a route: Vault's own members say it of all operations of a path together.
const fn access(access: Access) -> &'static str {
    match access {
        Access::Public => "public",
        Access::Login => "login",
        Access::Token => "token",
        Access::Sudo => "sudo",
    }
}

fn fields(route: &Route, source: FieldSource) -> impl Iterator<Item = &Field> {
    route
        .fields
        .iter()
        .filter(move |field| field.source == source)
}

/// `/secret/data/{path}` of `data/{path..}`.
fn shown_path(pattern: &str, shown: &Shown<'_>) -> String {
    let pattern = pattern.replace("..}", "}");
    match shown.parameter {
        Some(parameter) => format!("/{{{parameter}}}/{pattern}"),
        None => format!("/{}{pattern}", shown.mount),
    }
}

fn path_parameters(routes: &[&Route], shown: &Shown<'_>) -> Vec<Value> {
    let mut names: Vec<&str> = Vec::new();
    let mut parameters = Vec::new();
    let of_path = routes
        .iter()
        .flat_map(|route| fields(route, FieldSource::Path));
    for field in of_path {
        if names.contains(&field.name.as_str()) {
            continue;
        }
        names.push(&field.name);
        parameters.push(json!({
            "name": field.name,
            "in": "path",
            "description": field.summary,
            "required": true,
            "schema": schema(field),
        }));
    }
    if let Some(parameter) = shown.parameter {
        parameters.push(json!({
            "name": parameter,
            "in": "path",
            "description": "Path that the backend was mounted at",
            "required": true,
            "schema": { "type": "string", "default": shown.mount.trim_end_matches('/') },
        }));
    }
    parameters
}

fn query_parameter(field: &Field) -> Value {
    json!({
        "name": field.name,
        "in": "query",
        "description": field.summary,
        "required": field.required,
        "schema": schema(field),
    })
}

/// The body of a request; None where it takes nothing.
fn request_schema(route: &Route) -> Option<Value> {
    let rest = fields(route, FieldSource::Rest).next();
    let mut body = fields(route, FieldSource::Body).peekable();
    if body.peek().is_none() && rest.is_none() {
        return None;
    }
    let mut schema = object(body);
    if let (Some(rest), Some(members)) = (rest, schema.as_object_mut()) {
        members.insert("description".into(), rest.summary.as_str().into());
        members.insert("additionalProperties".into(), true.into());
    }
    Some(schema)
}

fn object<'a>(fields: impl Iterator<Item = &'a Field>) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for field in fields {
        if field.required {
            required.push(field.name.as_str());
        }
        let mut schema = schema(field);
        if let Some(members) = schema.as_object_mut() {
            members.insert("description".into(), field.summary.as_str().into());
            if field.deprecated {
                members.insert("deprecated".into(), true.into());
            }
            if let Some(attributes) = attributes(field) {
                members.insert("x-vault-displayAttrs".into(), attributes.into());
            }
        }
        properties.insert(field.name.clone(), schema);
    }
    let mut object = json!({ "type": "object", "properties": properties });
    if let (false, Some(members)) = (required.is_empty(), object.as_object_mut()) {
        members.insert("required".into(), required.into());
    }
    object
}

fn attributes(field: &Field) -> Option<Map> {
    let mut attributes = field.display.clone().unwrap_or_default();
    if field.sensitive {
        attributes.insert("sensitive".into(), true.into());
    }
    (!attributes.is_empty()).then_some(attributes)
}

/// The schema of a field's values, with its default and what is allowed.
fn schema(field: &Field) -> Value {
    let mut schema = match field.kind {
        FieldKind::Text => json!({ "type": "string" }),
        FieldKind::LowerText => json!({ "type": "string", "format": "lowercase" }),
        FieldKind::Name => json!({
            "type": "string",
            "pattern": r"^\w(([\w-.]+)?\w)?$",
        }),
        FieldKind::Integer => json!({ "type": "integer" }),
        FieldKind::Float => json!({ "type": "number", "format": "float" }),
        FieldKind::Boolean => json!({ "type": "boolean" }),
        FieldKind::Duration | FieldKind::SignedDuration => {
            json!({ "type": "string", "format": "duration" })
        }
        FieldKind::TextList => json!({ "type": "array", "items": { "type": "string" } }),
        FieldKind::IntegerList => json!({ "type": "array", "items": { "type": "integer" } }),
        FieldKind::TextMap => json!({ "type": "object", "format": "kvpairs" }),
        FieldKind::Object | FieldKind::HeaderMap => json!({ "type": "object", "format": "map" }),
        FieldKind::AnyList => json!({ "type": "array", "items": {} }),
        FieldKind::Bytes => json!({ "type": "string", "format": "byte" }),
        FieldKind::Time => json!({ "type": "string", "format": "date-time" }),
        FieldKind::Json => json!({}),
    };
    if let Some(members) = schema.as_object_mut() {
        if let Some(default) = &field.default {
            members.insert("default".into(), default.clone());
        }
        if !field.allowed.is_empty() {
            members.insert("enum".into(), field.allowed.clone().into());
        }
    }
    schema
}

/// `kv-read-data-path`.
fn operation_id(verb: &str, pattern: &str, shown: &Shown<'_>) -> String {
    let segments = parse(pattern).unwrap_or_default();
    let words = segments.into_iter().map(|segment| match segment {
        Segment::Literal(word) | Segment::One(word) | Segment::Rest(word) => word,
    });
    let mut id = format!("{}-{verb}", shown.prefix);
    for word in words {
        id.push('-');
        id.push_str(word);
    }
    id.replace(['_', '/', '.'], "-")
}

/// `KvReadDataPath` of `kv-read-data-path`.
fn pascal(id: &str) -> String {
    id.split('-')
        .filter_map(|word| {
            let mut letters = word.chars();
            let first = letters.next()?.to_ascii_uppercase();
            Some(core::iter::once(first).chain(letters).collect::<String>())
        })
        .collect()
}
