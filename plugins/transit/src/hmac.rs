//! `hmac/`, and `verify/` with HMACs.

use crate::base64;
use crate::batch;
use crate::hashes;
use crate::record::{Purpose, Record};
use crate::sign::{self, Item};
use crate::store;
use crate::using::Using;
use crate::wire::{self, Wrong};
use sdk::crypto::Hash;
use sdk::{Ctx, Fields, Raw, Reply, Result, invalid, to_base64};
use serde::Serialize;

#[derive(Fields)]
pub(crate) struct Mac {
    /// Name of the key.
    #[field(path, kind = "name")]
    name: String,
    /// In base64.
    #[field(sensitive)]
    input: Option<String>,
    /// Hash algorithm.
    #[field(default = "sha2-256")]
    algorithm: String,
    /// Version to make it with; 0 for the latest.
    #[field(default = 0)]
    key_version: i64,
    /// Many to make: objects with an input and a reference.
    batch_input: Option<Raw>,
}

#[derive(Fields)]
pub(crate) struct MacAt {
    /// Hash algorithm; goes before those in the body.
    #[field(path)]
    urlalgorithm: String,
    #[field(flatten)]
    rest: Mac,
}

#[derive(Serialize)]
struct Made {
    #[serde(skip_serializing_if = "Option::is_none")]
    hmac: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
}

pub(crate) fn make_at(ctx: &mut Ctx, given: MacAt) -> Result<Reply> {
    make_with(ctx, &given.urlalgorithm, &given.rest)
}

pub(crate) fn make(ctx: &mut Ctx, given: Mac) -> Result<Reply> {
    make_with(ctx, &given.algorithm, &given)
}

fn make_with(ctx: &Ctx, algorithm: &str, given: &Mac) -> Result<Reply> {
    let key = Using::find(ctx, &given.name, "encryption key not found")?;
    let record = &key.record;
    record.check_alive()?;
    let version = record.to_make(given.key_version, Purpose::Hmac)?;
    let hash = match algorithm {
        "none" => return Err(invalid("algorithm cannot be none")),
        name => {
            hashes::parse(name).ok_or_else(|| invalid(format!("unsupported algorithm {name:?}")))?
        }
    };
    let opened = store::open_mac(ctx, &given.name, version, record.kind)?;
    let mac = |input: Option<&str>| -> Result<String> {
        let text = input.ok_or_else(|| invalid("missing input for HMAC"))?;
        let mac = opened.mac(&sign::decode(text)?, hash)?;
        Ok(wire::write(version, &to_base64(&mac)))
    };
    let Some(items) = batch::items::<Item>(given.batch_input.as_ref())? else {
        let hmac = Some(mac(given.input.as_deref())?);
        return Reply::data(&Made {
            hmac,
            error: None,
            reference: None,
        });
    };
    let mut results = Vec::with_capacity(items.len());
    for item in items {
        let (hmac, error) = match batch::outcome(mac(item.input.as_deref()))? {
            Ok(hmac) => (Some(hmac), None),
            Err(error) => (None, Some(error)),
        };
        results.push(Made {
            hmac,
            error,
            reference: Some(item.reference),
        });
    }
    batch::reply(&results)
}

/// Verifies HMACs of one key.
pub(crate) struct Verifier<'a> {
    ctx: &'a Ctx,
    name: &'a str,
    record: Record,
    hash: Hash,
}

impl<'a> Verifier<'a> {
    pub(crate) fn new(ctx: &'a Ctx, name: &'a str, record: &Record, hash: Hash) -> Self {
        let record = record.clone();
        Self {
            ctx,
            name,
            record,
            hash,
        }
    }

    /// Is the item's HMAC that of its input?
    pub(crate) fn verify(&self, item: &Item) -> Result<bool> {
        let input = item.input.as_deref();
        let input = sign::decode(input.ok_or_else(|| invalid("missing input"))?)?;
        let text = item.hmac.as_deref().unwrap_or_default();
        let (version, body) = wire::read(text).map_err(|wrong| match wrong {
            Wrong::NoPrefix => wrong.failure("HMAC to verify"),
            Wrong::Fields | Wrong::Number => wrong.failure("HMAC"),
        })?;
        let too_old = || invalid("cannot verify HMAC: version is too old (disallowed by policy)");
        let version = u64::try_from(version).map_err(|_| too_old())?;
        if version > self.record.latest {
            return Err(invalid("invalid HMAC: version is too new"));
        }
        if version < self.record.min_decryption {
            return Err(too_old());
        }
        let mac = base64::decode(body).map_err(|mut failure| {
            failure
                .message
                .insert_str(0, "unable to decode verification HMAC as base64: ");
            failure
        })?;
        let key = store::open_mac(self.ctx, self.name, version, self.record.kind)?;
        Ok(key.verify_mac(&input, self.hash, &mac)?)
    }
}
