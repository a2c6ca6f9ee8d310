//! Version 2, `metadata/` and `detailed-metadata/`: what there is to know of a secret.

use crate::answer::RecordAnswer;
use crate::custom::{self, Custom};
use crate::given::Life;
use crate::settings::Settings;
use crate::store::{self, META, PLAIN, Secret};
use crate::{cas, listing};
use sdk::{Change, Ctx, Fields, Json, Map, Raw, Reply, Result, json, not_found};

/// Where the names of secrets are: also those that are still as version 1 left them.
const NAMES: [&str; 2] = [META, PLAIN];

#[derive(Fields)]
pub(crate) struct At {
    /// Location of the secret.
    #[field(path)]
    path: String,
}

#[derive(Fields)]
pub(crate) struct Write {
    /// Location of the secret.
    #[field(path)]
    path: String,
    /// Most versions to keep; the mount's setting holds if it is larger.
    #[field(body)]
    max_versions: Change<u32>,
    /// Must every write say which version it is for?
    #[field(body)]
    cas_required: Change<bool>,
    /// How long a version lives before it is deleted; the mount's setting holds if it is shorter.
    #[field(body)]
    delete_version_after: Change<Life>,
    /// Names and texts of your own, which are not secret.
    #[field(body)]
    custom_metadata: Change<Map>,
    /// Must every change of this metadata say which revision it is for?
    #[field(body)]
    metadata_cas_required: Change<bool>,
    /// The revision that this change is for; 0 if there is no metadata yet.
    #[field(body)]
    metadata_cas: Change<i64>,
}

#[derive(Fields)]
pub(crate) struct List {
    /// Folder to list.
    #[field(path)]
    path: String,
    /// Name to begin behind; it need not exist.
    #[field(query)]
    after: Option<String>,
    /// Most names to give; all without it.
    #[field(query)]
    limit: Option<i64>,
}

pub(crate) fn read(ctx: &Ctx, at: At) -> Result<Reply> {
    let secret = Secret::find(ctx, &at.path)?.ok_or_else(not_found)?;
    Reply::data(&RecordAnswer::new(&secret.record))
}

pub(crate) fn exists(ctx: &Ctx, new: Write) -> Result<bool> {
    Secret::find(ctx, &new.path).map(|secret| secret.is_some())
}

pub(crate) fn write(ctx: &mut Ctx, new: Write) -> Result<Reply> {
    let custom = match &new.custom_metadata {
        Change::Keep => None,
        Change::Clear => Some(Custom::new()),
        Change::Set(object) => Some(custom::texts(object.clone())?),
    };
    custom.iter().try_for_each(custom::check)?;
    if !new.changes_anything() {
        return Ok(Reply::Empty);
    }
    let found = Secret::find(ctx, &new.path)?;
    let settings = store::settings(ctx)?;
    new.check_cas(&settings, found.as_ref())?;
    let mut secret = match found {
        Some(secret) => secret,
        None => Secret::find_or_make(ctx, &new.path)?,
    };
    if let Some(custom) = custom {
        secret.record.custom = custom;
    }
    new.apply(ctx, secret, &settings)
}

pub(crate) fn patch(ctx: &mut Ctx, new: Write) -> Result<Reply> {
    let (gone, set) = match &new.custom_metadata {
        Change::Keep | Change::Clear => (Vec::new(), Custom::new()),
        Change::Set(object) => divided(object)?,
    };
    custom::check(&set)?;
    if !new.changes_anything() {
        return Ok(Reply::Empty);
    }
    let mut secret = Secret::find(ctx, &new.path)?.ok_or_else(not_found)?;
    let settings = store::settings(ctx)?;
    new.check_cas(&settings, Some(&secret))?;
    let custom = &mut secret.record.custom;
    if new.custom_metadata == Change::Clear {
        custom.clear();
    }
    custom.retain(|key, _| !gone.contains(key));
    custom.extend(set);
    custom::check(custom)?;
    new.apply(ctx, secret, &settings)
}

/// What a merge patch removes, and what it sets.
fn divided(object: &Map) -> Result<(Vec<String>, Custom)> {
    let (gone, set): (Map, Map) = object
        .clone()
        .into_iter()
        .partition(|(_, value)| value.is_null());
    let gone = gone.into_iter().map(|(key, _)| key).collect();
    Ok((gone, custom::texts(set)?))
}

impl Write {
    fn changes_anything(&self) -> bool {
        self.max_versions != Change::Keep
            || self.cas_required != Change::Keep
            || self.delete_version_after != Change::Keep
            || self.custom_metadata != Change::Keep
            || self.metadata_cas_required != Change::Keep
    }

    fn check_cas(&self, settings: &Settings, found: Option<&Secret>) -> Result<()> {
        let record = found.map(|secret| &secret.record);
        let required = settings.metadata_cas_required
            || record.is_some_and(|record| record.metadata_cas_required);
        let given = value_or_default(&self.metadata_cas);
        cas::check_metadata(given, required, record.map(|record| record.revision))
    }

    /// Makes the changes but for custom metadata, which writes and patches treat differently.
    fn apply(&self, ctx: &mut Ctx, mut secret: Secret, settings: &Settings) -> Result<Reply> {
        let record = &mut secret.record;
        record.updated = ctx.now_ms();
        record.revision += 1;
        if let Some(limit) = value_or_default(&self.max_versions) {
            record.max_versions = limit;
        }
        if let Some(required) = value_or_default(&self.cas_required) {
            record.cas_required = required;
        }
        if let Some(required) = value_or_default(&self.metadata_cas_required) {
            record.metadata_cas_required = required;
        }
        if let Some(after) = value_or_default(&self.delete_version_after) {
            record.delete_version_after = after.0;
        }
        secret.save(ctx)?;
        self.answer(ctx, settings)
    }

    /// Nothing, unless the mount overrides what was just said.
    fn answer(&self, ctx: &Ctx, settings: &Settings) -> Result<Reply> {
        let overridden = [
            ("cas_required", &self.cas_required, settings.cas_required),
            (
                "metadata_cas_required",
                &self.metadata_cas_required,
                settings.metadata_cas_required,
            ),
        ];
        let mut reply = Reply::Empty;
        for (name, given, required) in overridden {
            if required && *given == Change::Set(false) {
                ctx.warn(format!(
                    "\"{name}\" set to false, but is mandated by backend config. This value will be ignored."
                ));
                reply = Reply::Data(Raw::null());
            }
        }
        Ok(reply)
    }
}

/// None where it is kept; cleared, it is what a secret has that nobody said anything of.
fn value_or_default<T: Copy + Default>(change: &Change<T>) -> Option<T> {
    match change {
        Change::Keep => None,
        Change::Clear => Some(T::default()),
        Change::Set(value) => Some(*value),
    }
}

pub(crate) fn delete(ctx: &mut Ctx, at: At) -> Result<Reply> {
    if let Some(secret) = Secret::find(ctx, &at.path)? {
        secret.erase(ctx)?;
    }
    Ok(Reply::Empty)
}

pub(crate) fn list(ctx: &Ctx, folder: List) -> Result<Reply> {
    children(ctx, &folder).map(Reply::Keys)
}

pub(crate) fn list_detailed(ctx: &Ctx, folder: List) -> Result<Reply> {
    match children(ctx, &folder)? {
        none if none.is_empty() => Err(not_found()),
        keys => detailed(ctx, &folder, &keys),
    }
}

pub(crate) fn scan(ctx: &Ctx, folder: List) -> Result<Reply> {
    listing::scanned(&listing::descendants(ctx, &NAMES, &folder.path)?)
}

pub(crate) fn scan_detailed(ctx: &Ctx, folder: List) -> Result<Reply> {
    let keys = listing::descendants(ctx, &NAMES, &folder.path)?;
    match keys.is_empty() {
        true => listing::scanned(&keys),
        false => detailed(ctx, &folder, &keys),
    }
}

fn children(ctx: &Ctx, folder: &List) -> Result<Vec<String>> {
    let after = folder.after.as_deref().unwrap_or_default();
    // Nothing and less than nothing stand for all.
    let limit = folder.limit.unwrap_or(0).clamp(0, i64::from(u32::MAX));
    let limit = u32::try_from(limit).unwrap_or(0);
    listing::children(ctx, &NAMES, &folder.path, after, limit)
}

fn detailed(ctx: &Ctx, folder: &List, keys: &[String]) -> Result<Reply> {
    let mut info = Map::new();
    let folder = folder.path.trim_end_matches('/');
    for key in keys {
        let path = match folder {
            "" => key.clone(),
            folder => format!("{folder}/{key}"),
        };
        let one = match Secret::find(ctx, &path)? {
            Some(secret) => Raw::of(&RecordAnswer::new(&secret.record))?.to_value(),
            None => Json::Object(Map::new()),
        };
        info.insert(key.clone(), one);
    }
    Reply::data(&json!({ "key_info": info, "keys": keys }))
}
