//! What an answer has to be, wherever the component ran that gave it.

use crate::{CallError, Grant, Outcome};
use base::Raw;
use manifest::{Access, Manifest};

pub(crate) fn bad(what: &str) -> CallError {
    CallError::BadReply(what.to_owned())
}

/// Checks an answer of the component of `manifest` on another cluster, which may have been taken
/// over: as an answer that was given here is checked.
///
/// # Errors
/// [`CallError`], where the route may not give it or it is malformed.
pub fn check_said(manifest: &Manifest, route: usize, outcome: &Outcome) -> Result<(), CallError> {
    match outcome {
        Outcome::Grant(grant) => check_grant(grant)?,
        Outcome::Raw(raw) => check_raw(raw)?,
        _ => {}
    }
    check_rights(manifest, route, outcome)
}

/// An answer may hold only what the pinned manifest lets this route give.
pub(crate) fn check_rights(
    manifest: &Manifest,
    route: usize,
    outcome: &Outcome,
) -> Result<(), CallError> {
    match outcome {
        Outcome::Grant(_) => {
            let declared = manifest.routes.get(route);
            match declared.is_some_and(|route| route.access == Access::Login) {
                true => Ok(()),
                false => Err(CallError::GrantNotAllowed(route)),
            }
        }
        Outcome::Secret(secret) => {
            let mut kinds = manifest.secret_kinds.iter();
            match kinds.any(|kind| kind.name == secret.kind) {
                true => Ok(()),
                false => Err(CallError::UndeclaredKind(secret.kind.clone())),
            }
        }
        _ => Ok(()),
    }
}

/// A grant to nobody in particular makes a token without an entity, which can be in no group.
pub(crate) fn check_grant(grant: &Grant) -> Result<(), CallError> {
    let is_plain = grant.groups.is_empty() && grant.alias_metadata.is_empty();
    match grant.alias.is_empty() && !is_plain {
        true => Err(bad("grant without an alias")),
        false => Ok(()),
    }
}

/// Bytes that are not JSON, with a status and headers as HTTP has them.
///
/// # Errors
/// [`CallError::BadReply`] for others.
pub fn check_raw(raw: &Raw) -> Result<(), CallError> {
    if !(200..=599).contains(&raw.status) {
        return Err(bad(&format!("status {}", raw.status)));
    }
    let names_fit = raw.headers.iter().all(|(name, _)| is_header_name(name));
    let values = raw.headers.iter().map(|(_, value)| value);
    let values_fit = values
        .chain([&raw.content_type])
        .all(|value| is_header_value(value));
    match names_fit && values_fit {
        true => Ok(()),
        false => Err(bad("malformed header")),
    }
}

/// RFC 9110: a token.
fn is_header_name(name: &str) -> bool {
    let is_mark = |byte: u8| b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || is_mark(byte))
}

fn is_header_value(value: &str) -> bool {
    value
        .bytes()
        .all(|byte| byte == b'\t' || (byte >= b' ' && byte != 0x7f))
}
