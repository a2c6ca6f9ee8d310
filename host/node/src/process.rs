//! What the process around a node lends it: its log, its machine, its configuration.

use base::{LogLevel, Map, Pieces};
use core::time::Duration;
use std::collections::BTreeMap;
use std::pin::Pin;
use telemetry::Metric;

/// The process that a node runs in.
pub trait Process: Send + Sync {
    /// The parts of the server that log, and down to what.
    fn loggers(&self) -> BTreeMap<String, LogLevel>;

    /// Sets how much one of them logs, or all; None for as much as was configured.
    ///
    /// # Errors
    /// [`LogFault::NoSuchLogger`] where there is none of the name.
    fn set_logger(&self, name: Option<&str>, level: Option<LogLevel>) -> Result<(), LogFault>;

    /// The lines of the log from now on. Who reads them too slowly misses some.
    ///
    /// # Errors
    /// [`LogFault::TooManyReaders`] where there are as many as may be.
    fn monitor(&self, level: LogLevel, shape: LogShape) -> Result<Box<dyn Pieces>, LogFault>;

    /// The machine, in the words of `sys/host-info`.
    fn host(&self) -> Map;

    /// What is measured of the process.
    fn metrics(&self) -> Vec<Metric>;

    /// What Prometheus expects of every process, in its own text.
    fn prometheus(&self) -> String;

    /// The configuration without secrets.
    fn configuration(&self) -> Map;

    /// The certificates (PEM) in a file and in the files of a folder, DER; either can be empty for
    /// none.
    ///
    /// # Errors
    /// What cannot be read, and why.
    fn certificates(&self, file: &str, folder: &str) -> Result<Vec<Vec<u8>>, String>;

    /// Reads a part of the configuration anew. False where there is no such part.
    fn reload(&self, part: &str) -> bool;

    /// The words that the process was started with.
    fn command(&self) -> Vec<String>;

    /// Its memory, as lines for people.
    fn memory(&self) -> String;

    /// Its threads, as lines for people.
    fn threads(&self) -> String;

    /// Samples where its processors are busy, for so long.
    fn profile(&self, time: Duration) -> Profiling;
}

/// A profile that is being taken: in the end bytes as `pprof` reads them.
pub type Profiling = Pin<Box<dyn Future<Output = Result<Vec<u8>, ProfileFault>> + Send>>;

/// Why there is no profile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileFault {
    /// One is being taken.
    #[error("a profile is being taken already")]
    Busy,
    /// The process cannot be sampled.
    #[error("no profile can be taken: {0}")]
    Impossible(String),
}

/// Why the log cannot be had as it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogFault {
    /// Nothing of this name logs.
    #[error("no such logger")]
    NoSuchLogger,
    /// There are as many readers as may be.
    #[error("too many monitors at once")]
    TooManyReaders,
}

/// The shape of the lines of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogShape {
    /// For people.
    Standard,
    /// One JSON object each.
    Json,
}

/// No process: for a node that nobody looks after.
#[derive(Clone, Copy, Debug, Default)]
pub struct Alone;

impl Process for Alone {
    fn loggers(&self) -> BTreeMap<String, LogLevel> {
        BTreeMap::new()
    }

    fn set_logger(&self, name: Option<&str>, _: Option<LogLevel>) -> Result<(), LogFault> {
        match name {
            Some(_) => Err(LogFault::NoSuchLogger),
            None => Ok(()),
        }
    }

    fn monitor(&self, _: LogLevel, _: LogShape) -> Result<Box<dyn Pieces>, LogFault> {
        Err(LogFault::TooManyReaders)
    }

    fn host(&self) -> Map {
        Map::new()
    }

    fn metrics(&self) -> Vec<Metric> {
        Vec::new()
    }

    fn prometheus(&self) -> String {
        String::new()
    }

    fn configuration(&self) -> Map {
        Map::new()
    }

    fn certificates(&self, _: &str, _: &str) -> Result<Vec<Vec<u8>>, String> {
        Ok(Vec::new())
    }

    fn reload(&self, _: &str) -> bool {
        false
    }

    fn command(&self) -> Vec<String> {
        Vec::new()
    }

    fn memory(&self) -> String {
        String::new()
    }

    fn threads(&self) -> String {
        String::new()
    }

    fn profile(&self, _: Duration) -> Profiling {
        let none = ProfileFault::Impossible("no process".into());
        Box::pin(core::future::ready(Err(none)))
    }
}
