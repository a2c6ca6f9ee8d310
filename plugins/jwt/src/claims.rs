//! What a role wants of a token's claims, and what it takes from them.

use crate::role::{BoundClaimsType, Role};
use sdk::{Json, Result, invalid, matches_glob};
use std::collections::BTreeMap;

/// A claim by its name, or by a JSON pointer (RFC 6901) where that begins with a slash. Null is as good
/// as nothing.
pub(crate) fn find<'c>(claims: &'c Json, name: &str) -> Option<&'c Json> {
    let found = match name.starts_with('/') {
        true => claims.pointer(name),
        false => claims.get(name),
    };
    found.filter(|value| !value.is_null())
}

/// A claim that the tokens of RFC 7519 have as a text; none where it is left out.
pub(crate) fn text<'c>(claims: &'c Json, name: &str) -> Result<Option<&'c str>, String> {
    match claims.get(name) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) => Ok(Some(text)),
        Some(_) => Err(format!("{name} is not a string")),
    }
}

/// Whom the token is for.
pub(crate) fn audiences(claims: &Json) -> Result<Vec<&str>, String> {
    let wrong = || String::from("aud is neither a string nor a list of strings");
    match claims.get("aud") {
        None | Some(Json::Null) => Ok(Vec::new()),
        Some(Json::String(one)) => Ok(vec![one]),
        Some(Json::Array(all)) => all
            .iter()
            .map(|one| one.as_str().ok_or_else(wrong))
            .collect(),
        Some(_) => Err(wrong()),
    }
}

/// Does the token have every claim that the role is bound to?
///
/// # Errors
/// Invalid, where it does not.
pub(crate) fn check_bound(role: &Role, claims: &Json) -> Result<()> {
    let Some(bound) = &role.bound_claims else {
        return Ok(());
    };
    for (name, expected) in bound {
        let actual = find(claims, name);
        let missing = || {
            invalid(format!(
                "error validating claims: claim {name:?} is missing"
            ))
        };
        let actual = as_list(actual.ok_or_else(missing)?);
        if actual.iter().any(|value| value.is_object()) && !actual.is_empty() {
            return Err(invalid(format!(
                "error validating claims: claim {name:?} is not a string, bool, int or list"
            )));
        }
        let fits = |expected: &Json| {
            let kind = role.bound_claims_type;
            actual.iter().any(|actual| is_match(kind, expected, actual))
        };
        if !as_list(expected).iter().any(|expected| fits(expected)) {
            return Err(invalid(format!(
                "error validating claims: claim {name:?} does not match any associated bound claim values"
            )));
        }
    }
    Ok(())
}

fn as_list(value: &Json) -> Vec<&Json> {
    match value {
        Json::Array(all) => all.iter().collect(),
        one => vec![one],
    }
}

fn is_match(kind: BoundClaimsType, expected: &Json, actual: &Json) -> bool {
    match (kind, expected, actual) {
        (BoundClaimsType::Glob, Json::String(pattern), Json::String(text)) => {
            matches_glob(pattern, text)
        }
        (BoundClaimsType::Glob, ..) => false,
        (BoundClaimsType::String, Json::String(left), Json::String(right)) => left == right,
        (BoundClaimsType::String, Json::Bool(left), Json::Bool(right)) => left == right,
        (BoundClaimsType::String, Json::Number(left), Json::Number(right)) => same(left, right),
        (BoundClaimsType::String, ..) => false,
    }
}

/// `1` and `1.0` are the same number. Whole numbers are compared as such: as floats, large ones that
/// differ would be the same.
fn same(left: &serde_json::Number, right: &serde_json::Number) -> bool {
    match (left.as_i128(), right.as_i128()) {
        (Some(left), Some(right)) => left == right,
        _ => left == right || left.as_f64().is_some_and(|one| Some(one) == right.as_f64()),
    }
}

/// Who the caller is.
///
/// # Errors
/// Invalid, where the token does not say.
pub(crate) fn user(role: &Role, claims: &Json) -> Result<String> {
    let name = &role.user_claim;
    let found = match role.user_claim_json_pointer {
        true => find(claims, name),
        false => claims.get(name.as_str()).filter(|value| !value.is_null()),
    };
    let found = found.ok_or_else(|| invalid(format!("claim {name:?} not found in token")))?;
    let wrong = || invalid(format!("claim {name:?} could not be converted to string"));
    let user = found.as_str().ok_or_else(wrong)?;
    match user.is_empty() {
        true => Err(invalid("missing name in alias")),
        false => Ok(user.to_owned()),
    }
}

/// Which groups the caller is in.
///
/// # Errors
/// Invalid, where the token does not say though the role asks.
pub(crate) fn groups(role: &Role, claims: &Json) -> Result<Vec<String>> {
    let name = &role.groups_claim;
    if name.is_empty() {
        return Ok(Vec::new());
    }
    let missing = || {
        invalid(format!(
            "failed to fetch groups: {name:?} claim not found in token"
        ))
    };
    let found = find(claims, name).ok_or_else(missing)?;
    let group = |value: &&Json| match value {
        Json::String(group) => Ok(group.clone()),
        other => Err(invalid(format!(
            "value {other} in groups claim could not be parsed as string"
        ))),
    };
    as_list(found).iter().map(group).collect()
}

/// What the token's metadata takes from the claims.
///
/// # Errors
/// Invalid, where a claim is no text.
pub(crate) fn metadata(role: &Role, claims: &Json) -> Result<BTreeMap<String, String>> {
    let mut metadata = BTreeMap::new();
    for (name, key) in role.claim_mappings.iter().flatten() {
        match find(claims, name) {
            None => {}
            Some(Json::String(text)) => {
                metadata.insert(key.clone(), text.clone());
            }
            Some(_) => {
                return Err(invalid(format!(
                    "error converting claim '{name}' to string"
                )));
            }
        }
    }
    Ok(metadata)
}
