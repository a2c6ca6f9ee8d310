//! The server's own log: on standard error, in a file where one is configured, and for who monitors.
//!
//! ```text
//!  event ─┬─ levels ──▶ line ──┬─▶ standard error
//!         │                    └─▶ file, rotated
//!         └─ what is monitored ──▶ hub ──▶ each reader, who loses what he does not take
//! ```

mod file;
mod levels;
mod line;
mod monitor;

use crate::config::{LogConfig, LogFileConfig, LogFormat, LogLevel};
use base::Pieces;
use file::{LogFile, Writers};
use levels::{Levels, targets_of};
use line::Line;
use monitor::{Hub, MonitorLayer};
use node::{LogFault, LogShape};
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use tracing::Subscriber;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Filter, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, reload};

/// Changes a filter while the server runs.
type Apply = Box<dyn Fn(Targets) + Send + Sync>;

/// The log of a server that runs.
pub(crate) struct Log {
    levels: Mutex<Levels>,
    apply: Apply,
    hub: Arc<Hub>,
    file: Option<Arc<LogFile>>,
}

/// Begins to log. A second call in one process has no effect: the first log stays.
///
/// # Errors
/// When the file cannot be opened.
pub(crate) fn start(config: LogConfig, file: Option<&LogFileConfig>) -> io::Result<Log> {
    let file = file.map(LogFile::open).transpose()?.map(Arc::new);
    let levels = Levels::new(config.level);
    let (filter, apply) = adjustable(levels.targets());
    let writers = Writers::to(file.clone());
    let lines: Box<dyn Layer<Registry> + Send + Sync> =
        match config.format.unwrap_or(LogFormat::Standard) {
            LogFormat::Standard => {
                let layer = tracing_subscriber::fmt::layer().with_ansi(false);
                Box::new(layer.with_writer(writers).event_format(Line))
            }
            LogFormat::Json => {
                let layer = tracing_subscriber::fmt::layer().with_ansi(false);
                Box::new(layer.json().flatten_event(true).with_writer(writers))
            }
        };
    let (monitored, apply_monitored) = adjustable(Targets::new());
    let hub = Hub::new(Box::new(move |level| {
        apply_monitored(level.map_or_else(Targets::new, |level| targets_of(Some(level))));
    }));
    let monitor = MonitorLayer::of(&hub);
    let started = Registry::default()
        .with(lines.with_filter(filter))
        .with(monitor.with_filter(monitored))
        .try_init();
    if let Err(error) = started {
        // Another server of this process logs already.
        tracing::debug!(%error, "the log stays as it is");
    }
    Ok(Log {
        levels: Mutex::new(levels),
        apply,
        hub,
        file,
    })
}

/// A filter, and what changes it.
fn adjustable<S>(targets: Targets) -> (impl Filter<S>, Apply)
where
    S: Subscriber + 'static,
{
    let (filter, handle) = reload::Layer::<Targets, S>::new(targets);
    let apply = move |targets| {
        if let Err(error) = handle.reload(targets) {
            tracing::debug!(%error, "the log level stays as it was");
        }
    };
    (filter, Box::new(apply))
}

impl Log {
    fn change<T>(&self, change: impl FnOnce(&mut Levels) -> T) -> T {
        let mut levels = self.levels.lock().unwrap_or_else(PoisonError::into_inner);
        let done = change(&mut levels);
        let targets = levels.targets();
        drop(levels);
        (self.apply)(targets);
        done
    }

    /// The configuration was read anew: from now on only this and what is more important.
    pub(crate) fn set_configured(&self, level: Option<LogLevel>) {
        self.change(|levels| *levels = Levels::new(level));
    }

    /// What logs, and down to what.
    pub(crate) fn loggers(&self) -> BTreeMap<String, LogLevel> {
        let levels = self.levels.lock().unwrap_or_else(PoisonError::into_inner);
        levels.all()
    }

    /// Sets one logger, or all; None for as it is configured.
    pub(crate) fn set(&self, name: Option<&str>, level: Option<LogLevel>) -> Result<(), LogFault> {
        self.change(|levels| levels.set(name, level))
    }

    /// The lines from now on.
    pub(crate) fn monitor(
        &self,
        level: LogLevel,
        shape: LogShape,
    ) -> Result<Box<dyn Pieces>, LogFault> {
        let lines = self.hub.join(level, shape)?;
        // Also the first line that it gets, if it wants such: a client sees that it is heard.
        tracing::info!("the log is monitored");
        Ok(lines)
    }

    /// Opens the file anew, after it was moved away.
    pub(crate) fn reopen(&self) {
        if let Some(file) = &self.file
            && let Err(error) = file.reopen()
        {
            tracing::error!(%error, "the log file cannot be opened anew");
        }
    }

    /// Ends what is sent to readers: the server stops.
    pub(crate) fn end_monitors(&self) {
        self.hub.end();
    }
}
