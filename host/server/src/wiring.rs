//! Where the rooms meet: which storage, which log, which clock. The only file that makes them.

use crate::components::COMPONENTS;
use crate::config::{Config, StorageConfig};
use crate::error::ServerError;
use crate::files::write_private;
use crate::system::{SystemClock, SystemEntropy};
use base::{CrossOrigin, Entropy, Reply, Request, WithoutToken};
use cluster::Connector;
use node::{Changes, Meters, Node, Parts, Process};
use plugin::{Compiler, Runtime, RuntimeConfig};
use raft::{Raft, RaftConfig};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use storage::{Disk, DiskConfig, Memory, Storage};

/// A node and what it stands on.
pub struct Wired {
    /// The node.
    pub node: Arc<Node>,
    log: Arc<Raft>,
}

/// A node as the service of one listener.
pub struct Served {
    /// The node.
    pub node: Arc<Node>,
    /// What this listener lets be done without a token.
    pub without_token: WithoutToken,
}

impl api::Service for Served {
    async fn handle(&self, mut request: Request) -> Reply {
        request.without_token = self.without_token;
        self.node.handle(request).await
    }

    fn cross_origin(&self) -> Option<Arc<CrossOrigin>> {
        self.node.cross_origin()
    }
}

impl Wired {
    /// Opens the storage and the log, and a sealed node on them.
    ///
    /// # Errors
    /// When one of them cannot be opened.
    pub async fn open(config: &Config, process: Arc<dyn Process>) -> Result<Self, ServerError> {
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
        let (storage, number) = open_storage(&config.storage, entropy.as_ref())?;
        let changes = Arc::new(Changes::default());
        let bounds = log_bounds(config);
        let log = Raft::open(Arc::clone(&storage), number, changes.clone(), bounds);
        let log = Arc::new(log.await.map_err(ServerError::Log)?);
        let components = RuntimeConfig {
            compiler: Compiler::Apart(own_program()),
            ..RuntimeConfig::default()
        };
        let runtime = Runtime::new(components, Arc::clone(&entropy));
        let parts = Parts {
            storage,
            journal: log.clone(),
            source: log.clone(),
            dialer: Arc::new(Connector::new(cluster::Settings::default())),
            changes,
            runtime: runtime.map_err(ServerError::Runtime)?,
            outbound: outbound::Client::new(outbound::SystemResolver),
            clock: Arc::new(SystemClock),
            entropy,
            settings: settings(config),
            process,
            meters: Meters::new(config.telemetry.on(&hostname())),
            builtins: COMPONENTS,
        };
        Ok(Self {
            node: Node::new(parts),
            log,
        })
    }

    /// Drops the keys, then completes and ends the log.
    pub async fn close(self) {
        self.node.stop().await;
        self.log.shutdown().await;
    }
}

/// How much of the log stays.
fn log_bounds(config: &Config) -> RaftConfig {
    let mut bounds = RaftConfig::default();
    let said = &config.replication;
    bounds.log_bytes_max = said.log_bytes_max.unwrap_or(bounds.log_bytes_max);
    bounds.kept_bytes_max = said.log_kept_bytes_max.unwrap_or(bounds.kept_bytes_max);
    bounds
}

fn settings(config: &Config) -> node::Settings {
    let usual = node::Settings::default();
    let wait = config.replication.own_write_wait;
    let listeners = config.listeners.iter();
    let longest = listeners.map(|listener| listener.limits.request_bytes_max);
    node::Settings {
        request_bytes_max: longest.max().unwrap_or(usual.request_bytes_max),
        cluster_name: config.cluster_name.clone(),
        default_lease_ttl: config.default_lease_ttl,
        max_lease_ttl: config.max_lease_ttl,
        user_lockout: config.user_lockout.clone(),
        audit: config.audit.clone(),
        hostname: hostname(),
        api_addr: config.api_addr.clone(),
        cluster_addr: config.cluster_addr.clone(),
        storage_type: config.storage.name().to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        forwards_by_header: config.replication.allow_forwarding_via_header,
        own_write_wait: wait.unwrap_or(usual.own_write_wait),
        digests_checked_every: match config.replication.digest_check_interval {
            None => usual.digests_checked_every,
            Some(every) => Some(every).filter(|every| !every.is_zero()),
        },
        ..usual
    }
}

/// The program of this process: on Linux the very file, even after another was put in its place.
fn own_program() -> PathBuf {
    if cfg!(target_os = "linux") {
        return PathBuf::from("/proc/self/exe");
    }
    std::env::current_exe().unwrap_or_else(|_| PathBuf::from("casemate"))
}

/// The name of the machine, for people; empty where the system does not tell.
fn hostname() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim().to_owned()
}

/// The storage, and this node's number in the log that it holds.
fn open_storage(
    config: &StorageConfig,
    entropy: &dyn Entropy,
) -> Result<(Arc<dyn Storage>, u64), ServerError> {
    match config {
        StorageConfig::Memory => Ok((Arc::new(Memory::new()), 1)),
        StorageConfig::Raft { path, node_id } => {
            let failed = |error| ServerError::File("make the folder", path.clone(), error);
            make_private_folder(path).map_err(failed)?;
            let number = node_number(path, entropy)?;
            let name = node_id.as_deref().unwrap_or_default();
            tracing::info!(folder = %path.display(), number, name, "opening the storage");
            let disk = Disk::open(path, DiskConfig::default())
                .map_err(|error| ServerError::Storage(path.clone(), error))?;
            Ok((Arc::new(disk), number))
        }
    }
}

/// Makes a folder that only this user may enter; one that exists stays as its owner made it.
fn make_private_folder(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
}

/// The number of the node that a folder belongs to: drawn when the folder is new, then kept. Names
/// of hosts change, numbers of voters must not.
fn node_number(folder: &Path, entropy: &dyn Entropy) -> Result<u64, ServerError> {
    let file = folder.join("node");
    match fs::read_to_string(&file) {
        Ok(text) => {
            let number = text.trim().parse().ok().filter(|number| *number > 0);
            return number.ok_or(ServerError::Damaged(file));
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(ServerError::File("read", file, error)),
    }
    let mut bytes = [0; 8];
    entropy.fill(&mut bytes);
    // Half the range, and never zero: other implementations read it as a signed number.
    let number = (u64::from_be_bytes(bytes) >> 1).max(1);
    let written = write_private(&file, format!("{number}\n").as_bytes());
    written.map_err(|error| ServerError::File("write", file, error))?;
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The configuration in memory, with this besides.
    fn config(text: &str) -> Config {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.hcl");
        let usual = "listener \"tcp\" { tls_disable = true }\nstorage \"inmem\" {}\n";
        fs::write(&file, format!("{usual}{text}")).unwrap();
        crate::config::read_config(&[file], crate::config::Given::default()).unwrap()
    }

    #[test]
    fn the_block_replication_sets_the_log_and_the_wait() {
        let usual = config("");
        let bounds = RaftConfig::default();
        assert_eq!(log_bounds(&usual).log_bytes_max, bounds.log_bytes_max);
        assert_eq!(log_bounds(&usual).kept_bytes_max, bounds.kept_bytes_max);
        let wait = node::Settings::default().own_write_wait;
        assert_eq!(settings(&usual).own_write_wait, wait);
        assert!(!settings(&usual).forwards_by_header);
        assert_eq!(settings(&usual).request_bytes_max, 32 << 20);
        let listener = "listener \"tcp\" {\n  address = \"127.0.0.1:1\"\n  tls_disable = true\n  \
            max_request_size = 40000000\n}";
        assert_eq!(settings(&config(listener)).request_bytes_max, 40_000_000);
        let own = config(
            "replication {\n  best_effort_wal_wait_duration = \"5s\"\n  log_bytes_max = 1000\n  \
             log_kept_bytes_max = \"2000\"\n  allow_forwarding_via_header = true\n}",
        );
        assert!(settings(&own).forwards_by_header);
        let every = |text: &str| {
            let text = format!("replication {{\n  digest_check_interval = \"{text}\"\n}}");
            settings(&config(&text)).digests_checked_every
        };
        assert_eq!(every("0s"), None);
        assert_eq!(every("90m"), Some(core::time::Duration::from_secs(90 * 60)));
        assert_eq!(log_bounds(&own).log_bytes_max, 1_000);
        assert_eq!(log_bounds(&own).kept_bytes_max, 2_000);
        let wait = core::time::Duration::from_secs(5);
        assert_eq!(settings(&own).own_write_wait, wait);
    }

    #[test]
    fn the_defaults_of_the_reference_are_those_of_the_log() {
        let default = |name: &str| {
            let sections = crate::config::schema::SECTIONS.iter();
            let mut keys = sections.flat_map(|section| section.keys);
            let found = keys.find(|key| key.name == name).map(|key| key.default);
            found.unwrap_or_default().trim_matches('`').to_owned()
        };
        let bounds = RaftConfig::default();
        let kept = bounds.kept_bytes_max.to_string();
        assert_eq!(default("log_bytes_max"), bounds.log_bytes_max.to_string());
        assert_eq!(default("log_kept_bytes_max"), kept);
        let wait = node::Settings::default().own_write_wait.as_secs();
        let every = node::Settings::default().digests_checked_every;
        let every = every.map(|every| format!("{}h", every.as_secs() / 3600));
        assert_eq!(Some(default("digest_check_interval")), every);
        let said = default("best_effort_wal_wait_duration");
        assert_eq!(said, format!("{wait}s"));
    }

    #[test]
    fn a_folder_keeps_its_number() {
        let folder = tempfile::tempdir().unwrap();
        let first = node_number(folder.path(), &SystemEntropy).unwrap();
        assert!(first > 0);
        assert_eq!(node_number(folder.path(), &SystemEntropy).unwrap(), first);
        fs::write(folder.path().join("node"), "x").unwrap();
        let damaged = node_number(folder.path(), &SystemEntropy);
        assert!(matches!(damaged, Err(ServerError::Damaged(_))));
    }
}
