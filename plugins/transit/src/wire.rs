//! `vault:v3:…`: which version made it, and what.

use sdk::{Failure, invalid};

const PREFIX: &str = "vault:v";

/// Bytes in base64 behind the version that made them.
pub(crate) fn write(version: u64, base64: &str) -> String {
    format!("{PREFIX}{version}:{base64}")
}

/// What is wrong with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    NoPrefix,
    Fields,
    Number,
}

impl Wrong {
    /// For the caller, of the thing called `what`.
    pub(crate) fn failure(self, what: &str) -> Failure {
        invalid(match self {
            Self::NoPrefix => format!("invalid {what}: no prefix"),
            Self::Fields => format!("invalid {what}: wrong number of fields"),
            Self::Number => format!("invalid {what}: version number could not be decoded"),
        })
    }
}

/// The version and what stands behind it.
pub(crate) fn read(text: &str) -> Result<(i64, &str), Wrong> {
    let rest = text.strip_prefix(PREFIX).ok_or(Wrong::NoPrefix)?;
    let (version, body) = rest.split_once(':').ok_or(Wrong::Fields)?;
    Ok((version.parse().map_err(|_| Wrong::Number)?, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        assert_eq!(read(&write(7, "AAAA")), Ok((7, "AAAA")));
        for (text, read_as) in [
            ("vault:v01:AA:AA", Ok((1, "AA:AA"))),
            ("vault:v-1:", Ok((-1, ""))),
            ("", Err(Wrong::NoPrefix)),
            ("vault:", Err(Wrong::NoPrefix)),
            ("VAULT:v1:AAAA", Err(Wrong::NoPrefix)),
            ("vault:v", Err(Wrong::Fields)),
            ("vault:v1", Err(Wrong::Fields)),
            ("vault:vx:AAAA", Err(Wrong::Number)),
            ("vault:v99999999999999999999:AAAA", Err(Wrong::Number)),
        ] {
            assert_eq!(read(text), read_as, "{text}");
        }
    }
}
