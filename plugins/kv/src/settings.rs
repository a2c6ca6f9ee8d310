//! What the mount demands of every versioned secret: the entry `config`.

use serde::{Deserialize, Serialize};

/// Kept under `settings/config`; all zero until it is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Settings {
    /// 0 leaves it to the secret.
    pub(crate) max_versions: u32,
    pub(crate) cas_required: bool,
    pub(crate) metadata_cas_required: bool,
    /// Seconds; 0 leaves it to the secret, below 0 no version ends by itself.
    pub(crate) delete_version_after: i64,
}
