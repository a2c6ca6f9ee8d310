//! Storage, keyring and randomness for one test.

use barrier::{Commit, Keyring, Transaction};
use base::{Entropy, MountId, NamespaceId, Timestamp};
use bytes::Bytes;
use core::sync::atomic::{AtomicU64, Ordering};
use locality::{Class, PhysicalKey};
use std::collections::BTreeMap;
use std::sync::Arc;
use storage::{Range, Snapshot, Space, StorageError};

/// The same randomness in every run.
pub(crate) struct Lcg(AtomicU64);

impl Lcg {
    pub(crate) fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }
}

impl Entropy for Lcg {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            let next = |s: u64| s.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let state = self.0.update(Ordering::Relaxed, Ordering::Relaxed, next);
            *byte = state.to_be_bytes()[0];
        }
    }
}

/// Entries at one moment.
#[derive(Clone, Default)]
pub(crate) struct Still(BTreeMap<Vec<u8>, Bytes>);

impl Snapshot for Still {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Bytes>, StorageError> {
        assert_eq!(space, Space::Entries);
        Ok(self.0.get(key).cloned())
    }

    fn range(&self, space: Space, from: &[u8], to: Option<&[u8]>) -> Range<'_> {
        assert_eq!(space, Space::Entries);
        let to = to.expect("the barrier never reads to the end").to_vec();
        let from = from.to_vec();
        let entries = self
            .0
            .iter()
            .filter(move |(key, _)| from <= **key && **key < to);
        Box::new(entries.map(|(key, value)| Ok((Bytes::from(key.clone()), value.clone()))))
    }
}

pub(crate) struct World {
    pub(crate) entries: Still,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) entropy: Arc<Lcg>,
    pub(crate) index: u64,
}

impl World {
    pub(crate) fn new() -> Self {
        let entropy = Arc::new(Lcg::new(42));
        Self {
            entries: Still::default(),
            keyring: Arc::new(Keyring::make(entropy.as_ref(), Timestamp::from_millis(1))),
            entropy,
            index: 0,
        }
    }

    pub(crate) fn begin(&self) -> Transaction {
        let entries = Arc::new(self.entries.clone());
        let keyring = Arc::clone(&self.keyring);
        Transaction::new(entries, keyring, Arc::clone(&self.entropy) as _, self.index)
    }

    pub(crate) fn snapshot(&self) -> Arc<dyn Snapshot> {
        Arc::new(self.entries.clone())
    }

    pub(crate) fn apply(&mut self, commit: &Commit) {
        for op in &commit.batch.ops {
            let key = op.key.as_bytes().to_vec();
            match &op.value {
                Some(value) => self.entries.0.insert(key, Bytes::from(value.clone())),
                None => self.entries.0.remove(&key),
            };
        }
        self.index += 1;
    }

    pub(crate) fn write(&mut self, act: impl FnOnce(&mut Transaction)) {
        let mut transaction = self.begin();
        act(&mut transaction);
        let commit = transaction.finish().unwrap();
        self.apply(&commit);
    }

    pub(crate) fn stored(&self, key: &PhysicalKey) -> Option<Vec<u8>> {
        self.entries
            .0
            .get(key.as_bytes())
            .map(|value| value.to_vec())
    }

    pub(crate) fn store(&mut self, key: &PhysicalKey, value: Vec<u8>) {
        self.entries
            .0
            .insert(key.as_bytes().to_vec(), Bytes::from(value));
    }

    pub(crate) fn keys(&self) -> Vec<PhysicalKey> {
        let keys = self.entries.0.keys();
        keys.map(|key| PhysicalKey::from_bytes(key).unwrap())
            .collect()
    }
}

pub(crate) fn key(class: Class, mount: u64, path: &str) -> PhysicalKey {
    PhysicalKey::new(class, NamespaceId::ROOT, MountId::new(mount), path)
}
