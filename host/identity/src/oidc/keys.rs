//! Named keys.

use super::jwt::{Claims, sign};
use super::{Algorithm, ClientApplication, Fresh, OidcError, Ring};
use crate::Directory;
use core::time::Duration;
use locality::SystemKey;
use serde::{Deserialize, Serialize};

/// The key that is always there.
pub const DEFAULT_KEY: &str = "default";
/// Of the times of a key, in seconds.
const DAY: u64 = 86_400;
const ROTATION_SECONDS_MIN: u64 = 60;
/// A public half is published at most for so many rotations.
const ROTATIONS_MAX: u64 = 10;

/// A named key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedKey {
    /// Its name.
    pub name: String,
    /// What it signs with.
    pub algorithm: Algorithm,
    /// How long a key signs, in seconds.
    pub rotation_period: u64,
    /// How long its public half is published after that, in seconds.
    pub verification_ttl: u64,
    /// Ids of the clients that it signs for; `*` for all.
    pub allowed_client_ids: Vec<String>,
    /// The keys. None for the default key before its first use.
    pub ring: Option<Ring>,
}

/// What is to be changed of a named key. None leaves a thing as it is.
#[derive(Clone, Debug, Default)]
pub struct KeyChange {
    /// What it signs with; RS256, where it is new and nothing is said.
    pub algorithm: Option<Algorithm>,
    /// In seconds; a day, where it is new and nothing is said.
    pub rotation_period: Option<u64>,
    /// In seconds; a day, where it is new and nothing is said.
    pub verification_ttl: Option<u64>,
    /// All clients.
    pub allowed_client_ids: Option<Vec<String>>,
}

impl NamedKey {
    fn new(name: &str) -> Self {
        let clients = (name == DEFAULT_KEY).then(|| String::from("*"));
        Self {
            name: name.to_owned(),
            algorithm: Algorithm::Rs256,
            rotation_period: DAY,
            verification_ttl: DAY,
            allowed_client_ids: clients.into_iter().collect(),
            ring: None,
        }
    }

    const fn period(&self) -> Duration {
        Duration::from_secs(self.rotation_period)
    }

    const fn verification(&self) -> Duration {
        Duration::from_secs(self.verification_ttl)
    }

    /// Does it sign for this client?
    pub fn allows(&self, client: &str) -> bool {
        let mut allowed = self.allowed_client_ids.iter();
        allowed.any(|one| one == "*" || one == client)
    }
}

impl Directory<'_> {
    /// The key of this name.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn oidc_key(&mut self, name: &str) -> Result<Option<NamedKey>, OidcError> {
        let stored = self.stored_oidc_key(name)?;
        Ok(stored.or_else(|| (name == DEFAULT_KEY).then(|| NamedKey::new(name))))
    }

    fn stored_oidc_key(&mut self, name: &str) -> Result<Option<NamedKey>, OidcError> {
        let at = SystemKey::oidc_key(self.namespace, name);
        Ok(self.tx.read_json(&at)?)
    }

    /// All keys, in the order of their names.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn oidc_keys(&mut self) -> Result<Vec<NamedKey>, OidcError> {
        let all = SystemKey::oidc_keys(self.namespace);
        let records = self.tx.records(&all, None, usize::MAX)?;
        let mut keys: Vec<NamedKey> = records.into_iter().map(|(_, key)| key).collect();
        if !keys.iter().any(|key| key.name == DEFAULT_KEY) {
            keys.push(NamedKey::new(DEFAULT_KEY));
        }
        keys.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(keys)
    }

    fn save_oidc_key(&mut self, key: &NamedKey) -> Result<(), OidcError> {
        let at = SystemKey::oidc_key(self.namespace, &key.name);
        Ok(self.tx.write_json(&at, key)?)
    }

    /// The algorithm and the number of fresh keys that [`write_oidc_key`](Self::write_oidc_key) will
    /// want for this change. To make keys takes long, so a change that will be refused is refused
    /// here.
    ///
    /// # Errors
    /// As [`write_oidc_key`](Self::write_oidc_key).
    pub fn keys_to_write(
        &mut self,
        name: &str,
        change: &KeyChange,
    ) -> Result<(Algorithm, usize), OidcError> {
        let known = self.stored_oidc_key(name)?;
        let known = known.filter(|key| key.ring.is_some());
        let wanted = self.changed_oidc_key(name, change)?.algorithm;
        let same = known.is_some_and(|key| key.algorithm == wanted);
        Ok((wanted, if same { 0 } else { 2 }))
    }

    /// The key as it is to be, but for its ring.
    fn changed_oidc_key(&mut self, name: &str, change: &KeyChange) -> Result<NamedKey, OidcError> {
        let old = self.oidc_key(name)?;
        let mut key = old.unwrap_or_else(|| NamedKey::new(name));
        key.algorithm = change.algorithm.unwrap_or(key.algorithm);
        key.rotation_period = change.rotation_period.unwrap_or(key.rotation_period);
        key.verification_ttl = change.verification_ttl.unwrap_or(key.verification_ttl);
        if let Some(clients) = &change.allowed_client_ids {
            key.allowed_client_ids.clone_from(clients);
        }
        if key.rotation_period < ROTATION_SECONDS_MIN {
            let text = "rotation_period must be at least one minute";
            return Err(OidcError::refused(text));
        }
        if key.verification_ttl > key.rotation_period.saturating_mul(ROTATIONS_MAX) {
            let text = "verification_ttl cannot be longer than 10x rotation_period";
            return Err(OidcError::refused(text));
        }
        self.check_users_of(&key)?;
        Ok(key)
    }

    /// Makes or changes a named key.
    ///
    /// # Errors
    /// [`OidcError::Refused`] for times that do not go together.
    pub fn write_oidc_key(
        &mut self,
        name: &str,
        change: &KeyChange,
        fresh: &[Fresh],
    ) -> Result<(), OidcError> {
        let old = self.oidc_key(name)?;
        let mut key = self.changed_oidc_key(name, change)?;
        let (period, verification) = (key.period(), key.verification());
        match (&mut key.ring, fresh) {
            (Some(ring), [current, next]) => {
                self.replace_ring(ring, period, verification, [current, next])?;
            }
            (Some(ring), _) => {
                let is_old = |old: NamedKey| old.rotation_period == key.rotation_period;
                if !old.is_some_and(is_old) {
                    ring.rotates = self.now.plus(period);
                }
            }
            (None, [current, next]) => key.ring = Some(self.new_ring(period, current, next)?),
            (None, _) => return Err(OidcError::refused("a new key needs two keys")),
        }
        self.save_oidc_key(&key)
    }

    fn check_users_of(&mut self, key: &NamedKey) -> Result<(), OidcError> {
        let roles = self.oidc_roles()?;
        let clients = self.oidc_parts::<ClientApplication>()?;
        let mut of_clients = clients.iter().filter(|(_, client)| client.key == key.name);
        if of_clients.any(|(_, client)| client.id_token_ttl > key.verification_ttl) {
            return Err(OidcError::Refused(format!(
                "unable to update key {:?} because it is currently referenced by one or more \
                 clients with an id_token_ttl greater than {} seconds",
                key.name, key.verification_ttl
            )));
        }
        let mut of_key = roles.iter().filter(|(_, role)| role.key == key.name);
        if of_key.any(|(_, role)| role.ttl > key.verification_ttl) {
            return Err(OidcError::Refused(format!(
                "unable to update key {:?} because it is currently referenced by one or more roles \
                 with a token ttl greater than {} seconds",
                key.name, key.verification_ttl
            )));
        }
        Ok(())
    }

    /// Makes the next key sign. `verification_ttl`, in seconds, is how long the old one stays
    /// published; None for as long as usual.
    ///
    /// # Errors
    /// [`OidcError::Refused`] where there is no such key.
    pub fn rotate_oidc_key(
        &mut self,
        name: &str,
        verification_ttl: Option<u64>,
        fresh: &Fresh,
    ) -> Result<(), OidcError> {
        let key = self.stored_oidc_key(name)?;
        let missing = || OidcError::Refused(format!("no named key found at {name:?}"));
        let mut key = key.ok_or_else(missing)?;
        let verification = verification_ttl.map_or_else(|| key.verification(), Duration::from_secs);
        let period = key.period();
        if let Some(ring) = &mut key.ring {
            self.turn_ring(ring, period, verification, fresh)?;
        }
        self.save_oidc_key(&key)
    }

    /// Makes the next key sign, if its time has come.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn rotate_oidc_key_if_due(&mut self, name: &str, fresh: &Fresh) -> Result<(), OidcError> {
        let due = self.oidc_keys_due()?;
        match due.iter().any(|(key, _)| key == name) {
            true => self.rotate_oidc_key(name, None, fresh),
            false => Ok(()),
        }
    }

    /// Keys whose next one should sign by now.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn oidc_keys_due(&mut self) -> Result<Vec<(String, Algorithm)>, OidcError> {
        let now = self.now;
        let keys = self.oidc_keys()?.into_iter();
        Ok(keys
            .filter(|key| key.ring.as_ref().is_some_and(|ring| ring.rotates <= now))
            .map(|key| (key.name, key.algorithm))
            .collect())
    }

    /// Removes a named key. Removing one that is not there changes nothing.
    ///
    /// # Errors
    /// [`OidcError::Refused`] where it is used, and for the default key.
    pub fn delete_oidc_key(&mut self, name: &str) -> Result<(), OidcError> {
        if name == DEFAULT_KEY {
            let text = format!("deletion of key {name:?} not allowed");
            return Err(OidcError::Refused(text));
        }
        let roles = self.oidc_roles()?.into_iter();
        let roles: Vec<String> = roles
            .filter(|(_, role)| role.key == name)
            .map(|(role, _)| role)
            .collect();
        if !roles.is_empty() {
            return Err(OidcError::Refused(format!(
                "unable to delete key {name:?} because it is currently referenced by these roles: {}",
                roles.join(", ")
            )));
        }
        let clients = self.oidc_parts::<ClientApplication>()?.into_iter();
        let clients: Vec<String> = clients
            .filter(|(_, client)| client.key == name)
            .map(|(client, _)| client)
            .collect();
        if !clients.is_empty() {
            return Err(OidcError::Refused(format!(
                "unable to delete key {name:?} because it is currently referenced by these clients: {}",
                clients.join(", ")
            )));
        }
        if let Some(ring) = self.stored_oidc_key(name)?.and_then(|key| key.ring) {
            self.drop_ring(&ring);
        }
        self.tx.delete(&SystemKey::oidc_key(self.namespace, name));
        Ok(())
    }

    /// Signs claims with a key that has its ring.
    ///
    /// # Errors
    /// When there is no key to sign with.
    pub fn sign_claims(&mut self, key: &NamedKey, claims: &Claims) -> Result<String, OidcError> {
        let missing = || OidcError::refused("the key has not signed anything yet");
        let ring = key.ring.as_ref().ok_or_else(missing)?;
        let signing = self.signing_key(ring)?;
        sign(&signing, key.algorithm, &ring.current, claims)
    }
}
