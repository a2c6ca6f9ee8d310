//! `user_lockout_config` of an auth method: read, checked, shown.

use crate::lockout::METHODS;
use base::{Map, Refusal, parse_duration};
use mount::{MountConfig, UserLockout};
use serde_json::{Value, json};

/// Takes what a request sets for a mount of this type.
pub(super) fn apply(config: &mut MountConfig, asked: &Map, plugin: &str) -> Result<(), Refusal> {
    let Some(Value::Object(asked)) = asked.get("user_lockout_config") else {
        return Ok(());
    };
    if asked.is_empty() {
        return Ok(());
    }
    if !METHODS.contains(&plugin) {
        let text =
            format!("tuning of user lockout configuration for auth type {plugin:?} not allowed");
        return Err(Refusal::invalid(text));
    }
    let mut lockout = config.user_lockout.unwrap_or_default();
    if let Some(given) = asked.get("lockout_threshold") {
        lockout.threshold = threshold(given)?;
    }
    if let Some(given) = asked.get("lockout_duration") {
        lockout.duration = seconds(given)?.unwrap_or(lockout.duration);
    }
    if let Some(given) = asked.get("lockout_counter_reset_duration") {
        lockout.counter_reset = seconds(given)?.unwrap_or(lockout.counter_reset);
    }
    match asked.get("lockout_disable") {
        None => {}
        Some(Value::Bool(flag)) => lockout.disable = Some(*flag),
        Some(_) => return Err(unfit()),
    }
    config.user_lockout = Some(lockout);
    Ok(())
}

fn unfit() -> Refusal {
    Refusal::invalid("unable to convert given user lockout config information")
}

fn threshold(given: &Value) -> Result<u64, Refusal> {
    let text = match given {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        _ => return Err(unfit()),
    };
    text.parse().map_err(|_| {
        Refusal::invalid(format!(
            "unable to parse user lockout threshold: strconv.ParseUint: parsing {text:?}: invalid syntax"
        ))
    })
}

/// An empty text sets nothing.
fn seconds(given: &Value) -> Result<Option<u64>, Refusal> {
    match given {
        Value::Number(number) => number.as_u64().map(Some).ok_or_else(unfit),
        Value::String(text) if text.is_empty() => Ok(None),
        Value::String(text) => {
            let invalid = |_| Refusal::invalid(format!("time: invalid duration {text:?}"));
            Ok(Some(parse_duration(text).map_err(invalid)?.as_secs()))
        }
        _ => Err(unfit()),
    }
}

/// What is told of it, once it was tuned.
pub(super) fn shown(lockout: &UserLockout) -> Map {
    let shown = json!({
        "user_lockout_counter_reset_duration": lockout.counter_reset,
        "user_lockout_disable": lockout.disable.unwrap_or_default(),
        "user_lockout_duration": lockout.duration,
        "user_lockout_threshold": lockout.threshold,
    });
    match shown {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}
