//! Pins: the version of a component that mounts run where nobody chose one for them.

use crate::catalog::kind_name;
use crate::refusal::from_barrier;
use barrier::Transaction;
use base::Refusal;
use locality::{PhysicalKey, SystemKey};
use mount::MountKind;
use serde::{Deserialize, Serialize};

/// One pin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pin {
    /// Secrets engine or auth method.
    pub(crate) kind: MountKind,
    /// Name in the catalog.
    pub(crate) name: String,
    /// The version.
    pub(crate) version: String,
}

/// All of them.
pub(crate) fn all(tx: &mut Transaction) -> Result<Vec<Pin>, Refusal> {
    let records = tx
        .records(&SystemKey::plugin_pins(), None, usize::MAX)
        .map_err(from_barrier)?;
    let pin = |(_, pin): (PhysicalKey, Pin)| pin;
    Ok(records.into_iter().map(pin).collect())
}

/// The version that is pinned of a component.
pub(crate) fn find(
    tx: &mut Transaction,
    kind: MountKind,
    name: &str,
) -> Result<Option<String>, Refusal> {
    let pin: Option<Pin> = tx.read_json(&key(kind, name)).map_err(from_barrier)?;
    Ok(pin.map(|pin| pin.version))
}

/// Pins a version.
pub(crate) fn store(tx: &mut Transaction, pin: &Pin) -> Result<(), Refusal> {
    tx.write_json(&key(pin.kind, &pin.name), pin)
        .map_err(from_barrier)
}

/// Takes a pin away.
pub(crate) fn forget(tx: &mut Transaction, kind: MountKind, name: &str) {
    tx.delete(&key(kind, name));
}

/// The version that a mount is to have: the pinned one, where another one is not to be had.
pub(crate) fn decide(
    tx: &mut Transaction,
    kind: MountKind,
    name: &str,
    asked: &str,
) -> Result<String, Refusal> {
    match find(tx, kind, name)? {
        Some(pinned) if asked.is_empty() || asked == pinned => Ok(pinned),
        Some(pinned) => {
            let text = format!("{name} is pinned to {pinned}, so that {asked} cannot be mounted");
            Err(Refusal::invalid(text))
        }
        None => Ok(asked.to_owned()),
    }
}

fn key(kind: MountKind, name: &str) -> SystemKey<locality::Replicated> {
    SystemKey::plugin_pin(kind_name(kind), name)
}
