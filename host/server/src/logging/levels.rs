//! How much which part of the server logs.

use crate::config::LogLevel;
use node::LogFault;
use std::collections::BTreeMap;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;

/// Our rooms that log.
const ROOMS: [&str; 6] = ["api", "audit", "node", "plugin", "raft", "server"];

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

/// What was configured, and what was said since.
pub(super) struct Levels {
    configured: Option<LogLevel>,
    /// Of all that is not told apart.
    all: Option<LogLevel>,
    own: BTreeMap<&'static str, LogLevel>,
}

impl Levels {
    /// As it is configured.
    pub(super) const fn new(configured: Option<LogLevel>) -> Self {
        Self {
            configured,
            all: configured,
            own: BTreeMap::new(),
        }
    }

    /// Every logger with its level.
    pub(super) fn all(&self) -> BTreeMap<String, LogLevel> {
        let level = |name: &'static str, usual| self.own.get(name).copied().unwrap_or(usual);
        let rooms = ROOMS
            .into_iter()
            .map(|name| (name.to_owned(), level(name, usual(self.all))));
        let others = TALKATIVE
            .into_iter()
            .map(|name| (name.to_owned(), level(name, others(self.all))));
        rooms.chain(others).collect()
    }

    pub(super) fn set(
        &mut self,
        name: Option<&str>,
        level: Option<LogLevel>,
    ) -> Result<(), LogFault> {
        let Some(name) = name else {
            self.all = level.or(self.configured);
            self.own.clear();
            return Ok(());
        };
        let mut known = ROOMS.into_iter().chain(TALKATIVE);
        let known = known.find(|known| *known == name);
        let known = known.ok_or(LogFault::NoSuchLogger)?;
        let is_room = ROOMS.contains(&known);
        let configured = match is_room {
            true => usual(self.configured),
            false => others(self.configured),
        };
        self.own.insert(known, level.unwrap_or(configured));
        Ok(())
    }

    pub(super) fn targets(&self) -> Targets {
        let own = self.own.iter();
        let own = own.map(|(name, level)| (*name, filter(*level)));
        targets_of(self.all).with_targets(own)
    }
}

/// Our own rooms at `level`; others only where all is wanted, or when they warn.
pub(super) fn targets_of(level: Option<LogLevel>) -> Targets {
    let talkative = filter(others(level));
    let talkative = TALKATIVE.into_iter().map(|target| (target, talkative));
    Targets::new()
        .with_default(filter(usual(level)))
        .with_targets(talkative)
}

fn usual(level: Option<LogLevel>) -> LogLevel {
    level.unwrap_or(LogLevel::Info)
}

const fn others(level: Option<LogLevel>) -> LogLevel {
    match level {
        Some(LogLevel::Trace) => LogLevel::Trace,
        Some(LogLevel::Debug) => LogLevel::Info,
        None | Some(LogLevel::Info | LogLevel::Warn) => LogLevel::Warn,
        Some(LogLevel::Error) => LogLevel::Error,
    }
}

const fn filter(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Trace => LevelFilter::TRACE,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Error => LevelFilter::ERROR,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Level;

    #[test]
    fn one_logger_can_be_told_apart_and_goes_back() {
        let mut levels = Levels::new(Some(LogLevel::Warn));
        let check = |levels: &Levels, node: LogLevel, api: LogLevel| {
            let all = levels.all();
            assert_eq!((all["node"], all["api"]), (node, api));
            let targets = levels.targets();
            for (target, level) in [("node::run", node), ("api::listener", api)] {
                let wants = |wanted: Level| targets.would_enable(target, &wanted);
                assert_eq!(wants(Level::DEBUG), level <= LogLevel::Debug, "{target}");
                assert_eq!(wants(Level::WARN), level <= LogLevel::Warn, "{target}");
            }
        };
        check(&levels, LogLevel::Warn, LogLevel::Warn);
        levels.set(Some("node"), Some(LogLevel::Debug)).unwrap();
        check(&levels, LogLevel::Debug, LogLevel::Warn);
        levels.set(None, Some(LogLevel::Error)).unwrap();
        check(&levels, LogLevel::Error, LogLevel::Error);
        levels.set(Some("node"), None).unwrap();
        check(&levels, LogLevel::Warn, LogLevel::Error);
        levels.set(None, None).unwrap();
        check(&levels, LogLevel::Warn, LogLevel::Warn);
        let unknown = levels.set(Some("nobody"), Some(LogLevel::Warn));
        assert_eq!(unknown, Err(LogFault::NoSuchLogger));
    }

    #[test]
    fn others_are_quieter() {
        let levels = Levels::new(None);
        let all = levels.all();
        assert_eq!(
            (all["node"], all["hyper"]),
            (LogLevel::Info, LogLevel::Warn)
        );
        assert!(!levels.targets().would_enable("hyper::proto", &Level::INFO));
    }
}
