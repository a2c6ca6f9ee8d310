//! Data keys and the root key: which there is, and when there is another one. The unseal keys are
//! another matter.

use crate::keys::rotation_policy;
use crate::native::Does::{Later, Now};
use crate::native::{Ask, NativeField, NativeRoute, Told, body, on};
use crate::refusal::from_barrier;
use barrier::{RotationError, RotationPolicy};
use base::{Answer, Refusal};
use core::time::Duration;
use locality::SystemKey;
use manifest::Access::{Sudo, Token};
use manifest::FieldKind;
use manifest::Operation::{Read, Update};
use serde_json::{Value, json};

const POLICY: &[NativeField] = &[
    body(
        "enabled",
        FieldKind::Boolean,
        "Is the data key rotated by itself?",
    ),
    body(
        "max_operations",
        FieldKind::Integer,
        "Values that are sealed under one key.",
    ),
    body(
        "interval",
        FieldKind::Duration,
        "How old a key gets; 0 for any age.",
    ),
];

/// The routes.
#[rustfmt::skip]
pub(super) const ROUTES: &[NativeRoute] = &[
    on(Read, "key-status", Token, Now(status), &[], "The term of the encryption key."),
    on(Update, "rotate", Sudo, Later(|ask| Box::pin(rotate(ask))), &[], "Adds an encryption key."),
    on(Update, "rotate/keyring", Sudo, Later(|ask| Box::pin(rotate(ask))), &[], "Adds an encryption key."),
    on(Update, "rotate/root", Sudo, Later(|ask| Box::pin(rotate_root(ask))), &[], "Replaces the root key."),
    on(Read, "rotate/config", Token, Now(read_policy), &[], "When the encryption key is rotated."),
    on(Update, "rotate/config", Token, Now(write_policy), POLICY, "Sets when the encryption key is rotated."),
    on(Read, "rotate/keyring/config", Token, Now(read_policy), &[], "When the encryption key is rotated."),
    on(Update, "rotate/keyring/config", Token, Now(write_policy), POLICY, "Sets when the encryption key is rotated."),
];

fn status(ask: &mut Ask<'_>) -> Told {
    let term = ask.node.keys.ring().active();
    let data = json!({
        "term": term.term,
        "install_time": term.installed.to_rfc3339(),
        "encryptions": term.encryptions,
    });
    Ok(Answer::repeated(&data))
}

/// The keys of a set of clusters are changed on its primary.
fn check_place(ask: &Ask<'_>) -> Result<(), Refusal> {
    match ask.node.replication.is_secondary() {
        true => Err(Refusal::invalid("cannot rotate on a replication secondary")),
        false => Ok(()),
    }
}

async fn rotate(ask: &mut Ask<'_>) -> Told {
    check_place(ask)?;
    ask.node.rotate_keyring().await?;
    Ok(Answer::Empty)
}

async fn rotate_root(ask: &mut Ask<'_>) -> Told {
    check_place(ask)?;
    ask.node.rotate_root().await?;
    Ok(Answer::Empty)
}

fn read_policy(ask: &mut Ask<'_>) -> Told {
    let policy = rotation_policy(ask.tx)?;
    let interval = match policy.interval() {
        Duration::ZERO => json!(0),
        interval => json!(in_hours(interval)),
    };
    Ok(Answer::data(&json!({
        "enabled": policy.enabled,
        "interval": interval,
        "max_operations": policy.max_operations(),
    })))
}

fn write_policy(ask: &mut Ask<'_>) -> Told {
    let wrong = |error: RotationError| Refusal::invalid(error.to_string());
    let mut policy: RotationPolicy = rotation_policy(ask.tx)?;
    if let Some(max) = ask.input.get("max_operations").filter(|max| !max.is_null()) {
        // What is no 64-bit number is out of the range as well.
        let max = max.as_i64().unwrap_or(-1);
        policy = policy.with_max_operations(max).map_err(wrong)?;
    }
    if let Some(seconds) = ask.number("interval") {
        let interval = Duration::from_secs(seconds);
        policy = policy.with_interval(interval).map_err(wrong)?;
    }
    if let Some(enabled) = ask.input.get("enabled").and_then(Value::as_bool) {
        policy.enabled = enabled;
    }
    ask.tx
        .write_json(&SystemKey::rotation(), &policy)
        .map_err(from_barrier)?;
    Ok(Answer::Empty)
}

/// A day or more, as clients know it: `24h0m0s`.
fn in_hours(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (minutes, seconds) = (seconds / 60, seconds % 60);
    format!("{}h{}m{}s", minutes / 60, minutes % 60, seconds)
}
