//! The keys of an unsealed node, and how they change: each change is one entry in the log, and the
//! node goes over to the new keys once the entry is applied.

use crate::commit::CommitError;
use crate::parts::Parts;
use crate::refusal::{from_barrier, from_commit, from_storage};
use crate::replication::key_package::SharedKeys;
use crate::unsealed::Unsealed;
use barrier::{Counts, Keyring, RotationPolicy, StoredKeyring, Transaction};
use base::{Refusal, Secret, chain};
use core::time::Duration;
use locality::SystemKey;
use seal::{Key, NewSeal, SealConfig, SealKind, ValidThreshold};
use std::sync::{Arc, PoisonError, RwLock};

/// How long a node that seals waits for its last entry.
const FAREWELL_MAX: Duration = Duration::from_secs(5);

/// The keys that are in memory while a node is unsealed.
pub(crate) struct Keys {
    ring: RwLock<Arc<Keyring>>,
    /// Whoever holds it may change keys; one after the other.
    held: tokio::sync::Mutex<Held>,
}

/// What opens the stored keyring.
pub(crate) struct Held {
    /// Seals the keyring.
    root: Key,
    /// Wraps the root key; the shares make it.
    wrapping: Key,
}

/// The root key, held.
pub(crate) struct HeldRoot<'a>(tokio::sync::MutexGuard<'a, Held>);

impl HeldRoot<'_> {
    /// Looks at it.
    pub(crate) fn expose(&self) -> &[u8; seal::KEY_BYTES] {
        self.0.root.expose()
    }

    /// Looks at the key that wraps it.
    pub(crate) fn expose_wrapping(&self) -> &[u8; seal::KEY_BYTES] {
        self.0.wrapping.expose()
    }
}

impl Keys {
    /// The keys as they were opened.
    pub(crate) fn new(ring: Keyring, root: Key, wrapping: Key) -> Self {
        Self {
            ring: RwLock::new(Arc::new(ring)),
            held: tokio::sync::Mutex::new(Held { root, wrapping }),
        }
    }

    /// The data keys.
    pub(crate) fn ring(&self) -> Arc<Keyring> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The root key. While it is held no keys change, neither here nor in storage.
    pub(crate) async fn hold_root(&self) -> HeldRoot<'_> {
        HeldRoot(self.held.lock().await)
    }

    fn enter(&self, ring: Arc<Keyring>) {
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = ring;
    }
}

impl Unsealed {
    /// Stores the keyring anew where its counts lag behind: before what was sealed reaches the log,
    /// so that no crash makes the node forget that a key was used.
    pub(crate) async fn vouch(&self) -> Result<(), CommitError> {
        if !self.keys.ring().is_beyond_stored() {
            return Ok(());
        }
        let held = self.keys.held.lock().await;
        let ring = self.keys.ring();
        if ring.is_beyond_stored() {
            let stored = self.stored(&ring, &held.root).map_err(CommitError::Seal)?;
            self.store(&stored, &[]).await?;
            ring.note_stored(&stored);
        }
        Ok(())
    }

    /// Adds a data key, which is the active one from then on.
    pub(crate) async fn rotate_keyring(&self) -> Result<(), Refusal> {
        let held = self.keys.held.lock().await;
        let entropy = self.parts.entropy.as_ref();
        let rotated = self.keys.ring().rotate(entropy, self.now());
        let no_more = || Refusal::internal("there is no further key term");
        let rotated = Arc::new(rotated.ok_or_else(no_more)?);
        let stored = self.stored(&rotated, &held.root).map_err(from_barrier)?;
        let done = self.store(&stored, &[]).await;
        done.map_err(|error| from_commit(&error))?;
        rotated.note_stored(&stored);
        tracing::info!(term = rotated.active().term, "rotated the data key");
        self.keys.enter(rotated);
        Ok(())
    }

    /// Replaces the root key; data keys and shares stay what they are.
    pub(crate) async fn rotate_root(&self) -> Result<(), Refusal> {
        let mut held = self.keys.held.lock().await;
        let entropy = self.parts.entropy.as_ref();
        let mut root = [0; seal::KEY_BYTES];
        entropy.fill(&mut root);
        let root = Secret::new(root);
        let ring = self.keys.ring();
        let stored = self.stored(&ring, &root).map_err(from_barrier)?;
        let wrapped = seal::wrap_root_key(&held.wrapping, &root, entropy);
        let done = self
            .store(&stored, &[(SystemKey::root_key(), wrapped)])
            .await;
        done.map_err(|error| from_commit(&error))?;
        ring.note_stored(&stored);
        held.root = root;
        tracing::info!("rotated the root key");
        Ok(())
    }

    /// Puts another seal in place of the one there is.
    pub(crate) async fn reseal(&self, new: NewSeal) -> Result<(), Refusal> {
        let mut held = self.keys.held.lock().await;
        let entropy = self.parts.entropy.as_ref();
        let config = SealConfig {
            kind: SealKind::Shamir,
            threshold: new.threshold,
        };
        let config =
            serde_json::to_vec(&config).map_err(|error| Refusal::internal(chain(&error)))?;
        let wrapped = seal::wrap_root_key(&new.wrapping, &held.root, entropy);
        let entries = [
            (SystemKey::seal_config(), config),
            (SystemKey::root_key(), wrapped),
        ];
        self.write_unsealed(&entries)
            .await
            .map_err(|error| from_commit(&error))?;
        held.wrapping = new.wrapping;
        tracing::info!(
            shares = new.threshold.shares(),
            threshold = new.threshold.threshold(),
            "changed the unseal keys"
        );
        Ok(())
    }

    /// Goes over to the keys of the primary: stored first, as any other keys are.
    pub(crate) async fn take_shared_keys(&self, shared: &SharedKeys) -> Result<(), Refusal> {
        let mut held = self.keys.held.lock().await;
        let ring = Arc::new(shared.ring()?);
        ring.absorb_counts(&self.keys.ring());
        let root = shared.root();
        let stored = self.stored(&ring, &root).map_err(from_barrier)?;
        let others = [
            (SystemKey::root_key(), shared.wrapped_root.clone()),
            (SystemKey::seal_config(), shared.seal_config.clone()),
        ];
        let done = self.store(&stored, &others).await;
        done.map_err(|error| from_commit(&error))?;
        ring.note_stored(&stored);
        held.root = root;
        held.wrapping = shared.wrapping();
        self.keys.enter(ring);
        Ok(())
    }

    /// Adds a data key where the policy says that it is time.
    pub(crate) async fn rotate_if_due(&self) {
        if self.replication.is_secondary() {
            return;
        }
        let policy = match rotation_policy(&mut self.begin()) {
            Ok(policy) => policy,
            Err(refusal) => {
                tracing::error!(reason = refusal.reason, "reading when keys are rotated");
                RotationPolicy::default()
            }
        };
        if policy.is_due(&self.keys.ring().active(), self.now())
            && let Err(refusal) = self.rotate_keyring().await
        {
            tracing::error!(reason = refusal.reason, "the data key was not rotated");
        }
    }

    /// The last word of a node that takes no commits any more: how many values it sealed.
    pub(crate) async fn count_exactly(&self) {
        let held = self.keys.held.lock().await;
        let ring = self.keys.ring();
        if !ring.differs_from_stored() {
            return;
        }
        let entropy = self.parts.entropy.as_ref();
        let batch = ring
            .seal_with(&held.root, Counts::Exact, entropy)
            .and_then(|stored| {
                let mut tx = self.begin();
                tx.danger_put_unsealed(&SystemKey::keyring(), stored.bytes);
                tx.finish()
            });
        let batch = match batch {
            Ok(commit) => commit.batch,
            Err(error) => return tracing::warn!(reason = chain(&error), "counting encryptions"),
        };
        // Past the committer, which is closed: nothing can come after this.
        let done = self.parts.journal.commit(vec![batch]);
        match tokio::time::timeout(FAREWELL_MAX, done).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::warn!(
                reason = chain(&error),
                "the stored count of encryptions is too high"
            ),
            Err(_) => {
                tracing::warn!("the log is busy, the stored count of encryptions is too high")
            }
        }
    }

    fn stored(&self, ring: &Keyring, root: &Key) -> Result<StoredKeyring, barrier::BarrierError> {
        ring.seal_with(root, Counts::Ahead, self.parts.entropy.as_ref())
    }

    async fn store(
        &self,
        keyring: &StoredKeyring,
        others: &[(SystemKey<locality::Ignored>, Vec<u8>)],
    ) -> Result<(), CommitError> {
        let mut entries = others.to_vec();
        entries.push((SystemKey::keyring(), keyring.bytes.clone()));
        self.write_unsealed(&entries).await
    }

    async fn write_unsealed(
        &self,
        entries: &[(SystemKey<locality::Ignored>, Vec<u8>)],
    ) -> Result<(), CommitError> {
        let mut tx = self.begin();
        for (key, value) in entries {
            tx.danger_put_unsealed(key, value.clone());
        }
        let commit = tx.finish().map_err(CommitError::Seal)?;
        self.commit_sealed(commit).await.map(drop)
    }
}

/// When the data key is rotated by itself.
pub(crate) fn rotation_policy(tx: &mut Transaction) -> Result<RotationPolicy, Refusal> {
    let stored = tx.read_json(&SystemKey::rotation());
    stored.map_err(from_barrier).map(Option::unwrap_or_default)
}

/// What the seal keeps of the root key.
pub(crate) fn wrapped_root(node: &Unsealed) -> Result<Vec<u8>, Refusal> {
    let bytes = unsealed_entry(&node.parts, &SystemKey::root_key())?;
    bytes.ok_or_else(|| Refusal::internal("the storage has no root key"))
}

/// How many shares the seal has and needs.
pub(crate) fn seal_threshold(node: &Unsealed) -> Result<ValidThreshold, Refusal> {
    let config = seal_config(&node.parts)?;
    let missing = || Refusal::internal("the storage has no seal");
    Ok(config.ok_or_else(missing)?.threshold)
}

/// How the root key is sealed; None before initialization.
pub(crate) fn seal_config(parts: &Parts) -> Result<Option<SealConfig>, Refusal> {
    let Some(bytes) = unsealed_entry(parts, &SystemKey::seal_config())? else {
        return Ok(None);
    };
    let config = serde_json::from_slice(&bytes);
    config
        .map(Some)
        .map_err(|error| Refusal::internal(format!("read seal configuration: {error}")))
}

/// An entry that no data key seals.
pub(crate) fn unsealed_entry(
    parts: &Parts,
    key: &SystemKey<locality::Ignored>,
) -> Result<Option<Vec<u8>>, Refusal> {
    let snapshot = parts.storage.snapshot();
    let bytes = snapshot
        .get(storage::Space::Entries, key.physical().as_bytes())
        .map_err(from_storage)?;
    Ok(bytes.map(|bytes| bytes.to_vec()))
}
