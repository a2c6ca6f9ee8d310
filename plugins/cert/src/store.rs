//! Where things lie.

use crate::config::Config;
use crate::crl::Listed;
use crate::entry::Entry;
use sdk::{Ctx, Result};

pub(crate) const CONFIG: &str = "config/";
pub(crate) const ENTRIES: &str = "cert/";
/// What is said of revocation lists.
pub(crate) const LISTS: &str = "crl/";
/// The serial numbers in them: one in hexadecimal on each line.
pub(crate) const SERIALS: &str = "serials/";
/// When this cluster last tried to fetch them anew.
pub(crate) const TRIED: &str = "tried/";

const CONFIG_KEY: &str = "config/main";

fn key(folder: &str, name: &str) -> String {
    format!("{folder}{}", name.to_lowercase())
}

pub(crate) fn config(ctx: &Ctx) -> Result<Config> {
    Ok(ctx.get(CONFIG_KEY)?.unwrap_or_default())
}

pub(crate) fn put_config(ctx: &mut Ctx, config: &Config) -> Result<()> {
    ctx.put(CONFIG_KEY, config)
}

pub(crate) fn entry(ctx: &Ctx, name: &str) -> Result<Option<Entry>> {
    ctx.get(&key(ENTRIES, name))
}

pub(crate) fn put_entry(ctx: &mut Ctx, name: &str, entry: &Entry) -> Result<()> {
    ctx.put(&key(ENTRIES, name), entry)
}

pub(crate) fn delete_entry(ctx: &mut Ctx, name: &str) -> Result<()> {
    ctx.delete(&key(ENTRIES, name))
}

pub(crate) fn listed(ctx: &Ctx, name: &str) -> Result<Option<Listed>> {
    ctx.get(&key(LISTS, name))
}

pub(crate) fn serials(ctx: &Ctx, name: &str) -> Result<String> {
    let bytes = ctx.bytes(&key(SERIALS, name))?.unwrap_or_default();
    String::from_utf8(bytes).map_err(|wrong| sdk::internal(wrong.to_string()))
}

pub(crate) fn put_listed(ctx: &mut Ctx, name: &str, listed: &Listed, serials: &str) -> Result<()> {
    ctx.put(&key(LISTS, name), listed)?;
    ctx.put_bytes(&key(SERIALS, name), serials.as_bytes())
}

pub(crate) fn delete_listed(ctx: &mut Ctx, name: &str) -> Result<()> {
    ctx.delete(&key(LISTS, name))?;
    ctx.delete(&key(SERIALS, name))?;
    ctx.delete(&key(TRIED, name))
}

pub(crate) fn tried_at_ms(ctx: &Ctx, name: &str) -> Result<u64> {
    Ok(ctx.get(&key(TRIED, name))?.unwrap_or_default())
}

pub(crate) fn put_tried(ctx: &mut Ctx, name: &str) -> Result<()> {
    let now = ctx.now_ms();
    ctx.put(&key(TRIED, name), &now)
}
