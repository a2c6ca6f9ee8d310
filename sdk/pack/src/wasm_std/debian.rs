//! The source of a compiler's library, from the machine's own Debian mirror.

use super::{WasmStdError, create, run};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where versions of the compiler can be found, in the order in which they are asked.
const SUITES: [&str; 3] = ["trixie-backports", "forky", "sid"];

/// Fetches the package, checked by apt, and unpacks `library/` of it below `work`.
pub(super) fn fetch_library(work: &Path, release: &str) -> Result<PathBuf, WasmStdError> {
    let targets = run(
        "apt-get",
        Command::new("apt-get").args(["indextargets", "--format", "$(SITE)"]),
    )?;
    let no_source = || WasmStdError::NoSource(release.to_owned());
    let site = usual_site(&targets).ok_or_else(no_source)?;
    for suite in SUITES {
        let apt = PrivateApt::new(&work.join("apt"), site, suite)?;
        let Ok(versions) = apt.versions_of("rust-src") else {
            continue;
        };
        if let Some(version) = version_of(&versions, release) {
            let package = apt.download("rust-src", version)?;
            return unpack(work, &package, release);
        }
    }
    Err(no_source())
}

/// The site that most lists come from, but for the one with security updates.
fn usual_site(targets: &str) -> Option<&str> {
    let is_usual = |site: &&str| !site.is_empty() && !site.contains("security");
    let sites: Vec<&str> = targets.lines().map(str::trim).filter(is_usual).collect();
    let count = |site: &str| sites.iter().filter(|one| **one == site).count();
    sites.iter().copied().max_by_key(|site| count(site))
}

/// The Debian version of `release` in what `apt-cache madison` prints.
fn version_of<'a>(madison: &'a str, release: &str) -> Option<&'a str> {
    let versions = madison
        .lines()
        .filter_map(|line| line.split('|').nth(1))
        .map(str::trim);
    let is_of_release = |version: &&str| {
        let rest = version.strip_prefix(release);
        rest.is_some_and(|rest| rest.starts_with(['+', '-', '~']))
    };
    let mut found = versions.filter(is_of_release);
    found.next()
}

/// Apt with lists and caches of its own, so that the machine's stay as they are.
struct PrivateApt {
    folder: PathBuf,
}

impl PrivateApt {
    fn new(folder: &Path, site: &str, suite: &str) -> Result<Self, WasmStdError> {
        let folder = folder.join(suite);
        for part in ["lists/partial", "cache/archives/partial", "download"] {
            create(&folder.join(part))?;
        }
        let sources = folder.join("sources.list");
        fs::write(&sources, format!("deb {site} {suite} main\n"))
            .map_err(|error| WasmStdError::Make(sources, error))?;
        let apt = Self { folder };
        Ok(apt)
    }

    fn command(&self, program: &str) -> Command {
        let option =
            |name: &str, path: &str| format!("{name}={}", self.folder.join(path).display());
        let mut command = Command::new(program);
        command
            .args(["-o", &option("Dir::Etc::SourceList", "sources.list")])
            .args(["-o", "Dir::Etc::SourceParts=/dev/null"])
            .args(["-o", &option("Dir::State::Lists", "lists")])
            .args(["-o", &option("Dir::Cache", "cache")])
            .args(["-o", "Acquire::Languages=none", "-o", "APT::Sandbox::User="])
            .current_dir(self.folder.join("download"))
            .stdin(Stdio::null());
        command
    }

    fn versions_of(&self, package: &str) -> Result<String, WasmStdError> {
        run(
            "apt-get",
            self.command("apt-get").args(["--quiet", "update"]),
        )?;
        run(
            "apt-cache",
            self.command("apt-cache").args(["madison", package]),
        )
    }

    fn download(&self, package: &str, version: &str) -> Result<PathBuf, WasmStdError> {
        let wanted = format!("{package}={version}");
        run(
            "apt-get",
            self.command("apt-get")
                .args(["--quiet", "download", &wanted]),
        )?;
        let folder = self.folder.join("download");
        let entries = fs::read_dir(&folder).map_err(|error| WasmStdError::Make(folder, error))?;
        let mut files = entries.filter_map(Result::ok).map(|entry| entry.path());
        let found = files.find(|file| file.extension().is_some_and(|extension| extension == "deb"));
        found.ok_or_else(|| WasmStdError::NoSource(version.to_owned()))
    }
}

fn unpack(work: &Path, package: &Path, release: &str) -> Result<PathBuf, WasmStdError> {
    let mut dpkg = Command::new("dpkg-deb");
    let dpkg = dpkg
        .arg("--fsys-tarfile")
        .arg(package)
        .stdout(Stdio::piped());
    let mut dpkg = dpkg
        .spawn()
        .map_err(|error| WasmStdError::Run("dpkg-deb", error))?;
    let archive = dpkg.stdout.take().map_or_else(Stdio::null, Stdio::from);
    let member = format!("./usr/src/rustc-{release}/library");
    let mut tar = Command::new("tar");
    tar.args(["--extract", "--strip-components=4", "--directory"])
        .arg(work);
    let unpacked = run("tar", tar.arg(member).stdin(archive));
    dpkg.wait()
        .map_err(|error| WasmStdError::Run("dpkg-deb", error))?;
    unpacked?;
    Ok(work.join("library"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_site_is_the_mirror() {
        let check =
            |targets: &str, expected: Option<&str>| assert_eq!(usual_site(targets), expected);
        check(
            "http://a/debian\nhttp://b/debian-security\nhttp://a/debian\nhttp://c/other\n",
            Some("http://a/debian"),
        );
        check("http://b/debian-security\n", None);
        check("", None);
    }

    #[test]
    fn the_version_is_that_of_the_compiler() {
        let madison = " rust-src | 1.96.1+dfsg1-1~bpo13+1 | http://a trixie-backports/main all Packages\n \
                       rust-src | 1.95.0+dfsg1-1~bpo13+2 | http://a trixie-backports/main all Packages\n";
        assert_eq!(
            version_of(madison, "1.95.0"),
            Some("1.95.0+dfsg1-1~bpo13+2")
        );
        assert_eq!(version_of(madison, "1.95"), None);
        assert_eq!(version_of(madison, "1.97.0"), None);
        assert_eq!(version_of("", "1.95.0"), None);
    }
}
