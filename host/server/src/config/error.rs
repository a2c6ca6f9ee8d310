//! What is wrong with a configuration, and where.

use hcl::Place;
use std::path::{Path, PathBuf};

/// Why the server does not start with this configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file or folder cannot be read.
    #[error("cannot read configuration {0}")]
    Unreadable(PathBuf, #[source] std::io::Error),
    /// A folder holds no configuration.
    #[error("no file in {0} ends in .hcl or .json")]
    NoFiles(PathBuf),
    /// A file is neither HCL nor JSON.
    #[error("{}:{}: not a configuration", .0.display(), .1.line())]
    Syntax(PathBuf, #[source] hcl::Error),
    /// A key is unknown, or its value cannot be.
    #[error("{}:{line}: {message}", .file.display())]
    Key {
        /// The file.
        file: PathBuf,
        /// The line in it.
        line: u32,
        /// What is wrong.
        message: String,
    },
    /// Something is missing.
    #[error("{0}")]
    Missing(&'static str),
}

impl ConfigError {
    pub(crate) fn at(file: &Path, place: Place, message: impl Into<String>) -> Self {
        Self::Key {
            file: file.to_owned(),
            line: place.line,
            message: message.into(),
        }
    }
}
