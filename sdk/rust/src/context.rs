//! What a handler may reach.

use crate::host::Host;
use crate::{Failure, FailureKind, Result, internal, invalid};
use core::cell::RefCell;
use core::time::Duration;
use serde::{Serialize, de::DeserializeOwned};

/// The mount's storage, who calls, and the few facilities of the host. Handlers that only read get it
/// by shared reference and cannot write.
pub struct Ctx {
    pub(crate) host: Host,
    warnings: RefCell<Vec<String>>,
}

/// Some of the names below a prefix.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Sorted, without the prefix.
    pub keys: Vec<String>,
    /// Where to go on; none at the end.
    pub next: Option<String>,
}

/// How much a line of the log matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// For its author.
    Trace,
    /// For whoever looks for a fault.
    Debug,
    /// For the record.
    Info,
    /// Somebody should know.
    Warn,
    /// Somebody must act.
    Error,
}

/// Why storage did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StorageError {
    Undeclared(String),
    InvalidKey(String),
    TooLarge(u64),
    ReadOnly,
    #[cfg_attr(
        not(target_family = "wasm"),
        expect(dead_code, reason = "only a host has rivals")
    )]
    Conflict,
    Unavailable,
}

/// Why there is no password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PasswordError {
    UnknownPolicy,
    Unmet,
    #[cfg_attr(
        not(target_family = "wasm"),
        expect(dead_code, reason = "a test's policies can always be read")
    )]
    Unavailable,
}

impl From<StorageError> for Failure {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Undeclared(key) => internal(format!(
                "{key:?} lies outside every declared storage prefix"
            )),
            StorageError::InvalidKey(key) => internal(format!("{key:?} is no storage key")),
            StorageError::TooLarge(limit) => {
                crate::invalid(format!("larger than {limit} bytes, which is the limit"))
            }
            StorageError::ReadOnly => internal("a write where only reading is allowed"),
            StorageError::Conflict => Self::new(
                FailureKind::Conflict,
                "overtaken by another request, after something was done outside",
            ),
            StorageError::Unavailable => {
                Self::new(FailureKind::Unavailable, "storage is unavailable")
            }
        }
    }
}

impl Ctx {
    pub(crate) const fn new(host: Host) -> Self {
        Self {
            host,
            warnings: RefCell::new(Vec::new()),
        }
    }

    pub(crate) fn into_warnings(self) -> Vec<String> {
        self.warnings.into_inner()
    }

    /// The value of `key`; none where there is none.
    ///
    /// # Errors
    /// When the host refuses, or the value is not a `T`.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>> {
        let Some(bytes) = self.bytes(key)? else {
            return Ok(None);
        };
        let value = serde_json::from_slice(&bytes);
        value
            .map(Some)
            .map_err(|wrong| internal(format!("{key}: {wrong}")))
    }

    /// The bytes of `key`; none where there are none.
    ///
    /// # Errors
    /// When the host refuses.
    pub fn bytes(&self, key: &str) -> Result<Option<Vec<u8>>> {
        self.host.get(key).map_err(Failure::from)
    }

    /// Is there a value?
    ///
    /// # Errors
    /// When the host refuses.
    pub fn contains(&self, key: &str) -> Result<bool> {
        self.bytes(key).map(|bytes| bytes.is_some())
    }

    /// Stores `value`, as JSON.
    ///
    /// # Errors
    /// When the host refuses.
    pub fn put<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) -> Result<()> {
        let bytes = serde_json::to_vec(value);
        let bytes = bytes.map_err(|wrong| internal(format!("{key}: {wrong}")))?;
        self.put_bytes(key, &bytes)
    }

    /// Stores `bytes`.
    ///
    /// # Errors
    /// When the host refuses.
    pub fn put_bytes(&mut self, key: &str, bytes: &[u8]) -> Result<()> {
        self.host.put(key, bytes).map_err(Failure::from)
    }

    /// Removes `key`, which need not be there.
    ///
    /// # Errors
    /// When the host refuses.
    pub fn delete(&mut self, key: &str) -> Result<()> {
        self.host.delete(key).map_err(Failure::from)
    }

    /// All direct children of `prefix`, which is empty or ends in `/`: keys, and folders that end in `/`.
    ///
    /// # Errors
    /// When the host refuses.
    pub fn list(&self, prefix: &str) -> Result<Vec<String>> {
        every_page(|after| self.list_page(prefix, after, 0))
    }

    /// At most `limit` children behind `after`; 0 for as many as the host gives at once.
    ///
    /// # Errors
    /// When the host refuses.
    pub fn list_page(&self, prefix: &str, after: Option<&str>, limit: u32) -> Result<Page> {
        self.host
            .list_keys(prefix, after, limit)
            .map_err(Failure::from)
    }

    /// All keys below `prefix`, at any depth.
    ///
    /// # Errors
    /// When the host refuses.
    pub fn scan(&self, prefix: &str) -> Result<Vec<String>> {
        every_page(|after| self.scan_page(prefix, after, 0))
    }

    /// At most `limit` keys below `prefix` behind `after`; 0 for as many as the host gives at once.
    ///
    /// # Errors
    /// When the host refuses.
    pub fn scan_page(&self, prefix: &str, after: Option<&str>, limit: u32) -> Result<Page> {
        self.host
            .scan_keys(prefix, after, limit)
            .map_err(Failure::from)
    }

    /// Commits what was written so far: an intent that must last before an act outside, or a part of
    /// long work in `on_start` and `on_tick`.
    ///
    /// # Errors
    /// When it cannot be committed.
    pub fn checkpoint(&mut self) -> Result<()> {
        self.host.checkpoint().map_err(Failure::from)
    }

    /// A remark for the caller, beside the answer.
    pub fn warn(&self, text: impl Into<String>) {
        self.warnings.borrow_mut().push(text.into());
    }

    /// A line in the server's log. Never a secret.
    pub fn log(&self, level: Level, message: &str) {
        self.host.log(level, message);
    }

    /// Milliseconds since the epoch; the same for the whole call.
    pub fn now_ms(&self) -> u64 {
        self.host.now_ms()
    }

    /// Random bytes of the system's generator.
    pub fn random_bytes(&self, length: u32) -> Vec<u8> {
        self.host.random_bytes(length)
    }

    /// A password by a policy of the mount's namespace, as the operator wrote it to
    /// `sys/policies/password/…`. One call makes at most 100.
    ///
    /// # Errors
    /// When there is no such policy, or hardly any password keeps it: both are the operator's to mend.
    pub fn make_password(&self, policy: &str) -> Result<String> {
        self.host
            .make_password(policy)
            .map_err(|error| match error {
                PasswordError::UnknownPolicy => {
                    invalid(format!("password policy {policy:?} does not exist"))
                }
                PasswordError::Unmet => invalid(format!(
                    "hardly any password satisfies the rules of password policy {policy:?}"
                )),
                PasswordError::Unavailable => Failure {
                    kind: FailureKind::Unavailable,
                    message: "no passwords can be made now".into(),
                },
            })
    }

    /// A random UUID.
    pub fn make_uuid(&self) -> String {
        let mut text = String::with_capacity(36);
        for (index, byte) in self.random_bytes(16).into_iter().enumerate() {
            let byte = match index {
                6 => byte & 0x0f | 0x40,
                8 => byte & 0x3f | 0x80,
                _ => byte,
            };
            if matches!(index, 4 | 6 | 8 | 10) {
                text.push('-');
            }
            for digit in [byte >> 4, byte & 0x0f] {
                text.extend(char::from_digit(u32::from(digit), 16));
            }
        }
        text
    }
}

fn every_page(page: impl Fn(Option<&str>) -> Result<Page>) -> Result<Vec<String>> {
    let mut keys = Vec::new();
    let mut after = None;
    loop {
        let page = page(after.as_deref())?;
        keys.extend(page.keys);
        after = page.next;
        if after.is_none() {
            return Ok(keys);
        }
    }
}

/// What the operator chose for the mount.
impl Ctx {
    /// Its path, with a slash at its end, without the namespace.
    pub fn mount_path(&self) -> String {
        self.host.mount_path()
    }

    /// Its accessor.
    pub fn mount_accessor(&self) -> String {
        self.host.mount_accessor()
    }

    /// Stays the same when it is moved.
    pub fn mount_uuid(&self) -> String {
        self.host.mount_uuid()
    }

    /// Path of its namespace, with a slash at its end; empty for the root.
    pub fn namespace(&self) -> String {
        self.host.namespace()
    }

    /// How long a lease lives where nobody says.
    pub fn default_ttl(&self) -> Duration {
        Duration::from_secs(self.host.default_ttl_seconds())
    }

    /// How long a lease lives at most.
    pub fn max_ttl(&self) -> Duration {
        Duration::from_secs(self.host.max_ttl_seconds())
    }

    /// Is the mount kept out of replication?
    pub fn is_local(&self) -> bool {
        self.host.is_local()
    }

    /// One option.
    pub fn option(&self, name: &str) -> Option<String> {
        self.host.option(name)
    }

    /// All options.
    pub fn options(&self) -> Vec<(String, String)> {
        self.host.options()
    }
}

/// Who calls. Empty where no token was asked for.
impl Ctx {
    /// For people.
    pub fn caller_display_name(&self) -> Option<String> {
        self.host.caller_display_name()
    }

    /// The caller's entity.
    pub fn caller_entity_id(&self) -> Option<String> {
        self.host.caller_entity_id()
    }

    /// All policies of the caller's token.
    pub fn caller_policies(&self) -> Vec<String> {
        self.host.caller_policies()
    }

    /// Of the token, never the token.
    pub fn caller_accessor(&self) -> Option<String> {
        self.host.caller_accessor()
    }

    /// What the login knew of the caller.
    pub fn caller_metadata(&self) -> Vec<(String, String)> {
        self.host.caller_metadata()
    }
}

/// How the request came, and who serves it.
impl Ctx {
    /// The request's id, as in the audit log.
    pub fn request_id(&self) -> String {
        self.host.request_id()
    }

    /// The client's address.
    pub fn client_address(&self) -> Option<String> {
        self.host.client_address()
    }

    /// Certificates that the client has proven to hold: DER, leaf first.
    pub fn client_certificates(&self) -> Vec<Vec<u8>> {
        self.host.client_certificates()
    }

    /// The headers that the mount was tuned to pass, names in lowercase.
    pub fn headers(&self) -> Vec<(String, String)> {
        self.host.headers()
    }

    /// The body as it came, on routes that ask for it.
    pub fn raw_body(&self) -> Option<Vec<u8>> {
        self.host.raw_body()
    }

    /// Of the server.
    pub fn host_version(&self) -> String {
        self.host.version()
    }

    /// The cluster that serves the request.
    pub fn cluster_id(&self) -> String {
        self.host.cluster_id()
    }

    /// Is it the primary of the replication set?
    pub fn is_primary_cluster(&self) -> bool {
        self.host.is_primary()
    }
}
