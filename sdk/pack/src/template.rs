//! A new engine, from the template that this crate carries.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Why there is no new engine.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// Cargo would not take it, or the host would not.
    #[error("{0:?} is not a name: lowercase letters, digits and '-', beginning with a letter")]
    Name(String),
    /// Something is there.
    #[error("{0} exists")]
    Exists(PathBuf),
    /// It could not be written.
    #[error("write {0}")]
    Write(PathBuf, #[source] io::Error),
}

const FILES: [(&str, &str); 3] = [
    ("Cargo.toml", include_str!("../../template/Cargo.toml.in")),
    ("README.md", include_str!("../../template/README.md")),
    ("src/lib.rs", include_str!("../../template/src/lib.rs")),
];

/// Makes a crate called `name` in `folder`, which must not be there. `sdk` is what stands for the SDK in
/// its manifest: `{ path = "…" }`, `{ git = "…" }` or `"0.1"`.
///
/// # Errors
/// [`TemplateError`] as its variants say.
pub fn instantiate(name: &str, folder: &Path, sdk: &str) -> Result<(), TemplateError> {
    let is_inside = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let begins = name.starts_with(|first: char| first.is_ascii_lowercase());
    if !begins || name.len() > 64 || !name.bytes().all(is_inside) {
        return Err(TemplateError::Name(name.to_owned()));
    }
    if folder.exists() {
        return Err(TemplateError::Exists(folder.to_owned()));
    }
    for (file, text) in FILES {
        let path = folder.join(file);
        let written = path
            .parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| {
                let text = text.replace("@NAME@", name).replace("@SDK@", sdk);
                fs::write(&path, text.replace("engine-name", name))
            });
        written.map_err(|error| TemplateError::Write(path, error))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_cargo_would_refuse_are_refused() {
        let folder = Path::new("/nowhere");
        for name in ["", "Big", "9lives", "a b", "../x", "a_b"] {
            assert!(
                matches!(
                    instantiate(name, folder, "\"1\""),
                    Err(TemplateError::Name(_))
                ),
                "{name}"
            );
        }
    }

    #[test]
    fn what_is_there_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let made = instantiate("mine", folder.path(), "\"1\"");
        assert!(matches!(made, Err(TemplateError::Exists(_))));
    }
}
