//! Where lines go.

use base::Timestamp;
use std::io::{self, Write as _};

/// Where lines go. Called from many threads at once.
pub trait Device: Send + Sync {
    /// Takes one line of the moment `at`, its end included; whole or not at all.
    ///
    /// # Errors
    /// When it was not taken.
    fn write(&self, line: &[u8], at: Timestamp) -> io::Result<()>;

    /// Opens anew what may have been moved away: the log was rotated.
    ///
    /// # Errors
    /// When that is not possible; the old one stays in use.
    fn reopen(&self) -> io::Result<()> {
        Ok(())
    }

    /// Could it be opened?
    fn is_open(&self) -> bool {
        true
    }
}

/// The server's standard output.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stdout;

impl Device for Stdout {
    fn write(&self, line: &[u8], _: Timestamp) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(line)?;
        out.flush()
    }
}

/// Takes everything and keeps nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Discard;

impl Device for Discard {
    fn write(&self, _: &[u8], _: Timestamp) -> io::Result<()> {
        Ok(())
    }
}
