//! Audit devices: stored with their salt, opened when the node is unsealed.

use crate::refusal::from_barrier;
use audit::{AuditError, Broker, Device, Format, HeaderRule, Kind, Options, Salt, Share};
use barrier::Transaction;
use base::{Refusal, Secret, Timestamp, chain};
use locality::{PhysicalKey, SystemKey};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{Mutex, PoisonError};

/// A stored device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredDevice {
    /// With a slash at its end.
    pub(crate) path: String,
    /// `file`, `socket` or `syslog`.
    pub(crate) kind: String,
    pub(crate) description: String,
    pub(crate) options: BTreeMap<String, String>,
    pub(crate) local: bool,
    /// Key of the hashes in its log, hexadecimal.
    pub(crate) salt: String,
    /// Does the configuration declare it?
    #[serde(default)]
    pub(crate) declared: bool,
}

/// Of the salt of a device.
pub(crate) const SALT_BYTES: usize = 32;

/// `path` is the older name of the option `file_path`.
pub(crate) fn rename_options(options: &mut BTreeMap<String, String>) {
    if let Some(file) = options.remove("path") {
        options.entry(String::from("file_path")).or_insert(file);
    }
}

impl StoredDevice {
    /// What the options say.
    pub(crate) fn checked(&self) -> Result<Options, AuditError> {
        let kind = Kind::named(&self.kind);
        let unknown = || AuditError::UnknownKind(self.kind.clone());
        Options::parse(kind.ok_or_else(unknown)?, &self.options)
    }

    /// Does it get what no other device took? One of all devices may.
    pub(crate) fn is_fallback(&self) -> bool {
        let checked = self.checked();
        checked.is_ok_and(|options| matches!(options.share, Share::Fallback))
    }
}

/// The devices that are open.
#[derive(Default)]
pub(crate) struct Devices {
    broker: Broker,
    open: Mutex<BTreeMap<String, StoredDevice>>,
}

/// A stored device of which this server does not know how to open it. It takes nothing, so that a
/// server whose only device it is refuses to work unseen.
struct Unopened(String);

impl Device for Unopened {
    fn write(&self, _line: &[u8], _: Timestamp) -> std::io::Result<()> {
        Err(std::io::Error::other(self.0.clone()))
    }

    fn reopen(&self) -> std::io::Result<()> {
        Err(std::io::Error::other(self.0.clone()))
    }

    fn is_open(&self) -> bool {
        false
    }
}

impl Devices {
    pub(crate) const fn broker(&self) -> &Broker {
        &self.broker
    }

    /// Opens what is stored and not open, closes what is open and not stored.
    pub(crate) fn load(&self, tx: &mut Transaction) -> Result<(), Refusal> {
        let stored = stored(tx)?;
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        for (path, _) in open
            .iter()
            .filter(|(path, device)| stored.get(*path) != Some(*device))
        {
            self.broker.disable(path);
        }
        open.retain(|path, device| stored.get(path) == Some(device));
        for (path, device) in stored {
            if let Entry::Vacant(place) = open.entry(path) {
                self.attach(place.key(), &device);
                place.insert(device);
            }
        }
        self.load_headers(tx)
    }

    /// Reads which headers of requests are recorded.
    pub(crate) fn load_headers(&self, tx: &mut Transaction) -> Result<(), Refusal> {
        let rules = audited_headers(tx)?.into_iter().map(|(name, hashed)| {
            let rule = match hashed {
                true => HeaderRule::Hashed,
                false => HeaderRule::Clear,
            };
            (name, rule)
        });
        self.broker.set_headers(rules.collect());
        Ok(())
    }

    fn attach(&self, path: &str, device: &StoredDevice) {
        let opened = device
            .checked()
            .and_then(|options| self.broker.open_or_wait(path, options, salt(device)));
        let (reason, is_attached) = match opened {
            Ok(None) => return,
            Ok(Some(error)) => (chain(&error), true),
            Err(error) => (chain(&error), false),
        };
        tracing::error!(device = path, reason, "audit device cannot be opened");
        if !is_attached {
            let unopened = Box::new(Unopened(reason));
            // The path is free: the attempt before did not take it.
            let _ = self
                .broker
                .enable(path, unopened, Format::default(), salt(device));
        }
    }

    /// Opens the files anew. Those that cannot be opened keep the file they have.
    pub(crate) fn reopen(&self) {
        for (device, error) in self.broker.reopen() {
            tracing::error!(device, reason = %error, "audit file cannot be opened anew");
        }
    }
}

/// The headers of requests that are recorded, in lowercase, and whether as a hash.
pub(crate) fn audited_headers(tx: &mut Transaction) -> Result<BTreeMap<String, bool>, Refusal> {
    let stored = tx.read_json(&SystemKey::audited_headers());
    Ok(stored.map_err(from_barrier)?.unwrap_or_default())
}

fn salt(device: &StoredDevice) -> Salt {
    Salt::new(&Secret::new(device.salt.clone().into_bytes()))
}

/// All stored devices, by path.
pub(crate) fn stored(tx: &mut Transaction) -> Result<BTreeMap<String, StoredDevice>, Refusal> {
    let shared = tx
        .records(&SystemKey::audits(), None, usize::MAX)
        .map_err(from_barrier)?;
    let local = tx
        .records(&SystemKey::local_audits(), None, usize::MAX)
        .map_err(from_barrier)?;
    let all = shared.into_iter().chain(local);
    Ok(all
        .map(|(_, device): (PhysicalKey, StoredDevice)| (device.path.clone(), device))
        .collect())
}

/// Why another fallback device is refused.
pub(crate) fn second_fallback(path: &str) -> Refusal {
    Refusal::invalid(format!("there is a fallback device already: {path:?}"))
}

/// Stores a device where its locality says.
pub(crate) fn store(tx: &mut Transaction, device: &StoredDevice) -> Result<(), Refusal> {
    let written = match device.local {
        true => tx.write_json(&SystemKey::local_audit(&device.path), device),
        false => tx.write_json(&SystemKey::audit(&device.path), device),
    };
    written.map_err(from_barrier)
}

/// Removes a device.
pub(crate) fn forget(tx: &mut Transaction, device: &StoredDevice) {
    match device.local {
        true => tx.delete(&SystemKey::local_audit(&device.path)),
        false => tx.delete(&SystemKey::audit(&device.path)),
    }
}
