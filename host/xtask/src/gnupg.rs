//! GnuPG's `gpg`, which makes PGP keys and reads what is encrypted to them in the end-to-end tests.

use crate::run::{self, Failed};
use std::path::PathBuf;

const GPG: &str = "gpg";

/// The program, Debian's, installed where there is none.
pub(crate) fn binary() -> Result<PathBuf, Failed> {
    if !run::succeeds(GPG, &["--version"]) {
        run::command("apt-get", ["update", "-qq"])?;
        run::command(
            "apt-get",
            ["install", "-y", "-qq", "gpg", "gpg-agent", "gpgconf"],
        )?;
    }
    Ok(PathBuf::from(GPG))
}
