//! The files that were kept.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

static KEPT: LazyLock<HashMap<String, &'static [u8]>> = LazyLock::new(|| {
    let read = |name: String| {
        let bytes: &'static [u8] = fs::read(folder().join(&name)).unwrap().leak();
        (name.strip_suffix(".wasm").unwrap().to_owned(), bytes)
    };
    files().into_iter().map(read).collect()
});

/// A component, by track and name.
pub fn kept(name: &str) -> &'static [u8] {
    KEPT[name]
}

/// All of them, sorted.
pub fn files() -> Vec<String> {
    let below = |folder: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    };
    let tracks = below(&folder()).into_iter().filter(|path| path.is_dir());
    let mut files: Vec<String> = tracks
        .flat_map(|track| below(&track))
        .map(|file| {
            let name = file.strip_prefix(folder()).unwrap();
            name.to_str().unwrap().to_owned()
        })
        .collect();
    files.sort();
    files
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("components")
}
