//! Runs cargo for a crate, and packs what comes of it.

use crate::wasm_std::{self, TARGET, WasmStd, WasmStdError};
use crate::{ComponentError, componentize};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Why a crate did not become a component.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PackError {
    /// There is no WebAssembly standard library, and none could be made.
    #[error("no standard library for WebAssembly")]
    Std(#[from] WasmStdError),
    /// Cargo could not be run.
    #[error("run cargo in {0}")]
    Cargo(PathBuf, #[source] io::Error),
    /// Cargo failed, and has said why.
    #[error("cargo build failed in {0}")]
    Build(PathBuf),
    /// The crate's manifest has no `crate-type = ["cdylib"]`.
    #[error("{0} gives no module: its [lib] needs crate-type = [\"cdylib\", \"rlib\"]")]
    NoModule(PathBuf),
    /// The module could not be read.
    #[error("read {0}")]
    Read(PathBuf, #[source] io::Error),
    /// The module is not one of the SDK's.
    #[error(transparent)]
    Component(#[from] ComponentError),
}

/// As the crates of this repository are built; given on the command line, so that the same source
/// gives the same bytes in every workspace.
const PROFILE: [&str; 7] = [
    "profile.plugin.inherits='release'",
    "profile.plugin.opt-level='s'",
    "profile.plugin.lto=true",
    "profile.plugin.codegen-units=1",
    "profile.plugin.panic='abort'",
    "profile.plugin.strip=true",
    "profile.plugin.debug=false",
];

/// Builds the crate in `folder`, and gives the component. What takes long is said on standard error.
///
/// # Errors
/// [`PackError`] as its variants say.
pub fn build(folder: &Path) -> Result<Vec<u8>, PackError> {
    let say = |line: &str| eprintln!("{line}");
    build_in(
        folder,
        &wasm_std::cache_folder(|name| std::env::var_os(name)),
        &say,
    )
}

/// As [`build`], with a folder for what is kept between builds.
///
/// # Errors
/// [`PackError`] as its variants say.
pub fn build_in(folder: &Path, cache: &Path, say: &dyn Fn(&str)) -> Result<Vec<u8>, PackError> {
    let folder = folder
        .canonicalize()
        .map_err(|error| PackError::Cargo(folder.into(), error))?;
    let library = wasm_std::ensure(cache, say)?;
    let module = compile(&folder, &library)?;
    let core = std::fs::read(&module).map_err(|error| PackError::Read(module, error))?;
    Ok(componentize(&core)?)
}

fn compile(folder: &Path, library: &WasmStd) -> Result<PathBuf, PackError> {
    let mut cargo = Command::new("cargo");
    cargo
        .current_dir(folder)
        .args([
            "build",
            "--lib",
            "--quiet",
            "--target",
            TARGET,
            "--profile",
            "plugin",
        ])
        .args(["--message-format", "json-render-diagnostics"])
        .args(PROFILE.iter().flat_map(|line| ["--config", line]))
        .env("CARGO_ENCODED_RUSTFLAGS", flags(library))
        .env_remove("RUSTFLAGS")
        .stdin(Stdio::null())
        .stderr(Stdio::inherit());
    let output = cargo
        .output()
        .map_err(|error| PackError::Cargo(folder.into(), error))?;
    if !output.status.success() {
        return Err(PackError::Build(folder.into()));
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let module = messages
        .lines()
        .filter_map(|line| module_of(line, folder))
        .next_back();
    module.ok_or_else(|| PackError::NoModule(folder.into()))
}

/// The usual stack would be a megabyte, most of it touched by nobody and cleared on every call.
const STACK: &str = "-Clink-arg=-zstack-size=65536";

fn flags(library: &WasmStd) -> OsString {
    let mut flags = OsString::from(STACK);
    if let WasmStd::Private(sysroot) = library {
        flags.push("\u{1f}--sysroot\u{1f}");
        flags.push(sysroot);
    }
    // Messages of panics name source files; where those lie on this machine is nobody's business.
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let cargo = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let registry = cargo.or_else(|| home.map(|home| home.join(".cargo")));
    if let Some(registry) = registry {
        flags.push("\u{1f}--remap-path-prefix=");
        flags.push(registry);
        flags.push("=/cargo");
    }
    flags
}

/// The module in a line of cargo's report, where it is that of the crate in `folder`.
fn module_of(line: &str, folder: &Path) -> Option<PathBuf> {
    let message: serde_json::Value = serde_json::from_str(line).ok()?;
    if message.get("reason")?.as_str()? != "compiler-artifact" {
        return None;
    }
    let manifest = Path::new(message.get("manifest_path")?.as_str()?);
    if manifest.parent()? != folder {
        return None;
    }
    let files = message.get("filenames")?.as_array()?.iter();
    let mut modules = files
        .filter_map(|file| file.as_str())
        .filter(|file| file.ends_with(".wasm"));
    modules.next().map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_module_is_that_of_the_crate_asked_for() {
        let line = |manifest: &str, file: &str| {
            format!(
                r#"{{"reason":"compiler-artifact","manifest_path":"{manifest}","filenames":["/t/x.rlib","{file}"]}}"#
            )
        };
        let check = |line: &str, expected: Option<&str>| {
            assert_eq!(
                module_of(line, Path::new("/c")),
                expected.map(PathBuf::from),
                "{line}"
            );
        };
        check(&line("/c/Cargo.toml", "/t/c.wasm"), Some("/t/c.wasm"));
        check(&line("/other/Cargo.toml", "/t/o.wasm"), None);
        check(&line("/c/Cargo.toml", "/t/c.rlib"), None);
        check(r#"{"reason":"build-finished","success":true}"#, None);
        check("not JSON", None);
    }
}
