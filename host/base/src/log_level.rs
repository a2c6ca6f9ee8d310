//! How important a line of a log is.

/// How important a line of the server's log is; the most talkative first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Everything.
    Trace,
    /// For developers.
    Debug,
    /// What happens.
    Info,
    /// What should not.
    Warn,
    /// What went wrong.
    Error,
}

impl LogLevel {
    /// Reads the names that Vault knows.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text.trim().to_ascii_lowercase().as_str() {
            "trace" => Self::Trace,
            "debug" => Self::Debug,
            "info" | "notice" => Self::Info,
            "warn" | "warning" => Self::Warn,
            "error" | "err" => Self::Error,
            _ => return None,
        })
    }

    /// The name by which it is shown.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::LogLevel;

    #[test]
    fn names() {
        for (text, name) in [
            ("trace", "trace"),
            ("DEBUG", "debug"),
            ("notice", "info"),
            (" info ", "info"),
            ("warning", "warn"),
            ("err", "error"),
        ] {
            assert_eq!(LogLevel::parse(text).unwrap().name(), name);
        }
        assert_eq!(LogLevel::parse("off"), None);
    }
}
