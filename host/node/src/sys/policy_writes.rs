//! Writes of ACL policies. Each counts up the policy's version, so that two writers do not undo each
//! other's work where they name the version that they change.

use super::policies::{INTERNAL, stored};
use crate::defaults::StoredPolicy;
use crate::native::{Ask, Told};
use crate::refusal::from_barrier;
use base::{Answer, Envelope, Refusal, Timestamp};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use core::time::Duration;
use locality::SystemKey;

/// Writes a policy: what is not said of it is not so.
pub(super) fn write(ask: &mut Ask<'_>) -> Told {
    let name = writable(ask)?;
    let (given, warnings) = match (ask.text("policy"), ask.text("rules")) {
        ("", rules) if !rules.is_empty() => (rules, vec![String::from(DEPRECATED)]),
        (given, _) => (given, Vec::new()),
    };
    let text = parsed(&name, given)?;
    let before = stored(ask, &name)?;
    check_version(ask, before.as_ref(), Unnamed::OnlyWhereNotRequired)?;
    let new = StoredPolicy {
        text,
        allow_slashes: ask.flag("allow_slashes_in_identity_templates"),
        allow_wildcards: ask.flag("allow_wildcards_in_identity_templates"),
        cas_required: ask.flag("cas_required"),
        expires: end(ask)?,
        ..before.unwrap_or_default()
    };
    save(ask, &name, new)?;
    if warnings.is_empty() {
        return Ok(Answer::Empty);
    }
    Ok(Answer::Envelope(Box::new(Envelope {
        warnings,
        ..Envelope::default()
    })))
}

const DEPRECATED: &str = "'rules' is deprecated, please use 'policy' instead";

/// Changes what is said of a policy and nothing else.
pub(super) fn patch(ask: &mut Ask<'_>) -> Told {
    let name = writable(ask)?;
    let missing = || Refusal::invalid("policy not found");
    let before = stored(ask, &name)?.filter(|stored| stored.is_alive(ask.now));
    let mut new = before.ok_or_else(missing)?;
    if let Some(given) = ask.some_text("policy") {
        new.text = parsed(&name, given)?;
    }
    check_version(ask, Some(&new), Unnamed::Always)?;
    for (field, flag) in [
        ("cas_required", &mut new.cas_required),
        (
            "allow_slashes_in_identity_templates",
            &mut new.allow_slashes,
        ),
        (
            "allow_wildcards_in_identity_templates",
            &mut new.allow_wildcards,
        ),
    ] {
        if ask.input.get(field).is_some_and(|given| !given.is_null()) {
            *flag = ask.flag(field);
        }
    }
    if let Some(end) = end(ask)? {
        new.expires = Some(end);
    }
    save(ask, &name, new)?;
    Ok(Answer::Envelope(Box::default()))
}

/// Deletes a policy.
pub(super) fn delete(ask: &mut Ask<'_>) -> Told {
    let name = ask.text("name").to_lowercase();
    match name.as_str() {
        "default" => return Err(Refusal::invalid("cannot delete default policy")),
        "root" | INTERNAL => {
            return Err(Refusal::invalid(format!("cannot delete {name:?} policy")));
        }
        _ => {}
    }
    ask.tx.delete(&SystemKey::policy(ask.namespace.id, &name));
    Ok(Answer::Empty)
}

/// The name of a policy that may be written.
fn writable(ask: &Ask<'_>) -> Result<String, Refusal> {
    let name = ask.text("name").to_lowercase();
    if name == "root" || name == INTERNAL {
        return Err(Refusal::invalid(format!("cannot update {name:?} policy")));
    }
    if name.is_empty() || name.ends_with('/') {
        return Err(Refusal::invalid("missing policy name"));
    }
    Ok(name)
}

/// The text of a policy, plain or in Base64, once it is known to be one.
fn parsed(name: &str, given: &str) -> Result<String, Refusal> {
    if given.is_empty() {
        return Err(Refusal::invalid("'policy' parameter not supplied or empty"));
    }
    let text = plain(given);
    policy::Policy::parse(name, &text).map_err(|error| Refusal::invalid(error.to_string()))?;
    Ok(text)
}

/// A text that may stand in Base64.
pub(super) fn plain(given: &str) -> String {
    let decoded = STANDARD.decode(given).ok();
    let decoded = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
    decoded.unwrap_or_else(|| given.to_owned())
}

/// When a version need not be named.
#[derive(Clone, Copy, PartialEq)]
enum Unnamed {
    Always,
    OnlyWhereNotRequired,
}

/// Is the policy what the caller believes it is?
fn check_version(
    ask: &Ask<'_>,
    before: Option<&StoredPolicy>,
    unnamed: Unnamed,
) -> Result<(), Refusal> {
    let is_required = before.is_some_and(|before| before.cas_required) || ask.flag("cas_required");
    let version = before.map_or(0, |before| before.version);
    match ask.input.get("cas").and_then(serde_json::Value::as_i64) {
        None if is_required && unnamed == Unnamed::OnlyWhereNotRequired => Err(Refusal::invalid(
            "check-and-set parameter required for this call",
        )),
        None => Ok(()),
        Some(-1) if before.is_none() => Ok(()),
        Some(-1) => Err(Refusal::invalid(
            "check-and-set parameter set to -1 on existing entry",
        )),
        Some(named) if u64::try_from(named) == Ok(version) => Ok(()),
        Some(named) => Err(Refusal::invalid(format!(
            "check-and-set parameter {named} did not match the current version {version}"
        ))),
    }
}

/// From when on the policy is to grant nothing.
fn end(ask: &Ask<'_>) -> Result<Option<Timestamp>, Refusal> {
    let end = match (ask.number("expiration"), ask.number("ttl")) {
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => {
            let text = "cannot supply both 'expiration' and 'ttl' for policies";
            return Err(Refusal::invalid(text));
        }
        (Some(millis), None) => Timestamp::from_millis(millis),
        (None, Some(seconds)) => ask.now.plus(Duration::from_secs(seconds)),
    };
    match ask.now < end {
        true => Ok(Some(end)),
        false => Err(Refusal::invalid(
            "refusing to update policy as expiration time has already elapsed",
        )),
    }
}

fn save(ask: &mut Ask<'_>, name: &str, policy: StoredPolicy) -> Result<(), Refusal> {
    let policy = StoredPolicy {
        version: policy.version.saturating_add(1),
        modified: Some(ask.now),
        ..policy
    };
    let key = SystemKey::policy(ask.namespace.id, name);
    ask.tx.write_json(&key, &policy).map_err(from_barrier)
}
