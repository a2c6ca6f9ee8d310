//! The one normalisation of request paths.

use core::fmt;

/// A path below `/v1/`: decoded, without a leading slash, without `//`, `.` or `..` segments, all
/// printable. May end in `/` (a folder, for LIST). Policies, router and audit all see this one.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestPath(String);

/// Why a path was refused. All are the caller's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// It holds a `..` segment.
    #[error("relative paths not supported")]
    Relative,
    /// It holds a control character, or is not UTF-8.
    #[error("path contains unprintable characters")]
    Unprintable,
    /// It is longer than [`RequestPath::LENGTH_MAX`] bytes.
    #[error("path too long")]
    TooLong,
    /// It has a `%` that two hexadecimal digits do not follow.
    #[error("malformed percent-encoding in path")]
    Encoding,
}

impl RequestPath {
    /// Longest path, in bytes after decoding.
    pub const LENGTH_MAX: usize = 4096;

    /// Decodes and checks what stood after `/v1/`, still percent-encoded.
    ///
    /// # Errors
    /// [`PathError`] as its variants say.
    pub fn decode(encoded: &str) -> Result<Self, PathError> {
        let mut bytes = Vec::with_capacity(encoded.len());
        let mut rest = encoded.bytes();
        while let Some(byte) = rest.next() {
            if byte != b'%' {
                bytes.push(byte);
                continue;
            }
            let digits = [rest.next(), rest.next()].map(|digit| digit.and_then(hex_digit));
            let [Some(high), Some(low)] = digits else {
                return Err(PathError::Encoding);
            };
            bytes.push(high * 16 + low);
        }
        Self::parse(&String::from_utf8(bytes).map_err(|_| PathError::Unprintable)?)
    }

    /// Checks a path that is not encoded.
    ///
    /// # Errors
    /// [`PathError`] as its variants say.
    pub fn parse(path: &str) -> Result<Self, PathError> {
        if path.len() > Self::LENGTH_MAX {
            return Err(PathError::TooLong);
        }
        if path.chars().any(char::is_control) {
            return Err(PathError::Unprintable);
        }
        if path.split('/').any(|segment| segment == "..") {
            return Err(PathError::Relative);
        }
        let mut clean = String::with_capacity(path.len());
        for segment in path
            .split('/')
            .filter(|segment| !segment.is_empty() && *segment != ".")
        {
            if !clean.is_empty() {
                clean.push('/');
            }
            clean.push_str(segment);
        }
        if path.ends_with('/') && !clean.is_empty() {
            clean.push('/');
        }
        Ok(Self(clean))
    }

    /// The path.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same path as a folder: with one slash at its end. The empty path stays empty.
    #[must_use]
    pub fn into_folder(mut self) -> Self {
        if !self.0.is_empty() && !self.0.ends_with('/') {
            self.0.push('/');
        }
        self
    }

    /// `first` and then `self`.
    #[must_use]
    pub fn below(&self, first: &Self) -> Self {
        Self(format!("{}{}", first.clone().into_folder().0, self.0))
    }

    /// What follows `prefix`, where this path begins with it.
    #[must_use]
    pub fn strip(&self, prefix: &str) -> Option<Self> {
        self.0
            .strip_prefix(prefix)
            .map(|rest| Self(rest.to_owned()))
    }
}

const fn hex_digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

impl fmt::Display for RequestPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RequestPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        let check = |encoded: &str, expected: Result<&str, PathError>| {
            let path = RequestPath::decode(encoded);
            assert_eq!(
                path.as_ref().map(RequestPath::as_str),
                expected.as_ref().map(|s| *s),
                "{encoded}"
            );
        };
        check("secret/data/a", Ok("secret/data/a"));
        check("/secret//data///a", Ok("secret/data/a"));
        check("secret/./a", Ok("secret/a"));
        check("secret/a/", Ok("secret/a/"));
        check("secret/a%20b", Ok("secret/a b"));
        check("secret/%2e%2e/sys", Err(PathError::Relative));
        check("secret/../sys", Err(PathError::Relative));
        check("secret/a%2fb", Ok("secret/a/b"));
        check("secret/..%2fsys", Err(PathError::Relative));
        check("secret/a%00", Err(PathError::Unprintable));
        check("secret/a%0a", Err(PathError::Unprintable));
        check("secret/%ff", Err(PathError::Unprintable));
        check("secret/%zz", Err(PathError::Encoding));
        check("secret/%2", Err(PathError::Encoding));
        check("/", Ok(""));
        check("secret/..a", Ok("secret/..a"));
        check(&"a".repeat(5000), Err(PathError::TooLong));
    }

    proptest::proptest! {
        #[test]
        fn normalising_twice_changes_nothing(text in ".{0,40}") {
            if let Ok(path) = RequestPath::parse(&text) {
                proptest::prop_assert_eq!(&RequestPath::parse(path.as_str()).unwrap(), &path);
                proptest::prop_assert!(!path.as_str().contains("//"));
                proptest::prop_assert!(!path.as_str().starts_with('/'));
            }
        }
    }
}
