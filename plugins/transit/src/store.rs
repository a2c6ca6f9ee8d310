//! Where things lie in the mount's storage.
//!
//! ```text
//! entries                                       keys of the host
//! policy/<name>             Record              policy/<name>/<version>       what encrypts and signs
//! archive/<name>/<version>  Version             archive/<name>/<version>      its companion for HMAC
//! rotation/<name>           when it is due      import/wrapping               what imports are wrapped for
//! config/…                  settings            backup/key                    what backups are sealed with
//! ```
//!
//! A request reads the record and opens the one key that it uses; a `Version` is read only where a key
//! is shown, or where its public half is all there is.

use crate::kind::Kind;
use crate::record::Record;
use sdk::crypto::{CryptoError, Hash, Key, KeyOptions, kind};
use sdk::{Ctx, Failure, Result, from_base64, internal, invalid, to_base64};
use serde::{Deserialize, Serialize};

pub(crate) const POLICY: &str = "policy/";
pub(crate) const ARCHIVE: &str = "archive/";
pub(crate) const ROTATION: &str = "rotation/";
pub(crate) const IMPORT: &str = "import/";
pub(crate) const BACKUP: &str = "backup/";
pub(crate) const CONFIG: &str = "config/";

/// What is known of one version without opening its key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Version {
    /// Milliseconds since the epoch.
    pub(crate) made: u64,
    /// SubjectPublicKeyInfo in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) public: Option<String>,
    /// Certificates in PEM, the key's own first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) chain: Option<String>,
}

/// Where the bytes of a new version come from.
#[derive(Clone, Copy)]
pub(crate) enum Source<'a> {
    /// The host draws them.
    Make,
    /// They come wrapped for another key.
    Wrapped {
        bytes: &'a [u8],
        by: &'a Key,
        hash: Hash,
    },
    /// There are none: only the public half is known. SubjectPublicKeyInfo.
    Public(&'a [u8]),
    /// Two sides agree on them.
    Agreed { own: &'a Key, peer: &'a Key },
}

fn record_name(name: &str) -> String {
    format!("{POLICY}{name}")
}

fn version_name(prefix: &str, name: &str, version: u64) -> String {
    format!("{prefix}{name}/{version}")
}

fn rotation_name(name: &str) -> String {
    format!("{ROTATION}{name}")
}

/// Longest name of a key. The host bounds storage keys, which hold a prefix and a version besides.
const NAME_BYTES_MAX: usize = 1000;

const fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= NAME_BYTES_MAX
}

/// Refuses to make a key where none can be.
pub(crate) fn check_name(name: &str) -> Result<()> {
    match is_name(name) {
        true => Ok(()),
        false => Err(invalid(format!(
            "the name of a key has 1 to {NAME_BYTES_MAX} bytes"
        ))),
    }
}

/// The key of that name, if there is one.
pub(crate) fn find(ctx: &Ctx, name: &str) -> Result<Option<Record>> {
    match is_name(name) {
        true => ctx.get(&record_name(name)),
        false => Ok(None),
    }
}

/// Is there a key of that name?
pub(crate) fn exists(ctx: &Ctx, name: &str) -> Result<bool> {
    Ok(is_name(name) && ctx.contains(&record_name(name))?)
}

/// Keeps the record, and when the key is due for rotation.
pub(crate) fn save(ctx: &mut Ctx, name: &str, record: &Record) -> Result<()> {
    ctx.put(&record_name(name), record)?;
    let marker = rotation_name(name);
    match record.due() {
        Some(due) => ctx.put(&marker, &due),
        None if ctx.contains(&marker)? => ctx.delete(&marker),
        None => Ok(()),
    }
}

/// Some of the keys that rotate by themselves.
pub(crate) struct Due {
    /// Names, and when each is due. Milliseconds since the epoch.
    pub(crate) keys: Vec<(String, u64)>,
    /// Where to go on.
    pub(crate) next: Option<String>,
}

/// When keys that rotate by themselves are due.
pub(crate) fn due(ctx: &Ctx, after: Option<&str>) -> Result<Due> {
    let page = ctx.list_page(ROTATION, after, 0)?;
    let mut keys = Vec::with_capacity(page.keys.len());
    for name in page.keys {
        if let Some(at) = ctx.get(&rotation_name(&name))? {
            keys.push((name, at));
        }
    }
    Ok(Due {
        keys,
        next: page.next,
    })
}

/// One version of a key that the record says is there.
pub(crate) fn version(ctx: &Ctx, name: &str, number: u64) -> Result<Version> {
    let found = ctx.get(&version_name(ARCHIVE, name, number))?;
    found.ok_or_else(|| internal(format!("version {number} of {name} is gone")))
}

/// Keeps what is known of a version.
pub(crate) fn put_version(ctx: &mut Ctx, name: &str, number: u64, version: &Version) -> Result<()> {
    ctx.put(&version_name(ARCHIVE, name, number), version)
}

/// The key of a version; `None` where only its public half is known.
pub(crate) fn open(ctx: &Ctx, name: &str, number: u64) -> Result<Option<Key>> {
    Ok(ctx.open_key(&version_name(POLICY, name, number))?)
}

/// The key of a version, or its public half.
pub(crate) fn open_public(ctx: &Ctx, name: &str, number: u64) -> Result<Key> {
    if let Some(key) = open(ctx, name, number)? {
        return Ok(key);
    }
    let public = version(ctx, name, number)?.public;
    let spki = public.as_deref().and_then(from_base64);
    let spki = spki.ok_or_else(|| internal(format!("version {number} of {name} has no key")))?;
    Ok(ctx.public_key(&spki)?)
}

/// The key that makes HMACs with a version.
pub(crate) fn open_mac(ctx: &Ctx, name: &str, number: u64, of: Kind) -> Result<Key> {
    let prefix = mac_prefix(of);
    let key = ctx.open_key(&version_name(prefix, name, number))?;
    key.ok_or_else(|| internal(format!("version {number} of {name} makes no HMAC")))
}

/// An HMAC key makes its own; each other version has a companion.
const fn mac_prefix(of: Kind) -> &'static str {
    match of {
        Kind::Hmac => POLICY,
        _ => ARCHIVE,
    }
}

/// How the host is to keep the keys of this record.
fn options(record: &Record) -> KeyOptions<'static> {
    KeyOptions {
        kind: record.kind.name(),
        exportable: record.exportable,
        bytes: u32::try_from(record.key_bytes).unwrap_or_default(),
    }
}

/// Adds a version, the latest from now on. The record is the caller's to save.
pub(crate) fn add_version(
    ctx: &mut Ctx,
    name: &str,
    record: &mut Record,
    source: Source<'_>,
) -> Result<()> {
    check_name(name)?;
    record.latest += 1;
    record.latest_made = ctx.now_ms();
    let number = record.latest;
    let public = make_key(ctx, name, record, number, source)?;
    if record.kind != Kind::Hmac {
        let companion = KeyOptions {
            kind: kind::HMAC,
            bytes: 0,
            ..options(record)
        };
        ctx.make_key(&version_name(ARCHIVE, name, number), companion)?;
    }
    let version = Version {
        made: record.latest_made,
        public: public.map(|spki| to_base64(&spki)),
        chain: None,
    };
    put_version(ctx, name, number, &version)
}

/// Makes the key of a version and gives its public half.
fn make_key(
    ctx: &mut Ctx,
    name: &str,
    record: &Record,
    number: u64,
    source: Source<'_>,
) -> Result<Option<Vec<u8>>> {
    let (at, options) = (version_name(POLICY, name, number), options(record));
    let made = match source {
        Source::Make => ctx.make_key(&at, options)?,
        Source::Wrapped { bytes, by, hash } => {
            let imported = ctx.import_wrapped_key(&at, options, bytes, by, hash);
            imported.map_err(|error| match error {
                CryptoError::NotAuthentic => not_wrapped_for_us(bytes),
                other => import_failed(other),
            })?
        }
        Source::Public(spki) => {
            let key = ctx.public_key(spki).map_err(import_failed)?;
            let kind = record.kind.name();
            if key.kind() != kind {
                return Err(invalid(format!(
                    "error importing key: the public key is of type {}, not {kind}",
                    key.kind()
                )));
            }
            return Ok(Some(spki.to_vec()));
        }
        Source::Agreed { own, peer } => ctx.agree_key(&at, options, own, peer)?,
    };
    Ok(made.public())
}

/// How long the wrapped AES key is that each import begins with: as long as the modulus.
const WRAPPED_AES_BYTES: usize = 512;

/// What is said of an import that cannot be opened.
pub(crate) fn not_wrapped_for_us(bytes: &[u8]) -> Failure {
    invalid(match bytes.len() <= WRAPPED_AES_BYTES {
        true => "provided ciphertext is too short",
        false => "crypto/rsa: decryption error",
    })
}

fn import_failed(error: CryptoError) -> Failure {
    match error {
        CryptoError::Malformed(what) => invalid(format!("error importing key: {what}")),
        other => other.into(),
    }
}

/// Gives the private half to a version of which only the public one was known.
pub(crate) fn complete(
    ctx: &mut Ctx,
    name: &str,
    record: &Record,
    number: u64,
    source: Source<'_>,
) -> Result<()> {
    let made = make_key(ctx, name, record, number, source)?;
    let known = version(ctx, name, number)?.public;
    match made.map(|spki| to_base64(&spki)) == known {
        true => Ok(()),
        false => Err(invalid(
            "error importing key: private key does not match the public key of this version",
        )),
    }
}

/// A version as a backup has it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) number: u64,
    pub(crate) version: Version,
    /// Wrapped, in base64. None where only the public half is known.
    pub(crate) key: Option<String>,
    /// As `key`: the companion for HMAC.
    pub(crate) companion: Option<String>,
}

/// What goes into a backup of a version.
pub(crate) fn keep(ctx: &Ctx, name: &str, of: Kind, number: u64, by: &Key) -> Result<Kept> {
    let wrapped = |key: Option<Key>| match key {
        Some(key) => Ok(Some(to_base64(&key.wrap(by, Hash::Sha2_256)?))),
        None => Ok::<_, Failure>(None),
    };
    let companion = match of {
        Kind::Hmac => None,
        _ => Some(open_mac(ctx, name, number, of)?),
    };
    Ok(Kept {
        number,
        version: version(ctx, name, number)?,
        key: wrapped(open(ctx, name, number)?)?,
        companion: wrapped(companion)?,
    })
}

/// Puts a version of a backup in its place.
pub(crate) fn put_back(
    ctx: &mut Ctx,
    name: &str,
    record: &Record,
    kept: &Kept,
    by: &Key,
) -> Result<()> {
    let companion = KeyOptions {
        kind: kind::HMAC,
        bytes: 0,
        ..options(record)
    };
    let parts = [
        (POLICY, &kept.key, options(record)),
        (ARCHIVE, &kept.companion, companion),
    ];
    for (prefix, wrapped, options) in parts {
        let Some(wrapped) = wrapped else { continue };
        let bytes = from_base64(wrapped).ok_or_else(|| invalid("illegal backup"))?;
        let at = version_name(prefix, name, kept.number);
        ctx.import_wrapped_key(&at, options, &bytes, by, Hash::Sha2_256)?;
    }
    put_version(ctx, name, kept.number, &kept.version)
}

/// Removes versions for good.
pub(crate) fn remove_versions(
    ctx: &mut Ctx,
    name: &str,
    numbers: impl Iterator<Item = u64>,
) -> Result<()> {
    for number in numbers {
        ctx.delete_key(&version_name(POLICY, name, number))?;
        ctx.delete_key(&version_name(ARCHIVE, name, number))?;
        ctx.delete(&version_name(ARCHIVE, name, number))?;
    }
    Ok(())
}

/// Removes a key with all its versions.
pub(crate) fn remove(ctx: &mut Ctx, name: &str, record: &Record) -> Result<()> {
    remove_versions(ctx, name, record.available())?;
    ctx.delete(&record_name(name))?;
    ctx.delete(&rotation_name(name))
}
