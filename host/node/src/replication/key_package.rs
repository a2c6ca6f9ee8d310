//! The keys that the clusters of a relation share, on their way from one to the other.

use crate::keys::{self, Keys};
use crate::parts::Parts;
use barrier::Keyring;
use base::{Entropy, Refusal, Secret};
use locality::SystemKey;
use replication::KeyPackage;
use seal::sealed_box;
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

/// What keys are sealed for, so that nothing else opens as them.
const PURPOSE: &[u8] = b"casemate replication keys 1";

/// Shared keys, and how shares lead to them.
#[derive(Serialize, Deserialize)]
pub(crate) struct SharedKeys {
    /// Seals the keyring.
    root: [u8; seal::KEY_BYTES],
    /// Wraps the root key; the shares make it.
    wrapping: [u8; seal::KEY_BYTES],
    /// As stored: sealed by the root key.
    pub(crate) keyring: Vec<u8>,
    /// As stored: the root key, wrapped by what the shares make.
    pub(crate) wrapped_root: Vec<u8>,
    /// As stored: how many shares there are.
    pub(crate) seal_config: Vec<u8>,
}

impl Drop for SharedKeys {
    fn drop(&mut self) {
        self.root.zeroize();
        self.wrapping.zeroize();
    }
}

impl SharedKeys {
    /// Those of this cluster, all of one moment.
    pub(crate) async fn of(parts: &Parts, keys: &Keys) -> Result<Self, Refusal> {
        let root = keys.hold_root().await;
        let stored = |key: SystemKey<locality::Ignored>| {
            let missing = || Refusal::internal("the storage has no keys");
            keys::unsealed_entry(parts, &key)?.ok_or_else(missing)
        };
        Ok(Self {
            root: *root.expose(),
            wrapping: *root.expose_wrapping(),
            keyring: stored(SystemKey::keyring())?,
            wrapped_root: stored(SystemKey::root_key())?,
            seal_config: stored(SystemKey::seal_config())?,
        })
    }

    /// The root key.
    pub(crate) fn root(&self) -> seal::Key {
        Secret::new(self.root)
    }

    /// The key that wraps it.
    pub(crate) fn wrapping(&self) -> seal::Key {
        Secret::new(self.wrapping)
    }

    /// The keyring, opened.
    pub(crate) fn ring(&self) -> Result<Keyring, Refusal> {
        let opened = Keyring::open_with(&self.keyring, &self.root());
        opened.map_err(|error| Refusal::internal(error.to_string()))
    }

    /// Sealed to a public key.
    pub(crate) fn seal_to(
        &self,
        public: &[u8],
        entropy: &dyn Entropy,
    ) -> Result<KeyPackage, Refusal> {
        let wrong = |error: &dyn core::fmt::Display| Refusal::invalid(error.to_string());
        let plain = replication::encode(self).map_err(|error| wrong(&error))?;
        let plain = Secret::new(plain);
        let sealed = sealed_box::seal_to(public, plain.expose(), PURPOSE, entropy);
        let sealed = sealed.map_err(|error| wrong(&error))?;
        Ok(KeyPackage { sealed })
    }

    /// Reads [`seal_to`](Self::seal_to).
    pub(crate) fn open(package: &KeyPackage, pair: &sealed_box::KeyPair) -> Result<Self, Refusal> {
        let opened = pair.open(&package.sealed, PURPOSE);
        let opened = opened.map_err(|error| Refusal::invalid(error.to_string()))?;
        let shared = replication::decode(opened.expose());
        shared.map_err(|error| Refusal::invalid(error.to_string()))
    }
}
