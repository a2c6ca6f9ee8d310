//! The files of the project.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A file that belongs to the project.
#[derive(Clone, Debug)]
pub struct File {
    /// Its path from the root, with `/`.
    pub path: String,
    /// Its text; none where it is not UTF-8.
    pub text: Option<String>,
}

/// The root of the project.
///
/// # Panics
/// Never: this crate lies two folders below it.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// All files that git knows: what is being written and what was built is not among them.
///
/// # Panics
/// Where git does not answer.
#[expect(clippy::expect_used, reason = "this is how a test fails")]
pub fn files() -> Vec<File> {
    let output = Command::new("git")
        .args(["ls-files", "-z"])
        .current_dir(root())
        .output()
        .expect("git is installed");
    assert!(output.status.success(), "git knows this folder");
    let names = String::from_utf8(output.stdout).expect("names are UTF-8");
    let read = |path: &str| {
        let bytes = std::fs::read(root().join(path)).ok()?;
        Some(File {
            path: path.to_owned(),
            text: String::from_utf8(bytes).ok(),
        })
    };
    // A file that is deleted and not yet committed is no longer there to be read.
    names.split('\0').filter_map(read).collect()
}

impl File {
    /// Whether its name ends so.
    pub fn is(&self, extension: &str) -> bool {
        Path::new(&self.path)
            .extension()
            .is_some_and(|found| found == extension)
    }

    /// Its lines, counted from one.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let text = self.text.as_deref().unwrap_or_default();
        text.lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line))
    }
}
