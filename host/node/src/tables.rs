//! What is mounted, in memory: made from the stored entries, and from those alone.

use crate::engine::Engine;
use barrier::Transaction;
use base::{MountId, NamespaceId, Refusal};
use locality::{PhysicalKey, SystemKey};
use mount::{MountEntry, Namespace, Namespaces, Table};
use std::collections::HashMap;
use std::sync::Arc;

use crate::refusal::from_barrier;

/// A mount and what runs it.
pub(crate) type Mount = (MountEntry, Engine);

/// Every namespace and its mounts. Replaced as a whole when an entry changes; a request keeps the
/// one it began with.
#[derive(Clone, Default)]
pub(crate) struct Tables {
    pub(crate) namespaces: Namespaces,
    mounts: HashMap<NamespaceId, Table<Engine>>,
    /// Shared mounts of the primary whose path a local mount has, until that goes.
    aside: HashMap<(NamespaceId, MountId), Arc<Mount>>,
    /// Disabled, and not gone yet: no path leads to them, but what they leased is theirs to undo.
    going: HashMap<(NamespaceId, MountId), Arc<Mount>>,
}

impl Tables {
    /// The mounts of a namespace.
    pub(crate) fn of(&self, namespace: NamespaceId) -> Option<&Table<Engine>> {
        self.mounts.get(&namespace)
    }

    /// The mount with this id in a namespace, also one that is going.
    pub(crate) fn with_id(&self, namespace: NamespaceId, id: MountId) -> Option<&Arc<Mount>> {
        let mounted = self.of(namespace).and_then(|table| table.with_id(id));
        let hidden = || self.aside.get(&(namespace, id));
        mounted
            .or_else(|| self.going.get(&(namespace, id)))
            .or_else(hidden)
    }

    /// The mounts of the primary that local mounts are in the way of.
    pub(crate) fn aside(&self) -> impl Iterator<Item = (NamespaceId, &MountEntry)> {
        self.aside
            .iter()
            .map(|((namespace, _), mount)| (*namespace, &mount.0))
    }

    /// The mounts that are going.
    pub(crate) fn going(&self) -> impl Iterator<Item = (NamespaceId, &MountEntry)> {
        self.going
            .iter()
            .map(|((namespace, _), mount)| (*namespace, &mount.0))
    }

    /// All mounts, with the ids of their namespaces.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (NamespaceId, &Arc<Mount>)> {
        self.mounts
            .iter()
            .flat_map(|(id, table)| table.iter().map(|mount| (*id, mount)))
    }

    pub(crate) fn put(&mut self, namespace: NamespaceId, entry: MountEntry, engine: Engine) {
        if entry.is_going() {
            self.drop_mount(namespace, entry.id);
            self.going
                .insert((namespace, entry.id), Arc::new((entry, engine)));
            return;
        }
        self.going.remove(&(namespace, entry.id));
        self.aside.remove(&(namespace, entry.id));
        let table = self.mounts.entry(namespace).or_default();
        // A mount that moved is found by its id at its old path.
        let moved = table.with_id(entry.id).map(|mount| mount.0.path.clone());
        if let Some(old) = &moved {
            table.remove(old);
        }
        // Two clusters can mount at one path without knowing of each other. The local mount stays:
        // the shared one waits, and nothing else does.
        let clash =
            |other: &&Arc<Mount>| other.0.local != entry.local && is_in_the_way(&other.0, &entry);
        let clashing: Vec<Arc<Mount>> = table.iter().filter(clash).map(Arc::clone).collect();
        if !entry.local && !clashing.is_empty() {
            tracing::warn!(mount = %entry.path, "a local mount is in the way of a mount of the primary");
            self.aside
                .insert((namespace, entry.id), Arc::new((entry, engine)));
        } else {
            for shared in clashing {
                table.remove(&shared.0.path);
                self.aside.insert((namespace, shared.0.id), shared);
            }
            table.insert(entry, engine);
        }
        if moved.is_some() {
            self.bring_back(namespace);
        }
    }

    /// Mounts what waited, where nothing is in the way any more.
    fn bring_back(&mut self, namespace: NamespaceId) {
        let Some(table) = self.mounts.get_mut(&namespace) else {
            return;
        };
        let waiting: Vec<(NamespaceId, MountId)> = self.aside.keys().copied().collect();
        for key in waiting.into_iter().filter(|(of, _)| *of == namespace) {
            let is_free = self
                .aside
                .get(&key)
                .is_some_and(|mount| table.check_free(&mount.0.path).is_ok());
            if is_free && let Some(mount) = self.aside.remove(&key) {
                table.insert(mount.0.clone(), mount.1.clone());
            }
        }
    }

    pub(crate) fn drop_mount(&mut self, namespace: NamespaceId, id: MountId) {
        self.going.remove(&(namespace, id));
        self.aside.remove(&(namespace, id));
        if let Some(table) = self.mounts.get_mut(&namespace)
            && let Some(path) = table.with_id(id).map(|mount| mount.0.path.clone())
        {
            table.remove(&path);
            self.bring_back(namespace);
        }
    }
}

impl Tables {
    /// Forgets a namespace out of which nothing is left.
    pub(crate) fn drop_namespace(&mut self, id: NamespaceId) {
        self.namespaces.remove(id);
        self.mounts.remove(&id);
        self.going.retain(|(namespace, _), _| *namespace != id);
        self.aside.retain(|(namespace, _), _| *namespace != id);
    }
}

/// Can only one of two mounts be at its path?
fn is_in_the_way(one: &MountEntry, other: &MountEntry) -> bool {
    let (one, other) = (one.path.as_str(), other.path.as_str());
    one.starts_with(other) || other.starts_with(one)
}

/// All namespaces that are stored.
pub(crate) fn stored_namespaces(tx: &mut Transaction) -> Result<Vec<Namespace>, Refusal> {
    let records = tx
        .records(&SystemKey::namespaces(), None, usize::MAX)
        .map_err(from_barrier)?;
    Ok(records
        .into_iter()
        .map(|(_, namespace)| namespace)
        .collect())
}

/// All mounts of a namespace that are stored. Local ones come first: of two at one path, which a
/// secondary can have, that is the one that serves it.
pub(crate) fn stored_mounts(
    tx: &mut Transaction,
    namespace: NamespaceId,
) -> Result<Vec<MountEntry>, Refusal> {
    let shared = tx.records(&SystemKey::mounts(namespace), None, usize::MAX);
    let local = tx.records(&SystemKey::local_mounts(namespace), None, usize::MAX);
    let all = local
        .map_err(from_barrier)?
        .into_iter()
        .chain(shared.map_err(from_barrier)?);
    Ok(all
        .map(|(_, entry): (PhysicalKey, MountEntry)| entry)
        .collect())
}

/// The id of the mount whose entry lies at a key; None for other keys.
pub(crate) fn mount_of(key: &PhysicalKey) -> Option<MountId> {
    let path = key.path();
    let id = path
        .strip_prefix("core/mounts/")
        .or_else(|| path.strip_prefix("core/local-mounts/"));
    u64::from_str_radix(id?, 16).ok().map(MountId::new)
}

/// Where a mount's entry lies.
pub(crate) fn mount_key(namespace: NamespaceId, entry: &MountEntry) -> PhysicalKey {
    match entry.local {
        true => SystemKey::local_mount(namespace, entry.id)
            .physical()
            .clone(),
        false => SystemKey::mount(namespace, entry.id).physical().clone(),
    }
}

/// Writes a mount's entry where its locality says.
pub(crate) fn store_mount(
    tx: &mut Transaction,
    namespace: NamespaceId,
    entry: &MountEntry,
) -> Result<(), Refusal> {
    tx.write_json(&mount_key(namespace, entry), entry)
        .map_err(from_barrier)
}

/// Removes a mount's entry.
pub(crate) fn forget_mount(tx: &mut Transaction, namespace: NamespaceId, entry: &MountEntry) {
    tx.delete(&mount_key(namespace, entry));
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::{Entropy, RequestPath};
    use locality::Class;
    use mount::{MountKind, MountPath};

    struct Zeros;

    impl Entropy for Zeros {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0);
        }
    }

    fn put(tables: &mut Tables, id: u64, path: &str, locality: Class) {
        let path = MountPath::parse(path).unwrap();
        let mut entry = MountEntry::make(MountKind::Secret, path, "kv", &Zeros);
        entry.id = MountId::new(id);
        entry.local = locality == Class::Local;
        tables.put(NamespaceId::ROOT, entry, Engine::Broken("nothing".into()));
    }

    /// Which mounts serve four paths.
    fn served(tables: &Tables) -> [Option<MountId>; 4] {
        ["a/x", "a/b/x", "a/c/x", "c/x"].map(|path| {
            let path = RequestPath::parse(path).unwrap();
            let found = tables.of(NamespaceId::ROOT)?.locate(&path)?;
            Some(found.mount.0.id)
        })
    }

    #[test]
    fn a_shared_mount_in_the_place_of_a_local_one_is_hidden_until_that_goes() {
        let some = |id| Some(MountId::new(id));
        let [hidden, shown] = [
            [some(1), some(1), some(1), some(4)],
            [None, some(2), some(3), some(4)],
        ];
        for order in [[1, 2, 3, 4], [4, 3, 2, 1], [3, 1, 4, 2]] {
            let mut tables = Tables::default();
            for id in order {
                let (path, locality) = match id {
                    1 => ("a", Class::Local),
                    2 => ("a/b", Class::Replicated),
                    3 => ("a/c", Class::Replicated),
                    _ => ("c", Class::Replicated),
                };
                put(&mut tables, id, path, locality);
            }
            assert_eq!(served(&tables), hidden);
            assert!(tables.with_id(NamespaceId::ROOT, MountId::new(3)).is_some());
            // The local one moves away, and back.
            put(&mut tables, 1, "elsewhere", Class::Local);
            assert_eq!(served(&tables), shown);
            put(&mut tables, 1, "a", Class::Local);
            assert_eq!(served(&tables), hidden);
            // What goes meanwhile does not come forth.
            tables.drop_mount(NamespaceId::ROOT, MountId::new(2));
            tables.drop_mount(NamespaceId::ROOT, MountId::new(1));
            assert_eq!(served(&tables), [None, None, some(3), some(4)]);
        }
    }
}
