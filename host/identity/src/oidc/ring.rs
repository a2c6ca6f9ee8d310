//! The keys behind a name: one that signs, one that will, and those that did.

use super::{Algorithm, OidcError};
use crate::Directory;
use barrier::keys::{Key, KeyOptions};
use base::{Entropy, Timestamp, make_uuid};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use core::time::Duration;
use locality::SystemKey;
use serde::{Deserialize, Serialize};

/// A key that was just made. To make one may take a while, so it is done before it is needed.
pub struct Fresh {
    id: String,
    algorithm: Algorithm,
    key: Key,
}

impl Fresh {
    /// A new key.
    ///
    /// # Errors
    /// When the cryptographic library fails.
    pub fn make(algorithm: Algorithm, entropy: &dyn Entropy) -> Result<Self, OidcError> {
        let options = KeyOptions {
            kind: algorithm.key_kind(),
            exportable: false,
            bytes: 0,
        };
        Ok(Self {
            id: make_uuid(entropy),
            algorithm,
            key: Key::make(options, entropy)?,
        })
    }
}

/// The public half of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicKey {
    /// `kid` of the tokens.
    pub id: String,
    /// What it signs with.
    pub algorithm: Algorithm,
    /// SubjectPublicKeyInfo, in Base64.
    spki: String,
    /// Until when it is published; None while it signs, or will.
    pub ends: Option<Timestamp>,
}

impl PublicKey {
    /// SubjectPublicKeyInfo.
    pub(crate) fn spki(&self) -> Vec<u8> {
        STANDARD.decode(&self.spki).unwrap_or_default()
    }
}

/// The keys behind a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ring {
    /// Id of the one that signs.
    pub current: String,
    /// Id of the one that will.
    pub next: String,
    /// When the next one takes over.
    pub rotates: Timestamp,
    /// All that are published.
    pub public: Vec<PublicKey>,
}

impl Ring {
    /// Those that are published now.
    pub fn published(&self, now: Timestamp) -> impl Iterator<Item = &PublicKey> {
        self.public
            .iter()
            .filter(move |key| key.ends.is_none_or(|end| now < end))
    }
}

impl Directory<'_> {
    /// A ring of two new keys.
    pub(crate) fn new_ring(
        &mut self,
        period: Duration,
        current: &Fresh,
        next: &Fresh,
    ) -> Result<Ring, OidcError> {
        Ok(Ring {
            current: current.id.clone(),
            next: next.id.clone(),
            rotates: self.now.plus(period),
            public: vec![self.admit(current)?, self.admit(next)?],
        })
    }

    /// Stores a key that will sign; gives its public half.
    fn admit(&mut self, fresh: &Fresh) -> Result<PublicKey, OidcError> {
        let at = SystemKey::oidc_secret(self.namespace, &fresh.id);
        self.tx.store_key(&at, &fresh.key)?;
        Ok(PublicKey {
            id: fresh.id.clone(),
            algorithm: fresh.algorithm,
            spki: STANDARD.encode(fresh.key.public()?.unwrap_or_default()),
            ends: None,
        })
    }

    /// The next key signs from now on, and `fresh` will after it. The old one is gone; its public
    /// half stays for as long as its tokens may be looked at.
    pub(crate) fn turn_ring(
        &mut self,
        ring: &mut Ring,
        period: Duration,
        verification: Duration,
        fresh: &Fresh,
    ) -> Result<(), OidcError> {
        let old = core::mem::replace(&mut ring.current, ring.next.clone());
        self.retire(ring, &old, verification);
        ring.next.clone_from(&fresh.id);
        let admitted = self.admit(fresh)?;
        ring.public.push(admitted);
        ring.rotates = self.now.plus(period);
        Ok(())
    }

    /// Takes both keys away that sign or will: the algorithm changes.
    pub(crate) fn replace_ring(
        &mut self,
        ring: &mut Ring,
        period: Duration,
        verification: Duration,
        [current, next]: [&Fresh; 2],
    ) -> Result<(), OidcError> {
        let (old, unused) = (ring.current.clone(), ring.next.clone());
        self.retire(ring, &old, verification);
        // It never signed.
        self.retire(ring, &unused, Duration::ZERO);
        let mut new = self.new_ring(period, current, next)?;
        new.public.splice(0..0, ring.public.drain(..));
        *ring = new;
        Ok(())
    }

    fn retire(&mut self, ring: &mut Ring, id: &str, verification: Duration) {
        self.tx.delete(&SystemKey::oidc_secret(self.namespace, id));
        let end = self.now.plus(verification);
        for key in ring.public.iter_mut().filter(|key| key.id == id) {
            key.ends = Some(end);
        }
        let now = self.now;
        ring.public
            .retain(|key| key.ends.is_none_or(|end| now < end));
    }

    /// Removes all keys of a ring.
    pub(crate) fn drop_ring(&mut self, ring: &Ring) {
        for id in [&ring.current, &ring.next] {
            self.tx.delete(&SystemKey::oidc_secret(self.namespace, id));
        }
    }

    /// The key of a ring that signs.
    pub(crate) fn signing_key(&mut self, ring: &Ring) -> Result<Key, OidcError> {
        let at = SystemKey::oidc_secret(self.namespace, &ring.current);
        let key = self.tx.open_key(&at)?;
        key.ok_or(OidcError::Storage(barrier::BarrierError::KeyRecord))
    }
}
