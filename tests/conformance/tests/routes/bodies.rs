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

/// Is it done, or refused for what was asked, and said why?
fn is_sound(outcome: &Outcome) -> bool {
    outcome.as_ref().err().is_none_or(|refusal| {
        let is_broken = matches!(
            refusal.kind,
            RefusalKind::Internal | RefusalKind::Sealed | RefusalKind::WrongPlace
        );
        let is_told = !refusal.message.is_empty() || refusal.kind == RefusalKind::NotFound;
        !is_broken && is_told
    })
}

/// Is it refused in these words?
fn is_invalid(route: &Route, outcome: &Outcome, words: &str) -> bool {
    outcome.as_ref().is_err_and(|refusal| match refusal.kind {
        RefusalKind::Invalid => refusal.message.starts_with(words) || route.is_of_wrapping(),
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
            // What is answered before there are keys has a reader of its own.
            let words = match route.is_status() {
                true => format!("failed to decode JSON input: {name} is not "),
                false => {
                    format!("Field validation failed: error converting input for field {name:?}: ")
                }
            };
            if !is_invalid(route, &outcome, &words) {
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
        let is_named = route.required.iter().any(|name| {
            let words = format!("Field validation failed: field {name:?} is required");
            is_invalid(route, &outcome, &words)
        });
        if !is_named {
            found.push(format!("{}: {outcome:?}", route.name()));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Fields that a route does not know are left aside, and named.
#[tokio::test]
async fn what_a_route_does_not_know_is_named() {
    let house = House::open().await;
    let unknown = "Endpoint ignored these unrecognized parameters: [unknown1 unknown2]";
    let mut found = Vec::new();
    let mut count = 0;
    for route in &route::all(&house).await {
        let data = json!({ "unknown2": 1, "unknown1": ["x"] });
        let outcome = house.try_as_root(route.operation, &route.path, data).await;
        // Nothing else has room for a warning.
        if let Ok(Answer::Envelope(envelope)) = &outcome
            && !route.is_replication_status()
        {
            count += 1;
            if !envelope.warnings.iter().any(|warning| warning == unknown) {
                found.push(format!("{}: {outcome:?}", route.name()));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert!(count > 80, "only {count} routes");
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
            if !is_sound(&outcome) {
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
