//! Why a command ended early.

/// Why a command ended early, and with which exit code.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Stop {
    /// The command line is wrong: exit code 1.
    #[error("{0}")]
    Usage(String),
    /// Something on this side failed: exit code 2.
    #[error("{0}")]
    Local(String),
    /// The server was not reached: exit code 2.
    #[error("{}{failure}", prefix(.during.as_deref()))]
    Unreached {
        during: Option<String>,
        failure: String,
    },
    /// The server refused: exit code 2.
    #[error("{}{refusal}", prefix(.during.as_deref()))]
    Refused {
        during: Option<String>,
        refusal: crate::answer::Refusal,
    },
    /// The request was printed, not sent: exit code 0.
    #[error("the request was printed, not sent")]
    Printed,
    /// Whoever read the output has gone, as `head` does: exit code 0, and nobody to tell.
    #[error("nobody reads the output")]
    Unread,
}

fn prefix(during: Option<&str>) -> String {
    during.map(|text| format!("{text}: ")).unwrap_or_default()
}

impl Stop {
    /// A wrong command line.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Usage(message.into())
    }

    /// A failure on this side.
    pub(crate) fn local(message: impl Into<String>) -> Self {
        Self::Local(message.into())
    }

    /// The exit code that scripts see.
    pub(crate) const fn code(&self) -> u8 {
        match self {
            Self::Printed | Self::Unread => 0,
            Self::Usage(_) => 1,
            Self::Local(_) | Self::Unreached { .. } | Self::Refused { .. } => 2,
        }
    }
}

impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Self::Unread,
            _ => Self::Local(error.to_string()),
        }
    }
}

/// A failed use of a file, in the words that users of Vault know: `open a: no such file or directory`.
pub(crate) fn of_file(path: &str, error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_ascii_lowercase());
    let text: String = first.into_iter().chain(letters).collect();
    format!("open {path}: {text}")
}

/// Says what was being done when a request failed.
pub(crate) trait During<T> {
    fn during(self, what: &str) -> Result<T, Stop>;
}

impl<T> During<T> for Result<T, Stop> {
    fn during(self, what: &str) -> Self {
        self.map_err(|stop| match stop {
            Stop::Refused { refusal, .. } => Stop::Refused {
                during: Some(what.to_owned()),
                refusal,
            },
            Stop::Unreached { failure, .. } => Stop::Unreached {
                during: Some(what.to_owned()),
                failure,
            },
            other => other,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Error, ErrorKind};

    #[test]
    fn a_reader_that_left_is_no_failure() {
        let code = |kind: ErrorKind| Stop::from(Error::from(kind)).code();
        assert_eq!(code(ErrorKind::BrokenPipe), 0);
        assert_eq!(code(ErrorKind::StorageFull), 2);
    }
}
