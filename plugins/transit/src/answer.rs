//! A key as it is shown.

use crate::kind::Kind;
use crate::pem;
use crate::record::{Record, Stamp};
use crate::store::{self, Version};
use sdk::crypto::Key;
use sdk::{Ctx, Reply, Result, from_base64, internal, rfc3339, to_base64};
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Serialize)]
struct Shown<'a> {
    name: &'a str,
    r#type: &'static str,
    latest_version: u64,
    min_available_version: u64,
    min_decryption_version: u64,
    min_encryption_version: u64,
    auto_rotate_period: u64,
    allow_plaintext_backup: bool,
    deletion_allowed: bool,
    exportable: bool,
    soft_deleted: bool,
    imported_key: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    imported_key_allow_rotation: Option<bool>,
    derived: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    kdf: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    convergent_encryption: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    convergent_encryption_version: Option<i8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_size: Option<u64>,
    supports_encryption: bool,
    supports_decryption: bool,
    supports_signing: bool,
    supports_derivation: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    backup_info: Option<ShownStamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    restore_info: Option<ShownStamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keys: Option<BTreeMap<u64, ShownVersion>>,
}

#[derive(Serialize)]
struct ShownStamp {
    time: String,
    version: u64,
}

impl From<Stamp> for ShownStamp {
    fn from(stamp: Stamp) -> Self {
        Self {
            time: rfc3339(stamp.at),
            version: stamp.version,
        }
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum ShownVersion {
    /// When it was made, in seconds.
    Symmetric(u64),
    Asymmetric {
        name: &'static str,
        creation_time: String,
        public_key: String,
        certificate_chain: String,
    },
}

/// The key, with the public keys for `context` where it is a derived one.
pub(crate) fn key(ctx: &Ctx, name: &str, record: &Record, context: Option<&[u8]>) -> Result<Reply> {
    let kind = record.kind;
    let keys = match kind {
        Kind::Hmac => None,
        _ => Some(versions(ctx, name, record, context)?),
    };
    Reply::data(&Shown {
        name,
        r#type: kind.name(),
        latest_version: record.latest,
        min_available_version: record.min_available,
        min_decryption_version: record.min_decryption,
        min_encryption_version: record.min_encryption,
        auto_rotate_period: record.auto_rotate,
        allow_plaintext_backup: record.plaintext_backup,
        deletion_allowed: record.deletion_allowed,
        exportable: record.exportable,
        soft_deleted: record.soft_deleted,
        imported_key: record.imported,
        imported_key_allow_rotation: record.imported.then_some(record.rotatable),
        derived: record.derived,
        kdf: record.derived.then_some("hkdf_sha256"),
        convergent_encryption: record.derived.then_some(record.convergent),
        // The latest there is, as clients of Vault know it.
        convergent_encryption_version: record.convergent.then_some(-1),
        key_size: (record.key_bytes > 0).then_some(record.key_bytes),
        supports_encryption: kind.encrypts(),
        supports_decryption: kind.encrypts(),
        supports_signing: kind.signs(),
        supports_derivation: kind.derives(),
        backup_info: record.backed_up.map(ShownStamp::from),
        restore_info: record.restored.map(ShownStamp::from),
        keys,
    })
}

fn versions(
    ctx: &Ctx,
    name: &str,
    record: &Record,
    context: Option<&[u8]>,
) -> Result<BTreeMap<u64, ShownVersion>> {
    let mut shown = BTreeMap::new();
    for number in record.shown() {
        let version = store::version(ctx, name, number)?;
        let one = match record.kind.is_asymmetric() {
            false => ShownVersion::Symmetric(version.made / 1000),
            true => ShownVersion::Asymmetric {
                name: record.kind.algorithm(),
                creation_time: rfc3339(version.made),
                public_key: public_key(ctx, name, record, number, &version, context)?,
                certificate_chain: version.chain.unwrap_or_default(),
            },
        };
        shown.insert(number, one);
    }
    Ok(shown)
}

fn public_key(
    ctx: &Ctx,
    name: &str,
    record: &Record,
    number: u64,
    version: &Version,
    context: Option<&[u8]>,
) -> Result<String> {
    if !record.derived {
        return public(record.kind, &spki(version)?);
    }
    let key = store::open(ctx, name, number)?;
    match (key, context) {
        (Some(key), Some(context)) => derived_public(record.kind, &key.derive(context)?),
        _ => Ok(String::new()),
    }
}

/// The public half of a derived key, as it is shown.
pub(crate) fn derived_public(kind: Kind, key: &Key) -> Result<String> {
    public(kind, &key.public().unwrap_or_default())
}

/// SubjectPublicKeyInfo of a version.
pub(crate) fn spki(version: &Version) -> Result<Vec<u8>> {
    let spki = version.public.as_deref().and_then(from_base64);
    spki.ok_or_else(|| internal("a version has no public half"))
}

/// SubjectPublicKeyInfo in PEM; of Ed25519 only the 32 bytes.
pub(crate) fn public(kind: Kind, spki: &[u8]) -> Result<String> {
    const ED25519_BYTES: usize = 32;
    if kind != Kind::Ed25519 {
        return Ok(pem::write("PUBLIC KEY", spki));
    }
    let (_, point) = spki
        .split_last_chunk::<ED25519_BYTES>()
        .ok_or_else(|| internal("an Ed25519 key is too short"))?;
    Ok(to_base64(point))
}
