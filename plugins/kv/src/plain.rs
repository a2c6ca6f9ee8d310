//! Version 1: a secret is what was last written.

use crate::listing;
use crate::store::{self, PLAIN, Plain};
use core::time::Duration;
use sdk::{Ctx, Fields, Json, Raw, Reply, Result, invalid, not_found};
use std::collections::BTreeMap;

/// Longest `ttl`, in seconds; what is longer is no duration to Vault's clients.
const TTL_SECONDS_MAX: i64 = i64::MAX / 1_000_000_000;

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
    /// The pairs to keep, as given.
    #[field(rest, sensitive)]
    data: Raw,
}

pub(crate) fn read(ctx: &Ctx, at: At) -> Result<Reply> {
    let Plain { ttl, data, .. } = store::plain(ctx, &at.path)?.ok_or_else(not_found)?;
    let ttl = ttl.map_or_else(|| ctx.default_ttl(), Duration::from_secs);
    Ok(Reply::Perishable(data, ttl))
}

pub(crate) fn exists(ctx: &Ctx, new: Write) -> Result<bool> {
    store::plain(ctx, &new.path).map(|secret| secret.is_some())
}

pub(crate) fn write(ctx: &mut Ctx, new: Write) -> Result<Reply> {
    let members: BTreeMap<String, Raw> = new.data.read()?;
    if members.is_empty() {
        return Err(invalid("missing data fields"));
    }
    store::check_name(&new.path)?;
    let ttl = members.get("ttl").or_else(|| members.get("lease"));
    let secret = Plain {
        written: ctx.now_ms(),
        ttl: ttl.and_then(seconds),
        data: new.data,
    };
    ctx.put(&store::plain_key(&new.path), &secret)?;
    Ok(Reply::Empty)
}

pub(crate) fn delete(ctx: &mut Ctx, at: At) -> Result<Reply> {
    if store::is_name(&at.path) {
        ctx.delete(&store::plain_key(&at.path))?;
    }
    Ok(Reply::Empty)
}

pub(crate) fn list(ctx: &Ctx, at: At) -> Result<Reply> {
    let keys = listing::children(ctx, &[PLAIN], &at.path, "", 0)?;
    Ok(Reply::Keys(keys))
}

pub(crate) fn scan(ctx: &Ctx, at: At) -> Result<Reply> {
    let keys = listing::descendants(ctx, &[PLAIN], &at.path)?;
    listing::scanned(&keys)
}

/// A `ttl` as people write it. What is none leaves the choice to the mount.
fn seconds(ttl: &Raw) -> Option<u64> {
    let seconds = match ttl.to_value() {
        Json::Null => 0,
        Json::Number(number) => number.as_i64()?,
        Json::String(text) if text.trim() == text => manifest::parse_seconds(&text).ok()?,
        _ => return None,
    };
    u64::try_from(seconds)
        .ok()
        .filter(|_| seconds <= TTL_SECONDS_MAX)
}
