//! Audit devices that the operator declares in the configuration: what is declared and missing is
//! enabled when the server is unsealed, what is declared no longer is disabled then. Between two
//! starts nobody can disable one by API.

use crate::devices::{self, StoredDevice};
use crate::unsealed::Unsealed;
use barrier::Transaction;
use base::{Refusal, chain, make_hex};
use mount::MountPath;
use std::collections::BTreeMap;
use std::sync::Arc;

/// An audit device as a configuration declares it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeclaredDevice {
    /// `file`, `socket` or `syslog`.
    pub kind: String,
    /// For people.
    pub description: String,
    /// Options of the device.
    pub options: BTreeMap<String, String>,
    /// Must one that is stored already be kept out of performance replication? A new one always is.
    pub local: bool,
}

impl DeclaredDevice {
    /// Could it be opened, and where is it known? Told before a server starts with it. The older
    /// name of an option becomes the newer one.
    ///
    /// # Errors
    /// What is wrong with it, for people.
    pub fn check(&mut self, path: &str) -> Result<String, String> {
        devices::rename_options(&mut self.options);
        let path = MountPath::parse(path).map_err(|error| error.to_string())?;
        let device = self.stored(path.as_str(), String::new());
        device.checked().map_err(|error| chain(&error))?;
        Ok(path.as_str().to_owned())
    }

    /// Does it get what no other device took? One of all devices may.
    pub fn is_fallback(&self) -> bool {
        self.stored("", String::new()).is_fallback()
    }

    fn stored(&self, path: &str, salt: String) -> StoredDevice {
        StoredDevice {
            path: path.to_owned(),
            kind: self.kind.clone(),
            description: self.description.clone(),
            options: self.options.clone(),
            local: self.local,
            salt,
            declared: true,
        }
    }
}

/// Brings what is stored in line with what is declared. A configuration speaks of its own server:
/// what it declares is of this cluster alone, whoever leads.
pub(crate) async fn reconcile(node: &Arc<Unsealed>) -> Result<(), Refusal> {
    let follows = node.replication.is_secondary();
    node.transact(|tx| {
        let mut stored = devices::stored(tx)?;
        // What is shared is the primary's to change; one of our own stands before it.
        let is_ours = |device: &StoredDevice| device.local || !follows;
        let mut new_fallback = None;
        for (path, declared) in &node.parts.settings.audit {
            let found = stored.remove(path).filter(is_ours);
            if declared.is_fallback() && found.is_none() {
                new_fallback = Some(path);
            }
            complete(node, tx, found, (path.as_str(), declared))?;
        }
        for device in stored.values().filter(|device| device.declared) {
            if is_ours(device) {
                tracing::warn!(device = device.path, "audit device is declared no longer");
                devices::forget(tx, device);
            }
        }
        let Some(new) = new_fallback else {
            return Ok(());
        };
        let kept = devices::stored(tx)?;
        let other = kept
            .values()
            .find(|other| other.path != *new && other.is_fallback());
        other.map_or(Ok(()), |other| Err(devices::second_fallback(&other.path)))
    })
    .await
}

/// Stores a declared device where it is missing, and makes one that the API made a declared one.
fn complete(
    node: &Unsealed,
    tx: &mut Transaction,
    found: Option<StoredDevice>,
    (path, declared): (&str, &DeclaredDevice),
) -> Result<(), Refusal> {
    let Some(found) = found else {
        let salt = make_hex(node.parts.entropy.as_ref(), devices::SALT_BYTES);
        tracing::info!(device = path, "audit device of the configuration enabled");
        let local = StoredDevice {
            local: true,
            ..declared.stored(path, salt)
        };
        return devices::store(tx, &local);
    };
    let wanted = StoredDevice {
        // One that was shared before it was declared stays that, for those who have it.
        local: declared.local || found.local,
        ..declared.stored(path, found.salt.clone())
    };
    let stored = StoredDevice {
        declared: true,
        ..found.clone()
    };
    if wanted != stored {
        let text = format!(
            "modifications to audit devices are not allowed: {path:?} of the configuration differs from the device that is stored"
        );
        return Err(Refusal::invalid(text));
    }
    match found.declared {
        true => Ok(()),
        false => devices::store(tx, &wanted),
    }
}
