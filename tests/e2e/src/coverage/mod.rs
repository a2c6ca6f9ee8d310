//! Which operations a server offers, read off the OpenAPI document that it serves itself.

use crate::Client;
use serde_json::Value;
use std::collections::BTreeSet;

/// What the reference offers and we do not, one operation a line. It must be true: an operation that
/// is there and listed is as wrong as one that is missing and not listed.
pub const MISSING: &str = include_str!("missing.txt");

/// `READ /sys/mounts/{}`, for all paths that begin with one of `folders`. Names of parameters are
/// left out, since each side has its own.
pub fn operations(client: &Client, folders: &[&str]) -> BTreeSet<String> {
    let document = client.read("sys/internal/specs/openapi").json();
    // One of them answers with an envelope around nothing, the other with the bare document.
    let paths = document["paths"].as_object().expect("a document has paths");
    let mut found = BTreeSet::new();
    for (path, item) in paths {
        if folders.iter().any(|folder| path.starts_with(folder)) {
            for (verb, operation) in item.as_object().into_iter().flatten() {
                for name in names(verb, operation) {
                    found.insert(format!("{name} {}", without_names(path)));
                }
            }
        }
    }
    found
}

/// What a verb of the document stands for: GET is also LIST and SCAN, where the query says so.
fn names(verb: &str, operation: &Value) -> Vec<&'static str> {
    match verb {
        "post" | "put" => vec!["UPDATE"],
        "patch" => vec!["PATCH"],
        "delete" => vec!["DELETE"],
        "get" => {
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let flag = |name: &'static str, flag: &'static str| {
                let mut flags = parameters.clone().filter(|one| one["name"] == flag);
                flags
                    .next()
                    .map(|one| (name, one["required"] == Value::Bool(true)))
            };
            let flags: Vec<_> = [flag("LIST", "list"), flag("SCAN", "scan")]
                .into_iter()
                .flatten()
                .collect();
            let is_read = !flags.iter().any(|(_, required)| *required);
            let names = flags.into_iter().map(|(name, _)| name);
            is_read.then_some("READ").into_iter().chain(names).collect()
        }
        _ => vec![],
    }
}

/// `/sys/mounts/{}` of `/sys/mounts/{path}`.
fn without_names(path: &str) -> String {
    let segments = path.trim_end_matches('/').split('/');
    let segments = segments.map(|one| if one.starts_with('{') { "{}" } else { one });
    segments.collect::<Vec<_>>().join("/")
}
