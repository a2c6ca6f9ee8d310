//! What a node is made of, and what its operator set.

use base::{Clock, Entropy, Refusal, chain};
use core::time::Duration;
use journal::{Journal, MemoryJournal, Source};
use link::Dialer;
use std::collections::BTreeMap;
use std::sync::Arc;
use storage::Storage;

/// The parts of a node, made and wired by the server.
pub struct Parts {
    /// Where the entries are.
    pub storage: Arc<dyn Storage>,
    /// The cluster's log.
    pub journal: Arc<dyn Journal>,
    /// The same log, as those read it who follow it.
    pub source: Arc<dyn Source>,
    /// What connects to other clusters.
    pub dialer: Arc<dyn Dialer>,
    /// What tells the node that entries were applied; the same that the journal was given.
    pub changes: Arc<crate::Changes>,
    /// Runs components.
    pub runtime: plugin::Runtime,
    /// The way out, for components that were granted hosts.
    pub outbound: outbound::Client,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// What the operator set.
    pub settings: Settings,
    /// What the process lends the node.
    pub process: Arc<dyn crate::Process>,
    /// What is counted and timed.
    pub meters: crate::Meters,
    /// Components that the binary brings along, as `(name, bytes)`.
    pub builtins: &'static [(&'static str, &'static [u8])],
}

impl Parts {
    /// A node that stands alone, without a log and with nothing set: for tests and measurements.
    ///
    /// # Errors
    /// When the storage cannot be read, or the system gives no room to run components.
    pub fn alone(
        storage: Arc<dyn Storage>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, Refusal> {
        let internal = |error: &dyn core::error::Error| Refusal::internal(chain(error));
        let changes = Arc::new(crate::Changes::default());
        let journal = MemoryJournal::new(Arc::clone(&storage), changes.clone());
        let journal = Arc::new(journal.map_err(|error| internal(&error))?);
        let config = plugin::RuntimeConfig::default();
        let runtime = plugin::Runtime::new(config, Arc::clone(&entropy));
        Ok(Self {
            storage,
            journal: journal.clone(),
            source: journal,
            dialer: Arc::new(link::Nowhere),
            changes,
            runtime: runtime.map_err(|error| internal(&error))?,
            outbound: outbound::Client::new(outbound::SystemResolver),
            clock,
            entropy,
            settings: Settings::default(),
            process: Arc::new(crate::Alone),
            meters: crate::Meters::default(),
            builtins: &[],
        })
    }
}

/// What the operator set, for the life of the process.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Shown in status and health.
    pub cluster_name: String,
    /// Lease of what asks for none.
    pub default_lease_ttl: Duration,
    /// No lease is longer.
    pub max_lease_ttl: Duration,
    /// Name of the machine, shown in `sys/ha-status`.
    pub hostname: String,
    /// Where clients reach this node.
    pub api_addr: String,
    /// Where other nodes reach it.
    pub cluster_addr: String,
    /// `raft` or `inmem`, as the status shows it.
    pub storage_type: String,
    /// Our version.
    pub version: String,
    /// When it was built, RFC 3339.
    pub build_date: String,
    /// May clients ask by a header for the active node to answer?
    pub forwards_by_header: bool,
    /// How long a secondary waits for what a request of its own wrote on the primary.
    pub own_write_wait: Duration,
    /// When users are locked out, by the type of the method, or for `all`.
    pub user_lockout: BTreeMap<String, mount::UserLockout>,
    /// The audit devices that the configuration declares, by the path where they are known.
    pub audit: BTreeMap<String, crate::DeclaredDevice>,
    /// Bytes that the log of a primary may grow by while it holds a moment for a secondary that compares
    /// itself. Storage keeps in memory all that is written after a moment which is held.
    pub moment_bytes_max: u64,
    /// The longest body of a request that this node takes at any of its listeners: a secondary has none
    /// run here that is longer.
    pub request_bytes_max: usize,
    /// How often a cluster that plays a part in replication looks by itself whether its digests are
    /// those of its entries; None for never.
    pub digests_checked_every: Option<Duration>,
    /// What one call of a component may use, where the mount has no limits of its own.
    pub limits: Arc<plugin::Limits>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            cluster_name: String::from("casemate"),
            default_lease_ttl: Self::LEASE_TTL,
            max_lease_ttl: Self::LEASE_TTL,
            hostname: String::new(),
            api_addr: String::new(),
            cluster_addr: String::new(),
            storage_type: String::from("inmem"),
            version: String::from(env!("CARGO_PKG_VERSION")),
            build_date: String::new(),
            forwards_by_header: false,
            own_write_wait: Duration::from_secs(2),
            user_lockout: BTreeMap::new(),
            audit: BTreeMap::new(),
            moment_bytes_max: 64 * 1024 * 1024,
            request_bytes_max: 32 * 1024 * 1024,
            digests_checked_every: Some(Duration::from_secs(24 * 60 * 60)),
            limits: Arc::default(),
        }
    }
}

impl Settings {
    /// 768 hours, as Vault has it.
    pub const LEASE_TTL: Duration = Duration::from_secs(768 * 3600);
}
