//! Keys that are made elsewhere: `wrapping_key`, `keys/…/import`, `keys/…/import_version` and
//! `derive-key/`. Their bytes go from the wrapping into the host; the engine does not see them.

use crate::base64;
use crate::hashes;
use crate::kind::Kind;
use crate::pem;
use crate::record::Record;
use crate::store::{self, IMPORT, Source};
use core::time::Duration;
use sdk::crypto::{Hash, Key, KeyOptions, kind};
use sdk::{Ctx, Fields, PemBlock, Reply, Result, from_pem, internal, invalid, json};

fn wrapping_name() -> String {
    format!("{IMPORT}wrapping")
}

pub(crate) fn read_wrapping_key(ctx: &mut Ctx, (): ()) -> Result<Reply> {
    let name = wrapping_name();
    let key = match ctx.open_key(&name)? {
        Some(key) => key,
        None => ctx.make_key(&name, KeyOptions::new(kind::RSA_4096))?,
    };
    let public = key
        .public()
        .ok_or_else(|| internal("the wrapping key has no public half"))?;
    Reply::data(&json!({ "public_key": pem::write("PUBLIC KEY", &public) }))
}

#[derive(Fields)]
pub(crate) struct Import {
    /// Name of the key.
    #[field(path, kind = "name")]
    name: String,
    /// Type of the key.
    #[field(name = "type", default = "aes256-gcm96")]
    kind: String,
    /// In base64: an AES-256 key under RSA-OAEP by the wrapping key, and by that the key under AES-KWP.
    ciphertext: Option<String>,
    /// Instead: the public half, in PEM.
    public_key: Option<String>,
    /// Of OAEP: "SHA1", "SHA256", "SHA384" or "SHA512".
    #[field(default = "SHA256")]
    hash_function: String,
    /// Has each context a key of its own?
    #[field(default = false)]
    derived: bool,
    /// May the key be exported? Cannot be taken back.
    #[field(default = false)]
    exportable: bool,
    /// May the key be backed up? Cannot be taken back.
    #[field(default = false)]
    allow_plaintext_backup: bool,
    /// May versions be made here, too?
    #[field(default = false)]
    allow_rotation: bool,
    /// How old a version gets before the next one is made; 0 for any age, else an hour at least.
    #[field(default = 0)]
    auto_rotate_period: Duration,
    /// Taken for reading only.
    #[field(name = "context")]
    _context: Option<String>,
}

pub(crate) fn import(ctx: &mut Ctx, new: Import) -> Result<Reply> {
    let unknown = |_| invalid(format!("unknown key type: {}", new.kind));
    let kind = Kind::parse(&new.kind).map_err(unknown)?;
    let hash = oaep_hash(&new.hash_function)?;
    if store::exists(ctx, &new.name)? {
        return Err(invalid(
            "the import path cannot be used with an existing key; use import-version to rotate an existing \
             imported key",
        ));
    }
    let mut record = Record::new(kind);
    record.auto_rotate = new.auto_rotate_period.as_secs();
    if record.auto_rotate > 0 && !new.allow_rotation {
        return Err(invalid(
            "allow_rotation must be set to true if auto-rotation is enabled",
        ));
    }
    let material = Material::of(kind, new.ciphertext.as_deref(), new.public_key.as_deref())?;
    crate::record::check_auto_rotate(record.auto_rotate)?;
    kind.check_derivation(new.derived, false)?;
    record.derived = new.derived;
    record.exportable = new.exportable;
    record.plaintext_backup = new.allow_plaintext_backup;
    record.imported = true;
    record.rotatable = new.allow_rotation;
    material.with(ctx, hash, |ctx, source| {
        store::add_version(ctx, &new.name, &mut record, source)
    })?;
    store::save(ctx, &new.name, &record)?;
    Ok(Reply::Empty)
}

#[derive(Fields)]
pub(crate) struct ImportVersion {
    /// Name of the key.
    #[field(path, kind = "name")]
    name: String,
    /// In base64: an AES-256 key under RSA-OAEP by the wrapping key, and by that the key under AES-KWP.
    ciphertext: Option<String>,
    /// Instead: the public half, in PEM.
    public_key: Option<String>,
    /// Of OAEP: "SHA1", "SHA256", "SHA384" or "SHA512".
    #[field(default = "SHA256")]
    hash_function: String,
    /// The version to give its private half; without it a version is added, or the latest completed where
    /// only its public half is known.
    version: Option<u64>,
}

pub(crate) fn import_version(ctx: &mut Ctx, new: ImportVersion) -> Result<Reply> {
    let name = &new.name;
    let Some(mut record) = store::find(ctx, name)? else {
        return Err(invalid(format!(
            "no key found with name {name}; to import a new key, use the import/ endpoint"
        )));
    };
    if !record.imported {
        return Err(invalid(
            "the import_version endpoint can only be used with an imported key",
        ));
    }
    record.check_alive()?;
    let hash = oaep_hash(&new.hash_function)?;
    let material = Material::of(
        record.kind,
        new.ciphertext.as_deref(),
        new.public_key.as_deref(),
    )?;
    let to_complete = match (new.version, &material) {
        (Some(version), _) => Some(checked_version(ctx, name, &record, version)?),
        (None, Material::Wrapped(_)) if record.kind.is_asymmetric() => {
            let latest = record.latest;
            store::open(ctx, name, latest)?.is_none().then_some(latest)
        }
        (None, _) => None,
    };
    if let Some(version) = to_complete {
        material.with(ctx, hash, |ctx, source| {
            store::complete(ctx, name, &record, version, source)
        })?;
        return Ok(Reply::Empty);
    }
    material.with(ctx, hash, |ctx, source| {
        store::add_version(ctx, name, &mut record, source)
    })?;
    store::save(ctx, name, &record)?;
    Ok(Reply::Empty)
}

/// A version that can be given its private half.
fn checked_version(ctx: &Ctx, name: &str, record: &Record, version: u64) -> Result<u64> {
    if !record.kind.is_asymmetric() && record.available().contains(&version) {
        return Err(invalid(
            "provided type does not support importing key versions",
        ));
    }
    if !record.available().contains(&version) {
        return Err(invalid("no such key version"));
    }
    match store::open(ctx, name, version)? {
        Some(_) => Err(invalid(
            "private key imported, key version cannot be updated",
        )),
        None => Ok(version),
    }
}

/// What is imported.
enum Material {
    Wrapped(Vec<u8>),
    /// SubjectPublicKeyInfo.
    Public(Vec<u8>),
}

impl Material {
    fn of(kind: Kind, ciphertext: Option<&str>, public_key: Option<&str>) -> Result<Self> {
        if let Some(ciphertext) = ciphertext.filter(|text| !text.is_empty()) {
            return Ok(Self::Wrapped(base64::decode(ciphertext)?));
        }
        if !kind.is_asymmetric() {
            return Err(invalid("provided type does not support public_key import"));
        }
        match first_block(public_key.unwrap_or_default()) {
            Some(block) if block.label == "PUBLIC KEY" => Ok(Self::Public(block.bytes)),
            _ => Err(invalid(
                "error importing key: error parsing public key: not in PEM format",
            )),
        }
    }

    fn with(
        &self,
        ctx: &mut Ctx,
        hash: Hash,
        act: impl FnOnce(&mut Ctx, Source<'_>) -> Result<()>,
    ) -> Result<()> {
        match self {
            Self::Public(spki) => act(ctx, Source::Public(spki)),
            Self::Wrapped(bytes) => {
                let by = ctx.open_key(&wrapping_name())?;
                // What was wrapped for a key that was never made cannot be opened.
                let by = by.ok_or_else(|| store::not_wrapped_for_us(bytes))?;
                let source = Source::Wrapped {
                    bytes,
                    by: &by,
                    hash,
                };
                act(ctx, source)
            }
        }
    }
}

fn first_block(text: &str) -> Option<PemBlock> {
    from_pem(text)?.into_iter().next()
}

fn oaep_hash(name: &str) -> Result<Hash> {
    let unknown = || invalid(format!("unknown hash function: {name}"));
    let hash = match name {
        "SHA1" => "sha1",
        "SHA224" => "sha2-224",
        "SHA256" => "sha2-256",
        "SHA384" => "sha2-384",
        "SHA512" => "sha2-512",
        _ => return Err(unknown()),
    };
    hashes::parse(hash).ok_or_else(unknown)
}

#[derive(Fields)]
pub(crate) struct Derive {
    /// Name of the key that this makes, or adds a version to.
    #[field(path, kind = "name")]
    name: String,
    /// Name of our own key: one of ECDSA.
    #[field(default = "")]
    base_key_name: String,
    /// Version of our own key; 0 for the latest.
    #[field(default = 0)]
    base_key_version: i64,
    /// The other side's public key, in PEM.
    #[field(default = "")]
    peer_public_key: String,
    /// Type of the key that this makes: one that encrypts symmetrically.
    #[field(default = "aes256-gcm96")]
    derived_key_type: String,
    /// "ecdh".
    #[field(default = "ecdh")]
    key_derivation_algorithm: String,
}

pub(crate) fn derive(ctx: &mut Ctx, given: Derive) -> Result<Reply> {
    if given.peer_public_key.is_empty() {
        return Err(invalid("peer public key not provided"));
    }
    if given.key_derivation_algorithm != "ecdh" {
        let name = &given.key_derivation_algorithm;
        return Err(invalid(format!(
            "key derivation algorithm {name} not supported"
        )));
    }
    let kind = Kind::parse(&given.derived_key_type)?;
    if !kind.is_cipher() {
        return Err(invalid(format!("unknown key type {}", kind.name())));
    }
    let Some(base) = store::find(ctx, &given.base_key_name)? else {
        return Err(invalid("specified base key not found"));
    };
    base.check_alive()?;
    if !base.kind.is_ecdsa() {
        let name = base.kind.name();
        return Err(invalid(format!(
            "base key type {name} does not support key agreement"
        )));
    }
    let version = base_version(&base, given.base_key_version)?;
    let peer = peer_key(ctx, &base, &given.peer_public_key)?;
    let own = store::open(ctx, &given.base_key_name, version)?.ok_or_else(|| {
        invalid("requested version of the base key does not contain a private part")
    })?;
    let mut record = match store::find(ctx, &given.name)? {
        None => Record::new(kind),
        Some(record) => derived_record(record, &given.name, kind)?,
    };
    record.imported = true;
    store::add_version(
        ctx,
        &given.name,
        &mut record,
        Source::Agreed {
            own: &own,
            peer: &peer,
        },
    )?;
    store::save(ctx, &given.name, &record)?;
    Ok(Reply::Empty)
}

/// A key that gets one more version by agreement.
fn derived_record(record: Record, name: &str, kind: Kind) -> Result<Record> {
    record.check_alive()?;
    match record.imported && record.kind == kind {
        true => Ok(record),
        false => Err(invalid(format!(
            "key {name} is there already, and was not derived as {}",
            kind.name()
        ))),
    }
}

fn base_version(base: &Record, asked: i64) -> Result<u64> {
    let refused = |what| {
        Err(invalid(format!(
            "requested version of the base key is {what}"
        )))
    };
    match u64::try_from(asked) {
        Err(_) => refused("negative"),
        Ok(0) => Ok(base.latest),
        Ok(version) if version > base.latest => refused("higher than the latest key version"),
        Ok(version) if version < base.min_decryption => {
            refused("less than the minimum decryption key version")
        }
        Ok(version) => Ok(version),
    }
}

fn peer_key(ctx: &Ctx, base: &Record, text: &str) -> Result<Key> {
    const UNREADABLE: &str = "failed to parse supplied peer public key PEM: data does not contain any valid \
        public keys ";
    let block = first_block(text).ok_or_else(|| invalid(UNREADABLE))?;
    let key = ctx
        .public_key(&block.bytes)
        .map_err(|_| invalid(UNREADABLE))?;
    let kind = base.kind.name();
    match key.kind() == kind {
        true => Ok(key),
        false => Err(invalid(format!(
            "base private key type {kind} does not match peer public key curve"
        ))),
    }
}
