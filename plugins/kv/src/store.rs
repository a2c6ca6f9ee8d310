//! Where things lie in the mount's storage.
//!
//! ```text
//! config/mount            Settings
//! meta/<path>             Record: what there is to know of a versioned secret, without its data
//! data/<path>/<version>   the data of one version, as it came
//! plain/<path>            Plain: a secret of version 1
//! ```
//!
//! A mount that was tuned from version 1 to version 2 keeps its `plain/` entries: a secret found there
//! and not in `meta/` is read as its own first version, and moves when it is next changed. No request
//! waits for an upgrade, and none can meet half of one.

use crate::record::{Record, Version};
use crate::settings::Settings;
use sdk::{Ctx, Raw, Result, internal, invalid};
use serde::{Deserialize, Serialize};

/// What the mount demands.
pub(crate) const CONFIG: &str = "config/";

/// Data of versions.
pub(crate) const DATA: &str = "data/";

/// Versioned secrets.
pub(crate) const META: &str = "meta/";

/// Secrets of version 1.
pub(crate) const PLAIN: &str = "plain/";

const SETTINGS: &str = "config/mount";

/// Longest path of a secret. The host bounds storage keys, which hold a prefix and a version besides.
const PATH_BYTES_MAX: usize = 4000;

/// A secret of version 1.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Plain {
    /// Milliseconds since the epoch.
    pub(crate) written: u64,
    /// Seconds, where the data says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ttl: Option<u64>,
    pub(crate) data: Raw,
}

/// What the mount demands.
pub(crate) fn settings(ctx: &Ctx) -> Result<Settings> {
    Ok(ctx.get(SETTINGS)?.unwrap_or_default())
}

/// Keeps what the mount demands from now on.
pub(crate) fn put_settings(ctx: &mut Ctx, settings: &Settings) -> Result<()> {
    ctx.put(SETTINGS, settings)
}

/// Can there be a secret at `path`? A path that ends in a slash is a folder.
pub(crate) fn is_name(path: &str) -> bool {
    !path.is_empty() && !path.ends_with('/') && path.len() <= PATH_BYTES_MAX
}

/// Refuses to write where no secret can be.
pub(crate) fn check_name(path: &str) -> Result<()> {
    match is_name(path) {
        true => Ok(()),
        false => Err(invalid(format!(
            "the path of a secret has 1 to {PATH_BYTES_MAX} bytes and does not end in '/'"
        ))),
    }
}

/// The secret of version 1 at `path`.
pub(crate) fn plain(ctx: &Ctx, path: &str) -> Result<Option<Plain>> {
    match is_name(path) {
        true => ctx.get(&plain_key(path)),
        false => Ok(None),
    }
}

pub(crate) fn plain_key(path: &str) -> String {
    format!("{PLAIN}{path}")
}

fn meta_key(path: &str) -> String {
    format!("{META}{path}")
}

fn data_key(path: &str, number: u64) -> String {
    format!("{DATA}{path}/{number}")
}

/// A versioned secret, in the hands of a handler. What is changed is kept by [`Secret::save`].
pub(crate) struct Secret {
    path: String,
    pub(crate) record: Record,
    /// Data of its only version, which still lies in `plain/`.
    unmoved: Option<Raw>,
}

impl Secret {
    /// The secret at `path`, wherever it lies.
    pub(crate) fn find(ctx: &Ctx, path: &str) -> Result<Option<Self>> {
        if !is_name(path) {
            return Ok(None);
        }
        let (record, unmoved) = match ctx.get(&meta_key(path))? {
            Some(record) => (record, None),
            None => match ctx.get::<Plain>(&plain_key(path))? {
                Some(plain) => (Record::of_unversioned(plain.written), Some(plain.data)),
                None => return Ok(None),
            },
        };
        Ok(Some(Self {
            path: path.to_owned(),
            record,
            unmoved,
        }))
    }

    /// The secret at `path`, or a new one.
    pub(crate) fn find_or_make(ctx: &Ctx, path: &str) -> Result<Self> {
        check_name(path)?;
        Ok(Self::find(ctx, path)?.unwrap_or_else(|| Self {
            path: path.to_owned(),
            record: Record::new(ctx.now_ms()),
            unmoved: None,
        }))
    }

    /// The data of a version that the record says is readable.
    pub(crate) fn data(&self, ctx: &Ctx, version: &Version) -> Result<Raw> {
        if let Some(data) = &self.unmoved {
            return Ok(data.clone());
        }
        let number = version.number;
        let data = ctx.get(&data_key(&self.path, number))?;
        data.ok_or_else(|| internal(format!("version {number} has no data")))
    }

    /// Adds a version, lets go of those that are one too many, and keeps it all.
    pub(crate) fn add(mut self, ctx: &mut Ctx, data: &Raw, settings: &Settings) -> Result<Record> {
        let gone = self.record.add(settings, ctx.now_ms());
        ctx.put(&data_key(&self.path, self.record.current), data)?;
        self.forget(ctx, &gone)?;
        self.save(ctx)
    }

    /// Deletes the data of these versions.
    pub(crate) fn forget(&mut self, ctx: &mut Ctx, numbers: &[u64]) -> Result<()> {
        if numbers.contains(&1) && self.unmoved.take().is_some() {
            return ctx.delete(&plain_key(&self.path));
        }
        for number in numbers {
            ctx.delete(&data_key(&self.path, *number))?;
        }
        Ok(())
    }

    /// Keeps the record, and moves the secret out of `plain/`.
    pub(crate) fn save(mut self, ctx: &mut Ctx) -> Result<Record> {
        ctx.put(&meta_key(&self.path), &self.record)?;
        if let Some(data) = self.unmoved.take() {
            ctx.put(&data_key(&self.path, 1), &data)?;
            ctx.delete(&plain_key(&self.path))?;
        }
        Ok(self.record)
    }

    /// Removes it with all its versions.
    pub(crate) fn erase(mut self, ctx: &mut Ctx) -> Result<()> {
        let with_data = self.record.versions.iter().filter(|one| !one.destroyed);
        let numbers: Vec<u64> = with_data.map(|one| one.number).collect();
        self.forget(ctx, &numbers)?;
        ctx.delete(&meta_key(&self.path))
    }
}
