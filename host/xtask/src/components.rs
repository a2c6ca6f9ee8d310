//! Builds the components that the binary brings along.

use crate::run::{self, Failed};
use std::fs;
use std::path::PathBuf;

/// Builds every crate below `plugins/` into `target/components`. Returns that folder.
pub(crate) fn build() -> Result<PathBuf, Failed> {
    let out = run::target().join("components");
    fs::create_dir_all(&out).map_err(|error| Failed(format!("make {}: {error}", out.display())))?;
    let plugins = run::root().join("plugins");
    let mut crates: Vec<PathBuf> = fs::read_dir(&plugins)
        .map_err(|error| Failed(format!("read {}: {error}", plugins.display())))?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.join("Cargo.toml").exists())
        .collect();
    crates.sort();
    for folder in crates {
        let name = folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let built = pack::build(&folder).map_err(|error| Failed(format!("{name}: {error}")))?;
        let file = out.join(format!("{name}.wasm"));
        // Left alone when it is the same, so that the server is not built again for nothing.
        if fs::read(&file).ok().as_ref() != Some(&built) {
            fs::write(&file, built)
                .map_err(|error| Failed(format!("{}: {error}", file.display())))?;
        }
    }
    Ok(out)
}
