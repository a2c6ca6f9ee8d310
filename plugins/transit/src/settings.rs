//! `config/keys` and `cache-config`: what holds for the whole mount.

use crate::store::CONFIG;
use sdk::{Ctx, Fields, Reply, Result, invalid, json};
use serde::{Deserialize, Serialize};

const CACHE_SIZE_MIN: i64 = 10;

/// What the mount was told.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Settings {
    disable_upsert: bool,
    cache_size: i64,
}

fn key() -> String {
    format!("{CONFIG}mount")
}

fn settings(ctx: &Ctx) -> Result<Settings> {
    Ok(ctx.get(&key())?.unwrap_or_default())
}

/// Does `encrypt` refuse to make keys?
pub(crate) fn upserts_are_disabled(ctx: &Ctx) -> Result<bool> {
    Ok(settings(ctx)?.disable_upsert)
}

pub(crate) fn read_keys(ctx: &Ctx, (): ()) -> Result<Reply> {
    Reply::data(&json!({ "disable_upsert": settings(ctx)?.disable_upsert }))
}

#[derive(Fields)]
pub(crate) struct Keys {
    /// Does `encrypt` refuse to make the key when there is none of that name?
    #[field(default = false)]
    disable_upsert: bool,
}

pub(crate) fn write_keys(ctx: &mut Ctx, new: Keys) -> Result<Reply> {
    let mut settings = settings(ctx)?;
    settings.disable_upsert = new.disable_upsert;
    ctx.put(&key(), &settings)?;
    Reply::data(&json!({ "disable_upsert": settings.disable_upsert }))
}

pub(crate) fn read_cache(ctx: &Ctx, (): ()) -> Result<Reply> {
    Reply::data(&json!({ "size": settings(ctx)?.cache_size }))
}

#[derive(Fields)]
pub(crate) struct Cache {
    /// 0, or 10 and more.
    #[field(default = 0)]
    size: i64,
}

/// There is no cache, so the size is only kept for those who read it back.
pub(crate) fn write_cache(ctx: &mut Ctx, new: Cache) -> Result<Reply> {
    if new.size != 0 && new.size < CACHE_SIZE_MIN {
        return Err(invalid("size must be 0 or a value greater or equal to 10"));
    }
    let mut settings = settings(ctx)?;
    settings.cache_size = new.size;
    ctx.put(&key(), &settings)?;
    Reply::data(&json!({ "size": new.size }))
}
