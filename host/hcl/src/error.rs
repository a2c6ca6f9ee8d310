//! What was wrong, and where.

use core::fmt;

/// A position in the text, both counted from one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: u32,
    /// The character in the line.
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// Why a text was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// It is longer than [`BYTES_MAX`](crate::BYTES_MAX).
    #[error("text of {bytes} bytes is longer than {}", crate::BYTES_MAX)]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// It nests deeper than [`DEPTH_MAX`](crate::DEPTH_MAX).
    #[error("At {place}: nested deeper than {} levels", crate::DEPTH_MAX)]
    TooDeep {
        /// Where one level too many begins.
        place: Place,
    },
    /// It is not HCL, or not JSON.
    #[error("At {place}: {message}")]
    Syntax {
        /// Where reading stopped.
        place: Place,
        /// What was found, and what could have stood there.
        message: String,
    },
    /// It has a value of another kind than its reader asked for.
    #[error("At {place}: {message}")]
    Kind {
        /// Where the value stands.
        place: Place,
        /// What it should have been.
        message: String,
    },
}

impl Error {
    /// The line that is to blame; the first for a text that is too long.
    pub const fn line(&self) -> u32 {
        match self {
            Self::TooLong { .. } => 1,
            Self::TooDeep { place } | Self::Syntax { place, .. } | Self::Kind { place, .. } => {
                place.line
            }
        }
    }

    pub(crate) fn syntax(place: Place, message: impl Into<String>) -> Self {
        Self::Syntax {
            place,
            message: message.into(),
        }
    }

    pub(crate) fn kind(place: Place, message: impl Into<String>) -> Self {
        Self::Kind {
            place,
            message: message.into(),
        }
    }
}
