//! `encrypt/`, `decrypt/`, `rewrap/` and `datakey/`.

use crate::base64;
use crate::batch;
use crate::keys;
use crate::kind::Kind;
use crate::record::{Purpose, Record};
use crate::settings;
use crate::store;
use crate::using::{Beside, Using};
use crate::wire;
use sdk::{Ctx, Fields, Raw, Reply, Result, invalid, json, to_base64};
use serde::{Deserialize, Serialize};

const NO_KEY: &str = "encryption key not found";
const MIXED: &str = "context should be set either in all the request blocks or in none";

/// One thing to encrypt, decrypt or both.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Item {
    plaintext: Option<String>,
    ciphertext: Option<String>,
    context: Option<String>,
    associated_data: Option<String>,
    key_version: i64,
    reference: String,
}

impl Item {
    fn beside(&self) -> Beside<'_> {
        Beside {
            context: self.context.as_deref(),
            associated: self.associated_data.as_deref(),
        }
    }

    fn has_context(&self) -> bool {
        self.context
            .as_ref()
            .is_some_and(|context| !context.is_empty())
    }
}

/// A ciphertext, or why there is none.
#[derive(Default, Serialize)]
struct Sealed {
    #[serde(skip_serializing_if = "Option::is_none")]
    ciphertext: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_version: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
}

impl Sealed {
    fn of(done: Result<(String, u64), String>, reference: Option<String>) -> Self {
        match done {
            Ok((ciphertext, version)) => Self {
                ciphertext: Some(ciphertext),
                key_version: Some(version),
                error: None,
                reference,
            },
            Err(error) => Self {
                error: Some(error),
                reference,
                ..Self::default()
            },
        }
    }
}

/// A plaintext, or why there is none.
#[derive(Serialize)]
struct Opened {
    plaintext: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
}

#[derive(Fields)]
pub(crate) struct Encrypt {
    /// Name of the key.
    #[field(path, kind = "name")]
    name: String,
    /// In base64.
    #[field(sensitive)]
    plaintext: Option<String>,
    /// In base64; needed where each context has a key of its own.
    context: Option<String>,
    /// In base64: what must be given again to decrypt.
    associated_data: Option<String>,
    /// Version to encrypt with; 0 for the latest.
    #[field(default = 0)]
    key_version: i64,
    /// Many to encrypt: objects with these fields and a reference.
    #[field(sensitive)]
    batch_input: Option<Raw>,
    /// Status where some items of a batch failed and some did not; 400 if not given.
    partial_failure_response_code: Option<i64>,
    /// Of a key that is made by this: its type, one that encrypts symmetrically.
    #[field(name = "type", default = "aes256-gcm96")]
    kind: String,
    /// Of a key that is made by this: do equal plaintexts have equal ciphertexts?
    #[field(default = false)]
    convergent_encryption: bool,
}

pub(crate) fn exists(ctx: &Ctx, new: Encrypt) -> Result<bool> {
    store::exists(ctx, &new.name)
}

pub(crate) fn encrypt(ctx: &mut Ctx, new: Encrypt) -> Result<Reply> {
    const MISSING: &str = "missing plaintext to encrypt";
    let batch: Option<Vec<Item>> = batch::items(new.batch_input.as_ref())?;
    let is_batch = batch.is_some();
    let items = batch.unwrap_or_else(|| {
        vec![Item {
            plaintext: new.plaintext,
            context: new.context,
            associated_data: new.associated_data,
            key_version: new.key_version,
            ..Item::default()
        }]
    });
    if let Some(at) = items.iter().position(|item| item.plaintext.is_none()) {
        return Err(invalid(match is_batch {
            true => format!("failed to parse batch input: '[{at}].plaintext' {MISSING}"),
            false => MISSING.into(),
        }));
    }
    let derived = have_context(&items)?;
    let record = match store::find(ctx, &new.name)? {
        Some(record) => record,
        None => upsert(
            ctx,
            &new.name,
            &new.kind,
            derived,
            new.convergent_encryption,
        )?,
    };
    let mut key = Using::new(ctx, &new.name, record);
    check_encrypts(&key.record)?;
    if !is_batch {
        let item = items.into_iter().next().unwrap_or_default();
        return Reply::data(&Sealed::of(Ok(seal(&mut key, &item)?), None));
    }
    let mut failed = 0;
    let mut results = Vec::with_capacity(items.len());
    for item in items {
        let done = batch::outcome(seal(&mut key, &item))?;
        failed += usize::from(done.is_err());
        results.push(Sealed::of(done, Some(item.reference)));
    }
    batch::reply_with_status(ctx, &results, failed, new.partial_failure_response_code)
}

/// Have the items a context? All must, or none.
fn have_context(items: &[Item]) -> Result<bool> {
    let have = items.iter().filter(|item| item.has_context()).count();
    match have {
        0 => Ok(false),
        all if all == items.len() => Ok(true),
        _ => Err(invalid(MIXED)),
    }
}

/// Makes the key that is asked to encrypt and is not there.
fn upsert(
    ctx: &mut Ctx,
    name: &str,
    kind: &str,
    derived: bool,
    convergent: bool,
) -> Result<Record> {
    if settings::upserts_are_disabled(ctx)? {
        return Err(invalid(NO_KEY));
    }
    if convergent && !derived {
        return Err(invalid(
            "convergent encryption requires derivation to be enabled, so context is required",
        ));
    }
    let parsed = Kind::parse(kind)?;
    if !parsed.is_cipher() {
        return Err(invalid(format!("unknown key type {kind}")));
    }
    let mut record = Record::new(parsed);
    record.derived = derived;
    record.convergent = convergent;
    keys::make(ctx, name, &mut record)?;
    Ok(record)
}

fn check_encrypts(record: &Record) -> Result<()> {
    record.check_alive()?;
    check_can(record, "encryption")
}

fn check_decrypts(record: &Record) -> Result<()> {
    record.check_alive()?;
    check_can(record, "decryption")
}

fn check_can(record: &Record, what: &str) -> Result<()> {
    match record.kind.encrypts() {
        true => Ok(()),
        false => Err(invalid(format!(
            "message {what} not supported for key type {}",
            record.kind.name()
        ))),
    }
}

fn seal(key: &mut Using<'_>, item: &Item) -> Result<(String, u64)> {
    let plaintext = base64::decode(item.plaintext.as_deref().unwrap_or_default())?;
    seal_bytes(key, &plaintext, item.beside(), item.key_version)
}

fn seal_bytes(
    key: &mut Using<'_>,
    plaintext: &[u8],
    beside: Beside<'_>,
    asked: i64,
) -> Result<(String, u64)> {
    let version = key.record.to_make(asked, Purpose::Encryption)?;
    let sealed = key.seal(version, plaintext, beside)?;
    Ok((wire::write(version, &to_base64(&sealed)), version))
}

fn open(key: &mut Using<'_>, item: &Item) -> Result<Vec<u8>> {
    const WHAT: &str = "ciphertext";
    let text = item.ciphertext.as_deref().unwrap_or_default();
    if text.is_empty() {
        return Err(invalid("missing ciphertext to decrypt"));
    }
    let (version, body) = wire::read(text).map_err(|wrong| wrong.failure(WHAT))?;
    // The first version was once written as 0.
    let version = if version == 0 { 1 } else { version };
    let version = key.record.that_made(version, WHAT)?;
    let sealed =
        base64::decode(body).map_err(|_| invalid("invalid ciphertext: could not decode base64"))?;
    key.open(version, &sealed, item.beside())
}

#[derive(Fields)]
pub(crate) struct Decrypt {
    /// Name of the key.
    #[field(path, kind = "name")]
    name: String,
    /// What `encrypt` gave.
    ciphertext: Option<String>,
    /// In base64; needed where each context has a key of its own.
    context: Option<String>,
    /// In base64: what was given to encrypt.
    associated_data: Option<String>,
    /// Many to decrypt: objects with these fields and a reference.
    batch_input: Option<Raw>,
    /// Status where some items of a batch failed and some did not; 400 if not given.
    partial_failure_response_code: Option<i64>,
}

pub(crate) fn decrypt(ctx: &mut Ctx, given: Decrypt) -> Result<Reply> {
    let batch: Option<Vec<Item>> = batch::items(given.batch_input.as_ref())?;
    let Some(items) = batch else {
        let item = Item {
            ciphertext: given.ciphertext,
            context: given.context,
            associated_data: given.associated_data,
            ..Item::default()
        };
        check_given(&item)?;
        let mut key = Using::find(ctx, &given.name, NO_KEY)?;
        check_decrypts(&key.record)?;
        let plaintext = to_base64(&open(&mut key, &item)?);
        return Reply::data(&Opened {
            plaintext,
            error: None,
            reference: None,
        });
    };
    if let Some(at) = items.iter().position(|item| item.ciphertext.is_none()) {
        return Err(invalid(format!(
            "failed to parse batch input: '[{at}].ciphertext' missing ciphertext to decrypt"
        )));
    }
    have_context(&items)?;
    let mut key = Using::find(ctx, &given.name, NO_KEY)?;
    check_decrypts(&key.record)?;
    let mut failed = 0;
    let mut results = Vec::with_capacity(items.len());
    for item in items {
        let done = batch::outcome(open(&mut key, &item))?;
        failed += usize::from(done.is_err());
        let (plaintext, error) = match done {
            Ok(plaintext) => (to_base64(&plaintext), None),
            Err(error) => (String::new(), Some(error)),
        };
        results.push(Opened {
            plaintext,
            error,
            reference: Some(item.reference),
        });
    }
    batch::reply_with_status(ctx, &results, failed, given.partial_failure_response_code)
}

/// A request without anything to decrypt is refused before the key is looked for.
fn check_given(item: &Item) -> Result<()> {
    match item.ciphertext.as_deref() {
        None | Some("") => Err(invalid("missing ciphertext to decrypt")),
        Some(_) => Ok(()),
    }
}

#[derive(Fields)]
pub(crate) struct Rewrap {
    /// Name of the key.
    #[field(path, kind = "name")]
    name: String,
    /// What `encrypt` gave.
    ciphertext: Option<String>,
    /// In base64; needed where each context has a key of its own.
    context: Option<String>,
    /// Version to encrypt with; 0 for the latest.
    #[field(default = 0)]
    key_version: i64,
    /// Many to encrypt anew: objects with these fields and a reference.
    batch_input: Option<Raw>,
}

pub(crate) fn rewrap(ctx: &mut Ctx, given: Rewrap) -> Result<Reply> {
    let batch: Option<Vec<Item>> = batch::items(given.batch_input.as_ref())?;
    let Some(mut items) = batch else {
        let item = Item {
            ciphertext: given.ciphertext,
            context: given.context,
            key_version: given.key_version,
            ..Item::default()
        };
        check_given(&item)?;
        let mut key = Using::find(ctx, &given.name, NO_KEY)?;
        check_decrypts(&key.record)?;
        return Reply::data(&Sealed::of(Ok(seal_anew(&mut key, &item)?), None));
    };
    have_context(&items)?;
    let mut key = Using::find(ctx, &given.name, NO_KEY)?;
    check_decrypts(&key.record)?;
    let mut results = Vec::with_capacity(items.len());
    for item in &mut items {
        // Of a rewrap it is not taken, so it cannot be lost either.
        item.associated_data = None;
        let done = batch::outcome(seal_anew(&mut key, item))?;
        results.push(Sealed::of(done, Some(core::mem::take(&mut item.reference))));
    }
    batch::reply(&results)
}

fn seal_anew(key: &mut Using<'_>, item: &Item) -> Result<(String, u64)> {
    let plaintext = open(key, item)?;
    seal_bytes(key, &plaintext, item.beside(), item.key_version)
}

#[derive(Fields)]
pub(crate) struct DataKey {
    /// `plaintext` to be given the key as well, `wrapped` for its ciphertext only.
    #[field(path)]
    plaintext: String,
    /// Name of the key.
    #[field(path, kind = "name")]
    name: String,
    /// In base64; needed where each context has a key of its own.
    context: Option<String>,
    /// In base64: what must be given again to decrypt.
    associated_data: Option<String>,
    /// Length of the new key: 128, 256 or 512.
    #[field(default = 256)]
    bits: i64,
    /// Version to encrypt with; 0 for the latest.
    #[field(default = 0)]
    key_version: i64,
}

pub(crate) fn data_key(ctx: &mut Ctx, given: DataKey) -> Result<Reply> {
    let shows = match given.plaintext.as_str() {
        "plaintext" => true,
        "wrapped" => false,
        _ => return Err(invalid("Invalid path, must be 'plaintext' or 'wrapped'")),
    };
    keys::context(given.context.as_deref())?;
    let mut key = Using::find(ctx, &given.name, NO_KEY)?;
    check_encrypts(&key.record)?;
    let bytes = match given.bits {
        128 => 16,
        256 => 32,
        512 => 64,
        _ => return Err(invalid("invalid bit length")),
    };
    let plaintext = ctx.random_bytes(bytes);
    let beside = Beside {
        context: given.context.as_deref(),
        associated: given.associated_data.as_deref(),
    };
    let (ciphertext, version) = seal_bytes(&mut key, &plaintext, beside, given.key_version)?;
    let mut data = json!({ "ciphertext": ciphertext, "key_version": version });
    if shows && let Some(data) = data.as_object_mut() {
        data.insert("plaintext".into(), to_base64(&plaintext).into());
    }
    Reply::data(&data)
}
