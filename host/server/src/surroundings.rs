//! What the process lends its node.

use crate::arguments::Arguments;
use crate::config::{Config, LogConfig, StorageConfig, TlsConfig};
use crate::host_info::host_info;
use crate::logging::Log;
use crate::process::configure;
use crate::profile;
use crate::trusted;
use api::Tls;
use base::{LogLevel, Map, Pieces, chain};
use core::fmt::Write as _;
use core::time::Duration;
use node::{LogFault, LogShape, Process, Profiling};
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use telemetry::Metric;

/// The log, the certificates and the configuration of a server that runs.
pub(crate) struct Surroundings {
    pub(crate) arguments: Arguments,
    pub(crate) log: Log,
    pub(crate) certificates: Vec<Tls>,
    configuration: Map,
    /// Seconds since the epoch.
    begun: u64,
}

impl Surroundings {
    pub(crate) fn new(
        arguments: &Arguments,
        config: &Config,
        log: Log,
        certificates: Vec<Tls>,
        begun: u64,
    ) -> Arc<Self> {
        Arc::new(Self {
            arguments: arguments.clone(),
            log,
            certificates,
            configuration: without_secrets(config, log_config(arguments, config)),
            begun,
        })
    }

    /// Reads again what can change while the server runs.
    pub(crate) fn reload_all(&self) {
        self.reload_certificates();
        self.reload_log_level();
        self.log.reopen();
    }

    fn reload_certificates(&self) {
        for tls in &self.certificates {
            if let Err(error) = tls.reload() {
                tracing::error!(error = chain(&error), "the certificates stay as they were");
            }
        }
    }

    fn reload_log_level(&self) {
        match configure(&self.arguments) {
            Ok(config) => self
                .log
                .set_configured(log_config(&self.arguments, &config).level),
            Err(error) => {
                tracing::error!(error = chain(&error), "the log level stays as it was");
            }
        }
    }
}

/// What is said on the command line counts before the configuration.
pub(crate) fn log_config(arguments: &Arguments, config: &Config) -> LogConfig {
    LogConfig {
        level: arguments.log_level.or(config.log.level),
        format: arguments.log_format.or(config.log.format),
    }
}

impl Process for Surroundings {
    fn loggers(&self) -> BTreeMap<String, LogLevel> {
        self.log.loggers()
    }

    fn set_logger(&self, name: Option<&str>, level: Option<LogLevel>) -> Result<(), LogFault> {
        self.log.set(name, level)
    }

    fn monitor(&self, level: LogLevel, shape: LogShape) -> Result<Box<dyn Pieces>, LogFault> {
        self.log.monitor(level, shape)
    }

    fn host(&self) -> Map {
        host_info()
    }

    fn metrics(&self) -> Vec<Metric> {
        let memory = statm();
        let tasks = tokio::runtime::Handle::try_current()
            .map_or(0, |runtime| runtime.metrics().num_alive_tasks());
        vec![
            Metric::gauge("runtime.sys_bytes", memory.resident),
            Metric::gauge("runtime.alloc_bytes", memory.own),
            // Vault's name for what it has the most of.
            Metric::gauge("runtime.num_goroutines", float(tasks as u64)),
        ]
    }

    fn prometheus(&self) -> String {
        let memory = statm();
        let count = |path| fs::read_dir(path).map_or(0, Iterator::count) as u64;
        let mut text = String::new();
        for (name, kind, help, value) in [
            (
                "process_cpu_seconds_total",
                "counter",
                "Total user and system CPU time spent in seconds.",
                processor_seconds(),
            ),
            (
                "process_open_fds",
                "gauge",
                "Number of open file descriptors.",
                float(count("/proc/self/fd")),
            ),
            (
                "process_resident_memory_bytes",
                "gauge",
                "Resident memory size in bytes.",
                memory.resident,
            ),
            (
                "process_virtual_memory_bytes",
                "gauge",
                "Virtual memory size in bytes.",
                memory.all,
            ),
            (
                "process_start_time_seconds",
                "gauge",
                "Start time of the process since unix epoch in seconds.",
                float(self.begun),
            ),
        ] {
            // Writing to a string does not fail.
            let _ = write!(
                text,
                "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n"
            );
        }
        text
    }

    fn configuration(&self) -> Map {
        self.configuration.clone()
    }

    fn certificates(&self, file: &str, folder: &str) -> Result<Vec<Vec<u8>>, String> {
        trusted::read(file, folder)
    }

    fn reload(&self, part: &str) -> bool {
        match part {
            "tls" => self.reload_certificates(),
            "log_level" => self.reload_log_level(),
            _ => return false,
        }
        true
    }

    fn command(&self) -> Vec<String> {
        profile::command()
    }

    fn memory(&self) -> String {
        profile::memory()
    }

    fn threads(&self) -> String {
        profile::threads()
    }

    fn profile(&self, time: Duration) -> Profiling {
        Box::pin(profile::processors(time))
    }
}

/// Memory of this process, in bytes.
struct Memory {
    all: f64,
    resident: f64,
    /// That is in no file.
    own: f64,
}

fn statm() -> Memory {
    let text = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let page = float(rustix::param::page_size() as u64);
    let mut pages = text
        .split_whitespace()
        .map(|word| word.parse::<f64>().unwrap_or_default() * page);
    let mut next = || pages.next().unwrap_or_default();
    let (all, resident, shared) = (next(), next(), next());
    Memory {
        all,
        resident,
        own: resident - shared,
    }
}

/// Seconds that processors worked for this process.
fn processor_seconds() -> f64 {
    let text = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name stands in parentheses and may hold spaces.
    let (_, rest) = text.rsplit_once(')').unwrap_or_default();
    let mut words = rest.split_whitespace().skip(11);
    let mut ticks = || {
        words
            .next()
            .and_then(|word| word.parse::<f64>().ok())
            .unwrap_or_default()
    };
    (ticks() + ticks()) / 100.0
}

#[expect(
    clippy::cast_precision_loss,
    reason = "what is shown needs no more digits than a float has"
)]
const fn float(count: u64) -> f64 {
    count as f64
}

/// The configuration in Vault's words. Nothing secret is in it to begin with: keys are in files.
fn without_secrets(config: &Config, log: LogConfig) -> Map {
    let listeners = config.listeners.iter().map(|listener| {
        json!({
            "type": "tcp",
            "config": {
                "address": listener.address.to_string(),
                "tls_disable": listener.tls == TlsConfig::Off,
                "max_request_size": listener.limits.request_bytes_max,
            },
        })
    });
    let listeners: Vec<serde_json::Value> = listeners.collect();
    let storage = match &config.storage {
        StorageConfig::Raft { path, node_id } => json!({
            "type": "raft",
            "raft": { "path": path, "node_id": node_id },
            "cluster_addr": config.cluster_addr,
            "disable_clustering": false,
            "redirect_addr": config.api_addr,
        }),
        StorageConfig::Memory => json!({ "type": "inmem" }),
    };
    let [log_file, pid_file] = [
        config.log_file.as_ref().map(|file| &file.path),
        config.pid_file.as_ref(),
    ];
    let shown = |path: &PathBuf| path.display().to_string();
    let members = json!({
        "api_addr": config.api_addr,
        "cluster_addr": config.cluster_addr,
        "cluster_name": config.cluster_name,
        "default_lease_ttl": config.default_lease_ttl.as_secs(),
        "max_lease_ttl": config.max_lease_ttl.as_secs(),
        "enable_ui": config.has_ui,
        "log_level": log.level.map_or("", LogLevel::name),
        "log_format": log.format.map_or("", crate::config::LogFormat::name),
        "log_file": log_file.map_or_else(String::new, shown),
        "pid_file": pid_file.map_or_else(String::new, shown),
        "listeners": listeners,
        "storage": storage,
        "telemetry": config.telemetry.shown(),
    });
    match members {
        serde_json::Value::Object(members) => members,
        _ => Map::new(),
    }
}
