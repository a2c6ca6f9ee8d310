//! A transaction in memory, and names instead of ids.

use barrier::{Keyring, Transaction};
use base::{Entropy, MountId, NamespaceId, Timestamp};
use identity::{
    AliasChange, Directory, EntityChange, GroupChange, IdentityError, Mount, Named, Placement,
    Written,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use storage::Storage;

pub(crate) struct Counting(AtomicU64);

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let number = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            chunk.copy_from_slice(&number.to_be_bytes()[..chunk.len()]);
        }
    }
}

pub(crate) struct World {
    tx: Transaction,
    entropy: Arc<dyn Entropy>,
    pub(crate) now: u64,
}

impl World {
    pub(crate) fn new() -> Self {
        let entropy: Arc<dyn Entropy> = Arc::new(Counting(AtomicU64::new(1)));
        let keyring = Keyring::make(entropy.as_ref(), Timestamp::from_millis(1));
        let snapshot = storage::Memory::new().snapshot();
        let tx = Transaction::new(snapshot, Arc::new(keyring), Arc::clone(&entropy), 0);
        Self {
            tx,
            entropy,
            now: 1,
        }
    }

    pub(crate) fn entropy(&self) -> Arc<dyn Entropy> {
        Arc::clone(&self.entropy)
    }

    pub(crate) fn directory(&mut self) -> Directory<'_> {
        let now = Timestamp::from_millis(self.now);
        let entropy = self.entropy.as_ref();
        Directory::new(
            &mut self.tx,
            NamespaceId::ROOT,
            String::from("root"),
            now,
            entropy,
        )
    }

    /// Everything that is stored, by its path.
    pub(crate) fn paths(&mut self) -> Vec<String> {
        let mut all = Vec::new();
        for class in [locality::Class::Replicated, locality::Class::Local] {
            let prefix = locality::PhysicalKey::new(
                class,
                NamespaceId::ROOT,
                base::MountId::SYSTEM,
                "identity/",
            );
            let keys = self.tx.keys(&prefix, None, usize::MAX).unwrap();
            all.extend(keys.iter().map(|key| key.path().to_owned()));
        }
        all
    }

    pub(crate) fn entity(&mut self, name: &str) -> String {
        let change = EntityChange::default();
        let written = self.directory().write_entity(named(name), change).unwrap();
        inside(written).id
    }

    pub(crate) fn group(&mut self, name: &str, change: GroupChange) -> String {
        let written = self.directory().write_group(named(name), change).unwrap();
        inside(written).id
    }

    pub(crate) fn alias(
        &mut self,
        entity: &str,
        accessor: &str,
        name: &str,
    ) -> Result<String, IdentityError> {
        let change = AliasChange {
            name: Some(name.to_owned()),
            mount: Some(mount(accessor)),
            entity: Some(entity.to_owned()),
            ..AliasChange::default()
        };
        Ok(inside(self.directory().write_alias(change)?).id)
    }
}

/// Mounts whose accessor begins with `local` are local.
pub(crate) fn mount(accessor: &str) -> Mount {
    Mount {
        id: MountId::new(accessor.bytes().map(u64::from).sum()),
        accessor: accessor.to_owned(),
        placement: match accessor.starts_with("local") {
            true => Placement::Local,
            false => Placement::Shared,
        },
    }
}

pub(crate) fn named(name: &str) -> Named {
    Named {
        id: None,
        name: Some(name.to_owned()),
    }
}

pub(crate) fn inside<T>(written: Written<T>) -> T {
    match written {
        Written::Created(it) | Written::Changed(it) | Written::Same(it) => it,
    }
}
