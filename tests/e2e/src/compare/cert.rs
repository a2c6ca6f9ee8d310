//! Requests to the method of TLS certificates, over connections without one.

mod certificates;
pub mod differences;
mod settings;

use super::Script;

/// All scripts; each makes a mount of its own.
pub const SCRIPTS: &[Script] = &[settings::CONFIG, settings::ENTRIES, settings::LISTS];

const MOUNT: &str = r#"{"type":"cert"}"#;
