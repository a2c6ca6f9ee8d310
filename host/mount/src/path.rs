//! Where a mount can be.

use base::RequestPath;
use core::fmt;
use serde::{Deserialize, Serialize};

/// The path of a mount within its namespace: not empty, ends in one slash, `auth/…/` for auth
/// methods.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MountPath(String);

/// Why something cannot be a mount's path. All are the caller's fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MountPathError {
    /// Nothing is left of it.
    #[error("path to mount must be specified")]
    Empty,
    /// It holds what no request path may hold.
    #[error("invalid mount path {0:?}")]
    Malformed(String),
}

impl MountPath {
    /// Longest path of a mount, in bytes.
    pub const LENGTH_MAX: usize = 512;

    /// Reads a path with or without its slashes.
    ///
    /// # Errors
    /// [`MountPathError`] as its variants say.
    pub fn parse(text: &str) -> Result<Self, MountPathError> {
        let malformed = || MountPathError::Malformed(text.to_owned());
        let path = RequestPath::parse(text)
            .map_err(|_| malformed())?
            .into_folder();
        let path = path.as_str();
        if path.is_empty() {
            return Err(MountPathError::Empty);
        }
        // `+` and `*` would mean something else in a policy that names the mount.
        let clean = path.len() <= Self::LENGTH_MAX && !path.contains(['*', '+', '{', '}']);
        if !clean || path.split('/').any(|segment| segment.trim() != segment) {
            return Err(malformed());
        }
        Ok(Self(path.to_owned()))
    }

    /// The path, ending in a slash.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Does this path lie below `prefix` (`"auth/"`)?
    pub fn is_below(&self, prefix: &str) -> bool {
        self.0.starts_with(prefix)
    }
}

impl TryFrom<String> for MountPath {
    type Error = MountPathError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<MountPath> for String {
    fn from(path: MountPath) -> Self {
        path.0
    }
}

// Sorts and compares as its text does, so that a table is searched without making a path.
impl core::borrow::Borrow<str> for MountPath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MountPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        let check = |text: &str, expected: Option<&str>| {
            let path = MountPath::parse(text).ok();
            assert_eq!(path.as_ref().map(MountPath::as_str), expected, "{text}");
        };
        check("secret", Some("secret/"));
        check("/secret/", Some("secret/"));
        check("a//b", Some("a/b/"));
        check("auth/userpass", Some("auth/userpass/"));
        check("", None);
        check("/", None);
        check("a/../b", None);
        check("a*", None);
        check("a /b", None);
        check(&"a".repeat(600), None);
    }
}
