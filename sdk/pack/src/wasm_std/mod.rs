//! A standard library for `wasm32-unknown-unknown` that fits the compiler at hand.
//!
//! In this order: the one that the toolchain has; one that was made before; one made from Debian's
//! package of the compiler's source, of just this version; the one that rustup can fetch. The mirror is
//! the machine's own, as apt knows it, and apt checks its signatures.

mod debian;

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What components are built for.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// Where the library is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WasmStd {
    /// In the toolchain: nothing need be said to the compiler.
    Installed,
    /// In this folder: to be given as `--sysroot`.
    Private(PathBuf),
}

/// Why there is none.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WasmStdError {
    /// A program could not be run.
    #[error("run {0}")]
    Run(&'static str, #[source] io::Error),
    /// A program failed.
    #[error("{0} failed: {1}")]
    Failed(&'static str, String),
    /// The compiler did not say its version.
    #[error("rustc says no version")]
    Version,
    /// A file or folder could not be made.
    #[error("make {0}")]
    Make(PathBuf, #[source] io::Error),
    /// Debian has no source of this compiler.
    #[error("no Debian mirror of this machine has rust-src {0}")]
    NoSource(String),
    /// Nothing worked.
    #[error("from Debian's source: {debian}; by rustup: {rustup}")]
    Nothing {
        /// Why not from source.
        debian: Box<WasmStdError>,
        /// Why not by rustup.
        rustup: Box<WasmStdError>,
    },
}

/// The compiler, as it describes itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Compiler {
    pub(crate) release: String,
    pub(crate) commit: String,
    pub(crate) host: String,
    pub(crate) sysroot: PathBuf,
}

/// `$XDG_CACHE_HOME/casemate`, or `~/.cache/casemate`.
pub fn cache_folder(variable: impl Fn(&str) -> Option<OsString>) -> PathBuf {
    let home = || variable("HOME").map(|home| Path::new(&home).join(".cache"));
    let cache = variable("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute());
    cache
        .or_else(home)
        .unwrap_or_else(|| PathBuf::from("/var/tmp"))
        .join("casemate")
}

/// Finds the library, or makes it. Several processes may do so at once.
///
/// # Errors
/// [`WasmStdError`] when nothing worked.
pub fn ensure(cache: &Path, say: &dyn Fn(&str)) -> Result<WasmStd, WasmStdError> {
    let compiler = Compiler::ask()?;
    if has_library(&compiler.sysroot) {
        return Ok(WasmStd::Installed);
    }
    let kept = cache.join(format!("wasm-std-{}-{}", compiler.release, compiler.commit));
    if is_whole(&kept, &compiler) {
        return Ok(WasmStd::Private(kept));
    }
    let debian = match make(cache, &kept, &compiler, say) {
        Ok(()) => return Ok(WasmStd::Private(kept)),
        Err(error) => error,
    };
    say(&format!(
        "not from Debian's source ({debian}); asking rustup"
    ));
    match by_rustup(&compiler) {
        Ok(()) => Ok(WasmStd::Installed),
        Err(rustup) => Err(WasmStdError::Nothing {
            debian: Box::new(debian),
            rustup: Box::new(rustup),
        }),
    }
}

/// Makes the library in a folder beside, which takes its place at once when it is whole.
fn make(
    cache: &Path,
    kept: &Path,
    compiler: &Compiler,
    say: &dyn Fn(&str),
) -> Result<(), WasmStdError> {
    let work = cache.join(format!(
        "wasm-std-{}.{}",
        compiler.release,
        std::process::id()
    ));
    remove(&work)?;
    create(&work)?;
    let made = make_in(&work, compiler, say).and_then(|sysroot| {
        // A folder that is there but not whole is of an interrupted past, or of another toolchain.
        if !is_whole(kept, compiler) {
            remove(kept)?;
        }
        match fs::rename(&sysroot, kept) {
            Err(_) if is_whole(kept, compiler) => Ok(()),
            renamed => renamed.map_err(|error| WasmStdError::Make(kept.into(), error)),
        }
    });
    remove(&work)?;
    made
}

fn make_in(work: &Path, compiler: &Compiler, say: &dyn Fn(&str)) -> Result<PathBuf, WasmStdError> {
    say(&format!(
        "fetching the source of rustc {} from the Debian mirror",
        compiler.release
    ));
    let library = debian::fetch_library(work, &compiler.release)?;
    say("building the WebAssembly standard library; this happens once");
    let rlibs = compile(work, &library)?;
    let sysroot = work.join("sysroot");
    let into = library_folder(&sysroot);
    create(&into)?;
    let entries = fs::read_dir(&rlibs).map_err(|error| WasmStdError::Make(rlibs.clone(), error))?;
    for entry in entries.filter_map(Result::ok) {
        let from = entry.path();
        if from
            .extension()
            .is_some_and(|extension| extension == "rlib")
        {
            let to = into.join(entry.file_name());
            fs::copy(&from, &to).map_err(|error| WasmStdError::Make(to, error))?;
        }
    }
    let host = host_folder(&sysroot, compiler);
    let theirs = host_folder(&compiler.sysroot, compiler);
    std::os::unix::fs::symlink(theirs, &host).map_err(|error| WasmStdError::Make(host, error))?;
    Ok(sysroot)
}

fn compile(work: &Path, library: &Path) -> Result<PathBuf, WasmStdError> {
    let target = work.join("target");
    let mut cargo = Command::new("cargo");
    cargo
        .current_dir(library)
        .args(["build", "--quiet", "--release", "--target", TARGET])
        .args(["--manifest-path", "sysroot/Cargo.toml"])
        .args(["--features", "panic-unwind compiler-builtins-mem"])
        .env("CARGO_TARGET_DIR", &target)
        // A stable compiler builds its own library, and nothing else, with the features it is made of.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("__CARGO_DEFAULT_LIB_METADATA", "wasmstd")
        .env("CARGO_PROFILE_RELEASE_PANIC", "abort")
        .env(
            "RUSTFLAGS",
            "-Cembed-bitcode=yes -Zforce-unstable-if-unmarked -Cpanic=abort",
        )
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS");
    run("cargo", &mut cargo)?;
    Ok(target.join(TARGET).join("release/deps"))
}

fn by_rustup(compiler: &Compiler) -> Result<(), WasmStdError> {
    run(
        "rustup",
        Command::new("rustup").args(["target", "add", TARGET]),
    )?;
    match has_library(&compiler.sysroot) {
        true => Ok(()),
        false => Err(WasmStdError::Failed(
            "rustup",
            "it added the target to another toolchain".into(),
        )),
    }
}

fn library_folder(sysroot: &Path) -> PathBuf {
    sysroot.join("lib/rustlib").join(TARGET).join("lib")
}

fn host_folder(sysroot: &Path, compiler: &Compiler) -> PathBuf {
    sysroot.join("lib/rustlib").join(&compiler.host)
}

fn has_library(sysroot: &Path) -> bool {
    let entries = fs::read_dir(library_folder(sysroot));
    let is_core = |name: &str| name.starts_with("libcore-") && name.ends_with(".rlib");
    entries.is_ok_and(|entries| {
        let mut names = entries
            .filter_map(Result::ok)
            .map(|entry| entry.file_name());
        names.any(|name| name.to_str().is_some_and(is_core))
    })
}

/// The library is there, and so is the toolchain that it was made for.
fn is_whole(sysroot: &Path, compiler: &Compiler) -> bool {
    let host = fs::canonicalize(host_folder(sysroot, compiler)).ok();
    let theirs = fs::canonicalize(host_folder(&compiler.sysroot, compiler)).ok();
    has_library(sysroot) && host.is_some() && host == theirs
}

impl Compiler {
    fn ask() -> Result<Self, WasmStdError> {
        let version = run("rustc", Command::new("rustc").arg("-vV"))?;
        let sysroot = run("rustc", Command::new("rustc").args(["--print", "sysroot"]))?;
        Self::read(&version, sysroot.trim()).ok_or(WasmStdError::Version)
    }

    fn read(version: &str, sysroot: &str) -> Option<Self> {
        let value = |name: &str| {
            let mut lines = version.lines().filter_map(|line| line.split_once(": "));
            lines
                .find(|(one, _)| *one == name)
                .map(|(_, value)| value.trim())
        };
        Some(Self {
            release: value("release")?.to_owned(),
            commit: value("commit-hash")
                .unwrap_or("unknown")
                .chars()
                .take(9)
                .collect(),
            host: value("host")?.to_owned(),
            sysroot: PathBuf::from(sysroot),
        })
    }
}

/// What a program prints, if it succeeds; its complaint, if it does not.
pub(crate) fn run(name: &'static str, command: &mut Command) -> Result<String, WasmStdError> {
    let output = command
        .output()
        .map_err(|error| WasmStdError::Run(name, error))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    match output.status.success() {
        true => Ok(text(&output.stdout)),
        false => Err(WasmStdError::Failed(name, text(&output.stderr))),
    }
}

pub(crate) fn create(folder: &Path) -> Result<(), WasmStdError> {
    fs::create_dir_all(folder).map_err(|error| WasmStdError::Make(folder.into(), error))
}

fn remove(folder: &Path) -> Result<(), WasmStdError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(WasmStdError::Make(folder.into(), error))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compiler(sysroot: &Path) -> Compiler {
        let version = "rustc 1.95.0 (59807616e 2026-04-14)\nbinary: rustc\n\
                       commit-hash: 59807616e1fa2540724bfbac14d7976d7e4a3860\n\
                       host: x86_64-unknown-linux-gnu\nrelease: 1.95.0\n";
        Compiler::read(version, &sysroot.to_string_lossy()).unwrap()
    }

    #[test]
    fn the_compiler_says_what_it_is() {
        let compiler = compiler(Path::new("/t"));
        assert_eq!(compiler.release, "1.95.0");
        assert_eq!(compiler.commit, "59807616e");
        assert_eq!(compiler.host, "x86_64-unknown-linux-gnu");
        assert_eq!(Compiler::read("rustc", "/t"), None);
    }

    #[test]
    fn the_cache_is_where_the_user_wants_it() {
        let check = |xdg: Option<&str>, home: Option<&str>, expected: &str| {
            let variable = |name: &str| match name {
                "XDG_CACHE_HOME" => xdg.map(OsString::from),
                _ => home.map(OsString::from),
            };
            assert_eq!(cache_folder(variable), PathBuf::from(expected));
        };
        check(Some("/x"), Some("/h"), "/x/casemate");
        check(None, Some("/h"), "/h/.cache/casemate");
        check(Some("relative"), Some("/h"), "/h/.cache/casemate");
        check(None, None, "/var/tmp/casemate");
    }

    #[test]
    fn half_a_library_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let toolchain = folder.path().join("toolchain");
        let compiler = compiler(&toolchain);
        fs::create_dir_all(host_folder(&toolchain, &compiler)).unwrap();
        let sysroot = folder.path().join("sysroot");
        fs::create_dir_all(library_folder(&sysroot)).unwrap();
        assert!(!is_whole(&sysroot, &compiler), "no library");
        fs::write(library_folder(&sysroot).join("libcore-1.rlib"), "").unwrap();
        assert!(has_library(&sysroot));
        assert!(!is_whole(&sysroot, &compiler), "no link to the toolchain");
        let host = host_folder(&sysroot, &compiler);
        std::os::unix::fs::symlink(host_folder(&toolchain, &compiler), host).unwrap();
        assert!(is_whole(&sysroot, &compiler));
        fs::remove_dir_all(&toolchain).unwrap();
        assert!(!is_whole(&sysroot, &compiler), "the toolchain has gone");
    }
}
