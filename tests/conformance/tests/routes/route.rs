//! The routes, as the node's OpenAPI document has them.

use crate::house::House;
use base::Operation;
use serde_json::Value;

/// One operation of one path.
pub(crate) struct Route {
    /// With a name in place of each parameter.
    pub(crate) path: String,
    pub(crate) operation: Operation,
    /// `public`, `login`, `token` or `sudo`.
    pub(crate) access: String,
    /// Fields of the body, with their schemas.
    pub(crate) fields: Vec<(String, Value)>,
    pub(crate) required: Vec<String>,
}

impl Route {
    /// Answered in every state, and by the server rather than by a mount.
    pub(crate) fn is_status(&self) -> bool {
        let paths = ["health", "seal-status", "leader", "init", "unseal"];
        let below = self.path.strip_prefix("sys/");
        below.is_some_and(|path| paths.contains(&path))
    }

    /// Answered in every state too, where nothing but the part in replication is told.
    pub(crate) fn is_replication_status(&self) -> bool {
        let below = self.path.strip_prefix("sys/replication/");
        below.is_some_and(|path| path.rsplit('/').next() == Some("status"))
    }

    /// Its caller is the token that it is about, and refused in words of its own.
    pub(crate) fn is_of_wrapping(&self) -> bool {
        let paths = ["lookup", "rewrap", "unwrap"];
        let below = self.path.strip_prefix("sys/wrapping/");
        below.is_some_and(|path| paths.contains(&path))
    }

    pub(crate) fn needs_token(&self) -> bool {
        matches!(self.access.as_str(), "token" | "sudo")
    }

    /// The capability that its operation needs of a policy.
    pub(crate) fn capability(&self) -> &'static str {
        match self.operation {
            Operation::Read => "read",
            Operation::Update => "update",
            Operation::Patch => "patch",
            Operation::Delete => "delete",
            Operation::List => "list",
            Operation::Scan => "scan",
            Operation::Help => panic!("help has no route"),
        }
    }

    pub(crate) fn name(&self) -> String {
        format!("{:?} {}", self.operation, self.path)
    }
}

pub(crate) async fn all(house: &House) -> Vec<Route> {
    let document = house.document().await;
    let paths = document["paths"].as_object().unwrap();
    let routes = paths.iter().flat_map(|(path, item)| {
        let verbs = item.as_object().unwrap().iter();
        verbs.flat_map(|(verb, operation)| routes(&document, path, verb, operation))
    });
    let routes: Vec<Route> = routes.collect();
    assert!(routes.len() > 450, "only {} routes", routes.len());
    routes
}

fn routes(document: &Value, path: &str, verb: &str, operation: &Value) -> Vec<Route> {
    let operations = match verb {
        "get" => reads(operation),
        "post" => vec![Operation::Update],
        "patch" => vec![Operation::Patch],
        "delete" => vec![Operation::Delete],
        _ => Vec::new(),
    };
    let schema = schema(document, operation);
    let fields: Vec<(String, Value)> = members(&schema["properties"]);
    let required = schema["required"].as_array().into_iter().flatten();
    let required: Vec<String> = required
        .map(|name| name.as_str().unwrap().to_owned())
        .collect();
    let route = |operation_: Operation| Route {
        path: filled(path),
        operation: operation_,
        access: operation["x-casemate-access"].as_str().unwrap().to_owned(),
        fields: fields.clone(),
        required: required.clone(),
    };
    operations.into_iter().map(route).collect()
}

/// Reading and listing share a verb: a flag of the query tells them apart.
fn reads(operation: &Value) -> Vec<Operation> {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let flags: Vec<(&str, bool)> = parameters
        .filter_map(|one| Some((one["name"].as_str()?, one["required"] == true)))
        .filter(|(name, _)| matches!(*name, "list" | "scan"))
        .collect();
    let id = operation["operationId"].as_str().unwrap();
    let is_read = id.contains("-read-") || id.ends_with("-read");
    let mut operations: Vec<Operation> = is_read.then_some(Operation::Read).into_iter().collect();
    operations.extend(flags.iter().map(|(name, _)| match *name {
        "list" => Operation::List,
        _ => Operation::Scan,
    }));
    operations
}

fn schema(document: &Value, operation: &Value) -> Value {
    let content = members(&operation["requestBody"]["content"]);
    let reference = content
        .first()
        .and_then(|(_, one)| one["schema"]["$ref"].as_str());
    let pointer = reference.map(|reference| reference.trim_start_matches('#').to_owned());
    let schema = pointer.map(|pointer| document.pointer(&pointer).unwrap().clone());
    schema.unwrap_or_default()
}

fn members(value: &Value) -> Vec<(String, Value)> {
    let members = value.as_object().into_iter().flatten();
    members
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// `kv/data/x` of `/kv/data/{path}`.
fn filled(path: &str) -> String {
    let mut filled = String::new();
    for part in path.trim_start_matches('/').split('{') {
        match part.split_once('}') {
            Some((_, rest)) => {
                filled.push('x');
                filled.push_str(rest);
            }
            None => filled.push_str(part),
        }
    }
    filled
}
