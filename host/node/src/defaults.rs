//! What every cluster begins with: the mounts of the host's own engines and the standard policies.

use crate::refusal::from_barrier;
use crate::tables::{store_mount, stored_mounts, stored_namespaces};
use crate::unsealed::Unsealed;
use crate::{catalog, cubbyhole};
use barrier::Transaction;
use base::{Entropy, NamespaceId, Refusal, Timestamp};
use locality::{PhysicalKey, SystemKey};
use mount::{MountConfig, MountEntry, MountKind, MountPath, MountState};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A stored policy.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct StoredPolicy {
    /// As it was written.
    pub(crate) text: String,
    /// May values that fill its templates hold `/`?
    #[serde(default)]
    pub(crate) allow_slashes: bool,
    /// May they hold `+` and `*`?
    #[serde(default)]
    pub(crate) allow_wildcards: bool,
    /// How often it was written; zero for one of before this was counted.
    #[serde(default)]
    pub(crate) version: u64,
    /// When it was last written.
    #[serde(default)]
    pub(crate) modified: Option<Timestamp>,
    /// Must a write name the version that it changes?
    #[serde(default)]
    pub(crate) cas_required: bool,
    /// From when on it grants nothing.
    #[serde(default)]
    pub(crate) expires: Option<Timestamp>,
}

impl StoredPolicy {
    /// Does it count still?
    pub(crate) fn is_alive(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|end| now < end)
    }
}

/// The mounts of the host's own engines, in every namespace: kind, path, engine, description, and
/// whether the entry stays in its cluster, as what it keeps does.
const MOUNTS: [(MountKind, &str, &str, &str, bool); 4] = [
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
        MountKind::Secret,
        "identity/",
        "identity",
        "identity store",
        false,
    ),
    (
        MountKind::Auth,
        "auth/token/",
        "token",
        "token based credentials",
        false,
    ),
];

/// The policies, in every namespace: names and texts.
const POLICIES: [(&str, &str); 2] = [
    ("default", policy::DEFAULT_TEXT),
    ("response-wrapping", policy::RESPONSE_WRAPPING_TEXT),
];

/// Makes those mounts of the host's own engines that a namespace has not yet: all of a new one, and
/// of an old one those that came with a later version.
pub(crate) fn write_mounts(
    tx: &mut Transaction,
    namespace: NamespaceId,
    entropy: &dyn Entropy,
) -> Result<(), Refusal> {
    write_those_mounts(tx, namespace, entropy, |_| true)
}

fn write_those_mounts(
    tx: &mut Transaction,
    namespace: NamespaceId,
    entropy: &dyn Entropy,
    is_wanted: impl Fn(bool) -> bool,
) -> Result<(), Refusal> {
    let stored = stored_mounts(tx, namespace)?;
    let wanted = MOUNTS
        .into_iter()
        .filter(|(.., is_local)| is_wanted(*is_local));
    for (kind, path, plugin, description, is_local) in wanted {
        if stored
            .iter()
            .any(|entry| entry.is_hosts_own() && entry.plugin == plugin)
        {
            continue;
        }
        let path = MountPath::parse(path);
        let path = path.map_err(|error| Refusal::internal(error.to_string()))?;
        let mut entry = MountEntry::make(kind, path, plugin, entropy);
        entry.description = description.to_owned();
        entry.local = is_local;
        store_mount(tx, namespace, &entry)?;
    }
    Ok(())
}

/// Makes the mounts that are missing in namespaces made by an earlier version. On a secondary only
/// those that are local: the others come from the primary.
pub(crate) async fn complete(node: &Arc<Unsealed>) -> Result<(), Refusal> {
    let follows = node.replication.is_secondary();
    node.transact(|tx| {
        let namespaces = stored_namespaces(tx)?;
        let open = namespaces.iter().filter(|namespace| !namespace.is_going());
        let ids = open.map(|namespace| namespace.id);
        for namespace in core::iter::once(NamespaceId::ROOT).chain(ids) {
            let entropy = node.parts.entropy.as_ref();
            write_those_mounts(tx, namespace, entropy, |is_local| is_local || !follows)?;
        }
        if !follows {
            write_index_key(tx, node.parts.entropy.as_ref())?;
        }
        Ok(())
    })
    .await
}

/// Makes the key of what clients keep to read their own writes, where there is none.
fn write_index_key(tx: &mut Transaction, entropy: &dyn Entropy) -> Result<(), Refusal> {
    let key = SystemKey::index_key();
    if tx.get(&key).map_err(from_barrier)?.is_none() {
        let mut bytes = vec![0; access::IndexKey::BYTES];
        entropy.fill(&mut bytes);
        tx.put(&key, bytes);
    }
    Ok(())
}

/// The mounts and the policies of the root namespace.
pub(crate) fn write(
    tx: &mut Transaction,
    entropy: &dyn Entropy,
    now: Timestamp,
) -> Result<(), Refusal> {
    write_mounts(tx, NamespaceId::ROOT, entropy)?;
    write_index_key(tx, entropy)?;
    write_policies(tx, NamespaceId::ROOT, now)
}

/// Is a mount one of the host's own engines, and as it was made?
pub(crate) fn is_as_made(entry: &MountEntry) -> bool {
    let made = MOUNTS
        .iter()
        .find(|(_, _, plugin, ..)| *plugin == entry.plugin);
    made.is_some_and(|(kind, path, _, description, is_local)| {
        let made = MountEntry {
            kind: *kind,
            description: (*description).to_owned(),
            local: *is_local,
            plugin_version: String::new(),
            digest: String::new(),
            chosen: None,
            seal_wrap: false,
            options: BTreeMap::new(),
            config: MountConfig::default(),
            state: MountState::default(),
            moves_to: None,
            // Its place, and what is made anew each time.
            ..entry.clone()
        };
        made == *entry && entry.path.as_str() == *path
    })
}

/// Is what lies at a key one of the policies of the beginning, and does it say what that said?
pub(crate) fn is_policy_as_made(tx: &mut Transaction, key: &PhysicalKey) -> Result<bool, Refusal> {
    let is_at = |name| SystemKey::policy(NamespaceId::ROOT, name).physical() == key;
    let Some((_, text)) = POLICIES.iter().find(|(name, _)| is_at(name)) else {
        return Ok(false);
    };
    let stored = tx.read_json::<StoredPolicy>(key).map_err(from_barrier)?;
    Ok(stored.is_none_or(|stored| {
        let StoredPolicy {
            text: stored,
            allow_slashes,
            allow_wildcards,
            version: _,
            modified: _,
            cas_required,
            expires,
        } = stored;
        let is_plain = !allow_slashes && !allow_wildcards && !cas_required && expires.is_none();
        is_plain && stored == *text
    }))
}

/// The policies that each namespace has from the beginning.
pub(crate) fn write_policies(
    tx: &mut Transaction,
    namespace: NamespaceId,
    now: Timestamp,
) -> Result<(), Refusal> {
    for (name, text) in POLICIES {
        let stored = StoredPolicy {
            text: text.to_owned(),
            version: 1,
            modified: Some(now),
            ..StoredPolicy::default()
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
        let component = catalog::find(node, tx, MountKind::Secret, "kv", "")?;
        let missing = || Refusal::internal("the server was built without the component kv");
        let component = component.ok_or_else(missing)?;
        let path = MountPath::parse("secret");
        let path = path.map_err(|error| Refusal::internal(error.to_string()))?;
        let entropy = node.parts.entropy.as_ref();
        let mut entry = MountEntry::make(MountKind::Secret, path, "kv", entropy);
        catalog::keep_bytes(node, tx, &entry, &component.digest)?;
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
