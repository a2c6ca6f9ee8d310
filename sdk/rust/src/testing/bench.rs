//! What stands for the host: a map for storage, and what a test says of mount, caller and time.

use super::keys::HostKey;
use crate::Level;
use crate::context::{PasswordError, StorageError};
use core::net::IpAddr;
use manifest::StorageRule;
use std::collections::BTreeMap;

/// Who calls, in a test.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// For people.
    pub display_name: String,
    /// The entity.
    pub entity_id: Option<String>,
    /// Of the token.
    pub policies: Vec<String>,
    /// Of the token.
    pub accessor: Option<String>,
    /// Of the token.
    pub metadata: Vec<(String, String)>,
}

impl Caller {
    /// A caller of this name, with an entity of the same name and the policy `default`.
    pub fn named(name: &str) -> Self {
        Self {
            display_name: name.into(),
            entity_id: Some(name.into()),
            policies: vec!["default".into()],
            accessor: Some(format!("accessor-of-{name}")),
            metadata: Vec::new(),
        }
    }
}

/// State of a mount under test.
#[derive(Debug)]
pub(crate) struct Bench {
    pub(crate) rules: Vec<StorageRule>,
    pub(crate) committed: BTreeMap<String, Vec<u8>>,
    pub(crate) written: BTreeMap<String, Option<Vec<u8>>>,
    pub(crate) keys: BTreeMap<String, HostKey>,
    pub(crate) keys_written: BTreeMap<String, Option<HostKey>>,
    pub(crate) is_read_only: bool,
    pub(crate) storage_calls: u32,
    pub(crate) fails_at: Option<u32>,
    pub(crate) options: BTreeMap<String, String>,
    pub(crate) default_ttl_seconds: u64,
    pub(crate) max_ttl_seconds: u64,
    pub(crate) caller: Option<Caller>,
    pub(crate) address: Option<IpAddr>,
    pub(crate) certificates: Vec<Vec<u8>>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) raw_body: Option<Vec<u8>>,
    pub(crate) now_ms: u64,
    pub(crate) random_state: u64,
    pub(crate) upstream: Option<super::upstream::Upstream>,
    pub(crate) public_keys: Option<super::PublicKeys>,
    pub(crate) lines: Vec<(Level, String)>,
    /// Characters and length, by name.
    pub(crate) password_policies: BTreeMap<String, (Vec<char>, usize)>,
}

/// Longest key, as the host has it.
const KEY_BYTES_MAX: usize = 2_048;
/// Longest value, as the host has it.
const VALUE_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Most names of one page.
const PAGE_MAX: usize = 1_000;

impl Bench {
    pub(crate) fn new(rules: Vec<StorageRule>) -> Self {
        Self {
            rules,
            committed: BTreeMap::new(),
            written: BTreeMap::new(),
            keys: BTreeMap::new(),
            keys_written: BTreeMap::new(),
            is_read_only: false,
            storage_calls: 0,
            fails_at: None,
            options: BTreeMap::new(),
            default_ttl_seconds: 2_764_800,
            max_ttl_seconds: 2_764_800,
            caller: Some(Caller::named("tester")),
            address: None,
            certificates: Vec::new(),
            headers: Vec::new(),
            raw_body: None,
            now_ms: 1_795_411_243_000,
            random_state: 1,
            upstream: None,
            public_keys: None,
            lines: Vec::new(),
            password_policies: BTreeMap::new(),
        }
    }

    /// Counts a call, and fails the one that the test wants to fail.
    pub(crate) fn count(&mut self) -> Result<(), StorageError> {
        self.storage_calls += 1;
        match self.fails_at == Some(self.storage_calls) {
            true => Err(StorageError::Unavailable),
            false => Ok(()),
        }
    }

    pub(crate) fn check_key(&self, key: &str) -> Result<(), StorageError> {
        let is_segment = |part: &str| !matches!(part, "" | "." | "..");
        let is_key = key.len() <= KEY_BYTES_MAX
            && key.split('/').all(is_segment)
            && !key.chars().any(char::is_control);
        if !is_key {
            return Err(StorageError::InvalidKey(key.into()));
        }
        let is_declared = self.rules.iter().any(|rule| key.starts_with(&rule.prefix));
        match is_declared {
            true => Ok(()),
            false => Err(StorageError::Undeclared(key.into())),
        }
    }

    pub(crate) fn value(&self, key: &str) -> Option<&Vec<u8>> {
        match self.written.get(key) {
            Some(written) => written.as_ref(),
            None => self.committed.get(key),
        }
    }

    pub(crate) fn write(&mut self, key: &str, value: Option<&[u8]>) -> Result<(), StorageError> {
        self.count()?;
        self.check_key(key)?;
        if self.is_read_only {
            return Err(StorageError::ReadOnly);
        }
        if value.is_some_and(|value| value.len() > VALUE_BYTES_MAX) {
            return Err(StorageError::TooLarge(VALUE_BYTES_MAX as u64));
        }
        self.written.insert(key.into(), value.map(<[u8]>::to_vec));
        Ok(())
    }

    pub(crate) fn commit(&mut self) {
        for (key, value) in core::mem::take(&mut self.written) {
            match value {
                Some(value) => self.committed.insert(key, value),
                None => self.committed.remove(&key),
            };
        }
        for (name, key) in core::mem::take(&mut self.keys_written) {
            match key {
                Some(key) => self.keys.insert(name, key),
                None => self.keys.remove(&name),
            };
        }
    }

    pub(crate) fn forget(&mut self) {
        self.written.clear();
        self.keys_written.clear();
    }

    pub(crate) fn key(&self, name: &str) -> Option<&HostKey> {
        match self.keys_written.get(name) {
            Some(written) => written.as_ref(),
            None => self.keys.get(name),
        }
    }

    /// Names below `prefix`, each once, sorted: direct children, or everything.
    pub(crate) fn names(
        &mut self,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
        is_deep: bool,
    ) -> Result<crate::KeyPage, StorageError> {
        self.check_prefix(prefix)?;
        let keys = self.committed.keys().chain(self.written.keys());
        let keys = keys.filter(|key| self.value(key).is_some());
        Ok(page(keys, prefix, after, limit, is_deep))
    }

    /// Names of keys, likewise.
    pub(crate) fn key_names(
        &mut self,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<crate::KeyPage, StorageError> {
        self.check_prefix(prefix)?;
        let names = self.keys.keys().chain(self.keys_written.keys());
        let names = names.filter(|name| self.key(name).is_some());
        Ok(page(names, prefix, after, limit, false))
    }

    fn check_prefix(&mut self, prefix: &str) -> Result<(), StorageError> {
        self.count()?;
        if !prefix.is_empty() && !prefix.ends_with('/') {
            return Err(StorageError::InvalidKey(prefix.into()));
        }
        let meets = |rule: &StorageRule| {
            prefix.starts_with(&rule.prefix) || rule.prefix.starts_with(prefix)
        };
        match self.rules.iter().any(meets) {
            true => Ok(()),
            false => Err(StorageError::Undeclared(prefix.into())),
        }
    }

    /// Not random at all, and different each time: tests are to be repeatable.
    pub(crate) fn random_bytes(&mut self, length: u32) -> Vec<u8> {
        let mut byte = || {
            self.random_state = self.random_state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = self.random_state;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            let [byte, ..] = (mixed ^ (mixed >> 31)).to_le_bytes();
            byte
        };
        (0..length).map(|_| byte()).collect()
    }

    pub(crate) fn make_password(&mut self, policy: &str) -> Result<String, PasswordError> {
        let (characters, length) = self
            .password_policies
            .get(policy)
            .cloned()
            .ok_or(PasswordError::UnknownPolicy)?;
        let drawn = self.random_bytes(u32::try_from(length).unwrap_or(u32::MAX));
        let drawn = drawn.into_iter().map(usize::from);
        let password: Option<String> = drawn
            .map(|byte| characters.get(byte.checked_rem(characters.len())?))
            .collect();
        password.ok_or(PasswordError::Unmet)
    }
}

fn page<'a>(
    keys: impl Iterator<Item = &'a String>,
    prefix: &str,
    after: Option<&str>,
    limit: u32,
    is_deep: bool,
) -> crate::KeyPage {
    let names = keys
        .filter_map(|key| key.strip_prefix(prefix))
        .map(|rest| match rest.find('/').filter(|_| !is_deep) {
            Some(slash) => rest.get(..=slash).unwrap_or(rest),
            None => rest,
        })
        .filter(|name| after.is_none_or(|after| *name > after));
    let names: std::collections::BTreeSet<String> = names.map(str::to_owned).collect();
    let limit = match usize::try_from(limit) {
        Ok(limit @ 1..=PAGE_MAX) => limit,
        _ => PAGE_MAX,
    };
    let is_more = names.len() > limit;
    let keys: Vec<String> = names.into_iter().take(limit).collect();
    let next = keys.last().filter(|_| is_more).cloned();
    crate::KeyPage { keys, next }
}
