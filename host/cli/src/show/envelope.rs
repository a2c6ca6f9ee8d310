//! An envelope as a table or as a document.

use super::json::Node;
use super::{duration, table, value};
use crate::answer::{Envelope, member, text};
use serde_json::{Map, Value};

/// The envelope as a document, with the keys in the order that readers know.
pub(crate) fn node(envelope: &Envelope) -> Node {
    let warnings = if envelope.warnings.is_empty() {
        Value::Null
    } else {
        Value::from(envelope.warnings.clone())
    };
    let mut fields: Vec<(String, Node)> = [
        ("request_id", Value::from(envelope.request_id.clone())),
        ("lease_id", Value::from(envelope.lease_id.clone())),
        ("lease_duration", envelope.lease_duration.clone()),
        ("renewable", Value::from(envelope.renewable)),
        ("data", envelope.data.clone()),
        ("warnings", warnings),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), Node::Plain(value)))
    .collect();
    for (name, members) in [("auth", &envelope.auth), ("wrap_info", &envelope.wrap_info)] {
        if let Some(members) = members {
            fields.push((name.to_owned(), super::json::in_order(members.clone())));
        }
    }
    Node::Object(fields)
}

/// The rows of the table of an envelope.
pub(crate) fn rows(envelope: &Envelope) -> Vec<(String, String)> {
    if let Some(wrap) = &envelope.wrap_info {
        return wrap_rows(wrap);
    }
    let mut rows = Vec::new();
    let auth = envelope.auth.as_deref().unwrap_or_default();
    if let Some(Value::Object(requirement)) = member(auth, "mfa_requirement") {
        return requirement_rows(requirement);
    }
    if let Some(auth) = &envelope.auth {
        rows.extend(auth_rows(auth));
    }
    let seconds = envelope.lease_duration.as_i64().unwrap_or(0);
    if !envelope.lease_id.is_empty() {
        rows.push(("lease_id".to_owned(), envelope.lease_id.clone()));
        rows.push(("lease_duration".to_owned(), lease_text(seconds)));
        rows.push(("lease_renewable".to_owned(), envelope.renewable.to_string()));
    } else if seconds > 0 {
        rows.push(("refresh_interval".to_owned(), duration::human(seconds)));
    }
    if let Value::Object(data) = &envelope.data {
        rows.extend(map_rows(data));
    }
    rows
}

fn lease_text(seconds: i64) -> String {
    if seconds == 0 {
        "∞".to_owned()
    } else {
        duration::human(seconds)
    }
}

/// The rows of a map, sorted by key.
pub(crate) fn map_rows(map: &Map<String, Value>) -> Vec<(String, String)> {
    let mut rows: Vec<(String, String)> = map
        .iter()
        .map(|(key, found)| (key.clone(), value::field(key, found)))
        .collect();
    rows.sort();
    rows
}

fn auth_rows(auth: &[(String, Value)]) -> Vec<(String, String)> {
    let seconds = member(auth, "lease_duration").and_then(Value::as_i64);
    let seconds = seconds.unwrap_or(0);
    let renewable = member(auth, "renewable").and_then(Value::as_bool);
    let renewable = renewable.unwrap_or(false);
    let mut rows = vec![
        ("token".to_owned(), text(member(auth, "client_token"))),
        ("token_accessor".to_owned(), text(member(auth, "accessor"))),
        ("token_duration".to_owned(), lease_text(seconds)),
        ("token_renewable".to_owned(), renewable.to_string()),
    ];
    for key in ["token_policies", "identity_policies", "policies"] {
        rows.push((key.to_owned(), value::quoted_list(member(auth, key))));
    }
    if let Some(Value::Object(metadata)) = member(auth, "metadata") {
        for (key, found) in map_rows(metadata) {
            rows.push((format!("token_meta_{key}"), found));
        }
    }
    rows
}

/// What a login waits for: its request, and each method that would do.
fn requirement_rows(requirement: &Map<String, Value>) -> Vec<(String, String)> {
    let id = text(requirement.get("mfa_request_id"));
    let mut rows = vec![("mfa_request_id".to_owned(), id)];
    let constraints = requirement.get("mfa_constraints");
    let constraints = constraints.and_then(Value::as_object).into_iter().flatten();
    for (name, constraint) in constraints {
        let methods = constraint.get("any").and_then(Value::as_array);
        for method in methods.into_iter().flatten() {
            let kind = text(method.get("type"));
            for key in ["id", "uses_passcode", "name"] {
                let found = method.get(key).map(|found| value::field(key, found));
                let found = found.filter(|text| !text.is_empty());
                let row = |text| (format!("mfa_constraint_{name}_{kind}_{key}"), text);
                rows.extend(found.map(row));
            }
        }
    }
    rows
}

fn wrap_rows(wrap: &[(String, Value)]) -> Vec<(String, String)> {
    let ttl = member(wrap, "ttl").and_then(Value::as_i64).unwrap_or(0);
    let mut rows = vec![
        ("wrapping_token:".to_owned(), text(member(wrap, "token"))),
        (
            "wrapping_accessor:".to_owned(),
            text(member(wrap, "accessor")),
        ),
        ("wrapping_token_ttl:".to_owned(), duration::human(ttl)),
        (
            "wrapping_token_creation_time:".to_owned(),
            go_time(&text(member(wrap, "creation_time"))),
        ),
        (
            "wrapping_token_creation_path:".to_owned(),
            text(member(wrap, "creation_path")),
        ),
    ];
    let accessor = text(member(wrap, "wrapped_accessor"));
    if !accessor.is_empty() {
        rows.push(("wrapped_accessor:".to_owned(), accessor));
    }
    rows
}

/// An RFC 3339 time in UTC as Go prints times; anything else as it is.
fn go_time(time: &str) -> String {
    match time.strip_suffix('Z').and_then(|rest| rest.split_once('T')) {
        Some((date, clock)) => format!("{date} {clock} +0000 UTC"),
        None => time.to_owned(),
    }
}

/// The table of an envelope.
pub(crate) fn table(envelope: &Envelope) -> String {
    table::pairs(rows(envelope))
}

/// The value that `-field` names: of the token, the wrapping, the lease or the data.
pub(crate) fn field(envelope: &Envelope, name: &str) -> Option<Value> {
    let of_data = || envelope.data.get(name).cloned();
    let found = if let Some(auth) = &envelope.auth {
        match AUTH_FIELDS.iter().find(|(field, _)| *field == name) {
            Some((_, key)) => member(auth, key).cloned(),
            None => of_data(),
        }
    } else if let Some(wrap) = &envelope.wrap_info {
        match WRAP_FIELDS.iter().find(|(field, _)| *field == name) {
            Some((_, key)) => member(wrap, key).cloned(),
            None => of_data(),
        }
    } else {
        match name {
            "data" => Some(envelope.data.clone()),
            "lease_id" if !envelope.lease_id.is_empty() => {
                Some(Value::from(envelope.lease_id.clone()))
            }
            "lease_duration" | "refresh_interval" => Some(envelope.lease_duration.clone()),
            "lease_renewable" => Some(Value::from(envelope.renewable)),
            _ => of_data(),
        }
    };
    let says_something = |found: &Value| !found.is_null();
    let found = found.filter(says_something).or_else(of_data);
    found.filter(says_something)
}

/// The names of a token's fields in tables, and in the answer.
const AUTH_FIELDS: [(&str, &str); 7] = [
    ("token", "client_token"),
    ("token_accessor", "accessor"),
    ("token_duration", "lease_duration"),
    ("token_renewable", "renewable"),
    ("token_policies", "token_policies"),
    ("identity_policies", "identity_policies"),
    ("policies", "policies"),
];

/// The names of a wrapping's fields in tables, and in the answer.
const WRAP_FIELDS: [(&str, &str); 6] = [
    ("wrapping_token", "token"),
    ("wrapping_accessor", "accessor"),
    ("wrapping_token_ttl", "ttl"),
    ("wrapping_token_creation_time", "creation_time"),
    ("wrapping_token_creation_path", "creation_path"),
    ("wrapped_accessor", "wrapped_accessor"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::ApiAnswer;

    fn envelope(text: &str) -> Envelope {
        ApiAnswer::new(200, text.to_owned()).envelope().unwrap()
    }

    #[test]
    fn tables() {
        let check = |json: &str, expected: &[&str]| {
            let found: Vec<String> = table(&envelope(json))
                .lines()
                .skip(2)
                .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
                .collect();
            assert_eq!(found, expected, "{json}");
        };
        check(
            r#"{"request_id":"r","lease_id":"","lease_duration":3600,"data":{"b":"","a":null}}"#,
            &["refresh_interval 1h", "a <nil>", "b n/a"],
        );
        check(
            r#"{"request_id":"r","lease_id":"l","lease_duration":61,"renewable":true,"data":{}}"#,
            &["lease_id l", "lease_duration 1m1s", "lease_renewable true"],
        );
        check(
            r#"{"auth":{"client_token":"t","accessor":"a","lease_duration":0,"renewable":false,"token_policies":["x","y"],"policies":["x"],"metadata":{"u":"v"}}}"#,
            &[
                "token t",
                "token_accessor a",
                "token_duration ∞",
                "token_renewable false",
                "token_policies [\"x\" \"y\"]",
                "identity_policies []",
                "policies [\"x\"]",
                "token_meta_u v",
            ],
        );
        check(
            r#"{"wrap_info":{"token":"t","accessor":"a","ttl":60,"creation_time":"2026-11-23T05:25:31.09Z","creation_path":"p"}}"#,
            &[
                "wrapping_token: t",
                "wrapping_accessor: a",
                "wrapping_token_ttl: 1m",
                "wrapping_token_creation_time: 2026-11-23 05:25:31.09 +0000 UTC",
                "wrapping_token_creation_path: p",
            ],
        );
    }

    #[test]
    fn fields() {
        let found = envelope(r#"{"request_id":"r","lease_id":"","data":{"a":1,"b":null}}"#);
        let check = |name: &str, expected: Option<&str>| {
            assert_eq!(
                field(&found, name)
                    .map(|value| value.to_string())
                    .as_deref(),
                expected,
                "{name}"
            );
        };
        check("a", Some("1"));
        check("b", None);
        check("data", Some(r#"{"a":1,"b":null}"#));
        check("none", None);
    }
}
