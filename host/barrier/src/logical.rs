//! Keys as components name them.

use base::RequestPath;

/// Longest key of a component, in bytes: whatever can be requested can be stored under its path.
pub(crate) const KEY_BYTES_MAX: usize = RequestPath::LENGTH_MAX;

/// Why a key or a prefix was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    /// It is empty.
    #[error("storage key is empty")]
    Empty,
    /// It is longer than 4096 bytes.
    #[error("storage key is longer than {KEY_BYTES_MAX} bytes")]
    TooLong,
    /// It holds a control character.
    #[error("storage key holds a control character")]
    Unprintable,
    /// It begins with a slash, or with one after another.
    #[error("storage key has an empty segment")]
    EmptySegment,
    /// It holds `.` or `..` as a segment.
    #[error("storage key has a relative segment")]
    Relative,
    /// A key ends in a slash.
    #[error("storage key ends in a slash")]
    Folder,
    /// A prefix to list neither is empty nor ends in a slash.
    #[error("storage prefix to list does not end in a slash")]
    NotFolder,
}

/// Checks the key of an entry.
pub(crate) fn check_key(key: &str) -> Result<(), InvalidKey> {
    if key.is_empty() {
        return Err(InvalidKey::Empty);
    }
    if key.ends_with('/') {
        return Err(InvalidKey::Folder);
    }
    check_segments(key)
}

/// Checks a folder to list: empty for the whole mount.
pub(crate) fn check_folder(folder: &str) -> Result<(), InvalidKey> {
    if folder.is_empty() {
        return Ok(());
    }
    let path = folder.strip_suffix('/').ok_or(InvalidKey::NotFolder)?;
    check_segments(path)
}

fn check_segments(path: &str) -> Result<(), InvalidKey> {
    if path.len() > KEY_BYTES_MAX {
        return Err(InvalidKey::TooLong);
    }
    if path.chars().any(char::is_control) {
        return Err(InvalidKey::Unprintable);
    }
    for segment in path.split('/') {
        match segment {
            "" => return Err(InvalidKey::EmptySegment),
            "." | ".." => return Err(InvalidKey::Relative),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys() {
        let check = |key: &str, expected| assert_eq!(check_key(key), expected, "{key:?}");
        check("a", Ok(()));
        check("metadata/a b/ü", Ok(()));
        check("a/..b/.c", Ok(()));
        check(&"a".repeat(4096), Ok(()));
        check(&"a".repeat(4097), Err(InvalidKey::TooLong));
        check("", Err(InvalidKey::Empty));
        check("/a", Err(InvalidKey::EmptySegment));
        check("a//b", Err(InvalidKey::EmptySegment));
        check("a/", Err(InvalidKey::Folder));
        check("/", Err(InvalidKey::Folder));
        check("a/../b", Err(InvalidKey::Relative));
        check("..", Err(InvalidKey::Relative));
        check("./a", Err(InvalidKey::Relative));
        check("a\0b", Err(InvalidKey::Unprintable));
        check("\u{1}key", Err(InvalidKey::Unprintable));
        check("a\u{85}", Err(InvalidKey::Unprintable));
    }

    #[test]
    fn folders() {
        let check = |key: &str, expected| assert_eq!(check_folder(key), expected, "{key:?}");
        check("", Ok(()));
        check("a/", Ok(()));
        check("a/b/", Ok(()));
        check("a", Err(InvalidKey::NotFolder));
        check("/", Err(InvalidKey::EmptySegment));
        check("a//", Err(InvalidKey::EmptySegment));
        check("../", Err(InvalidKey::Relative));
        check("\u{1}/", Err(InvalidKey::Unprintable));
    }
}
