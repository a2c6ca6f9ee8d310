//! The host's functions, in a test.

use crate::context::{Level, Page, PasswordError, StorageError};
use crate::testing::bench::{Bench, Caller};
use core::cell::RefCell;
use std::rc::Rc;

pub(crate) use crate::testing::keys::HostKey;
pub(crate) use crate::testing::upstream::HostRequest;

#[derive(Clone)]
pub(crate) struct Host(pub(crate) Rc<RefCell<Bench>>);

impl Host {
    pub(crate) fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StorageError> {
        let mut bench = self.0.borrow_mut();
        bench.count()?;
        bench.check_key(key)?;
        Ok(bench.value(key).cloned())
    }

    pub(crate) fn put(&self, key: &str, value: &[u8]) -> Result<(), StorageError> {
        self.0.borrow_mut().write(key, Some(value))
    }

    pub(crate) fn delete(&self, key: &str) -> Result<(), StorageError> {
        self.0.borrow_mut().write(key, None)
    }

    pub(crate) fn list_keys(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page, StorageError> {
        self.0.borrow_mut().names(prefix, after, limit, false)
    }

    pub(crate) fn scan_keys(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page, StorageError> {
        self.0.borrow_mut().names(prefix, after, limit, true)
    }

    pub(crate) fn checkpoint(&self) -> Result<(), StorageError> {
        let mut bench = self.0.borrow_mut();
        bench.count()?;
        if bench.is_read_only {
            return Err(StorageError::ReadOnly);
        }
        bench.commit();
        Ok(())
    }

    pub(crate) fn log(&self, level: Level, message: &str) {
        self.0.borrow_mut().lines.push((level, message.into()));
    }

    pub(crate) fn now_ms(&self) -> u64 {
        self.0.borrow().now_ms
    }

    pub(crate) fn random_bytes(&self, length: u32) -> Vec<u8> {
        self.0.borrow_mut().random_bytes(length)
    }

    pub(crate) fn make_password(&self, policy: &str) -> Result<String, PasswordError> {
        self.0.borrow_mut().make_password(policy)
    }

    pub(crate) fn mount_path(&self) -> String {
        "mount/".into()
    }

    pub(crate) fn mount_accessor(&self) -> String {
        "mount_0123abcd".into()
    }

    pub(crate) fn mount_uuid(&self) -> String {
        "0c0bb2d3-0b6e-4a1c-9a60-0a6d2d1c3f4e".into()
    }

    pub(crate) fn namespace(&self) -> String {
        String::new()
    }

    pub(crate) fn default_ttl_seconds(&self) -> u64 {
        self.0.borrow().default_ttl_seconds
    }

    pub(crate) fn max_ttl_seconds(&self) -> u64 {
        self.0.borrow().max_ttl_seconds
    }

    pub(crate) fn is_local(&self) -> bool {
        false
    }

    pub(crate) fn option(&self, name: &str) -> Option<String> {
        self.0.borrow().options.get(name).cloned()
    }

    pub(crate) fn options(&self) -> Vec<(String, String)> {
        self.0.borrow().options.clone().into_iter().collect()
    }

    fn caller<T>(&self, part: impl Fn(&Caller) -> T) -> Option<T> {
        self.0.borrow().caller.as_ref().map(part)
    }

    pub(crate) fn caller_display_name(&self) -> Option<String> {
        self.caller(|caller| caller.display_name.clone())
    }

    pub(crate) fn caller_entity_id(&self) -> Option<String> {
        self.caller(|caller| caller.entity_id.clone()).flatten()
    }

    pub(crate) fn caller_policies(&self) -> Vec<String> {
        self.caller(|caller| caller.policies.clone())
            .unwrap_or_default()
    }

    pub(crate) fn caller_accessor(&self) -> Option<String> {
        self.caller(|caller| caller.accessor.clone()).flatten()
    }

    pub(crate) fn caller_metadata(&self) -> Vec<(String, String)> {
        self.caller(|caller| caller.metadata.clone())
            .unwrap_or_default()
    }

    pub(crate) fn request_id(&self) -> String {
        "7c9f6a52-0d3d-4d0a-8b77-3f2f3f1a2b3c".into()
    }

    pub(crate) fn client_address(&self) -> Option<String> {
        self.0.borrow().address.map(|address| address.to_string())
    }

    pub(crate) fn client_certificates(&self) -> Vec<Vec<u8>> {
        self.0.borrow().certificates.clone()
    }

    pub(crate) fn headers(&self) -> Vec<(String, String)> {
        self.0.borrow().headers.clone()
    }

    pub(crate) fn raw_body(&self) -> Option<Vec<u8>> {
        self.0.borrow().raw_body.clone()
    }

    pub(crate) fn version(&self) -> String {
        env!("CARGO_PKG_VERSION").into()
    }

    pub(crate) fn cluster_id(&self) -> String {
        "b1946ac9-2492-4d30-8c57-5d3f2c1f0a11".into()
    }

    pub(crate) fn is_primary(&self) -> bool {
        true
    }
}
