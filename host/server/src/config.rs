//! What the operator wrote, read against the schema into plain settings.

mod audit;
mod check;
mod error;
mod keys;
mod listener;
mod lockout;
mod replication;
pub mod schema;
mod telemetry;

pub use base::LogLevel;
pub use error::ConfigError;
pub use listener::{ListenerConfig, TlsConfig};
pub use replication::ReplicationConfig;
pub use telemetry::TelemetryConfig;

use check::{Checked, check};
use core::net::SocketAddr;
use core::time::Duration;
use hcl::Body;
use listener::read_listener;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A configuration that can be started.
#[derive(Clone, Debug)]
pub struct Config {
    /// At least one.
    pub listeners: Vec<ListenerConfig>,
    /// Where everything is kept.
    pub storage: StorageConfig,
    /// URL for clients.
    pub api_addr: String,
    /// URL for other nodes.
    pub cluster_addr: String,
    /// Shown in status.
    pub cluster_name: String,
    /// Lease of what asks for none.
    pub default_lease_ttl: Duration,
    /// No lease is longer.
    pub max_lease_ttl: Duration,
    /// When users are locked out, by type of method, or for `all`.
    pub user_lockout: BTreeMap<String, mount::UserLockout>,
    /// Audit devices, by the path where they are known.
    pub audit: BTreeMap<String, node::DeclaredDevice>,
    /// How much is logged, and how.
    pub log: LogConfig,
    /// The file that gets the log as well.
    pub log_file: Option<LogFileConfig>,
    /// How metrics are named and kept; the name of the machine is not known yet.
    pub telemetry: TelemetryConfig,
    /// How clusters follow one another.
    pub replication: ReplicationConfig,
    /// Where the process id goes.
    pub pid_file: Option<PathBuf>,
    /// Does `/` lead to a user interface?
    pub has_ui: bool,
    /// What was taken without an effect.
    pub warnings: Vec<String>,
}

impl Config {
    /// Notes the address that a listener was bound to, where it asked for any port. The URLs that
    /// were derived from it follow.
    pub(crate) fn note_address(&mut self, position: usize, address: SocketAddr) {
        let Some(listener) = self.listeners.get_mut(position) else {
            return;
        };
        let derived = (url_of(listener), cluster_url_of(listener));
        listener.address = address;
        if self.api_addr == derived.0 {
            self.api_addr = url_of(listener);
        }
        if self.cluster_addr == derived.1 {
            self.cluster_addr = cluster_url_of(listener);
        }
    }
}

/// Where other clusters are to connect to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClusterAddress {
    /// There, as the configuration says.
    Given(SocketAddr),
    /// There, because it follows from the first listener: nobody may need it.
    Derived(SocketAddr),
}

impl Config {
    /// Where the cluster port is to be, where the first listener was asked for at `asked`.
    pub(crate) fn cluster_address(&self, asked: SocketAddr) -> Option<ClusterAddress> {
        let first = self.listeners.first()?;
        if let Some(given) = first.cluster_address {
            return Some(ClusterAddress::Given(given));
        }
        let port = match asked.port() {
            0 => 0,
            port => port.saturating_add(1),
        };
        let address = SocketAddr::new(first.address.ip(), port);
        Some(ClusterAddress::Derived(address))
    }

    /// Notes the address that the cluster port was bound to. The URL that was derived follows.
    pub(crate) fn note_cluster_address(&mut self, address: SocketAddr) {
        let Some(first) = self.listeners.first_mut() else {
            return;
        };
        let derived = cluster_url_of(first);
        first.cluster_address = Some(address);
        if self.cluster_addr == derived {
            self.cluster_addr = cluster_url_of(first);
        }
    }
}

/// Where everything is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StorageConfig {
    /// On disk, behind the log.
    Raft {
        /// The folder.
        path: PathBuf,
        /// The node's name, for its log.
        node_id: Option<String>,
    },
    /// In memory: gone with the process.
    Memory,
}

impl StorageConfig {
    /// As the status calls it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Raft { .. } => "raft",
            Self::Memory => "inmem",
        }
    }
}

/// How much is logged, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogConfig {
    /// The least important that is still logged; none: info.
    pub level: Option<LogLevel>,
    /// The shape of a line; none: standard.
    pub format: Option<LogFormat>,
}

/// A file that gets the log as well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFileConfig {
    /// The file, or the folder that it is in.
    pub path: PathBuf,
    /// Length at which it begins anew; zero for any.
    pub bytes_max: u64,
    /// Age at which it begins anew; zero for any.
    pub duration_max: Duration,
    /// How many that ended are kept; zero for all, less for none.
    pub files_max: i64,
}

/// The shape of a line of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Standard,
    /// One JSON object each.
    Json,
}

impl LogFormat {
    /// Reads the names that Vault knows.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text.trim().to_ascii_lowercase().as_str() {
            "" | "standard" => Self::Standard,
            "json" => Self::Json,
            _ => return None,
        })
    }

    /// The name by which it is shown.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Json => "json",
        }
    }
}

/// 768 hours.
const LEASE_TTL: Duration = Duration::from_secs(768 * 3600);

/// What is missing in a configuration because it is given otherwise.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// Where development mode listens; no listener is needed then.
    pub listener: Option<ListenerConfig>,
    /// Where development mode keeps things; no storage is needed then.
    pub storage: Option<StorageConfig>,
}

/// Reads files, and folders of files, in their order; of a setting that comes twice the later one
/// counts, listeners add up.
///
/// # Errors
/// [`ConfigError`] as its variants say.
pub fn read_config(paths: &[PathBuf], given: Given) -> Result<Config, ConfigError> {
    let mut files = Vec::new();
    for path in paths {
        for file in files_of(path)? {
            let text = fs::read_to_string(&file)
                .map_err(|error| ConfigError::Unreadable(file.clone(), error))?;
            let body =
                hcl::parse(&text).map_err(|error| ConfigError::Syntax(file.clone(), error))?;
            files.push((file, body));
        }
    }
    let mut draft = Draft::default();
    for (file, body) in &files {
        draft.add(file, body)?;
    }
    draft.finish(given)
}

/// The file itself, or those of a folder in the order of their names.
fn files_of(path: &Path) -> Result<Vec<PathBuf>, ConfigError> {
    let unreadable = |error| ConfigError::Unreadable(path.to_owned(), error);
    if !fs::metadata(path).map_err(unreadable)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        let ending = file.extension().and_then(|ending| ending.to_str());
        if matches!(ending, Some("hcl" | "json")) {
            files.push(file);
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(ConfigError::NoFiles(path.to_owned()));
    }
    Ok(files)
}

/// What was read so far.
#[derive(Default)]
struct Draft<'tree> {
    /// The top levels, later ones first.
    tops: Vec<Checked<'tree>>,
    listeners: Vec<Checked<'tree>>,
    storage: Option<StorageConfig>,
    user_lockout: BTreeMap<String, mount::UserLockout>,
    audit: BTreeMap<String, node::DeclaredDevice>,
    warnings: Vec<String>,
}

impl<'tree> Draft<'tree> {
    fn add(&mut self, file: &'tree Path, body: &'tree Body) -> Result<(), ConfigError> {
        let warnings = &mut self.warnings;
        let top = check(file, "", body, keys::TOP, warnings)?;
        self.tops.insert(0, top);
        let at = |error: hcl::Error| match &error {
            hcl::Error::Kind { place, message } => ConfigError::at(file, *place, message.clone()),
            _ => ConfigError::Syntax(file.to_owned(), error),
        };
        for block in body.blocks("listener", 1).map_err(at)? {
            if block.labels != ["tcp"] {
                let message = format!(
                    "listener {:?} is not supported; use \"tcp\"",
                    block.labels.concat()
                );
                return Err(ConfigError::at(file, block.place, message));
            }
            let title = "listener \"tcp\"";
            let listener = check(file, title, block.body, keys::LISTENER_TCP, warnings)?;
            self.listeners.push(listener);
        }
        for block in body.blocks("user_lockout", 1).map_err(at)? {
            let (method, said) = lockout::read(file, &block, warnings)?;
            self.user_lockout.insert(method, said);
        }
        for block in body.blocks("audit", 2).map_err(at)? {
            let (path, device) = audit::read(file, &block, warnings)?;
            let mut others = self.audit.iter();
            if device.is_fallback()
                && let Some((other, _)) = others.find(|(_, other)| other.is_fallback())
            {
                let message = format!("there is a fallback device already: {other:?}");
                return Err(ConfigError::at(file, block.place, message));
            }
            if self.audit.insert(path, device).is_some() {
                let message = "another audit device has this path";
                return Err(ConfigError::at(file, block.place, message));
            }
        }
        for block in body.blocks("storage", 1).map_err(at)? {
            self.storage = Some(match block.labels.concat().as_str() {
                "raft" => {
                    let title = "storage \"raft\"";
                    let raft = check(file, title, block.body, keys::STORAGE_RAFT, warnings)?;
                    let path = raft.text("path").filter(|path| !path.is_empty());
                    let Some(path) = path else {
                        let message = "storage \"raft\" needs a \"path\"";
                        return Err(ConfigError::at(file, block.place, message));
                    };
                    StorageConfig::Raft {
                        path: PathBuf::from(path),
                        node_id: raft.text("node_id"),
                    }
                }
                "inmem" => {
                    let title = "storage \"inmem\"";
                    check(file, title, block.body, keys::STORAGE_INMEM, warnings)?;
                    StorageConfig::Memory
                }
                other => {
                    let message =
                        format!("storage {other:?} is not supported; use \"raft\" or \"inmem\"");
                    return Err(ConfigError::at(file, block.place, message));
                }
            });
        }
        Ok(())
    }

    fn finish(mut self, given: Given) -> Result<Config, ConfigError> {
        let defaults = listener::Defaults {
            request_bytes_max: self.count("max_request_size"),
            request_duration_max: self.duration("max_request_duration"),
        };
        let mut listeners = Vec::from_iter(given.listener.clone());
        for listener in &self.listeners {
            listeners.push(read_listener(listener, &defaults, &mut self.warnings)?);
        }
        let storage = given.storage.clone().or_else(|| self.storage.clone());
        let storage = storage.ok_or(ConfigError::Missing(
            "no storage is configured; add storage \"raft\" { path = \"…\" }",
        ))?;
        let first = listeners.first().ok_or(ConfigError::Missing(
            "no listener is configured; add listener \"tcp\" { address = \"127.0.0.1:8200\" … }",
        ))?;
        let (api_addr, cluster_addr) = (url_of(first), cluster_url_of(first));
        let log = self.log()?;
        Ok(Config {
            storage,
            api_addr: self.text("api_addr").unwrap_or(api_addr),
            cluster_addr: self.text("cluster_addr").unwrap_or(cluster_addr),
            cluster_name: self
                .text("cluster_name")
                .unwrap_or_else(|| String::from("casemate")),
            default_lease_ttl: self.lease("default_lease_ttl")?,
            max_lease_ttl: self.lease("max_lease_ttl")?,
            user_lockout: self.user_lockout.clone(),
            audit: self.audit.clone(),
            log,
            log_file: self.log_file(),
            telemetry: telemetry::read(&self.tops)?,
            replication: replication::read(&self.tops),
            pid_file: self.text("pid_file").map(PathBuf::from),
            has_ui: self.tops.iter().find_map(|top| top.flag("ui")) == Some(true),
            listeners,
            warnings: self.warnings,
        })
    }

    fn text(&self, name: &str) -> Option<String> {
        let text = self.tops.iter().find_map(|top| top.text(name));
        text.filter(|text| !text.is_empty())
    }

    fn count(&self, name: &str) -> Option<usize> {
        self.tops.iter().find_map(|top| top.count(name))
    }

    fn duration(&self, name: &str) -> Option<Duration> {
        self.tops.iter().find_map(|top| top.duration(name))
    }

    /// A lease; zero stands for the default, as in Vault.
    fn lease(&self, name: &str) -> Result<Duration, ConfigError> {
        let lease = |name| {
            let found = self.duration(name).filter(|ttl| !ttl.is_zero());
            found.unwrap_or(LEASE_TTL)
        };
        if lease("default_lease_ttl") > lease("max_lease_ttl") {
            let top = self.tops.iter().find(|top| top.duration(name).is_some());
            let message = "\"default_lease_ttl\" is longer than \"max_lease_ttl\"";
            return Err(top.map_or(ConfigError::Missing(message), |top| {
                top.wrong(name, message)
            }));
        }
        Ok(lease(name))
    }

    /// The file that gets the log as well. As in Vault it begins anew after a day where nothing is said.
    fn log_file(&self) -> Option<LogFileConfig> {
        const DURATION_MAX: Duration = Duration::from_secs(24 * 3600);
        let mut tops = self.tops.iter();
        let files_max = tops.find_map(|top| top.signed("log_rotate_max_files"));
        self.text("log_file").map(|path| LogFileConfig {
            path: PathBuf::from(path),
            bytes_max: self.count("log_rotate_bytes").unwrap_or(0) as u64,
            duration_max: self.duration("log_rotate_duration").unwrap_or(DURATION_MAX),
            files_max: files_max.unwrap_or(0),
        })
    }

    fn log(&self) -> Result<LogConfig, ConfigError> {
        let mut log = LogConfig::default();
        for top in self.tops.iter().rev() {
            if let Some(text) = top.text("log_level") {
                let message = "\"log_level\" must be trace, debug, info, warn or error";
                let level = LogLevel::parse(&text);
                log.level = Some(level.ok_or_else(|| top.wrong("log_level", message))?);
            }
            if let Some(text) = top.text("log_format") {
                let message = "\"log_format\" must be standard or json";
                let format = LogFormat::parse(&text);
                log.format = Some(format.ok_or_else(|| top.wrong("log_format", message))?);
            }
        }
        Ok(log)
    }
}

/// Where clients reach a listener; the loopback address where it takes all.
fn url_of(listener: &ListenerConfig) -> String {
    let scheme = match listener.tls {
        TlsConfig::Off => "http",
        TlsConfig::Made | TlsConfig::Files(_) => "https",
    };
    format!("{scheme}://{}", reachable(listener.address))
}

fn cluster_url_of(listener: &ListenerConfig) -> String {
    let next = SocketAddr::new(
        listener.address.ip(),
        listener.address.port().saturating_add(1),
    );
    let address = listener.cluster_address.unwrap_or(next);
    format!("https://{}", reachable(address))
}

fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => core::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => core::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

#[cfg(test)]
mod tests;
