//! The catalog: which components can be mounted. What was uploaded and what is mounted is stored
//! with its bytes and replicated, so a node needs no files beside its storage.

use crate::refusal::from_barrier;
use crate::unsealed::Unsealed;
use barrier::Transaction;
use base::{Refusal, chain};
use locality::{PhysicalKey, SystemKey};
use mount::{MountEntry, MountKind};
use plugin::{Component, Kind, Runtime};
use serde::{Deserialize, Serialize};

/// One component of the catalog.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct CatalogEntry {
    /// `secret` or `auth`.
    pub(crate) kind: MountKind,
    /// Name under which it is mounted.
    pub(crate) name: String,
    /// `v1.2.3`.
    pub(crate) version: String,
    /// SHA-256 of the component, hexadecimal.
    pub(crate) digest: String,
    /// Came it with the binary?
    #[serde(skip)]
    pub(crate) builtin: bool,
}

/// The name of a kind, as in `sys/plugins/catalog/:type`.
pub(crate) const fn kind_name(kind: MountKind) -> &'static str {
    match kind {
        MountKind::Secret => "secret",
        MountKind::Auth => "auth",
    }
}

/// Reads [`kind_name`].
pub(crate) fn kind_of(name: &str) -> Option<MountKind> {
    match name {
        "secret" => Some(MountKind::Secret),
        "auth" => Some(MountKind::Auth),
        _ => None,
    }
}

/// The entry of a component that was uploaded.
pub(crate) fn entry(name: &str, component: &Component) -> CatalogEntry {
    CatalogEntry {
        kind: mount_kind(component.kind()),
        name: name.to_owned(),
        version: format!("v{}", component.manifest().version),
        digest: component.digest().to_owned(),
        builtin: false,
    }
}

/// The type of the mounts that run a component.
pub(crate) const fn mount_kind(kind: Kind) -> MountKind {
    match kind {
        Kind::Engine => MountKind::Secret,
        Kind::Method => MountKind::Auth,
    }
}

/// Adds or replaces an entry with its bytes. Who mounts it first compiles it.
pub(crate) fn store(
    tx: &mut Transaction,
    entry: &CatalogEntry,
    bytes: &[u8],
) -> Result<(), Refusal> {
    tx.put(&SystemKey::component(&entry.digest), bytes.to_vec());
    tx.write_json(&key(entry), entry).map_err(from_barrier)
}

/// As [`store`], with its machine code, where it was compiled already.
pub(crate) fn store_compiled(
    tx: &mut Transaction,
    entry: &CatalogEntry,
    component: &Component,
    bytes: &[u8],
    runtime: &Runtime,
) -> Result<(), Refusal> {
    let artifact = component
        .artifact()
        .map_err(|error| Refusal::internal(chain(&error)))?;
    tx.put(
        &SystemKey::artifact(&entry.digest, &runtime.host_kind()),
        artifact,
    );
    store(tx, entry, bytes)
}

/// Removes an entry. Its bytes stay: a mount may be pinned to them.
pub(crate) fn forget(tx: &mut Transaction, entry: &CatalogEntry) {
    tx.delete(&key(entry));
}

/// Keeps the bytes of a component that a mount is to run: it runs them until it is upgraded,
/// whatever the catalog has then. Those of a local mount are local, so that a secondary can make one.
pub(crate) fn keep_bytes(
    node: &Unsealed,
    tx: &mut Transaction,
    mount: &MountEntry,
    digest: &str,
) -> Result<(), Refusal> {
    let (shared, local) = (
        SystemKey::component(digest),
        SystemKey::local_component(digest),
    );
    let has_shared = tx.get(&shared).map_err(from_barrier)?.is_some();
    if has_shared || mount.local && tx.get(&local).map_err(from_barrier)?.is_some() {
        return Ok(());
    }
    let bytes = node.builtins.bytes(&node.parts, digest)?;
    let missing = || Refusal::internal(format!("no component {digest}"));
    let bytes = bytes.ok_or_else(missing)?.to_vec();
    if mount.local {
        tx.put(&local, bytes);
    } else {
        tx.put(&shared, bytes);
    }
    Ok(())
}

/// All entries, the binary's and the uploaded ones, by kind, name and version.
pub(crate) fn all(node: &Unsealed, tx: &mut Transaction) -> Result<Vec<CatalogEntry>, Refusal> {
    let records = tx
        .records(&SystemKey::catalog(), None, usize::MAX)
        .map_err(from_barrier)?;
    let uploaded = records
        .into_iter()
        .map(|(_, entry): (PhysicalKey, CatalogEntry)| entry);
    let builtins = node.builtins.entries(&node.parts)?.cloned();
    let mut entries: Vec<CatalogEntry> = builtins.chain(uploaded).collect();
    entries.sort_by(|a, b| order(a).cmp(&order(b)));
    Ok(entries)
}

fn order(entry: &CatalogEntry) -> (&'static str, &str, &str) {
    (kind_name(entry.kind), &entry.name, &entry.version)
}

/// All entries of a name.
pub(crate) fn versions(
    node: &Unsealed,
    tx: &mut Transaction,
    kind: MountKind,
    name: &str,
) -> Result<Vec<CatalogEntry>, Refusal> {
    let mut entries = all(node, tx)?;
    entries.retain(|entry| entry.kind == kind && entry.name == name);
    Ok(entries)
}

/// The entry of a name: of the version that is asked for, else the newest; uploaded ones before
/// those of the binary.
pub(crate) fn find(
    node: &Unsealed,
    tx: &mut Transaction,
    kind: MountKind,
    name: &str,
    version: &str,
) -> Result<Option<CatalogEntry>, Refusal> {
    let number = |version: &str| version.trim_start_matches('v').to_owned();
    let asked = number(version);
    let entries = versions(node, tx, kind, name)?.into_iter();
    let entries = entries.filter(|entry| asked.is_empty() || number(&entry.version) == asked);
    Ok(entries.max_by_key(|entry| (!entry.builtin, version_order(&entry.version))))
}

/// `v1.10.0` is newer than `v1.9.0`.
fn version_order(version: &str) -> Vec<u64> {
    let number = version.trim_start_matches('v').split('+').next();
    number
        .unwrap_or_default()
        .split('.')
        .map(|part| part.parse().unwrap_or(0))
        .collect()
}

fn key(entry: &CatalogEntry) -> SystemKey<locality::Replicated> {
    SystemKey::catalog_entry(kind_name(entry.kind), &entry.name, &entry.version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbers() {
        assert!(version_order("v1.10.0") > version_order("v1.9.0"));
        assert!(version_order("v2.0.0") > version_order("v1.99.99"));
    }
}
