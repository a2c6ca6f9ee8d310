//! Writes the list of components that the binary brings along.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Names the folder, where it is not the usual one.
const FOLDER: &str = "CASEMATE_COMPONENTS";

fn main() {
    println!("cargo::rerun-if-env-changed={FOLDER}");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let folder = match env::var_os(FOLDER) {
        Some(folder) => PathBuf::from(folder),
        None => usual_folder(&out),
    };
    println!("cargo::rerun-if-changed={}", folder.display());
    let components = components(&folder);
    if components.is_empty() {
        println!(
            "cargo::error=no components in {}: run `cargo xtask components` first, \
             or name another folder in {FOLDER}",
            folder.display()
        );
        return;
    }
    let mut list = String::from("&[\n");
    for (name, file) in &components {
        println!("cargo::rerun-if-changed={}", file.display());
        // Writing to a string does not fail.
        let _ = writeln!(list, "    ({name:?}, include_bytes!({file:?})),");
    }
    list.push(']');
    if let Err(error) = fs::write(out.join("components.rs"), list) {
        println!("cargo::error=cannot write the list of components: {error}");
    }
}

/// `components` in cargo's target folder, which is somewhere above `out`.
fn usual_folder(out: &Path) -> PathBuf {
    let folders = out.ancestors().map(|folder| folder.join("components"));
    let target = |folder: &PathBuf| !components(folder).is_empty();
    folders
        .into_iter()
        .find(target)
        .unwrap_or_else(|| PathBuf::from("target/components"))
}

/// The components of a folder, in the order of their names.
fn components(folder: &Path) -> Vec<(String, PathBuf)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<(String, PathBuf)> = entries
        .map(|entry| entry.path())
        .filter(|file| file.extension().is_some_and(|ending| ending == "wasm"))
        .filter_map(|file| {
            let name = file.file_stem()?.to_str()?.to_owned();
            Some((name, fs::canonicalize(file).ok()?))
        })
        .collect();
    found.sort();
    found
}
