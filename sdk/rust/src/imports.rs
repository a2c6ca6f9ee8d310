//! The host's functions, in a component. Each is called directly, so that a component imports what it
//! uses and nothing more: its import list is its list of abilities.

use crate::bindings::host::casemate::plugin as host;
use crate::context::{Level, Page, PasswordError, StorageError};

pub(crate) use crate::imports_crypto::HostKey;
pub(crate) use crate::imports_http::HostRequest;

#[derive(Clone, Copy)]
pub(crate) struct Host;

fn storage(error: host::storage::Error) -> StorageError {
    match error {
        host::storage::Error::Undeclared(key) => StorageError::Undeclared(key),
        host::storage::Error::InvalidKey(key) => StorageError::InvalidKey(key),
        host::storage::Error::TooLarge(limit) => StorageError::TooLarge(limit),
        host::storage::Error::ReadOnly => StorageError::ReadOnly,
        host::storage::Error::Conflict => StorageError::Conflict,
        host::storage::Error::Unavailable => StorageError::Unavailable,
    }
}

fn page(page: host::storage::Page) -> Page {
    Page {
        keys: page.keys,
        next: page.next,
    }
}

impl Host {
    pub(crate) fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StorageError> {
        host::storage::get(key).map_err(storage)
    }

    pub(crate) fn put(&self, key: &str, value: &[u8]) -> Result<(), StorageError> {
        host::storage::put(key, value).map_err(storage)
    }

    pub(crate) fn delete(&self, key: &str) -> Result<(), StorageError> {
        host::storage::delete(key).map_err(storage)
    }

    pub(crate) fn list_keys(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page, StorageError> {
        host::storage::list_keys(prefix, after, limit)
            .map(page)
            .map_err(storage)
    }

    pub(crate) fn scan_keys(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page, StorageError> {
        host::storage::scan_keys(prefix, after, limit)
            .map(page)
            .map_err(storage)
    }

    pub(crate) fn checkpoint(&self) -> Result<(), StorageError> {
        host::storage::checkpoint().map_err(storage)
    }

    pub(crate) fn log(&self, level: Level, message: &str) {
        let level = match level {
            Level::Trace => host::log::Level::Trace,
            Level::Debug => host::log::Level::Debug,
            Level::Info => host::log::Level::Info,
            Level::Warn => host::log::Level::Warn,
            Level::Error => host::log::Level::Error,
        };
        host::log::emit(level, message);
    }

    pub(crate) fn now_ms(&self) -> u64 {
        host::clock::now_ms()
    }

    pub(crate) fn random_bytes(&self, length: u32) -> Vec<u8> {
        host::entropy::random_bytes(length)
    }

    pub(crate) fn make_password(&self, policy: &str) -> Result<String, PasswordError> {
        host::passwords::generate(policy).map_err(|error| match error {
            host::passwords::Error::UnknownPolicy => PasswordError::UnknownPolicy,
            host::passwords::Error::Unmet => PasswordError::Unmet,
            host::passwords::Error::Unavailable => PasswordError::Unavailable,
        })
    }

    pub(crate) fn mount_path(&self) -> String {
        host::mount::path()
    }

    pub(crate) fn mount_accessor(&self) -> String {
        host::mount::accessor()
    }

    pub(crate) fn mount_uuid(&self) -> String {
        host::mount::uuid()
    }

    pub(crate) fn namespace(&self) -> String {
        host::mount::namespace()
    }

    pub(crate) fn default_ttl_seconds(&self) -> u64 {
        host::mount::default_ttl_seconds()
    }

    pub(crate) fn max_ttl_seconds(&self) -> u64 {
        host::mount::max_ttl_seconds()
    }

    pub(crate) fn is_local(&self) -> bool {
        host::mount::is_local()
    }

    pub(crate) fn option(&self, name: &str) -> Option<String> {
        host::mount::option(name)
    }

    pub(crate) fn options(&self) -> Vec<(String, String)> {
        host::mount::options()
    }

    pub(crate) fn caller_display_name(&self) -> Option<String> {
        host::caller::display_name()
    }

    pub(crate) fn caller_entity_id(&self) -> Option<String> {
        host::caller::entity_id()
    }

    pub(crate) fn caller_policies(&self) -> Vec<String> {
        host::caller::policies()
    }

    pub(crate) fn caller_accessor(&self) -> Option<String> {
        host::caller::accessor()
    }

    pub(crate) fn caller_metadata(&self) -> Vec<(String, String)> {
        host::caller::metadata()
    }

    pub(crate) fn request_id(&self) -> String {
        host::incoming::id()
    }

    pub(crate) fn client_address(&self) -> Option<String> {
        host::incoming::client_address()
    }

    pub(crate) fn client_certificates(&self) -> Vec<Vec<u8>> {
        host::incoming::client_certificates()
    }

    pub(crate) fn headers(&self) -> Vec<(String, String)> {
        host::incoming::headers()
    }

    pub(crate) fn raw_body(&self) -> Option<Vec<u8>> {
        host::incoming::raw_body()
    }

    pub(crate) fn version(&self) -> String {
        host::system::version()
    }

    pub(crate) fn cluster_id(&self) -> String {
        host::system::cluster_id()
    }

    pub(crate) fn is_primary(&self) -> bool {
        host::system::is_primary()
    }
}
