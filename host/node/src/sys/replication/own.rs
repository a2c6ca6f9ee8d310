//! Does a cluster hold anything but what every cluster begins with? Whoever makes it a secondary then
//! has to say that all of it may go.

use crate::defaults;
use crate::devices;
use crate::refusal::{from_barrier, from_storage};
use crate::tables::mount_of;
use barrier::Transaction;
use base::{MountId, NamespaceId, Refusal};
use locality::{Class, PhysicalKey, SystemKey};
use mount::MountEntry;
use storage::{Snapshot, Space};

/// More local mounts than every cluster begins with.
const LOCAL_MOUNTS: usize = 8;

/// Is anything of a cluster its own: of what is replicated all but the beginnings, and of what is
/// local what an operator set up? Tokens and leases are nothing by themselves: whoever asks has one.
pub(super) fn holds_anything(
    tx: &mut Transaction,
    snapshot: &dyn Snapshot,
) -> Result<bool, Refusal> {
    let local = SystemKey::local_mounts(NamespaceId::ROOT);
    let local = tx.records::<MountEntry>(&local, None, LOCAL_MOUNTS);
    let mut local = local.map_err(from_barrier)?.into_iter();
    if local.any(|(_, entry)| !defaults::is_as_made(&entry)) {
        return Ok(true);
    }
    // Those that the configuration declares are made anew.
    let devices = devices::stored(tx)?;
    if devices.values().any(|device| !device.declared) {
        return Ok(true);
    }
    holds_replicated(tx, snapshot)
}

/// Is there a replicated entry that does not come with every cluster? Reads no further than to the
/// first one, and there are few before it.
fn holds_replicated(tx: &mut Transaction, snapshot: &dyn Snapshot) -> Result<bool, Refusal> {
    let behind = [Class::Replicated.to_byte() + 1];
    let components = SystemKey::components();
    let components = components.physical().as_bytes();
    let mut from = vec![Class::Replicated.to_byte()];
    loop {
        let next = snapshot.range(Space::Entries, &from, Some(&behind)).next();
        let Some(entry) = next else {
            return Ok(false);
        };
        let (key, _) = entry.map_err(from_storage)?;
        from = match key.starts_with(components) {
            // Not one by one: they are long.
            true => [components, &[u8::MAX]].concat(),
            false => [key.as_ref(), &[0]].concat(),
        };
        let key = PhysicalKey::from_bytes(&key);
        let key = key.map_err(|error| Refusal::internal(error.to_string()))?;
        if !is_of_the_beginning(tx, &key)? {
            return Ok(true);
        }
    }
}

/// Does an entry come with every cluster, or stand for nothing by itself?
fn is_of_the_beginning(tx: &mut Transaction, key: &PhysicalKey) -> Result<bool, Refusal> {
    if key.namespace() != NamespaceId::ROOT || key.mount() != MountId::SYSTEM {
        return Ok(false);
    }
    // Of a component that neither the catalog nor a mount names, only the bytes are left.
    let without_more = [SystemKey::index_key(), SystemKey::components()];
    if without_more
        .iter()
        .any(|one| key.path().starts_with(one.physical().path()))
    {
        return Ok(true);
    }
    if mount_of(key).is_some() {
        let entry = tx.read_json::<MountEntry>(key).map_err(from_barrier)?;
        return Ok(entry.is_none_or(|entry| defaults::is_as_made(&entry)));
    }
    defaults::is_policy_as_made(tx, key)
}
