//! Runs other programs and says which one failed.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What did not work, for a person.
#[derive(Debug)]
pub(crate) struct Failed(pub(crate) String);

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .components()
        .collect::<PathBuf>()
        .join("../..")
}

/// Where cargo puts what it builds.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Runs cargo in the workspace.
pub(crate) fn cargo(args: &[&str]) -> Result<(), Failed> {
    cargo_with(args, &[])
}

/// Runs cargo with further environment variables.
pub(crate) fn cargo_with(args: &[&str], env: &[(&str, PathBuf)]) -> Result<(), Failed> {
    let mut command = Command::new(env!("CARGO"));
    command
        .args(args)
        .current_dir(root())
        .envs(env.iter().map(|(name, value)| (name, value)));
    finish(&mut command)
}

/// Runs a program and waits for its end.
pub(crate) fn command<'a>(
    program: &(impl AsRef<OsStr> + ?Sized),
    args: impl IntoIterator<Item = &'a str>,
) -> Result<(), Failed> {
    finish(Command::new(program).args(args).current_dir(root()))
}

/// Runs a program, for its effect alone; tells only whether it succeeded.
pub(crate) fn succeeds(program: &str, args: &[&str]) -> bool {
    let quiet = Command::new(program)
        .args(args)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .status();
    quiet.is_ok_and(|status| status.success())
}

fn finish(command: &mut Command) -> Result<(), Failed> {
    let name = format!("{command:?}");
    let status = command
        .status()
        .map_err(|error| Failed(format!("{name}: {error}")))?;
    if status.success() {
        Ok(())
    } else {
        Err(Failed(format!("{name}: {status}")))
    }
}
