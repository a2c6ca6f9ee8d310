//! From text to rules.

use crate::error::UnknownKeys;
use crate::parameters::{Parameters, to_json};
use crate::rule::{Limits, Rule, Wrapping, legacy};
use crate::template::Template;
use crate::{Capabilities, Capability, PolicyError};
use base::{Timestamp, parse_duration};
use core::time::Duration;
use hcl::{Body, Entry, Value};
use std::collections::BTreeMap;

const TOP_KEYS: [&str; 2] = ["name", "path"];

/// What is understood.
const RULE_KEYS: [&str; 10] = [
    "allowed_parameters",
    "capabilities",
    "comment",
    "denied_parameters",
    "expiration",
    "max_wrapping_ttl",
    "min_wrapping_ttl",
    "pagination_limit",
    "policy",
    "required_parameters",
];

/// What other servers understand. To pass them over would grant what was meant to be narrowed.
const NARROWING_KEYS: [&str; 3] = [
    "control_group",
    "list_scan_response_keys_filter_path",
    "mfa_methods",
];

pub(crate) fn rules(text: &str) -> Result<Vec<Rule>, PolicyError> {
    let body = hcl::parse(text).map_err(PolicyError::Syntax)?;
    refuse_unknown(None, &body, &TOP_KEYS)?;
    body.blocks("path", 1)
        .map_err(PolicyError::Syntax)?
        .iter()
        .map(|block| {
            let path = block.labels.first().copied().unwrap_or_default();
            rule(path, block.body)
        })
        .collect()
}

fn refuse_unknown(path: Option<&str>, body: &Body, known: &[&str]) -> Result<(), PolicyError> {
    let keys: Vec<(String, u32)> = body
        .entries
        .iter()
        .filter(|entry| !known.contains(&entry.name.as_str()))
        .map(|entry| (entry.name.clone(), entry.place.line))
        .collect();
    if keys.is_empty() {
        return Ok(());
    }
    let path = path.map(str::to_owned);
    Err(PolicyError::UnknownKeys(UnknownKeys { path, keys }))
}

fn rule(path: &str, body: &Body) -> Result<Rule, PolicyError> {
    for key in NARROWING_KEYS {
        if body.last(key).is_some() {
            let reason = format!("{key} is not supported by this server");
            return Err(PolicyError::around(path, reason));
        }
    }
    refuse_unknown(Some(path), body, &RULE_KEYS)?;
    let template = Template::parse(path).ok_or_else(|| {
        let reason = "failed to validate policy templating: unbalanced templating characters";
        PolicyError::around(path, reason)
    })?;
    if path.contains("+*") {
        let reason = "invalid use of wildcards ('+*' is forbidden)";
        return Err(PolicyError::rule(path, reason));
    }
    Ok(Rule {
        path: template.without_leading_slash(),
        capabilities: capabilities(path, body)?,
        limits: Limits {
            parameters: Parameters {
                allowed: values(path, body, "allowed_parameters")?.filter(|all| !all.is_empty()),
                denied: values(path, body, "denied_parameters")?.unwrap_or_default(),
                required: texts(path, body, "required_parameters")?
                    .into_iter()
                    .map(|name| name.to_lowercase())
                    .collect(),
            },
            wrapping: wrapping(path, body)?,
            pagination_limit: pagination_limit(path, body)?,
        },
        expiration: expiration(path, body)?,
    })
}

fn capabilities(path: &str, body: &Body) -> Result<Capabilities, PolicyError> {
    let mut granted = Capabilities::default();
    if let Some(entry) = body.last("policy") {
        let word = scalar(path, entry)?;
        if !word.is_empty() {
            granted = legacy(word)
                .ok_or_else(|| PolicyError::rule(path, format!("invalid policy {word:?}")))?;
        }
    }
    for name in texts(path, body, "capabilities")? {
        let capability = Capability::parse(&name)
            .ok_or_else(|| PolicyError::rule(path, format!("invalid capability {name:?}")))?;
        granted = granted.union(Capabilities::default().with(capability));
    }
    Ok(granted)
}

fn scalar<'tree>(path: &str, entry: &'tree Entry) -> Result<&'tree str, PolicyError> {
    entry
        .as_scalar()
        .map_err(|error| PolicyError::rule(path, error))
}

/// All strings of all lists of this name.
fn texts(path: &str, body: &Body, name: &str) -> Result<Vec<String>, PolicyError> {
    let mut all = Vec::new();
    for entry in body.all(name) {
        let items = entry
            .as_list()
            .map_err(|error| PolicyError::rule(path, error))?;
        for item in items {
            match item {
                Value::Text(text) | Value::Number(text) => all.push(text.clone()),
                _ => {
                    let reason = format!("{name} must be a list of strings");
                    return Err(PolicyError::rule(path, reason));
                }
            }
        }
    }
    Ok(all)
}

/// `name = { parameter = [value, …], … }`.
fn values(
    path: &str,
    body: &Body,
    name: &str,
) -> Result<Option<BTreeMap<String, Vec<serde_json::Value>>>, PolicyError> {
    let mut all: Option<BTreeMap<String, Vec<serde_json::Value>>> = None;
    let blocks = body
        .blocks(name, 0)
        .map_err(|error| PolicyError::rule(path, error))?;
    for entry in blocks.iter().flat_map(|block| &block.body.entries) {
        let list = entry
            .as_list()
            .map_err(|error| PolicyError::rule(path, error))?
            .iter()
            .map(to_json);
        all.get_or_insert_default()
            .entry(entry.name.to_lowercase())
            .or_default()
            .extend(list);
    }
    Ok(all)
}

fn wrapping(path: &str, body: &Body) -> Result<Wrapping, PolicyError> {
    let read = |name: &str| -> Result<Option<Duration>, PolicyError> {
        let wrong =
            |reason: String| PolicyError::around(path, format!("error parsing {name}: {reason}"));
        let Some(entry) = body.last(name) else {
            return Ok(None);
        };
        let text = entry
            .as_scalar()
            .map_err(|error| wrong(error.to_string()))?;
        let ttl = parse_duration(text).map_err(|error| wrong(error.to_string()))?;
        Ok(Some(ttl).filter(|ttl| !ttl.is_zero()))
    };
    let wrapping = Wrapping {
        min: read("min_wrapping_ttl")?,
        max: read("max_wrapping_ttl")?,
    };
    match (wrapping.min, wrapping.max) {
        (Some(min), Some(max)) if max < min => Err(PolicyError::around(
            path,
            "max_wrapping_ttl cannot be less than min_wrapping_ttl",
        )),
        _ => Ok(wrapping),
    }
}

fn pagination_limit(path: &str, body: &Body) -> Result<Option<u64>, PolicyError> {
    let Some(entry) = body.last("pagination_limit") else {
        return Ok(None);
    };
    let limit = scalar(path, entry)?
        .parse()
        .map_err(|_| PolicyError::rule(path, "pagination_limit must be a whole number"))?;
    Ok(Some(limit).filter(|limit| *limit > 0))
}

/// RFC 3339, or seconds since the epoch.
fn expiration(path: &str, body: &Body) -> Result<Option<Timestamp>, PolicyError> {
    let Some(entry) = body.last("expiration") else {
        return Ok(None);
    };
    let text = scalar(path, entry)?;
    let seconds = text.parse::<u64>().ok().and_then(|s| s.checked_mul(1000));
    seconds
        .map(Timestamp::from_millis)
        .or_else(|| Timestamp::from_rfc3339(text))
        .map(Some)
        .ok_or_else(|| {
            let reason = "invalid expiration time: could not parse string as date and time";
            PolicyError::rule(path, reason)
        })
}
