//! `random/`: bytes from the host's generator.

use core::fmt::Write;
use sdk::{Ctx, Fields, Reply, Result, invalid, json, to_base64};

/// Most bytes that one request gets.
const BYTES_MAX: i64 = 128 * 1024;

#[derive(Fields)]
pub(crate) struct Random {
    /// How many bytes.
    #[field(default = 32)]
    bytes: i64,
    /// "base64" or "hex".
    #[field(default = "base64")]
    format: String,
}

#[derive(Fields)]
pub(crate) struct RandomAt {
    /// Where from: "platform", "seal" or "all"; or how many bytes.
    #[field(path)]
    source: String,
    /// How many bytes.
    #[field(default = 32)]
    bytes: i64,
    /// "base64" or "hex".
    #[field(default = "base64")]
    format: String,
}

#[derive(Fields)]
pub(crate) struct RandomOf {
    /// Where from: "platform", "seal" or "all".
    #[field(path)]
    source: String,
    /// How many bytes.
    #[field(path)]
    urlbytes: String,
    /// "base64" or "hex".
    #[field(default = "base64")]
    format: String,
}

pub(crate) fn random(ctx: &mut Ctx, given: Random) -> Result<Reply> {
    give(ctx, given.bytes, &given.format)
}

pub(crate) fn random_at(ctx: &mut Ctx, given: RandomAt) -> Result<Reply> {
    match given.source.as_str() {
        "platform" | "seal" | "all" => {
            check_source(ctx, &given.source)?;
            give(ctx, given.bytes, &given.format)
        }
        count => give(ctx, parse(count)?, &given.format),
    }
}

pub(crate) fn random_of(ctx: &mut Ctx, given: RandomOf) -> Result<Reply> {
    check_source(ctx, &given.source)?;
    give(ctx, parse(&given.urlbytes)?, &given.format)
}

fn parse(count: &str) -> Result<i64> {
    count.parse().map_err(|_| {
        invalid(format!(
            "error parsing url-set byte count: strconv.Atoi: parsing {count:?}: invalid syntax"
        ))
    })
}

fn check_source(ctx: &Ctx, source: &str) -> Result<()> {
    match source {
        "platform" | "all" => {}
        "seal" => ctx.warn("no seal/entropy augmentation available, using platform entropy source"),
        other => {
            return Err(invalid(format!(
                "unsupported entropy source {other:?}; must be \"platform\" or \"seal\", or \"all\""
            )));
        }
    }
    Ok(())
}

fn give(ctx: &Ctx, bytes: i64, format: &str) -> Result<Reply> {
    let count = match u32::try_from(bytes) {
        Ok(count) if (1..=BYTES_MAX).contains(&bytes) => count,
        _ if bytes < 1 => return Err(invalid("'bytes' cannot be less than 1")),
        _ => {
            return Err(invalid(format!("'bytes' should be less than {BYTES_MAX}")));
        }
    };
    let encode: fn(&[u8]) -> String = match format {
        "hex" => to_hex,
        "base64" => to_base64,
        other => {
            return Err(invalid(format!(
                "unsupported encoding format {other:?}; must be \"hex\" or \"base64\""
            )));
        }
    };
    Reply::data(&json!({ "random_bytes": encode(&ctx.random_bytes(count)) }))
}

/// Two digits for each byte.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
