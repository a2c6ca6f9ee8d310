//! The crates, as cargo sees them.

use crate::root;
use serde::Deserialize;
use std::process::Command;

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

/// A crate.
#[derive(Clone, Debug, Deserialize)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its license, as an SPDX expression.
    pub license: Option<String>,
    /// Where its manifest lies.
    pub manifest_path: String,
    /// None for ours.
    pub source: Option<String>,
    /// What it depends on.
    pub dependencies: Vec<Dependency>,
}

/// A dependency as it is declared.
#[derive(Clone, Debug, Deserialize)]
pub struct Dependency {
    /// The crate's name.
    pub name: String,
    /// What it is for.
    pub kind: Option<DependencyKind>,
}

/// What a dependency is for, where it is not for the crate itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DependencyKind {
    /// Tests.
    Dev,
    /// The build script.
    Build,
}

impl Package {
    /// The folder, from the root.
    pub fn folder(&self) -> String {
        let root = root().display().to_string();
        self.manifest_path
            .trim_start_matches(root.as_str())
            .trim_end_matches("Cargo.toml")
            .trim_matches('/')
            .to_owned()
    }

    /// The names of what it is built from; not of what only its tests use.
    pub fn needs(&self) -> impl Iterator<Item = &str> {
        self.dependencies
            .iter()
            .filter(|dependency| dependency.kind != Some(DependencyKind::Dev))
            .map(|dependency| dependency.name.as_str())
    }
}

/// Our crates.
///
/// # Panics
/// Where cargo does not answer.
pub fn packages() -> Vec<Package> {
    metadata(&["--no-deps"])
}

/// Our crates and all that they are built from on this kind of machine.
///
/// # Panics
/// Where cargo does not answer.
pub fn packages_with_dependencies() -> Vec<Package> {
    metadata(&["--filter-platform", env!("TIDY_HOST")])
}

#[expect(clippy::expect_used, reason = "this is how a test fails")]
fn metadata(arguments: &[&str]) -> Vec<Package> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1"])
        .args(arguments)
        .current_dir(root())
        .output()
        .expect("cargo can be run");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo metadata: {said}");
    let metadata: Metadata = serde_json::from_slice(&output.stdout).expect("cargo writes JSON");
    metadata.packages
}
