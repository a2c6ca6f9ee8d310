//! What the tidy tests look at: the files that belong to the project, and its crates.
//!
//! The rules themselves are ordinary tests in `tests/`, one file for each kind, so that
//! `cargo test` alone finds a bad layer, a long file or a dead link.

mod crates;
mod tree;

pub use crates::{Dependency, DependencyKind, Package, packages, packages_with_dependencies};
pub use tree::{File, files, root};

/// Fails with all findings, not just the first.
///
/// # Panics
/// When there is one.
#[expect(clippy::panic, reason = "this is how a test fails")]
pub fn assert_none(what: &str, findings: &[String]) {
    if !findings.is_empty() {
        panic!("{what}:\n  {}", findings.join("\n  "));
    }
}
