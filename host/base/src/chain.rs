//! Errors in words.

use core::error::Error;

/// An error and its causes, in one line. Many say what was being done, and only their causes why that
/// failed.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[test]
    fn what_failed_and_why() {
        #[derive(Debug, thiserror::Error)]
        #[error("{0}")]
        struct Doing(&'static str, #[source] io::Error);
        let denied = || io::Error::from(io::ErrorKind::PermissionDenied);
        assert_eq!(chain(&denied()), "permission denied");
        let outer = io::Error::other(Doing("read the file", denied()));
        assert_eq!(chain(&outer), "read the file: permission denied");
    }
}
