//! A request's fields, in the shape that its route declares.

use crate::coerce::coerce;
use crate::{Field, FieldKind, FieldSource, Map, Operation, Parameters, Route};
use serde_json::Value;

/// Input for a handler, and what there is to tell of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Validated {
    /// Declared fields only.
    pub input: Map,
    /// Members that the route does not know, sorted.
    pub unknown: Vec<String>,
    /// Members that the path overrode, sorted.
    pub replaced: Vec<String>,
}

impl Validated {
    /// The warnings that Vault gives.
    pub fn warnings(&self) -> Vec<String> {
        let unknown = format!(
            "Endpoint ignored these unrecognized parameters: [{}]",
            self.unknown.join(" ")
        );
        let replaced = format!(
            "Endpoint replaced the value of these parameters with the values captured from the endpoint's path: [{}]",
            self.replaced.join(" ")
        );
        let unknown = (!self.unknown.is_empty()).then_some(unknown);
        let replaced = (!self.replaced.is_empty()).then_some(replaced);
        unknown.into_iter().chain(replaced).collect()
    }
}

/// A field that is not as its route declares it. Its text is for the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// Which.
    pub field: String,
    /// Where it stands. One of the path makes the path an unknown one.
    pub source: FieldSource,
    reason: Option<String>,
}

impl core::fmt::Display for FieldError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self { field, reason, .. } = self;
        match reason {
            Some(reason) => write!(
                f,
                "Field validation failed: error converting input for field {field:?}: {reason}"
            ),
            None => write!(f, "Field validation failed: field {field:?} is required"),
        }
    }
}

impl core::error::Error for FieldError {}

/// Brings what the path and the body (or the query, on verbs without a body) say into the shape that
/// `route` declares.
///
/// A `null` is kept for PATCH, where it asks to clear, and for `json`, `object` and `any-list`; for
/// other kinds it is the empty value, as in Vault.
///
/// # Errors
/// [`FieldError`] for the first field that is missing or of another kind.
pub fn validate(
    route: &Route,
    parameters: &Parameters<'_, '_>,
    mut body: Map,
) -> Result<Validated, FieldError> {
    let mut validated = Validated::default();
    let has_rest = route
        .fields
        .iter()
        .any(|field| field.source == FieldSource::Rest);
    for field in &route.fields {
        let given = match field.source {
            FieldSource::Rest => continue,
            // What takes everything takes also what is called as a parameter is.
            FieldSource::Path => {
                if !has_rest && body.remove(&field.name).is_some() {
                    validated.replaced.push(field.name.clone());
                }
                parameters.value(&field.name).map(Value::from)
            }
            FieldSource::Query | FieldSource::Body => body.remove(&field.name),
        };
        if let Some(value) = shape(route.operation, field, given)? {
            validated.input.insert(field.name.clone(), value);
        }
    }
    match route
        .fields
        .iter()
        .find(|field| field.source == FieldSource::Rest)
    {
        Some(rest) if rest.required && body.is_empty() => return Err(missing(rest)),
        Some(rest) => {
            validated
                .input
                .insert(rest.name.clone(), Value::Object(body));
        }
        None => validated.unknown = body.into_iter().map(|(name, _)| name).collect(),
    }
    validated.replaced.sort_unstable();
    validated.unknown.sort_unstable();
    Ok(validated)
}

fn shape(
    operation: Operation,
    field: &Field,
    given: Option<Value>,
) -> Result<Option<Value>, FieldError> {
    let Some(given) = given else {
        return match (&field.default, field.required) {
            (Some(default), _) if operation != Operation::Patch => Ok(Some(default.clone())),
            (_, true) => Err(missing(field)),
            (_, false) => Ok(None),
        };
    };
    if given.is_null() && !matches!(field.kind, FieldKind::Json) {
        if field.required {
            return Err(missing(field));
        }
        if operation == Operation::Patch {
            return Ok(Some(given));
        }
    }
    let wrong = |reason| FieldError {
        field: field.name.clone(),
        source: field.source,
        reason: Some(reason),
    };
    let value = coerce(field.kind, given).map_err(wrong)?;
    if !is_allowed(field, &value) {
        // The value may be a secret, so it is not repeated.
        let allowed: Vec<String> = field.allowed.iter().map(Value::to_string).collect();
        return Err(wrong(format!("must be one of {}", allowed.join(", "))));
    }
    Ok(Some(value))
}

/// For lists each item is looked at.
fn is_allowed(field: &Field, value: &Value) -> bool {
    if field.allowed.is_empty() {
        return true;
    }
    match value {
        Value::Array(items) if field.kind != FieldKind::Json => {
            items.iter().all(|item| field.allowed.contains(item))
        }
        value => field.allowed.contains(value),
    }
}

fn missing(field: &Field) -> FieldError {
    FieldError {
        field: field.name.clone(),
        source: field.source,
        reason: None,
    }
}
