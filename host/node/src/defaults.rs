//! What every cluster begins with: the mounts of the host's own engines and the standard policies.

use crate::refusal::from_barrier;
use crate::tables::{store_mount, stored_mounts};
use crate::unsealed::Unsealed;
use crate::{catalog, cubbyhole};
use barrier::Transaction;
use base::{Entropy, NamespaceId, Refusal};
use locality::SystemKey;
use mount::{MountEntry, MountKind, MountPath};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A stored policy.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct StoredPolicy {
    /// As it was written.
    pub(crate) text: String,
}

/// The host's own engines in a namespace: kind, path, engine, description, and whether the entry
/// stays in its cluster, as what it keeps does.
const MOUNTS: [(MountKind, &str, &str, &str, bool); 3] = [
    (
        MountKind::Secret,
        "sys/",
        "system",
        "system endpoints used for control, policy and debugging",
        false,
    ),
    (
        MountKind::Secret,
        "cubbyhole/",
        cubbyhole::NAME,
        "per-token private secret storage",
        true,
    ),
    (
        MountKind::Auth,
        "auth/token/",
        "token",
        "token based credentials",
        false,
    ),
];

/// What the root namespace begins with.
pub(crate) fn write(tx: &mut Transaction, entropy: &dyn Entropy) -> Result<(), Refusal> {
    write_namespace(tx, entropy, NamespaceId::ROOT)
}

/// What a namespace begins with.
pub(crate) fn write_namespace(
    tx: &mut Transaction,
    entropy: &dyn Entropy,
    namespace: NamespaceId,
) -> Result<(), Refusal> {
    for (kind, path, plugin, description, is_local) in MOUNTS {
        let path = MountPath::parse(path);
        let path = path.map_err(|error| Refusal::internal(error.to_string()))?;
        let mut entry = MountEntry::make(kind, path, plugin, entropy);
        entry.description = description.to_owned();
        entry.local = is_local;
        store_mount(tx, namespace, &entry)?;
    }
    for (name, text) in [
        ("default", policy::DEFAULT_TEXT),
        ("response-wrapping", policy::RESPONSE_WRAPPING_TEXT),
    ] {
        let stored = StoredPolicy {
            text: text.to_owned(),
        };
        tx.write_json(&SystemKey::policy(namespace, name), &stored)
            .map_err(from_barrier)?;
    }
    Ok(())
}

/// The mount that a development server has from the beginning: `secret/`, the key-value engine in
/// its second version.
pub(crate) async fn mount_development_kv(node: &Arc<Unsealed>) -> Result<(), Refusal> {
    node.transact(|tx| {
        let mounts = stored_mounts(tx, NamespaceId::ROOT)?;
        if mounts.iter().any(|entry| entry.path.as_str() == "secret/") {
            return Ok(());
        }
        let component = catalog::find(tx, MountKind::Secret, "kv", "")?;
        let missing = || Refusal::internal("the server was built without the component kv");
        let component = component.ok_or_else(missing)?;
        let path = MountPath::parse("secret");
        let path = path.map_err(|error| Refusal::internal(error.to_string()))?;
        let entropy = node.parts.entropy.as_ref();
        let mut entry = MountEntry::make(MountKind::Secret, path, "kv", entropy);
        entry.plugin_version = component.version;
        entry.digest = component.digest;
        entry.description = String::from("key/value secret storage");
        entry
            .options
            .insert(String::from("version"), String::from("2"));
        store_mount(tx, NamespaceId::ROOT, &entry)
    })
    .await
}
