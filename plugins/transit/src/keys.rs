//! `keys/`: making keys, and what is done to them as a whole.

use crate::answer;
use crate::base64;
use crate::kind::Kind;
use crate::record::{Changes, Record, check_auto_rotate};
use crate::store::{self, Source};
use core::time::Duration;
use sdk::{Ctx, Fields, ListRange, Reply, Result, invalid, not_found};

/// Longest HMAC key that is made, in bytes.
const HMAC_KEY_BYTES_MAX: u64 = 512;
/// Shortest one.
const HMAC_KEY_BYTES_MIN: u64 = 32;

#[derive(Fields)]
pub(crate) struct Named {
    /// Name of the key.
    #[field(path, kind = "name")]
    pub(crate) name: String,
}

#[derive(Fields)]
pub(crate) struct Create {
    /// Name of the key.
    #[field(path, kind = "name")]
    name: String,
    /// Type of the key.
    #[field(name = "type", default = "aes256-gcm96")]
    kind: String,
    /// Has each context a key of its own?
    #[field(default = false)]
    derived: bool,
    /// Do equal plaintexts in one context have equal ciphertexts? Of derived keys only.
    #[field(default = false)]
    convergent_encryption: bool,
    /// May the key be exported? Cannot be taken back.
    #[field(default = false)]
    exportable: bool,
    /// May the key be backed up? Cannot be taken back.
    #[field(default = false)]
    allow_plaintext_backup: bool,
    /// How old a version gets before the next one is made; 0 for any age, else an hour at least.
    #[field(default = 0)]
    auto_rotate_period: Duration,
    /// Length of an HMAC key in bytes, 32 to 512. Of no other type.
    #[field(default = 0)]
    key_size: i64,
    /// Taken for reading only.
    #[field(name = "context")]
    _context: Option<String>,
}

pub(crate) fn create(ctx: &mut Ctx, new: Create) -> Result<Reply> {
    if new.convergent_encryption && !new.derived {
        return Err(invalid(
            "convergent encryption requires derivation to be enabled",
        ));
    }
    let kind = Kind::parse(&new.kind)?;
    let auto_rotate = new.auto_rotate_period.as_secs();
    check_auto_rotate(auto_rotate)?;
    let key_bytes = key_bytes(kind, new.key_size)?;
    if let Some(record) = store::find(ctx, &new.name)? {
        return answer::key(ctx, &new.name, &record, None);
    }
    let mut record = Record::new(kind);
    record.derived = new.derived;
    record.convergent = new.convergent_encryption;
    record.exportable = new.exportable;
    record.plaintext_backup = new.allow_plaintext_backup;
    record.auto_rotate = auto_rotate;
    record.key_bytes = key_bytes;
    make(ctx, &new.name, &mut record)?;
    answer::key(ctx, &new.name, &record, None)
}

fn key_bytes(kind: Kind, asked: i64) -> Result<u64> {
    let name = kind.name();
    match (kind, u64::try_from(asked)) {
        (Kind::Hmac, Ok(0)) => Err(invalid(
            "invalid key size for HMAC key, must be between 32 and 512 bytes",
        )),
        (Kind::Hmac, Ok(bytes @ HMAC_KEY_BYTES_MIN..=HMAC_KEY_BYTES_MAX)) => Ok(bytes),
        (Kind::Hmac, _) => Err(invalid(format!("invalid key_size {asked}"))),
        (_, Ok(0)) => Ok(0),
        _ => Err(invalid(format!(
            "key_size is not valid for algorithm {name}"
        ))),
    }
}

/// Stores a new key with its first version.
pub(crate) fn make(ctx: &mut Ctx, name: &str, record: &mut Record) -> Result<()> {
    record
        .kind
        .check_derivation(record.derived, record.convergent)?;
    store::add_version(ctx, name, record, Source::Make)?;
    store::save(ctx, name, record)
}

pub(crate) fn exists(ctx: &Ctx, new: Create) -> Result<bool> {
    store::exists(ctx, &new.name)
}

#[derive(Fields)]
pub(crate) struct Read {
    /// Name of the key.
    #[field(path, kind = "name")]
    name: String,
    /// In base64: whose public keys are shown, where each context has its own.
    #[field(query)]
    context: Option<String>,
}

pub(crate) fn read(ctx: &Ctx, at: Read) -> Result<Reply> {
    let record = store::find(ctx, &at.name)?.ok_or_else(not_found)?;
    let context = context(at.context.as_deref())?;
    answer::key(ctx, &at.name, &record, context.as_deref())
}

/// A context that a caller gives in base64; none for an empty one.
pub(crate) fn context(text: Option<&str>) -> Result<Option<Vec<u8>>> {
    match text {
        None | Some("") => Ok(None),
        Some(text) => match base64::decode(text) {
            Ok(context) => Ok(Some(context)),
            Err(_) => Err(invalid("failed to base64-decode context")),
        },
    }
}

pub(crate) fn list(ctx: &Ctx, which: ListRange) -> Result<Reply> {
    which.names(ctx, store::POLICY).map(Reply::Keys)
}

pub(crate) fn delete(ctx: &mut Ctx, at: Named) -> Result<Reply> {
    let name = at.name;
    let refused = |why: &str| Err(invalid(format!("error deleting policy {name}: {why}")));
    let Some(record) = store::find(ctx, &name)? else {
        return refused("could not delete key; not found");
    };
    if !record.deletion_allowed {
        return refused("deletion is not allowed for this key");
    }
    store::remove(ctx, &name, &record)?;
    Ok(Reply::Empty)
}

pub(crate) fn set_aside(ctx: &mut Ctx, at: Named) -> Result<Reply> {
    set_soft_deleted(
        ctx,
        &at.name,
        true,
        "key was already marked as soft deleted",
    )
}

pub(crate) fn take_back(ctx: &mut Ctx, at: Named) -> Result<Reply> {
    set_soft_deleted(ctx, &at.name, false, "key was already restored")
}

fn set_soft_deleted(ctx: &mut Ctx, name: &str, now: bool, already: &str) -> Result<Reply> {
    let Some(mut record) = store::find(ctx, name)? else {
        return Ok(Reply::Empty);
    };
    if record.soft_deleted == now {
        ctx.warn(already);
    } else {
        record.soft_deleted = now;
        store::save(ctx, name, &record)?;
    }
    answer::key(ctx, name, &record, None)
}

#[derive(Fields)]
pub(crate) struct Configure {
    /// Name of the key.
    #[field(path, kind = "name")]
    name: String,
    /// Oldest version that decrypts and verifies.
    min_decryption_version: Option<i64>,
    /// Oldest version that encrypts and signs; 0 for any.
    min_encryption_version: Option<i64>,
    /// May the key be deleted?
    deletion_allowed: Option<bool>,
    /// May versions that are made from now on be exported? Cannot be taken back.
    #[field(default = false)]
    exportable: bool,
    /// May the key be backed up? Cannot be taken back.
    #[field(default = false)]
    allow_plaintext_backup: bool,
    /// How old a version gets before the next one is made; 0 for any age, else an hour at least.
    auto_rotate_period: Option<Duration>,
}

pub(crate) fn configure(ctx: &mut Ctx, new: Configure) -> Result<Reply> {
    let name = new.name;
    let Some(mut record) = store::find(ctx, &name)? else {
        return Err(invalid(format!(
            "no existing key named {name} could be found"
        )));
    };
    let before = record.clone();
    let raised = record.change(Changes {
        min_decryption: new.min_decryption_version,
        min_encryption: new.min_encryption_version,
        auto_rotate: new.auto_rotate_period.map(|period| period.as_secs()),
        deletion_allowed: new.deletion_allowed,
        exportable: new.exportable,
        plaintext_backup: new.allow_plaintext_backup,
    })?;
    if raised {
        ctx.warn(
            "since Vault 0.3 (prior to the OpenBao fork), transit key numbering starts at 1; forcing minimum \
             to 1",
        );
    }
    if record.exportable && !before.exportable {
        ctx.warn(
            "versions that were made before the key became exportable stay where they are; rotate the key to \
             make one that can be exported",
        );
    }
    if record != before {
        store::save(ctx, &name, &record)?;
    }
    answer::key(ctx, &name, &record, None)
}

pub(crate) fn rotate(ctx: &mut Ctx, at: Named) -> Result<Reply> {
    let name = at.name;
    let Some(mut record) = store::find(ctx, &name)? else {
        return Err(invalid("key not found"));
    };
    rotate_record(ctx, &name, &mut record)?;
    answer::key(ctx, &name, &record, None)
}

fn rotate_record(ctx: &mut Ctx, name: &str, record: &mut Record) -> Result<()> {
    record.check_alive()?;
    record.check_rotatable(name)?;
    // A key with versions of ours is an imported one no longer.
    record.imported = false;
    store::add_version(ctx, name, record, Source::Make)?;
    store::save(ctx, name, record)
}

#[derive(Fields)]
pub(crate) struct Trim {
    /// Name of the key.
    #[field(path, kind = "name")]
    name: String,
    /// Oldest version to keep; those before are removed for good.
    min_available_version: Option<i64>,
}

pub(crate) fn trim(ctx: &mut Ctx, at: Trim) -> Result<Reply> {
    let Some(mut record) = store::find(ctx, &at.name)? else {
        return Err(invalid("invalid key name"));
    };
    let Some(version) = at.min_available_version else {
        return Err(invalid("missing min_available_version"));
    };
    let gone = record.trim(version)?;
    store::remove_versions(ctx, &at.name, gone)?;
    store::save(ctx, &at.name, &record)?;
    answer::key(ctx, &at.name, &record, None)
}

/// Most keys that one tick rotates: an RSA key takes seconds to make. The rest waits for the next.
const ROTATIONS_PER_TICK_MAX: usize = 16;

/// Rotates the keys that are due.
pub(crate) fn tick(ctx: &mut Ctx) -> Result<()> {
    if !ctx.is_primary_cluster() && !ctx.is_local() {
        return Ok(());
    }
    let now = ctx.now_ms();
    let (mut from, mut rotated) = (None, 0);
    loop {
        let due = store::due(ctx, from.as_deref())?;
        for (name, _) in due.keys.into_iter().filter(|(_, at)| *at <= now) {
            if rotated == ROTATIONS_PER_TICK_MAX {
                return Ok(());
            }
            rotate_due(ctx, &name)?;
            ctx.checkpoint()?;
            rotated += 1;
        }
        from = due.next;
        if from.is_none() {
            return Ok(());
        }
    }
}

fn rotate_due(ctx: &mut Ctx, name: &str) -> Result<()> {
    match store::find(ctx, name)? {
        Some(mut record) => rotate_record(ctx, name, &mut record),
        None => Ok(()),
    }
}
