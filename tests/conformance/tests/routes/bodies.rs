//! What a route cannot read is refused by its field's name, and nothing breaks it.

use crate::house::House;
use crate::route::{self, Route};
use base::{Answer, Refusal, RefusalKind};
use serde_json::{Map, Value, json};

type Outcome = Result<Answer, Refusal>;

/// A value that no field of this schema takes; None where every value is one.
fn wrong(schema: &Value) -> Option<Value> {
    Some(match schema["type"].as_str()? {
        "object" => json!(17),
        "array" => json!({ "an": "object" }),
        _ => json!({ "an": ["object"] }),
    })
}

fn is_broken(outcome: &Outcome) -> bool {
    matches!(outcome, Err(refusal) if refusal.kind == RefusalKind::Internal)
}

fn is_invalid(route: &Route, outcome: &Outcome) -> bool {
    outcome.as_ref().is_err_and(|refusal| match refusal.kind {
        RefusalKind::Invalid => true,
        RefusalKind::Denied => route.is_of_wrapping(),
        _ => false,
    })
}

fn body(members: impl IntoIterator<Item = (String, Value)>) -> Value {
    Value::Object(Map::from_iter(members))
}

#[tokio::test]
async fn a_value_of_the_wrong_type_is_invalid() {
    let house = House::open().await;
    let mut found = Vec::new();
    let mut count = 0;
    for route in &route::all(&house).await {
        for (name, schema) in &route.fields {
            let Some(wrong) = wrong(schema) else { continue };
            let data = body([(name.clone(), wrong)]);
            let outcome = house.try_as_root(route.operation, &route.path, data).await;
            count += 1;
            if !is_invalid(route, &outcome) {
                found.push(format!("{} {name}: {outcome:?}", route.name()));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert!(count > 500, "only {count} fields");
}

#[tokio::test]
async fn what_is_missing_is_invalid() {
    let house = House::open().await;
    let mut found = Vec::new();
    let routes = route::all(&house).await;
    for route in routes.iter().filter(|route| !route.required.is_empty()) {
        let outcome = house
            .try_as_root(route.operation, &route.path, json!({}))
            .await;
        if !is_invalid(route, &outcome) {
            found.push(format!("{}: {outcome:?}", route.name()));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Fields that a route does not know, and values at the edge of what fits into a request.
#[tokio::test]
async fn nothing_breaks_it() {
    let house = House::open().await;
    let long = "x".repeat(1 << 16);
    let many: Map<String, Value> = (0..200).map(|n| (format!("f{n}"), n.into())).collect();
    let mut found = Vec::new();
    for route in &route::all(&house).await {
        for data in bodies(route, &long, &many) {
            let outcome = house.try_as_root(route.operation, &route.path, data).await;
            if is_broken(&outcome) {
                found.push(format!("{}: {outcome:?}", route.name()));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

fn bodies(route: &Route, long: &str, many: &Map<String, Value>) -> Vec<Value> {
    let texts = route
        .fields
        .iter()
        .map(|(name, _)| (name.clone(), long.into()));
    let numbers = route
        .fields
        .iter()
        .map(|(name, _)| (name.clone(), json!(-1)));
    let huge = route
        .fields
        .iter()
        .map(|(name, _)| (name.clone(), json!(1e300)));
    let nulls = route
        .fields
        .iter()
        .map(|(name, _)| (name.clone(), Value::Null));
    let lists = route
        .fields
        .iter()
        .map(|(name, _)| (name.clone(), json!([""])));
    let mut bodies = vec![Value::Object(many.clone())];
    if !route.fields.is_empty() {
        bodies.extend([
            body(texts),
            body(numbers),
            body(huge),
            body(nulls),
            body(lists),
        ]);
    }
    bodies
}
