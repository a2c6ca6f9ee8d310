//! What a path does not offer is refused as such, whatever the path.

use crate::house::{House, ROOT};
use crate::route::{self, Route};
use base::{Answer, Operation, Refusal, RefusalKind};
use serde_json::json;
use std::collections::BTreeMap;

const OPERATIONS: [Operation; 6] = [
    Operation::Read,
    Operation::Update,
    Operation::Patch,
    Operation::Delete,
    Operation::List,
    Operation::Scan,
];

/// Listing asks for a folder, which is another path: these lead to one that another route takes.
const WITH_FOLDERS: [&str; 2] = ["secret/config", "secret/metadata"];

fn is_refused(route: &Route, asked: Operation, outcome: &Result<Answer, Refusal>) -> bool {
    let Err(refusal) = outcome else { return false };
    let words = refusal.message.as_str();
    match refusal.kind {
        RefusalKind::UnsupportedOperation if route.is_status() || route.is_replication_status() => {
            words.is_empty()
        }
        RefusalKind::UnsupportedOperation => {
            words == "1 error occurred:\n\t* unsupported operation\n\n"
        }
        RefusalKind::NotFound => {
            matches!(asked, Operation::List | Operation::Scan)
                && words == "1 error occurred:\n\t* unsupported path\n\n"
        }
        _ => false,
    }
}

#[tokio::test]
async fn an_operation_that_a_path_does_not_have_is_unsupported() {
    let house = House::open().await;
    let mut paths: BTreeMap<String, Vec<Route>> = BTreeMap::new();
    for route in route::all(&house).await {
        paths.entry(route.path.clone()).or_default().push(route);
    }
    let mut found = Vec::new();
    let mut count = 0;
    for (path, routes) in &paths {
        let is_asked = |operation: &Operation| {
            let is_list = matches!(operation, Operation::List | Operation::Scan);
            routes.iter().all(|route| route.operation != *operation)
                && !(is_list && WITH_FOLDERS.contains(&path.as_str()))
                && !routes[0].is_of_wrapping()
        };
        for operation in OPERATIONS.into_iter().filter(is_asked) {
            let outcome = house.ask(ROOT, operation, path, json!({})).await;
            count += 1;
            if !is_refused(&routes[0], operation, &outcome) {
                found.push(format!("{operation:?} {path}: {outcome:?}"));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert!(count > 1000, "only {count} operations");
}
