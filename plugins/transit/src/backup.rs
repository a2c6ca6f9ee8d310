//! `backup/` and `restore/`.
//!
//! A backup is of use to nothing but a restore in the mount that gave it: each key is wrapped and the whole
//! is sealed by a key that never leaves the host. Neither the engine nor whoever holds a backup sees a key.

use crate::base64;
use crate::record::{Record, Stamp};
use crate::store::{self, BACKUP, Kept};
use sdk::crypto::{CryptoError, Key, KeyOptions, kind};
use sdk::{Ctx, Failure, Fields, Reply, Result, internal, invalid, json, to_base64};
use serde::{Deserialize, Serialize};

const ASSOCIATED: &[u8] = b"casemate transit backup 1";
/// Two keys from one: what seals must not wrap.
const WRAPS: &[u8] = b"wrap";
const SEALS: &[u8] = b"seal";

/// What is inside.
#[derive(Serialize, Deserialize)]
struct Content {
    name: String,
    record: Record,
    versions: Vec<Kept>,
}

fn key_name() -> String {
    format!("{BACKUP}key")
}

#[derive(Fields)]
pub(crate) struct Backup {
    /// Name of the key.
    #[field(path, kind = "name")]
    name: String,
}

pub(crate) fn backup(ctx: &mut Ctx, at: Backup) -> Result<Reply> {
    let name = at.name;
    let Some(mut record) = store::find(ctx, &name)? else {
        return Err(invalid(format!("key {name:?} not found")));
    };
    record.check_alive()?;
    if !record.exportable {
        return Err(invalid("exporting is disallowed on the policy"));
    }
    if !record.plaintext_backup {
        return Err(invalid("plaintext backup is disallowed on the policy"));
    }
    let key = match ctx.open_key(&key_name())? {
        Some(key) => key,
        None => ctx.make_key(&key_name(), KeyOptions::new(kind::AES256_GCM96))?,
    };
    let wraps = key.derive(WRAPS)?;
    let mut versions = Vec::new();
    for number in record.available() {
        let kept = store::keep(ctx, &name, record.kind, number, &wraps);
        versions.push(kept.map_err(|failure| left_inside(failure, number))?);
    }
    record.backed_up = Some(Stamp {
        at: ctx.now_ms(),
        version: record.latest,
    });
    store::save(ctx, &name, &record)?;
    let content = Content {
        name,
        record,
        versions,
    };
    let text = serde_json::to_vec(&content).map_err(|wrong| internal(wrong.to_string()))?;
    let sealed = key.derive(SEALS)?.seal(&text, ASSOCIATED)?;
    Reply::data(&json!({ "backup": to_base64(&sealed) }))
}

fn left_inside(failure: Failure, number: u64) -> Failure {
    match failure == Failure::from(CryptoError::NotExportable) {
        true => invalid(format!(
            "version {number} was made before the key became exportable, and stays where it is; trim it first"
        )),
        false => failure,
    }
}

#[derive(Fields)]
pub(crate) struct Restore {
    /// What `backup` gave.
    #[field(default = "")]
    backup: String,
    /// Name for the key; as it was without.
    #[field(kind = "name", default = "")]
    name: String,
    /// Put it in the place of a key of that name?
    #[field(default = false)]
    force: bool,
}

#[derive(Fields)]
pub(crate) struct RestoreAs {
    /// Name for the key.
    #[field(path, kind = "name")]
    name: String,
    /// What `backup` gave.
    #[field(default = "")]
    backup: String,
    /// Put it in the place of a key of that name?
    #[field(default = false)]
    force: bool,
}

pub(crate) fn restore_as(ctx: &mut Ctx, given: RestoreAs) -> Result<Reply> {
    let RestoreAs {
        name,
        backup,
        force,
    } = given;
    restore(
        ctx,
        Restore {
            backup,
            name,
            force,
        },
    )
}

pub(crate) fn restore(ctx: &mut Ctx, given: Restore) -> Result<Reply> {
    if given.backup.is_empty() {
        return Err(invalid("'backup' must be supplied"));
    }
    let sealed = base64::decode(&given.backup)?;
    let (mut content, wraps) = open(ctx, &sealed)?;
    let name = match given.name.is_empty() {
        true => core::mem::take(&mut content.name),
        false => given.name,
    };
    store::check_name(&name)?;
    match store::find(ctx, &name)? {
        None => {}
        Some(old) if given.force => store::remove(ctx, &name, &old)?,
        Some(_) => return Err(invalid(format!("key {name:?} already exists"))),
    }
    let mut record = content.record;
    for kept in &content.versions {
        store::put_back(ctx, &name, &record, kept, &wraps)?;
    }
    record.restored = Some(Stamp {
        at: ctx.now_ms(),
        version: record.latest,
    });
    store::save(ctx, &name, &record)?;
    Ok(Reply::Empty)
}

/// What is inside, and the key that its keys are wrapped by.
fn open(ctx: &Ctx, sealed: &[u8]) -> Result<(Content, Key)> {
    const FOREIGN: &str = "the backup was not made by this mount";
    let key = ctx.open_key(&key_name())?.ok_or_else(|| invalid(FOREIGN))?;
    let text = key
        .derive(SEALS)?
        .open(sealed, ASSOCIATED)
        .map_err(|error| match error {
            CryptoError::NotAuthentic => invalid(FOREIGN),
            other => other.into(),
        })?;
    let content = serde_json::from_slice(&text).map_err(|wrong| internal(wrong.to_string()))?;
    Ok((content, key.derive(WRAPS)?))
}
