//! Which parameters a request may, must and must not carry.

use base::Map;
use hcl::Value as Written;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What a rule says of parameters. Names are in lowercase.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Parameters {
    /// Name → values; none means any value. With the name `*`, names not listed are allowed too.
    pub(crate) allowed: Option<BTreeMap<String, Vec<Value>>>,
    /// Name → values; none means every value. With the name `*`, nothing may be sent.
    pub(crate) denied: BTreeMap<String, Vec<Value>>,
    /// Names that must be there.
    pub(crate) required: BTreeSet<String>,
}

const ANY: &str = "*";

impl Parameters {
    pub(crate) fn union(&mut self, other: &Self) {
        if let Some(theirs) = &other.allowed {
            unite(self.allowed.get_or_insert_default(), theirs);
        }
        unite(&mut self.denied, &other.denied);
        self.required.extend(other.required.iter().cloned());
    }

    pub(crate) fn permit(&self, data: &Map) -> bool {
        if self.allowed.is_none() && self.denied.is_empty() && self.required.is_empty() {
            return true;
        }
        // A name in another case is another parameter to an engine: it is not the required one, but
        // it is denied with the one that is denied, lest an engine reads both alike.
        self.required.iter().all(|name| data.contains_key(name))
            && data.iter().all(|(name, value)| {
                let name = name.to_lowercase();
                !self.denies(&name, value) && self.allows(&name, value)
            })
    }

    fn denies(&self, name: &str, value: &Value) -> bool {
        self.denied.contains_key(ANY)
            || self.denied.get(name).is_some_and(|values| {
                values.is_empty() || values.iter().any(|denied| catches(denied, value))
            })
    }

    fn allows(&self, name: &str, value: &Value) -> bool {
        let Some(allowed) = &self.allowed else {
            return true;
        };
        match allowed.get(name) {
            Some(values) => {
                values.is_empty() || values.iter().any(|allowed| equals(allowed, value))
            }
            None => allowed.contains_key(ANY),
        }
    }
}

/// Per name the values of both; no values at all is the widest and stays.
fn unite(ours: &mut BTreeMap<String, Vec<Value>>, theirs: &BTreeMap<String, Vec<Value>>) {
    for (name, values) in theirs {
        match ours.get_mut(name) {
            None => {
                ours.insert(name.clone(), values.clone());
            }
            Some(known) if known.is_empty() || values.is_empty() => known.clear(),
            Some(known) => known.extend(values.iter().cloned()),
        }
    }
}

/// Whether a value that was sent is the one in the rule: strings by glob, numbers by amount.
fn equals(rule: &Value, sent: &Value) -> bool {
    match (rule, sent) {
        (Value::String(glob), Value::String(text)) => glob_matches(glob, text),
        (Value::Number(rule), Value::Number(sent)) => {
            same_number(&rule.to_string(), &sent.to_string())
        }
        (Value::Array(rule), Value::Array(sent)) => {
            rule.len() == sent.len()
                && rule
                    .iter()
                    .zip(sent)
                    .all(|(rule, sent)| match (rule, sent) {
                        // Globs are for whole values only.
                        (Value::String(rule), Value::String(sent)) => rule == sent,
                        _ => equals(rule, sent),
                    })
        }
        _ => rule == sent,
    }
}

/// As [`equals`], and also across kinds: engines read `"1"` and `1` alike, so a denied value must
/// not pass because it was written as the other.
fn catches(rule: &Value, sent: &Value) -> bool {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    };
    if equals(rule, sent) {
        return true;
    }
    match (text(rule), text(sent)) {
        (Some(rule), Some(sent)) => glob_matches(&rule, &sent) || same_number(&rule, &sent),
        _ => false,
    }
}

fn same_number(one: &str, other: &str) -> bool {
    one == other
        || match (one.parse::<i128>(), other.parse::<i128>()) {
            (Ok(one), Ok(other)) => one == other,
            _ => match (one.parse::<f64>(), other.parse::<f64>()) {
                (Ok(one), Ok(other)) => one == other,
                _ => false,
            },
        }
}

/// `*` at the beginning or the end stands for any text; alone it stands for itself.
fn glob_matches(glob: &str, text: &str) -> bool {
    if glob.len() < 2 {
        return glob == text;
    }
    match (glob.strip_prefix('*'), glob.strip_suffix('*')) {
        (Some(rest), Some(_)) => text.contains(rest.strip_suffix('*').unwrap_or(rest)),
        (Some(end), None) => text.ends_with(end),
        (None, Some(start)) => text.starts_with(start),
        (None, None) => glob == text,
    }
}

/// A value of a policy's text, to be compared with values of requests.
pub(crate) fn to_json(value: &Written) -> Value {
    match value {
        Written::Null => Value::Null,
        Written::Bool(truth) => Value::Bool(*truth),
        Written::Number(text) => {
            serde_json::from_str(text).map_or_else(|_| Value::String(text.clone()), Value::Number)
        }
        Written::Text(text) => Value::String(text.clone()),
        Written::List(items) => Value::Array(items.iter().map(to_json).collect()),
        Written::Object(body) => Value::Object(
            body.entries
                .iter()
                .map(|entry| (entry.name.clone(), to_json(&entry.value)))
                .collect(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        let check = |glob, text, expected| assert_eq!(glob_matches(glob, text), expected, "{glob}");
        check("a", "a", true);
        check("b*", "bcd", true);
        check("*a", "ca", true);
        check("*a*", "cab", true);
        check("*", "anything", false);
        check("*", "*", true);
        check("**", "anything", true);
        check("", "", true);
        check("", "a", false);
    }

    #[test]
    fn a_denied_number_does_not_pass_as_text() {
        let one = serde_json::json!(1);
        assert!(catches(&one, &serde_json::json!("1")));
        assert!(catches(&serde_json::json!("1"), &one));
        assert!(catches(&one, &serde_json::json!(1.0)));
        assert!(!equals(&one, &serde_json::json!("1")));
        assert!(equals(&one, &serde_json::json!(1)));
    }
}
