//! An envelope as a table or as a document.

use super::json::{Node, ordered};
use super::{duration, table, value};
use crate::answer::{Envelope, text};
use serde_json::{Map, Value};

const AUTH_KEYS: [&str; 13] = [
    "client_token",
    "accessor",
    "policies",
    "token_policies",
    "identity_policies",
    "metadata",
    "orphan",
    "entity_id",
    "lease_duration",
    "renewable",
    "token_type",
    "num_uses",
    "mfa_requirement",
];

const WRAP_KEYS: [&str; 6] = [
    "token",
    "accessor",
    "ttl",
    "creation_time",
    "creation_path",
    "wrapped_accessor",
];

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
    if let Some(auth) = &envelope.auth {
        fields.push(("auth".to_owned(), ordered(auth.clone(), &AUTH_KEYS)));
    }
    if let Some(wrap) = &envelope.wrap_info {
        fields.push(("wrap_info".to_owned(), ordered(wrap.clone(), &WRAP_KEYS)));
    }
    Node::Object(fields)
}

/// The rows of the table of an envelope.
pub(crate) fn rows(envelope: &Envelope) -> Vec<(String, String)> {
    if let Some(wrap) = &envelope.wrap_info {
        return wrap_rows(wrap);
    }
    let mut rows = Vec::new();
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

fn auth_rows(auth: &Map<String, Value>) -> Vec<(String, String)> {
    let seconds = auth
        .get("lease_duration")
        .and_then(Value::as_i64)
        .unwrap_or(0);
    let renewable = auth
        .get("renewable")
        .and_then(Value::as_bool)
        .unwrap_or(false);
    let mut rows = vec![
        ("token".to_owned(), text(auth.get("client_token"))),
        ("token_accessor".to_owned(), text(auth.get("accessor"))),
        ("token_duration".to_owned(), lease_text(seconds)),
        ("token_renewable".to_owned(), renewable.to_string()),
    ];
    for key in ["token_policies", "identity_policies", "policies"] {
        rows.push((key.to_owned(), value::quoted_list(auth.get(key))));
    }
    if let Some(Value::Object(metadata)) = auth.get("metadata") {
        for (key, found) in map_rows(metadata) {
            rows.push((format!("token_meta_{key}"), found));
        }
    }
    rows
}

fn wrap_rows(wrap: &Map<String, Value>) -> Vec<(String, String)> {
    let ttl = wrap.get("ttl").and_then(Value::as_i64).unwrap_or(0);
    let mut rows = vec![
        ("wrapping_token:".to_owned(), text(wrap.get("token"))),
        ("wrapping_accessor:".to_owned(), text(wrap.get("accessor"))),
        ("wrapping_token_ttl:".to_owned(), duration::human(ttl)),
        (
            "wrapping_token_creation_time:".to_owned(),
            go_time(&text(wrap.get("creation_time"))),
        ),
        (
            "wrapping_token_creation_path:".to_owned(),
            text(wrap.get("creation_path")),
        ),
    ];
    let accessor = text(wrap.get("wrapped_accessor"));
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

/// The value that `-field` names: of the lease, the token, the wrapping or the data.
pub(crate) fn field(envelope: &Envelope, name: &str) -> Option<Value> {
    if let Some(wrap) = &envelope.wrap_info {
        let key = match name {
            "wrapping_token" => "token",
            "wrapping_accessor" => "accessor",
            "wrapping_token_ttl" => "ttl",
            "wrapping_token_creation_time" => "creation_time",
            "wrapping_token_creation_path" => "creation_path",
            other => other,
        };
        return wrap.get(key).cloned();
    }
    if let Some(auth) = &envelope.auth {
        let key = match name {
            "token" => "client_token",
            "token_accessor" => "accessor",
            "token_duration" => "lease_duration",
            "token_renewable" => "renewable",
            other => other,
        };
        if let Some(found) = auth.get(key) {
            return Some(found.clone());
        }
    }
    match name {
        "data" => Some(envelope.data.clone()),
        "lease_id" | "request_id" if !envelope.lease_id.is_empty() => {
            Some(Value::from(match name {
                "lease_id" => envelope.lease_id.clone(),
                _ => envelope.request_id.clone(),
            }))
        }
        "lease_duration" | "refresh_interval" => Some(envelope.lease_duration.clone()),
        "lease_renewable" => Some(Value::from(envelope.renewable)),
        _ => None,
    }
    .filter(|found| !found.is_null())
    .or_else(|| envelope.data.get(name).cloned())
    .filter(|found| !found.is_null())
}

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
