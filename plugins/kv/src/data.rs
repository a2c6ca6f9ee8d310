//! Version 2, `data/` and `subkeys/`: a secret and its versions.

use crate::answer::{ReadAnswer, SubkeysAnswer, VersionAnswer};
use crate::cas;
use crate::given::Given;
use crate::merge;
use crate::record::Record;
use crate::store::{self, Secret};
use sdk::{Ctx, Fields, Json, Map, Raw, Reply, Result, invalid, not_found};

#[derive(Fields)]
pub(crate) struct Read {
    /// Location of the secret.
    #[field(path)]
    path: String,
    /// The version to read; the newest without it.
    #[field(query)]
    version: Option<i64>,
}

#[derive(Fields)]
pub(crate) struct Write {
    /// Location of the secret.
    #[field(path)]
    path: String,
    /// The contents of the secret, kept and given back as they are.
    #[field(body, sensitive)]
    data: Given,
    /// Options of the write. With "cas", the write is done only if the secret's newest version has
    /// this number; 0 if there is no secret yet.
    #[field(body)]
    options: Option<Map>,
    /// Only for reading.
    #[field(body)]
    #[expect(dead_code, reason = "a field of the path, which a write ignores")]
    version: Option<Json>,
}

#[derive(Fields)]
pub(crate) struct At {
    /// Location of the secret.
    #[field(path)]
    path: String,
}

#[derive(Fields)]
pub(crate) struct Subkeys {
    /// Location of the secret.
    #[field(path)]
    path: String,
    /// The version to read; the newest without it.
    #[field(query)]
    version: Option<i64>,
    /// How many levels of names to give; all without it.
    #[field(query)]
    depth: Option<i64>,
}

pub(crate) fn read(ctx: &Ctx, at: Read) -> Result<Reply> {
    let secret = Secret::find(ctx, &at.path)?.ok_or_else(not_found)?;
    let version = secret.record.version(at.version.unwrap_or(0));
    let version = version.ok_or_else(not_found)?;
    let metadata = VersionAnswer::new(&secret.record, version);
    if !version.is_readable(ctx.now_ms()) {
        return Reply::missing(&ReadAnswer {
            data: None,
            metadata,
        });
    }
    Reply::data(&ReadAnswer {
        data: Some(secret.data(ctx, version)?),
        metadata,
    })
}

pub(crate) fn exists(ctx: &Ctx, new: Write) -> Result<bool> {
    Secret::find(ctx, &new.path).map(|secret| secret.is_some())
}

pub(crate) fn write(ctx: &mut Ctx, new: Write) -> Result<Reply> {
    let data = new.data.0.ok_or_else(|| invalid("no data provided"))?;
    let secret = Secret::find_or_make(ctx, &new.path)?;
    let settings = store::settings(ctx)?;
    let required = settings.cas_required || secret.record.cas_required;
    cas::check(new.options.as_ref(), required, secret.record.current)?;
    let record = secret.add(ctx, &data, &settings)?;
    answer_newest(&record)
}

pub(crate) fn patch(ctx: &mut Ctx, new: Write) -> Result<Reply> {
    let change = new.data.0.ok_or_else(|| invalid("no data provided"))?;
    let secret = Secret::find(ctx, &new.path)?.ok_or_else(not_found)?;
    let newest = *secret.record.version(0).ok_or_else(not_found)?;
    let settings = store::settings(ctx)?;
    let required = settings.cas_required || secret.record.cas_required;
    cas::check(new.options.as_ref(), required, secret.record.current)?;
    if !newest.is_readable(ctx.now_ms()) {
        return Reply::missing(&VersionAnswer::new(&secret.record, &newest));
    }
    let before = secret.data(ctx, &newest)?.to_value();
    let after = Raw::of(&merge::merged(before, change.to_value()))?;
    let record = secret.add(ctx, &after, &settings)?;
    answer_newest(&record)
}

fn answer_newest(record: &Record) -> Result<Reply> {
    let newest = record.version(0).ok_or_else(not_found)?;
    Reply::data(&VersionAnswer::new(record, newest))
}

pub(crate) fn delete(ctx: &mut Ctx, at: At) -> Result<Reply> {
    if let Some(mut secret) = Secret::find(ctx, &at.path)? {
        let newest = i64::try_from(secret.record.current).unwrap_or(i64::MAX);
        if secret.record.delete(&[newest], ctx.now_ms()) {
            secret.save(ctx)?;
        }
    }
    Ok(Reply::Empty)
}

pub(crate) fn subkeys(ctx: &Ctx, at: Subkeys) -> Result<Reply> {
    let secret = Secret::find(ctx, &at.path)?.ok_or_else(not_found)?;
    let version = secret.record.version(at.version.unwrap_or(0));
    let version = version.ok_or_else(not_found)?;
    let metadata = VersionAnswer::new(&secret.record, version);
    if !version.is_readable(ctx.now_ms()) {
        return Reply::missing(&SubkeysAnswer {
            metadata,
            subkeys: Json::Null,
        });
    }
    // Below zero is as little as there is, as in Vault.
    let depth = match at.depth.unwrap_or(0) {
        ..0 => 1,
        depth => depth,
    };
    let subkeys = merge::names_only(&secret.data(ctx, version)?.to_value(), depth);
    Reply::data(&SubkeysAnswer { metadata, subkeys })
}
