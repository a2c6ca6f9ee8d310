//! `hash/`: digests, with no key.

use crate::hashes;
use crate::random::to_hex;
use crate::sign;
use sdk::{Ctx, Fields, Reply, Result, invalid, json, to_base64};

#[derive(Fields)]
pub(crate) struct Digest {
    /// In base64.
    #[field(sensitive)]
    input: Option<String>,
    /// Hash algorithm.
    #[field(default = "sha2-256")]
    algorithm: String,
    /// "hex" or "base64".
    #[field(default = "hex")]
    format: String,
}

#[derive(Fields)]
pub(crate) struct DigestAt {
    /// Hash algorithm; goes before those in the body.
    #[field(path)]
    urlalgorithm: String,
    #[field(flatten)]
    rest: Digest,
}

pub(crate) fn digest_at(ctx: &mut Ctx, given: DigestAt) -> Result<Reply> {
    digest_with(ctx, &given.urlalgorithm, given.rest)
}

pub(crate) fn digest(ctx: &mut Ctx, mut given: Digest) -> Result<Reply> {
    let algorithm = core::mem::take(&mut given.algorithm);
    digest_with(ctx, &algorithm, given)
}

fn digest_with(ctx: &Ctx, algorithm: &str, given: Digest) -> Result<Reply> {
    let input = given.input.ok_or_else(|| invalid("input missing"))?;
    let input = sign::decode(&input)?;
    // SHA-1 only where old signatures and codes need it.
    let hash = Some(algorithm)
        .filter(|name| *name != "sha1")
        .and_then(hashes::parse);
    let hash = hash.ok_or_else(|| invalid(format!("unsupported algorithm {algorithm}")))?;
    let encode: fn(&[u8]) -> String = match given.format.as_str() {
        "hex" => to_hex,
        "base64" => to_base64,
        other => {
            return Err(invalid(format!(
                "unsupported encoding format {other}; must be \"hex\" or \"base64\""
            )));
        }
    };
    Reply::data(&json!({ "sum": encode(&ctx.digest(hash, &input)) }))
}
