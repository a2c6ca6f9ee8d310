//! The shapes of answers. Members stand in the order of their names, as Vault's do.

use crate::custom::Custom;
use crate::record::{Record, Version};
use sdk::{Json, Raw, duration_text, rfc3339};
use serde::Serialize;
use std::collections::BTreeMap;

/// Of `data/`.
#[derive(Serialize)]
pub(crate) struct ReadAnswer<'a> {
    pub(crate) data: Option<Raw>,
    pub(crate) metadata: VersionAnswer<'a>,
}

/// Of `subkeys/`.
#[derive(Serialize)]
pub(crate) struct SubkeysAnswer<'a> {
    pub(crate) metadata: VersionAnswer<'a>,
    pub(crate) subkeys: Json,
}

/// One version, for who reads or writes it.
#[derive(Serialize)]
pub(crate) struct VersionAnswer<'a> {
    created_time: String,
    custom_metadata: Option<&'a Custom>,
    deletion_time: String,
    destroyed: bool,
    version: u64,
}

impl<'a> VersionAnswer<'a> {
    pub(crate) fn new(record: &'a Record, version: &Version) -> Self {
        Self {
            created_time: rfc3339(version.created),
            custom_metadata: custom(record),
            deletion_time: deletion_time(version),
            destroyed: version.destroyed,
            version: version.number,
        }
    }
}

/// Of `metadata/`.
#[derive(Serialize)]
pub(crate) struct RecordAnswer<'a> {
    cas_required: bool,
    created_time: String,
    current_metadata_version: u64,
    current_version: u64,
    custom_metadata: Option<&'a Custom>,
    delete_version_after: String,
    max_versions: u32,
    metadata_cas_required: bool,
    oldest_version: u64,
    updated_time: String,
    versions: BTreeMap<String, VersionInRecord>,
}

#[derive(Serialize)]
struct VersionInRecord {
    created_time: String,
    deletion_time: String,
    destroyed: bool,
}

impl<'a> RecordAnswer<'a> {
    pub(crate) fn new(record: &'a Record) -> Self {
        let versions = record.versions.iter().map(|version| {
            let answer = VersionInRecord {
                created_time: rfc3339(version.created),
                deletion_time: deletion_time(version),
                destroyed: version.destroyed,
            };
            (version.number.to_string(), answer)
        });
        let seconds = i64::try_from(record.delete_version_after).unwrap_or(i64::MAX);
        Self {
            cas_required: record.cas_required,
            created_time: rfc3339(record.created),
            current_metadata_version: record.revision,
            current_version: record.current,
            custom_metadata: custom(record),
            delete_version_after: duration_text(seconds),
            max_versions: record.max_versions,
            metadata_cas_required: record.metadata_cas_required,
            oldest_version: record.oldest,
            updated_time: rfc3339(record.updated),
            versions: versions.collect(),
        }
    }
}

/// Of `config`.
#[derive(Serialize)]
pub(crate) struct SettingsAnswer {
    pub(crate) cas_required: bool,
    pub(crate) delete_version_after: String,
    pub(crate) max_versions: u32,
    pub(crate) metadata_cas_required: bool,
}

fn custom(record: &Record) -> Option<&Custom> {
    Some(&record.custom).filter(|custom| !custom.is_empty())
}

fn deletion_time(version: &Version) -> String {
    match version.deleted {
        0 => String::new(),
        deleted => rfc3339(deleted),
    }
}
