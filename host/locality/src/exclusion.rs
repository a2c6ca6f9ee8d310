//! What one performance secondary is not to have: what a path filter comes to, evaluated where the
//! data is. Pure.

use crate::system::Named;
use crate::{Class, PhysicalKey};
use base::{MountId, NamespaceId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The mounts and namespaces that a secondary is not to have, also those that are gone by now: the
/// log still speaks of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exclusion {
    /// Grows with every change.
    pub version: u64,
    /// The entry of the log after which it counts: what was there before, and gone when it was
    /// written, it does not know.
    #[serde(default)]
    pub since: u64,
    /// With everything in them. Those below them are listed as well.
    pub namespaces: BTreeSet<NamespaceId>,
    /// Mounts and auth methods, by their namespace.
    pub mounts: BTreeSet<(NamespaceId, MountId)>,
}

impl Exclusion {
    /// Is nothing left out?
    pub fn is_empty(&self) -> bool {
        self.namespaces.is_empty() && self.mounts.is_empty()
    }

    /// May the secondary have the entry at `key`? Only what is replicated, and of that neither what
    /// is in something left out, nor what says that it exists.
    pub fn travels(&self, key: &PhysicalKey) -> bool {
        if key.class() != Class::Replicated {
            return false;
        }
        if self.is_empty() {
            return true;
        }
        let (namespace, mount) = (key.namespace(), key.mount());
        if self.leaves_out(namespace, mount) {
            return false;
        }
        if mount != MountId::SYSTEM {
            return true;
        }
        match crate::system::named_by(key) {
            Some(Named::Mount(id)) => !self.mounts.contains(&(namespace, id)),
            Some(Named::Namespace(id)) => !self.namespaces.contains(&id),
            None => true,
        }
    }

    /// Beginnings of keys: in a namespace that is not left out, the host's own entries that do not
    /// travel begin with one of them. Empty where all of them travel.
    pub fn tables(&self, namespace: NamespaceId) -> Vec<PhysicalKey> {
        if self.is_empty() {
            return Vec::new();
        }
        crate::system::tables(namespace).to_vec()
    }

    /// Is a mount, or all of its namespace, left out?
    pub fn leaves_out(&self, namespace: NamespaceId, mount: MountId) -> bool {
        self.namespaces.contains(&namespace) || self.mounts.contains(&(namespace, mount))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemKey;
    use proptest::prelude::*;

    fn data(class: Class, namespace: u64, mount: u64) -> PhysicalKey {
        let (namespace, mount) = (NamespaceId::new(namespace), MountId::new(mount));
        PhysicalKey::new(class, namespace, mount, "data/x")
    }

    #[test]
    fn what_is_left_out_is_left_out_by_name_as_well() {
        let (root, inside) = (NamespaceId::ROOT, NamespaceId::new(7));
        let (kept, denied) = (MountId::new(1), MountId::new(2));
        let exclusion = Exclusion {
            version: 1,
            since: 0,
            namespaces: BTreeSet::from([inside]),
            mounts: BTreeSet::from([(root, denied)]),
        };
        assert!(exclusion.travels(SystemKey::mount(root, kept).physical()));
        assert!(!exclusion.travels(SystemKey::mount(root, denied).physical()));
        assert!(!exclusion.travels(SystemKey::namespace(inside).physical()));
        assert!(exclusion.travels(SystemKey::namespace(NamespaceId::new(8)).physical()));
        assert!(!exclusion.travels(SystemKey::policy(inside, "p").physical()));
        assert!(!exclusion.travels(SystemKey::mount(inside, kept).physical()));
        assert!(exclusion.travels(&data(Class::Replicated, 0, 1)));
        assert!(!exclusion.travels(&data(Class::Replicated, 0, 2)));
        // The same id in another namespace is another mount.
        assert!(exclusion.travels(&data(Class::Replicated, 8, 2)));
    }

    proptest! {
        #[test]
        fn local_and_ignored_entries_never_travel(
            namespaces: BTreeSet<u8>, mounts: BTreeSet<(u8, u8)>, namespace: u8, mount: u8,
        ) {
            let id = |number: u8| NamespaceId::new(u64::from(number));
            let exclusion = Exclusion {
                version: 0,
                since: 0,
                namespaces: namespaces.into_iter().map(id).collect(),
                mounts: mounts
                    .into_iter()
                    .map(|(namespace, mount)| (id(namespace), MountId::new(u64::from(mount))))
                    .collect(),
            };
            let at = |class| data(class, u64::from(namespace), u64::from(mount));
            prop_assert!(!exclusion.travels(&at(Class::Local)));
            prop_assert!(!exclusion.travels(&at(Class::Ignored)));
            let out = exclusion.leaves_out(id(namespace), MountId::new(u64::from(mount)));
            prop_assert_eq!(exclusion.travels(&at(Class::Replicated)), !out);
        }

        #[test]
        fn own_entries_that_do_not_travel_are_in_the_tables(
            namespaces: BTreeSet<u8>, mounts: BTreeSet<(u8, u8)>, namespace: u8, id: u8,
            path in prop::sample::select(vec![
                "core/mounts/", "core/namespaces/", "core/mount/", "sys/policy/", "",
            ]),
        ) {
            let number = |number: u8| NamespaceId::new(u64::from(number));
            let exclusion = Exclusion {
                version: 0,
                since: 0,
                namespaces: namespaces.into_iter().map(number).collect(),
                mounts: mounts
                    .into_iter()
                    .map(|(namespace, mount)| (number(namespace), MountId::new(u64::from(mount))))
                    .collect(),
            };
            let namespace = number(namespace);
            let path = format!("{path}{id:016x}");
            let key = PhysicalKey::new(Class::Replicated, namespace, MountId::SYSTEM, &path);
            let in_table = exclusion
                .tables(namespace)
                .iter()
                .any(|table| key.as_bytes().starts_with(table.as_bytes()));
            let left_out = exclusion.leaves_out(namespace, MountId::SYSTEM);
            prop_assert!(exclusion.travels(&key) || left_out || in_table);
        }
    }
}
