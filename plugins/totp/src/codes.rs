//! Codes: shown, checked, and never taken twice.

use crate::hotp;
use crate::keys::{self, Stored, is_name, unsupported_path};
use sdk::duration_text;
use sdk::prelude::*;

/// Which codes were taken already.
pub(crate) const USED: &str = "used/";

#[derive(Fields)]
pub(crate) struct At {
    /// Name of the key.
    #[field(path)]
    name: String,
}

#[derive(Fields)]
pub(crate) struct Check {
    /// Name of the key.
    #[field(path)]
    name: String,
    /// The code.
    #[field(sensitive)]
    code: Option<String>,
}

pub(crate) fn used_key(name: &str) -> String {
    format!("{USED}{name}")
}

fn find(ctx: &Ctx, name: &str) -> Result<Stored> {
    if !is_name(name) {
        return Err(unsupported_path());
    }
    let found = keys::find(ctx, name)?;
    found.ok_or_else(|| invalid(format!("unknown key: {name}")))
}

pub(crate) fn read(ctx: &Ctx, at: At) -> Result<Reply> {
    let stored = find(ctx, &at.name)?;
    let now = ctx.now_ms() / 1000;
    let record = &stored.record;
    let counter = now / record.period;
    let code = hotp::code(&stored.key, record.algorithm, record.digits, counter)?;
    Reply::data(&json!({
        "code": code,
        "expire_time": (counter + 1).saturating_mul(record.period),
        "generated": now,
        "period": duration_text(i64::try_from(record.period).unwrap_or(i64::MAX)),
    }))
}

pub(crate) fn check(ctx: &mut Ctx, given: Check) -> Result<Reply> {
    let stored = find(ctx, &given.name)?;
    let code = given.code.filter(|code| !code.is_empty());
    let code = code.ok_or_else(|| invalid("the code value is required"))?;
    let record = &stored.record;
    if code.len() != record.digits as usize {
        return Err(invalid("invalid number of digits for the code"));
    }
    let now = ctx.now_ms() / 1000 / record.period;
    let first = now.saturating_sub(record.skew);
    let mut matching = None;
    for counter in first..=now.saturating_add(record.skew) {
        let expected = hotp::code(&stored.key, record.algorithm, record.digits, counter)?;
        if ctx.equal(expected.as_bytes(), code.as_bytes()) {
            matching.get_or_insert(counter);
        }
    }
    if let Some(counter) = matching {
        take(ctx, &used_key(&given.name), counter, first)?;
    }
    Reply::data(&json!({ "valid": matching.is_some() }))
}

/// Remembers that the code of `counter` was taken, for as long as it could be taken again.
fn take(ctx: &mut Ctx, key: &str, counter: u64, first: u64) -> Result<()> {
    let mut used: Vec<u64> = ctx.get(key)?.unwrap_or_default();
    if used.contains(&counter) {
        return Err(invalid(
            "code already used; wait until the next time period",
        ));
    }
    used.retain(|used| *used >= first);
    used.push(counter);
    ctx.put(key, &used)
}
