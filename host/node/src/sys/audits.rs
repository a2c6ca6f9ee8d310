//! `sys/audit` and `sys/audit-hash`.

use super::mounts::texts;
use crate::devices::{self, StoredDevice};
use crate::native::Does::Now;
use crate::native::{Ask, NativeField, NativeRoute, Told, body, on, path};
use audit::Target;
use base::{Answer, Envelope, Refusal, Timestamp, chain, make_hex};
use manifest::Access::{Sudo, Token};
use manifest::FieldKind::{Boolean, Text, TextMap};
use manifest::Operation::{Delete, Read, Update};
use mount::MountPath;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const AUDIT: &[NativeField] = &[
    path("path", "Where the device is known."),
    body("type", Text, "`file`, `socket` or `syslog`."),
    body("description", Text, "For people."),
    body("options", TextMap, "Options of the device."),
    body(
        "local",
        Boolean,
        "Keep the device out of performance replication?",
    ),
];
const AT: &[NativeField] = &[path("path", "The mount.")];
const AUDIT_HASH: &[NativeField] = &[
    path("path", "The device."),
    body("input", Text, "The text."),
];

/// The routes.
#[rustfmt::skip]
pub(super) const ROUTES: &[NativeRoute] = &[
    on(Read, "audit", Sudo, Now(list), &[], "Lists the audit devices."),
    on(Update, "audit/{path..}", Sudo, Now(enable), AUDIT, "Enables an audit device."),
    on(Delete, "audit/{path..}", Sudo, Now(disable), AT, "Disables an audit device."),
    on(Update, "audit-hash/{path..}", Token, Now(hash), AUDIT_HASH, "The hash of a text as a device writes it."),
];

/// What is said of a device that secondaries are to have as well: here it was tried out, there not.
const SHARED: &str = "the secondaries of this cluster have this device too: one that cannot open it, and has no other device that takes its records, refuses all requests; a device with local=true is of this cluster alone";

/// Written when a device is enabled, as Vault does.
const TEST_LINE: &[u8] =
    b"{\"type\":\"request\",\"request\":{\"operation\":\"update\",\"path\":\"sys/audit/test\"}}\n";

pub(super) fn list(ask: &mut Ask<'_>) -> Told {
    let shown: BTreeMap<String, Value> = devices::stored(ask.tx)?
        .into_iter()
        .map(|(path, device)| {
            let shown = json!({
                "description": device.description,
                "local": device.local,
                "options": device.options,
                "path": device.path,
                "type": device.kind,
            });
            (path, shown)
        })
        .collect();
    Ok(Answer::repeated(&json!(shown)))
}

pub(super) fn enable(ask: &mut Ask<'_>) -> Told {
    let path = device_path(ask)?;
    let mut options = texts(ask.input.get("options"));
    devices::rename_options(&mut options);
    let device = StoredDevice {
        path: path.as_str().to_owned(),
        kind: ask.text("type").to_owned(),
        description: ask.text("description").to_owned(),
        options,
        local: ask.flag("local"),
        salt: make_hex(ask.node.parts.entropy.as_ref(), devices::SALT_BYTES),
        declared: false,
    };
    let checked = device.checked();
    let checked = checked.map_err(|error| Refusal::invalid(chain(&error)))?;
    let others = devices::stored(ask.tx)?;
    if others.contains_key(path.as_str()) {
        return Err(Refusal::invalid("path already in use"));
    }
    if device.is_fallback()
        && let Some(other) = others.values().find(|other| other.is_fallback())
    {
        return Err(devices::second_fallback(&other.path));
    }
    try_out(&checked.target, ask.now)?;
    devices::store(ask.tx, &device)?;
    let is_everywhere = matches!(checked.target, Target::Stdout | Target::Discard);
    if device.local || is_everywhere || ask.node.replication.primary().is_none() {
        return Ok(Answer::Empty);
    }
    Ok(Answer::Envelope(Box::new(Envelope {
        warnings: vec![String::from(SHARED)],
        ..Envelope::default()
    })))
}

/// Writes a line now, so that a device which takes nothing is told to who names it.
fn try_out(target: &Target, now: Timestamp) -> Result<(), Refusal> {
    if matches!(target, Target::Stdout | Target::Discard) {
        return Ok(());
    }
    let device = target.open();
    let device = device.map_err(|error| Refusal::invalid(chain(&error)))?;
    let written = device.write(TEST_LINE, now);
    let failed = |error| format!("audit backend failed test message: {error}");
    written.map_err(|error| Refusal::invalid(failed(error)))
}

pub(super) fn disable(ask: &mut Ask<'_>) -> Told {
    let path = device_path(ask)?;
    if let Some(device) = devices::stored(ask.tx)?.get(path.as_str()) {
        if device.declared {
            let text = "cannot disable configuration-managed audit device";
            return Err(Refusal::invalid(text));
        }
        devices::forget(ask.tx, device);
    }
    Ok(Answer::Empty)
}

pub(super) fn hash(ask: &mut Ask<'_>) -> Told {
    let path = device_path(ask)?;
    if ask.text("input").is_empty() {
        return Err(Refusal::invalid("the \"input\" parameter is empty"));
    }
    let hash = ask
        .node
        .devices
        .broker()
        .hash(path.as_str(), ask.text("input"));
    let unknown = || Refusal::invalid(format!("unknown audit backend {:?}", path.as_str()));
    Ok(Answer::repeated(
        &json!({ "hash": hash.ok_or_else(unknown)? }),
    ))
}

fn device_path(ask: &Ask<'_>) -> Result<MountPath, Refusal> {
    MountPath::parse(ask.text("path")).map_err(|error| Refusal::invalid(error.to_string()))
}
