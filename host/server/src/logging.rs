//! The server's own log, on standard error.

use crate::config::{LogConfig, LogFormat, LogLevel};
use core::fmt;
use std::io::stderr;
use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, reload};

/// Changes the level while the server runs.
pub(crate) struct LogHandle(Option<reload::Handle<Targets, Registry>>);

/// Begins to log. A second call in one process has no effect: the first log stays.
pub(crate) fn start(config: LogConfig) -> LogHandle {
    let (filter, handle) = reload::Layer::new(targets_of(config.level));
    let lines: Box<dyn Layer<_> + Send + Sync> = match config.format.unwrap_or(LogFormat::Standard)
    {
        LogFormat::Standard => {
            let layer = tracing_subscriber::fmt::layer().with_ansi(false);
            Box::new(layer.with_writer(stderr).event_format(Line))
        }
        LogFormat::Json => {
            let layer = tracing_subscriber::fmt::layer().with_ansi(false);
            Box::new(layer.json().flatten_event(true).with_writer(stderr))
        }
    };
    let started = Registry::default().with(filter).with(lines).try_init();
    LogHandle(started.is_ok().then_some(handle))
}

impl LogHandle {
    /// From now on only this and what is more important.
    pub(crate) fn set_level(&self, level: Option<LogLevel>) {
        if let Some(handle) = &self.0
            && let Err(error) = handle.reload(targets_of(level))
        {
            tracing::error!(%error, "the log level stays as it was");
        }
    }
}

/// Crates of others that tell of themselves at length.
const TALKATIVE: [&str; 8] = [
    "openraft",
    "fjall",
    "lsm_tree",
    "hyper",
    "h2",
    "rustls",
    "wasmtime",
    "cranelift_codegen",
];

/// Our own rooms at `level`; others only where all is wanted, or when they warn.
fn targets_of(level: Option<LogLevel>) -> Targets {
    let ours = level_of(level);
    let others = match level {
        Some(LogLevel::Trace) => LevelFilter::TRACE,
        Some(LogLevel::Debug) => LevelFilter::INFO,
        None | Some(LogLevel::Info | LogLevel::Warn) => LevelFilter::WARN,
        Some(LogLevel::Error) => LevelFilter::ERROR,
    };
    let others = TALKATIVE.into_iter().map(|target| (target, others));
    Targets::new().with_default(ours).with_targets(others)
}

const fn level_of(level: Option<LogLevel>) -> LevelFilter {
    match level {
        Some(LogLevel::Trace) => LevelFilter::TRACE,
        Some(LogLevel::Debug) => LevelFilter::DEBUG,
        None | Some(LogLevel::Info) => LevelFilter::INFO,
        Some(LogLevel::Warn) => LevelFilter::WARN,
        Some(LogLevel::Error) => LevelFilter::ERROR,
    }
}

/// `2026-11-23T05:13:51.832Z [INFO]  node: unsealed: shares=1`, as Vault's users read it.
struct Line;

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut line: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        SystemTime.format_time(&mut line)?;
        let meta = event.metadata();
        let level = format!("[{}]", meta.level());
        // The room is the first part of `node::unsealed`.
        let room = meta.target().split("::").next().unwrap_or_default();
        write!(line, " {level:<7} {room}: ")?;
        context.field_format().format_fields(line.by_ref(), event)?;
        writeln!(line)
    }
}
