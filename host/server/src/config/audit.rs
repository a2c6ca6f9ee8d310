//! `audit "…" "…"`: an audit device that is enabled when the server is unsealed.

use super::check::check;
use super::error::ConfigError;
use super::keys::AUDIT;
use hcl::Block;
use node::DeclaredDevice;
use std::path::Path;

/// What such a block declares, and where it is known.
pub(super) fn read(
    file: &Path,
    block: &Block<'_>,
    warnings: &mut Vec<String>,
) -> Result<(String, DeclaredDevice), ConfigError> {
    let at = |message: String| ConfigError::at(file, block.place, message);
    let [kind, path] = block.labels.as_slice() else {
        return Err(at(String::from("audit needs a kind and a path")));
    };
    let title = format!("audit {kind:?} {path:?}");
    let checked = check(file, &title, block.body, AUDIT, warnings)?;
    let mut device = DeclaredDevice {
        kind: (*kind).to_owned(),
        description: checked.text("description").unwrap_or_default(),
        options: checked.text_map("options")?,
        local: checked.flag("local") == Some(true),
    };
    let path = device
        .check(path)
        .map_err(|said| at(format!("{title}: {said}")))?;
    Ok((path, device))
}
