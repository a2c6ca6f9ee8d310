//! What is left out of lines: members of a record, by JSON pointers, where a condition holds.

use crate::AuditError;
use crate::expression::{Expression, Look, Spelling, Subjects};
use regex::Regex;
use serde::Deserialize;
use serde_json::Value;

/// What is left out, and when.
#[derive(Clone, Debug, Default)]
pub struct Exclusions(Vec<Exclusion>);

#[derive(Clone, Debug)]
struct Exclusion {
    /// None for always.
    condition: Option<Expression<Pointer>>,
    fields: Vec<Pointer>,
}

/// `/request/data`.
#[derive(Clone, Debug)]
struct Pointer(String);

/// As operators write one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    condition: String,
    fields: Vec<String>,
}

const POINTERS: Subjects<Pointer> = Subjects {
    named: |name, _: Spelling| name.starts_with('/').then(|| Pointer(name.to_owned())),
    expected: "expected a pointer such as \"/request/path\"",
};

const TEXT_BYTES_MAX: usize = 16 << 10;

impl Exclusions {
    /// Reads a JSON list of objects with `condition` and `fields`.
    ///
    /// # Errors
    /// [`AuditError::Option`] where it is none.
    pub fn parse(text: &str) -> Result<Self, AuditError> {
        let wrong = |why: String| AuditError::option("exclude", why);
        if text.len() > TEXT_BYTES_MAX {
            return Err(wrong(String::from("is too long")));
        }
        let written: Vec<Written> = serde_json::from_str(text).map_err(|_| {
            wrong(String::from(
                "must be a list of objects with condition and fields",
            ))
        })?;
        let read = |written: Written| {
            let condition = match written.condition.as_str() {
                "" => None,
                text => {
                    let condition = Expression::parse(text, &POINTERS);
                    Some(condition.map_err(|error| wrong(error.to_string()))?)
                }
            };
            let is_pointer = |field: &String| field.len() > 1 && field.starts_with('/');
            match !written.fields.is_empty() && written.fields.iter().all(is_pointer) {
                true => Ok(Exclusion {
                    condition,
                    fields: written.fields.into_iter().map(Pointer).collect(),
                }),
                false => Err(wrong(String::from(
                    "needs fields such as \"/request/data\"",
                ))),
            }
        };
        written
            .into_iter()
            .map(read)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Is nothing left out?
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes out of a record what is not to be in it. All conditions look at the whole record.
    pub(crate) fn apply(&self, record: &mut Value) {
        let holds = |exclusion: &&Exclusion| {
            let condition = exclusion.condition.as_ref();
            condition.is_none_or(|condition| condition.holds(record))
        };
        let fields: Vec<&Pointer> = self
            .0
            .iter()
            .filter(holds)
            .flat_map(|exclusion| &exclusion.fields)
            .collect();
        for field in fields {
            field.remove_from(record);
        }
    }
}

impl Pointer {
    fn remove_from(&self, record: &mut Value) {
        let Some((above, last)) = self.0.rsplit_once('/') else {
            return;
        };
        if let Some(Value::Object(members)) = record.pointer_mut(above) {
            members.remove(&last.replace("~1", "/").replace("~0", "~"));
        }
    }
}

/// What a value is as text; lists and objects are none.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

impl Look<Pointer> for Value {
    fn equals(&self, subject: &Pointer, value: &str) -> bool {
        let found = self.pointer(&subject.0).and_then(text);
        found.is_some_and(|found| found == value)
    }

    fn contains(&self, subject: &Pointer, value: &str) -> bool {
        match self.pointer(&subject.0) {
            Some(Self::Array(items)) => items
                .iter()
                .any(|item| text(item).as_deref() == Some(value)),
            Some(Self::Object(members)) => members.contains_key(value),
            Some(other) => text(other).is_some_and(|text| text.contains(value)),
            None => false,
        }
    }

    fn matches(&self, subject: &Pointer, pattern: &Regex) -> bool {
        let found = self.pointer(&subject.0).and_then(text);
        found.is_some_and(|found| pattern.is_match(&found))
    }

    fn is_empty(&self, subject: &Pointer) -> bool {
        match self.pointer(&subject.0) {
            None | Some(Self::Null) => true,
            Some(Self::String(text)) => text.is_empty(),
            Some(Self::Array(items)) => items.is_empty(),
            Some(Self::Object(members)) => members.is_empty(),
            Some(Self::Bool(_) | Self::Number(_)) => false,
        }
    }
}
