//! What the server said.

use serde_json::{Map, Value};
use std::fmt;

/// An answer of the server that is not a refusal.
#[derive(Clone, Debug, Default)]
pub(crate) struct ApiAnswer {
    pub(crate) status: u16,
    /// The body as it came.
    pub(crate) text: String,
    /// The body as a JSON object; `None` when empty or something else.
    pub(crate) json: Option<Map<String, Value>>,
}

impl ApiAnswer {
    pub(crate) fn new(status: u16, text: String) -> Self {
        let json = serde_json::from_str(&text).ok();
        Self { status, text, json }
    }

    /// The answer in the API's envelope. A bare object counts as its data, as some paths of `sys/`
    /// answer without an envelope.
    pub(crate) fn envelope(&self) -> Option<Envelope> {
        let map = self.json.clone()?;
        Some(Envelope::of(map))
    }

    /// The field of a bare object, or of the data of an envelope.
    pub(crate) fn field(&self, name: &str) -> Option<&Value> {
        let map = self.json.as_ref()?;
        map.get("data")
            .and_then(|data| data.get(name))
            .or_else(|| map.get(name))
    }

    /// The data of an envelope, or the bare object itself.
    pub(crate) fn data(&self) -> Map<String, Value> {
        let Some(map) = &self.json else {
            return Map::new();
        };
        match map.get("data") {
            Some(Value::Object(data)) => data.clone(),
            _ => map.clone(),
        }
    }
}

/// The envelope around an answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Envelope {
    pub(crate) request_id: String,
    pub(crate) lease_id: String,
    pub(crate) lease_duration: Value,
    pub(crate) renewable: bool,
    pub(crate) data: Value,
    pub(crate) warnings: Vec<String>,
    pub(crate) auth: Option<Vec<(String, Value)>>,
    pub(crate) wrap_info: Option<Vec<(String, Value)>>,
}

const ENVELOPE_KEYS: [&str; 9] = [
    "request_id",
    "lease_id",
    "lease_duration",
    "renewable",
    "data",
    "warnings",
    "auth",
    "wrap_info",
    "mount_type",
];

impl Envelope {
    fn of(mut map: Map<String, Value>) -> Self {
        if !ENVELOPE_KEYS.iter().any(|key| map.contains_key(*key)) {
            return Self {
                data: Value::Object(map),
                lease_duration: Value::from(0),
                ..Self::default()
            };
        }
        Self {
            request_id: text(map.get("request_id")),
            lease_id: text(map.get("lease_id")),
            lease_duration: map
                .remove("lease_duration")
                .unwrap_or_else(|| Value::from(0)),
            renewable: map
                .get("renewable")
                .and_then(Value::as_bool)
                .unwrap_or(false),
            data: map.remove("data").unwrap_or(Value::Null),
            warnings: texts(map.get("warnings")),
            auth: whole(map.remove("auth"), auth_members),
            wrap_info: whole(map.remove("wrap_info"), wrap_members),
        }
    }
}

pub(crate) fn text(value: Option<&Value>) -> String {
    value.and_then(Value::as_str).unwrap_or_default().to_owned()
}

pub(crate) fn texts(value: Option<&Value>) -> Vec<String> {
    let list = value.and_then(Value::as_array).map(Vec::as_slice);
    list.unwrap_or_default()
        .iter()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

/// The members that clients know, in the order in which they print them; what is missing is empty.
fn whole(
    value: Option<Value>,
    members: fn() -> Vec<(&'static str, Value)>,
) -> Option<Vec<(String, Value)>> {
    let Some(Value::Object(mut map)) = value else {
        return None;
    };
    let taken = |(key, empty): (&'static str, Value)| {
        let found = map.remove(key).filter(|found| !found.is_null());
        (key.to_owned(), found.unwrap_or(empty))
    };
    Some(members().into_iter().map(taken).collect())
}

fn auth_members() -> Vec<(&'static str, Value)> {
    vec![
        ("client_token", Value::from("")),
        ("accessor", Value::from("")),
        ("policies", Value::Null),
        ("token_policies", Value::Null),
        ("identity_policies", Value::Null),
        ("metadata", Value::Null),
        ("orphan", Value::from(false)),
        ("entity_id", Value::from("")),
        ("lease_duration", Value::from(0)),
        ("renewable", Value::from(false)),
        ("mfa_requirement", Value::Null),
    ]
}

fn wrap_members() -> Vec<(&'static str, Value)> {
    vec![
        ("token", Value::from("")),
        ("accessor", Value::from("")),
        ("ttl", Value::from(0)),
        ("creation_time", Value::from("")),
        ("creation_path", Value::from("")),
        ("wrapped_accessor", Value::from("")),
    ]
}

/// The value of a member.
pub(crate) fn member<'a>(members: &'a [(String, Value)], name: &str) -> Option<&'a Value> {
    let found = members.iter().find(|(key, _)| key == name)?;
    Some(&found.1)
}

/// A refusal by the server, printed as Vault's clients print it.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) method: &'static str,
    pub(crate) url: String,
    pub(crate) namespace: Option<String>,
    pub(crate) status: u16,
    pub(crate) text: String,
}

impl Refusal {
    fn errors(&self) -> Option<Vec<String>> {
        let map: Map<String, Value> = serde_json::from_str(&self.text).ok()?;
        map.get("errors").map(|errors| texts(Some(errors)))
    }

    /// Warnings that came along.
    pub(crate) fn warnings(&self) -> Vec<String> {
        serde_json::from_str::<Map<String, Value>>(&self.text)
            .map(|map| texts(map.get("warnings")))
            .unwrap_or_default()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Error making API request.\n")?;
        if let Some(namespace) = &self.namespace {
            writeln!(f, "Namespace: {namespace}")?;
        }
        writeln!(f, "URL: {} {}", self.method, self.url)?;
        match self.errors() {
            Some(errors) => {
                writeln!(f, "Code: {}. Errors:", self.status)?;
                for error in errors {
                    write!(f, "\n* {error}")?;
                }
                Ok(())
            }
            None => write!(f, "Code: {}. Raw Message:\n\n{}", self.status, self.text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn refusals() {
        let check = |text: &str, expected: &str| {
            let refusal = Refusal {
                method: "PUT",
                url: "http://h/v1/a".to_owned(),
                namespace: None,
                status: 400,
                text: text.to_owned(),
            };
            let head = "Error making API request.\n\nURL: PUT http://h/v1/a\nCode: 400. ";
            assert_eq!(refusal.to_string(), format!("{head}{expected}"));
        };
        check(r#"{"errors":["a","b"]}"#, "Errors:\n\n* a\n* b");
        check(r#"{"errors":[]}"#, "Errors:\n");
        check("gone", "Raw Message:\n\ngone");
    }

    #[test]
    fn a_bare_object_is_its_own_data() {
        let bare = ApiAnswer::new(200, r#"{"sealed":true,"t":1}"#.to_owned());
        assert_eq!(
            bare.envelope().unwrap().data,
            json!({"sealed": true, "t": 1})
        );
        assert_eq!(bare.field("t"), Some(&json!(1)));
        let wrapped = ApiAnswer::new(200, r#"{"request_id":"r","data":{"t":2}}"#.to_owned());
        assert_eq!(wrapped.field("t"), Some(&json!(2)));
        assert_eq!(wrapped.envelope().unwrap().request_id, "r");
    }
}
