//! What a login brings for its second factor.

use base::{Map, Request};
use serde_json::Value;
use std::collections::BTreeMap;

/// The header of a login that brings all at once: `method[:passcode]`, by name or id of the method.
const HEADER: &str = "x-vault-mfa";

/// Methods that a login may name.
const METHODS_MAX: usize = 64;

/// Passcodes, by name or id of the method.
#[derive(Debug, Default)]
pub(crate) struct Credentials(BTreeMap<String, Vec<String>>);

/// What was given for one method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Given<'a> {
    /// The method was not named.
    Nothing,
    /// It was, with no passcode.
    NoPasscode,
    /// One.
    Passcode(&'a str),
    /// More than one, of which none counts.
    Several,
}

impl Credentials {
    /// What the headers of a login bring; None where they bring nothing.
    pub(crate) fn of_headers(request: &Request) -> Option<Self> {
        let mut found = Self::default();
        let values = request.headers.iter().filter(|(name, _)| name == HEADER);
        let values = values.flat_map(|(_, value)| value.split(','));
        for value in values.map(str::trim).filter(|value| !value.is_empty()) {
            if found.0.len() >= METHODS_MAX {
                break;
            }
            let (method, passcode) = value.split_once(':').unwrap_or((value, ""));
            let codes = found.0.entry(method.to_owned()).or_default();
            if !passcode.is_empty() && codes.len() < 2 {
                codes.push(bare(passcode).to_owned());
            }
        }
        (!found.0.is_empty()).then_some(found)
    }

    /// What a payload brings: lists of texts, by method. None for anything else.
    pub(crate) fn of_payload(payload: &Map) -> Option<Self> {
        if payload.len() > METHODS_MAX {
            return None;
        }
        let codes = |value: &Value| -> Option<Vec<String>> {
            let codes = value.as_array()?.iter().take(2);
            codes
                .map(|code| code.as_str().map(|code| bare(code).to_owned()))
                .collect()
        };
        let found = payload
            .iter()
            .map(|(method, value)| Some((method.clone(), codes(value)?)));
        found.collect::<Option<_>>().map(Self)
    }

    /// What was given for a method.
    pub(super) fn of(&self, id: &str, name: &str) -> Given<'_> {
        let named = || (!name.is_empty()).then(|| self.0.get(name)).flatten();
        match self.0.get(id).or_else(named).map(Vec::as_slice) {
            None => Given::Nothing,
            Some([]) => Given::NoPasscode,
            Some([one]) if one.is_empty() => Given::NoPasscode,
            Some([one]) => Given::Passcode(one),
            Some(_) => Given::Several,
        }
    }
}

fn bare(code: &str) -> &str {
    code.strip_prefix("passcode=").unwrap_or(code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::{Operation, RequestPath};
    use serde_json::json;

    #[test]
    fn headers() {
        let check = |values: &[&str], id: &str, name: &str, expected: Option<Given<'_>>| {
            let path = RequestPath::parse("auth/a/login").unwrap();
            let mut request = Request::new(Operation::Update, path, "", Map::new());
            let headers = values.iter().map(|value| (HEADER.into(), (*value).into()));
            request.headers = headers.collect();
            let found = Credentials::of_headers(&request);
            let given = found.as_ref().map(|found| found.of(id, name));
            assert_eq!(given, expected, "{values:?}");
        };
        check(&[], "i", "n", None);
        check(&[""], "i", "n", None);
        check(&["i:1"], "i", "n", Some(Given::Passcode("1")));
        check(&["n:1"], "i", "n", Some(Given::Passcode("1")));
        check(&["n:passcode=1"], "i", "n", Some(Given::Passcode("1")));
        check(&["n"], "i", "n", Some(Given::NoPasscode));
        check(&["x:1", "i:2"], "i", "n", Some(Given::Passcode("2")));
        check(&["x:1,i:2"], "i", "n", Some(Given::Passcode("2")));
        check(&["x:1"], "i", "", Some(Given::Nothing));
        check(&["i:1", "i:2"], "i", "n", Some(Given::Several));
    }

    #[test]
    fn payloads() {
        let check = |payload: Value, expected: Option<Given<'_>>| {
            let found = Credentials::of_payload(payload.as_object().unwrap());
            let given = found.as_ref().map(|found| found.of("i", "n"));
            assert_eq!(given, expected, "{payload}");
        };
        check(json!({}), Some(Given::Nothing));
        check(json!({"i": ["1"]}), Some(Given::Passcode("1")));
        check(json!({"i": []}), Some(Given::NoPasscode));
        check(json!({"i": ["passcode="]}), Some(Given::NoPasscode));
        check(json!({"n": ["passcode=1"]}), Some(Given::Passcode("1")));
        check(json!({"i": ["1", "2", "3"]}), Some(Given::Several));
        check(json!({"i": "1"}), None);
        check(json!({"i": [1]}), None);
        let many = (0..=METHODS_MAX).map(|number| (number.to_string(), json!([])));
        check(Value::Object(many.collect()), None);
    }
}
