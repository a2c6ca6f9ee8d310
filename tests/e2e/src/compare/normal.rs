//! Answers without what is bound to differ from server to server.

use crate::Response;
use core::fmt;
use serde_json::{Map, Value};

/// Members of the envelope that say nothing where they are empty.
const ENVELOPE: [&str; 8] = [
    "request_id",
    "lease_id",
    "renewable",
    "lease_duration",
    "data",
    "wrap_info",
    "warnings",
    "auth",
];

/// A status and a body, made comparable.
#[derive(Debug, PartialEq)]
pub struct Normal {
    status: u16,
    /// Which members the envelope has; OpenBao has no `mount_type`, Vault has.
    members: Vec<String>,
    /// The members that say something.
    content: Value,
}

impl Normal {
    /// Makes `response` comparable.
    pub fn of(response: &Response) -> Self {
        Self::hiding(response, &[])
    }

    /// As `of`; of the texts in these members only how long they are is kept.
    pub fn hiding(response: &Response, members_hidden: &[&str]) -> Self {
        let mut members = Vec::new();
        let mut content = match serde_json::from_str(&response.body) {
            Ok(value) => value,
            Err(_) => Value::String(response.body.trim().to_owned()),
        };
        if let Value::Object(object) = &mut content {
            object.remove("mount_type");
            level_names(object);
            members = object.keys().cloned().collect();
            object.remove("request_id");
            object.retain(|name, value| !(ENVELOPE.contains(&name.as_str()) && is_empty(value)));
            object.values_mut().for_each(level);
            object
                .values_mut()
                .for_each(|value| hide(value, members_hidden));
        }
        Self {
            status: response.status,
            members,
            content,
        }
    }

    /// As it is, but of the values in these members only the form.
    #[must_use]
    pub fn with_forms(mut self, members: &[&str]) -> Self {
        each_member(&mut self.content, &mut |object| {
            for (name, value) in object.iter_mut() {
                if members.contains(&name.as_str()) {
                    *value = form(value);
                }
            }
        });
        self
    }

    /// Takes these members away, at any depth; true when each was there.
    pub fn take(&mut self, members: &[&str]) -> bool {
        self.members
            .retain(|name| !members.contains(&name.as_str()));
        let mut missing = members.to_vec();
        each_member(&mut self.content, &mut |object| {
            for name in members {
                if object.remove(*name).is_some() {
                    missing.retain(|other| other != name);
                }
            }
        });
        missing.is_empty()
    }

    /// Has it one of these members, at any depth?
    pub fn has_one_of(&self, members: &[&str]) -> bool {
        let mut has = false;
        each_member(&mut self.content.clone(), &mut |object| {
            has |= members.iter().any(|name| object.contains_key(*name));
        });
        has
    }

    /// The same but for the members that say nothing.
    pub fn same_content(&self, other: &Self) -> bool {
        self.status == other.status && self.content == other.content
    }
}

impl fmt::Display for Normal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let content = self.content.to_string();
        write!(f, "{} {content:.3000}", self.status)?;
        if self.members.len() != ENVELOPE.len() && !self.members.is_empty() {
            write!(f, " (members {:?})", self.members)?;
        }
        Ok(())
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Number(number) => number.as_u64() == Some(0),
        Value::String(text) => text.is_empty(),
        Value::Bool(true) | Value::Array(_) | Value::Object(_) => false,
    }
}

/// Puts kinds in the place of values that no two servers share.
fn level(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(level),
        Value::Object(object) => {
            level_deletion(object);
            level_key_times(object);
            level_life(object);
            level_names(object);
            if let (true, Some(id)) = (object.contains_key("tainted"), object.get_mut("id")) {
                *id = Value::from("<namespace id>");
            }
            for name in ["client_token", "accessor", "backup", "entity_id", "barcode"] {
                if let Some(Value::String(text)) = object.get_mut(name) {
                    *text = format!("<{name}>");
                }
            }
            if let Some(generated) = object.get_mut("generated") {
                *generated = Value::from("<generated>");
            }
            object.values_mut().for_each(level);
        }
        Value::String(text) => {
            if seconds(text).is_some() {
                "<time>".clone_into(text);
            } else if is_uuid(text) {
                "<uuid>".clone_into(text);
            } else if text.get(..36).is_some_and(is_uuid) && text.get(36..37) == Some(".") {
                "<uuid of a namespace>".clone_into(text);
            } else if let Some(version) = made_by(text) {
                *text = format!("<made by version {version}>");
            } else if let Some(label) = pem_label(text) {
                let end = if text.ends_with('\n') {
                    " and a line end"
                } else {
                    ""
                };
                *text = format!("<PEM {label}{end}>");
            } else if let Some((url, _)) = text.split_once("&secret=") {
                *text = format!("{url}&secret=<secret>");
            } else if let Some(field) = malformed_field(text) {
                *text = format!("<malformed field {field}>");
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Shows every object to `act`, the outer ones first.
fn each_member(value: &mut Value, act: &mut impl FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| each_member(item, act)),
        Value::Object(object) => {
            act(object);
            object
                .values_mut()
                .for_each(|value| each_member(value, act));
        }
        _ => {}
    }
}

/// The kinds of all values; of a list, the forms that its items have.
fn form(value: &Value) -> Value {
    match value {
        Value::Null => Value::Null,
        Value::Bool(_) => Value::from("<boolean>"),
        Value::Number(_) => Value::from("<number>"),
        Value::String(_) => Value::from("<text>"),
        Value::Array(items) => {
            let mut forms: Vec<Value> = Vec::new();
            for form in items.iter().map(form) {
                if !forms.contains(&form) {
                    forms.push(form);
                }
            }
            Value::Array(forms)
        }
        Value::Object(object) => object
            .iter()
            .map(|(name, value)| (name.clone(), form(value)))
            .collect(),
    }
}

/// Replaces the texts in members of these names, at any depth.
fn hide(value: &mut Value, members: &[&str]) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| hide(item, members)),
        Value::Object(object) => {
            for (name, value) in object.iter_mut() {
                match members.contains(&name.as_str()) {
                    true => hide_texts(value),
                    false => hide(value, members),
                }
            }
        }
        _ => {}
    }
}

fn hide_texts(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(hide_texts),
        Value::Object(object) => object.values_mut().for_each(hide_texts),
        Value::String(text) if !text.starts_with('<') => *text = format!("<{} bytes>", text.len()),
        _ => {}
    }
}

/// In seconds, the versions of a symmetric key are shown with when they were made.
fn level_key_times(object: &mut Map<String, Value>) {
    const YEAR_2020: u64 = 1_577_836_800;
    let Some(Value::Object(keys)) = object.get_mut("keys") else {
        return;
    };
    for value in keys.values_mut() {
        if value.as_u64().is_some_and(|seconds| seconds > YEAR_2020) {
            *value = Value::from("<time>");
        }
    }
}

/// What is left of a life is a little less for who asks a little later; when it began is a number in
/// what tokens and wrapped answers say.
fn level_life(object: &mut Map<String, Value>) {
    const STEP: u64 = 10;
    if !object.contains_key("creation_time") && !object.contains_key("issue_time") {
        return;
    }
    if let Some(left) = object.get("ttl").and_then(Value::as_u64) {
        object.insert(String::from("ttl"), left.next_multiple_of(STEP).into());
    }
    for name in ["creation_time", "last_renewal_time"] {
        if object
            .get(name)
            .and_then(Value::as_u64)
            .is_some_and(|at| at > 0)
        {
            object.insert(name.to_owned(), Value::from("<seconds>"));
        }
    }
}

/// Members may be named by ids.
fn level_names(object: &mut Map<String, Value>) {
    let ids: Vec<String> = object
        .keys()
        .filter(|name| is_uuid(name))
        .cloned()
        .collect();
    for id in ids {
        let value = object.remove(&id);
        object.insert(String::from("<uuid>"), value.unwrap_or_default());
    }
}

/// The version in a ciphertext, signature or code of the transit engine.
fn made_by(text: &str) -> Option<u64> {
    let (version, rest) = text.strip_prefix("vault:v")?.split_once(':')?;
    version.parse().ok().filter(|_| !rest.is_empty())
}

fn pem_label(text: &str) -> Option<&str> {
    let (label, _) = text.strip_prefix("-----BEGIN ")?.split_once("-----")?;
    Some(label)
}

/// A deletion that is planned keeps its distance from the creation: that one is exact.
fn level_deletion(object: &mut Map<String, Value>) {
    let time = |name: &str| object.get(name).and_then(Value::as_str).and_then(seconds);
    let (Some(created), Some(deleted)) = (time("created_time"), time("deletion_time")) else {
        return;
    };
    if deleted - created > 60.0 {
        let planned = format!("<time +{:.0}s>", deleted - created);
        object.insert(String::from("deletion_time"), Value::String(planned));
    }
}

/// How Go words a failed conversion is its own affair; that it names the field is not.
fn malformed_field(text: &str) -> Option<&str> {
    let text = text
        .strip_prefix("Field validation failed: ")
        .unwrap_or(text);
    let (field, _) = text
        .strip_prefix("error converting input for field \"")?
        .split_once('"')?;
    Some(field)
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.chars().enumerate().all(|(at, c)| match at {
            8 | 13 | 18 | 23 => c == '-',
            _ => c.is_ascii_hexdigit(),
        })
}

/// Seconds since the start of the year 0 of a calendar whose months have 31 days: good enough for
/// distances within a month. `None` for what is not RFC 3339 in UTC.
fn seconds(text: &str) -> Option<f64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let date: Vec<u32> = numbers(date, '-')?;
    let (clock, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let clock: Vec<u32> = numbers(clock, ':')?;
    let ([year, month, day], [hour, minute, second]) = (date.as_slice(), clock.as_slice()) else {
        return None;
    };
    let days = f64::from(year * 372 + month * 31 + day);
    let whole = f64::from(hour * 3600 + minute * 60 + second);
    Some(days * 86_400.0 + whole + format!("0.{fraction}").parse::<f64>().ok()?)
}

fn numbers(text: &str, between: char) -> Option<Vec<u32>> {
    text.split(between).map(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(body: &str) -> Normal {
        Normal::of(&Response {
            status: 200,
            body: body.to_owned(),
            ..Response::default()
        })
    }

    #[test]
    fn times_ids_and_the_mount_type_are_made_equal() {
        let one = normal(
            r#"{"request_id":"a","data":{"created_time":"2026-11-23T05:14:56.09Z","id":"9b6bbb49-a069-6b79-2970-f9871f36664d"}}"#,
        );
        let other = normal(
            r#"{"request_id":"b","mount_type":"kv","data":{"created_time":"2027-01-01T00:00:00Z","id":"1b6bbb49-a069-6b79-2970-f9871f36664d"}}"#,
        );
        assert_eq!(one, other);
    }

    #[test]
    fn values_members_and_the_digits_of_numbers_are_not() {
        for (one, other) in [
            (r#"{"data":{"a":1}}"#, r#"{"data":{"a":2}}"#),
            (r#"{"data":{"a":1.5}}"#, r#"{"data":{"a":1.50}}"#),
            (r#"{"data":null}"#, r#"{"data":null,"warnings":null}"#),
            (r#"{"data":{"a":null}}"#, r#"{"data":{}}"#),
            (
                r#"{"data":{"t":""}}"#,
                r#"{"data":{"t":"2026-11-23T05:14:56Z"}}"#,
            ),
        ] {
            assert_ne!(normal(one), normal(other), "{one} {other}");
        }
    }

    #[test]
    fn of_a_form_names_and_kinds_are_compared() {
        let of = |body: &str| normal(body).with_forms(&["f"]);
        let one = of(r#"{"a":{"f":[{"x":1,"y":"a"},{"x":2,"y":"b"}]}}"#);
        assert_eq!(one, of(r#"{"a":{"f":[{"x":7,"y":"c"}]}}"#));
        for other in [
            r#"{"a":{"f":[{"x":"1","y":"a"}]}}"#,
            r#"{"a":{"f":[{"y":"a"}]}}"#,
            r#"{"a":{"f":[]}}"#,
            r#"{"a":{"f":null}}"#,
        ] {
            assert_ne!(one, of(other), "{other}");
        }
    }

    #[test]
    fn members_are_taken_where_they_are() {
        let mut one = normal(r#"{"a":{"b":1,"c":2},"b":3}"#);
        assert!(one.has_one_of(&["c"]));
        assert!(one.take(&["b", "c"]) && !one.has_one_of(&["b", "c"]));
        assert_eq!(one, normal(r#"{"a":{}}"#));
        assert!(!one.take(&["c"]));
    }

    #[test]
    fn a_planned_deletion_keeps_its_distance() {
        let body = |deletion: &str| {
            format!(
                r#"{{"data":{{"created_time":"2026-11-23T05:14:56.09Z","deletion_time":"{deletion}"}}}}"#
            )
        };
        let hour = normal(&body("2026-11-23T06:14:56.09Z"));
        assert_eq!(hour.content["data"]["deletion_time"], "<time +3600s>");
        let moment = normal(&body("2026-11-23T05:14:57.5Z"));
        assert_eq!(moment.content["data"]["deletion_time"], "<time>");
    }

    #[test]
    fn what_is_left_of_a_life_is_compared_in_steps() {
        let left = |ttl: u64, begun: u64| {
            normal(&format!(
                r#"{{"data":{{"creation_time":{begun},"ttl":{ttl}}}}}"#
            ))
        };
        assert_eq!(left(3600, 1_700_000_000), left(3598, 1_700_000_002));
        assert_ne!(left(3600, 1_700_000_000), left(3610, 1_700_000_000));
        assert_ne!(left(0, 1_700_000_000), left(5, 1_700_000_000));
        let other = |ttl: u64| normal(&format!(r#"{{"data":{{"ttl":{ttl}}}}}"#));
        assert_ne!(other(3600), other(3598));
    }

    #[test]
    fn what_no_two_servers_share_of_keys_is_made_equal() {
        let one = r#"{"data":{"keys":{"1":1795736468},"c":"vault:v3:AA","p":"-----BEGIN A-----\nB","k":"abc"}}"#;
        let other = r#"{"data":{"keys":{"1":1795999999},"c":"vault:v3:BB","p":"-----BEGIN A-----\nC","k":"xyz"}}"#;
        let hiding = |body: &str| {
            let body = body.to_owned();
            Normal::hiding(
                &Response {
                    status: 200,
                    body,
                    ..Response::default()
                },
                &["k"],
            )
        };
        assert_eq!(hiding(one), hiding(other));
        for (from, to) in [
            ("v3", "v4"),
            ("abc", "abcd"),
            ("BEGIN A", "BEGIN B"),
            ("1795736468", "5"),
        ] {
            assert_ne!(hiding(&one.replace(from, to)), hiding(other), "{from}");
        }
        assert_ne!(normal(one), normal(other));
    }

    #[test]
    fn the_wording_of_a_failed_conversion_does_not_count_but_its_field_does() {
        let error = |text: &str| normal(&serde_json::json!({"errors": [text]}).to_string());
        let go = error("Field validation failed: error converting input for field \"version\": x");
        assert_eq!(go, error("error converting input for field \"version\": y"));
        assert_ne!(go, error("error converting input for field \"depth\": y"));
    }
}
