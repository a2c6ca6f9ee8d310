//! Requests to the key-value engine.

mod data;
mod listing;
mod metadata;
mod policies;
mod settings;
mod shapes;
mod upgrade;
mod v1;
mod versions;

use super::Script;

/// All scripts; each makes mounts of its own.
pub const SCRIPTS: &[Script] = &[
    v1::SECRETS,
    v1::TTLS,
    v1::LISTS,
    data::WRITES,
    data::READS,
    data::PATCHES,
    data::SUBKEYS,
    data::NAMES,
    versions::DELETES,
    versions::LIMITS,
    versions::EXPIRY,
    metadata::WRITES,
    metadata::PATCHES,
    metadata::CUSTOM,
    metadata::CHECK_AND_SET,
    settings::CONFIG,
    settings::CHECK_AND_SET,
    listing::PAGES,
    listing::SCANS,
    listing::DETAILS,
    shapes::SHAPES,
    policies::POLICIES,
    upgrade::UPGRADE,
];

/// A body that mounts version 1.
const MOUNT_V1: &str = r#"{"type":"kv"}"#;

/// A body that mounts version 2.
const MOUNT_V2: &str = r#"{"type":"kv","options":{"version":"2"}}"#;
