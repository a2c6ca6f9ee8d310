//! `export/` and `byok-export/`: key bytes, for those keys that were made so that they can leave.

use crate::answer::{public, spki};
use crate::der;
use crate::kind::Kind;
use crate::pem;
use crate::record::Record;
use crate::store;
use sdk::crypto::{CryptoError, Hash, Key};
use sdk::{Ctx, Fields, Reply, Result, internal, invalid, json, not_found, to_base64};
use std::collections::BTreeMap;

/// What is exported.
#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Encryption,
    Signing,
    Hmac,
    Public,
    Certificates,
}

impl What {
    fn parse(text: &str) -> Result<Self> {
        Ok(match text {
            "encryption-key" => Self::Encryption,
            "signing-key" => Self::Signing,
            "hmac-key" => Self::Hmac,
            "public-key" => Self::Public,
            "certificate-chain" => Self::Certificates,
            other => return Err(invalid(format!("invalid export type: {other}"))),
        })
    }

    fn check(self, record: &Record) -> Result<()> {
        let secret = matches!(self, Self::Encryption | Self::Signing | Self::Hmac);
        if secret && !record.exportable {
            return Err(invalid("private key material is not exportable"));
        }
        let kind = record.kind;
        match self {
            Self::Encryption if !kind.encrypts() => {
                Err(invalid("encryption not supported for the key"))
            }
            Self::Signing if !kind.signs() => Err(invalid("signing not supported for the key")),
            Self::Public if !kind.is_asymmetric() => Err(invalid(format!(
                "unknown key type {} for export type public-key",
                kind.name()
            ))),
            Self::Certificates if !kind.signs() => Err(invalid(
                "certificate chain not supported for keys that do not support signing",
            )),
            _ => Ok(()),
        }
    }
}

#[derive(Fields)]
pub(crate) struct All {
    /// "encryption-key", "signing-key", "hmac-key", "public-key" or "certificate-chain".
    #[field(path, name = "type")]
    what: String,
    /// Name of the key.
    #[field(path, kind = "name")]
    name: String,
}

#[derive(Fields)]
pub(crate) struct One {
    /// "encryption-key", "signing-key", "hmac-key", "public-key" or "certificate-chain".
    #[field(path, name = "type")]
    what: String,
    /// Name of the key.
    #[field(path, kind = "name")]
    name: String,
    /// A version, or "latest".
    #[field(path)]
    version: String,
}

pub(crate) fn all(ctx: &Ctx, at: All) -> Result<Reply> {
    export(ctx, &at.what, &at.name, None)
}

pub(crate) fn one(ctx: &Ctx, at: One) -> Result<Reply> {
    export(ctx, &at.what, &at.name, Some(&at.version))
}

fn export(ctx: &Ctx, what: &str, name: &str, version: Option<&str>) -> Result<Reply> {
    let what = What::parse(what)?;
    let record = store::find(ctx, name)?.ok_or_else(not_found)?;
    record.check_alive()?;
    what.check(&record)?;
    give(ctx, name, &record, version, |number| match what {
        What::Public => Ok(public_of(
            &record,
            &spki(&store::version(ctx, name, number)?)?,
        )?),
        What::Certificates => store::version(ctx, name, number)?.chain.ok_or(Left::Caller(
            "selected key version does not have a certificate chain imported",
        )),
        What::Hmac => {
            let key = store::open_mac(ctx, name, number, record.kind)?;
            Ok(to_base64(&bytes_of(&key)?))
        }
        What::Encryption | What::Signing => match store::open(ctx, name, number)? {
            Some(key) => Ok(secret(record.kind, &key)?),
            None => Err(Left::Caller(
                "selected key version does not have a private part",
            )),
        },
    })
}

/// Why a version is not given.
enum Left {
    /// It was made before the key became exportable.
    Inside,
    Caller(&'static str),
    Failed(sdk::Failure),
}

impl From<sdk::Failure> for Left {
    fn from(failure: sdk::Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<CryptoError> for Left {
    fn from(error: CryptoError) -> Self {
        match error {
            CryptoError::NotExportable => Self::Inside,
            other => Self::Failed(other.into()),
        }
    }
}

/// The versions that are asked for, each as `show` writes it.
fn give(
    ctx: &Ctx,
    name: &str,
    record: &Record,
    version: Option<&str>,
    show: impl Fn(u64) -> Result<String, Left>,
) -> Result<Reply> {
    let asked = match version {
        None => record.shown(),
        Some(text) => {
            let number = number(record, text)?;
            number..=number
        }
    };
    let mut keys = BTreeMap::new();
    let mut inside = Vec::new();
    for number in asked {
        match show(number) {
            Ok(text) => {
                keys.insert(number.to_string(), text);
            }
            Err(Left::Inside) => inside.push(number.to_string()),
            Err(Left::Caller(message)) => return Err(invalid(message)),
            Err(Left::Failed(failure)) => return Err(failure),
        }
    }
    if keys.is_empty() {
        return Err(invalid(
            "private key material is not exportable: it was made before the key became exportable",
        ));
    }
    if !inside.is_empty() {
        ctx.warn(format!(
            "versions that were made before the key became exportable are left out: {}",
            inside.join(", ")
        ));
    }
    Reply::data(&json!({ "name": name, "type": record.kind.name(), "keys": keys }))
}

fn number(record: &Record, text: &str) -> Result<u64> {
    let asked = match text {
        "latest" => return Ok(record.latest),
        text => text
            .parse::<i64>()
            .map_err(|_| invalid("invalid key version"))?,
    };
    let below = || invalid("version for export is below minimum decryption version");
    let number = u64::try_from(asked).map_err(|_| below())?;
    if number < record.min_decryption {
        return Err(below());
    }
    match number > record.latest {
        true => Err(invalid("version does not exist or cannot be found")),
        false => Ok(number),
    }
}

fn bytes_of(key: &Key) -> Result<Vec<u8>, Left> {
    Ok(key.export()?)
}

fn public_of(record: &Record, spki: &[u8]) -> Result<String> {
    let mut text = public(record.kind, spki)?;
    if record.kind.is_ecdsa() {
        text.truncate(text.trim_end().len());
    }
    Ok(text)
}

/// A secret key as other programs read it: base64 of symmetric keys, PKCS#1 of RSA, SEC 1 of ECDSA, and of
/// Ed25519 the seed with the public key.
fn secret(kind: Kind, key: &Key) -> Result<String, Left> {
    let bytes = bytes_of(key)?;
    if !kind.is_asymmetric() {
        return Ok(to_base64(&bytes));
    }
    let odd = || internal("the host exports a private key that is no PKCS#8");
    let (algorithm, inner) = der::pkcs8(&bytes).ok_or_else(odd)?;
    if kind.is_rsa() {
        return Ok(pem::write("RSA PRIVATE KEY", inner));
    }
    if kind.is_ecdsa() {
        let mut text = pem::write("EC PRIVATE KEY", &sec1(algorithm, inner).ok_or_else(odd)?);
        text.truncate(text.trim_end().len());
        return Ok(text);
    }
    let seed = der::values(inner).one(der::OCTET_STRING).ok_or_else(odd)?;
    let public = key.public().unwrap_or_default();
    let point = public.last_chunk::<32>().ok_or_else(odd)?;
    Ok(to_base64(&[seed.content, point].concat()))
}

/// PKCS#8 names the curve outside of the key, SEC 1 within.
fn sec1(algorithm: der::Value<'_>, inner: &[u8]) -> Option<Vec<u8>> {
    let mut names = der::values(algorithm.content);
    names.any()?;
    let curve = names.any()?;
    let mut key = der::values(der::values(inner).one(der::SEQUENCE)?.content);
    let (version, scalar) = (key.one(der::INTEGER)?, key.one(der::OCTET_STRING)?);
    key.optional(der::CONTEXT_0);
    let curve = der::write(der::CONTEXT_0, &[curve.whole]);
    let public = key.any().map_or(&[][..], |public| public.whole);
    let parts = [version.whole, scalar.whole, curve.as_slice(), public];
    Some(der::write(der::SEQUENCE, &parts))
}

#[derive(Fields)]
pub(crate) struct WrapAll {
    /// Name of the key to wrap with: one of RSA.
    #[field(path, kind = "name")]
    destination: String,
    /// Name of the key to wrap.
    #[field(path, kind = "name")]
    source: String,
}

#[derive(Fields)]
pub(crate) struct WrapOne {
    /// Name of the key to wrap with: one of RSA.
    #[field(path, kind = "name")]
    destination: String,
    /// Name of the key to wrap.
    #[field(path, kind = "name")]
    source: String,
    /// A version, or "latest".
    #[field(path)]
    version: String,
}

pub(crate) fn wrap_all(ctx: &Ctx, at: WrapAll) -> Result<Reply> {
    wrap(ctx, &at.destination, &at.source, None)
}

pub(crate) fn wrap_one(ctx: &Ctx, at: WrapOne) -> Result<Reply> {
    wrap(ctx, &at.destination, &at.source, Some(&at.version))
}

fn wrap(ctx: &Ctx, destination: &str, source: &str, version: Option<&str>) -> Result<Reply> {
    let Some(to) = store::find(ctx, destination)? else {
        return Err(invalid("no such destination key to export to"));
    };
    let Some(record) = store::find(ctx, source)? else {
        return Err(invalid("no such source key for export"));
    };
    if !record.exportable {
        return Err(invalid("key is not exportable"));
    }
    to.check_alive()?;
    record.check_alive()?;
    if !to.kind.is_rsa() {
        return Err(invalid("unsupported key type in use; must be a rsa key"));
    }
    let by = store::open_public(ctx, destination, to.latest)?;
    give(ctx, source, &record, version, |number| {
        match store::open(ctx, source, number)? {
            Some(key) => Ok(to_base64(&key.wrap(&by, Hash::Sha2_256)?)),
            None => Err(Left::Caller(
                "selected key version does not have a private part",
            )),
        }
    })
}
