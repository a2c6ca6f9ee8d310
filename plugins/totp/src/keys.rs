//! Keys: made, taken from elsewhere, read. Their bytes are the host's.

use crate::codes::used_key;
use crate::{base32, url};
use otp::Algorithm;
use sdk::crypto::{Key, KeyOptions, kind};
use sdk::prelude::*;
use sdk::{ListRange, to_base64};

/// What there is to know of keys; and, in the other name space, the keys.
pub(crate) const KEYS: &str = "key/";

/// Fewest bytes that the host takes. HMAC fills a key up with zeros, so that we may as well.
const KEY_BYTES_MIN: usize = 16;
/// Most bytes that the host takes.
const KEY_BYTES_MAX: usize = 512;
/// Largest picture.
const QR_PIXELS_MAX: i64 = 2048;

/// What there is to know of a key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Record {
    issuer: String,
    account_name: String,
    pub(crate) algorithm: Algorithm,
    pub(crate) digits: u32,
    /// Seconds, never 0.
    pub(crate) period: u64,
    /// How many periods before and after the present one count as well.
    pub(crate) skew: u64,
}

/// A key with what there is to know of it.
pub(crate) struct Stored {
    pub(crate) record: Record,
    pub(crate) key: Key,
}

#[derive(Fields)]
pub(crate) struct At {
    /// Name of the key.
    #[field(path)]
    name: String,
}

#[derive(Fields)]
pub(crate) struct Write {
    /// Name of the key.
    #[field(path)]
    name: String,
    /// Is the key to be made here?
    #[field(default = false)]
    generate: bool,
    /// Is a key that is made here to be told?
    #[field(default = true)]
    exported: bool,
    /// Bytes of a key that is made here.
    #[field(default = 20)]
    key_size: i64,
    /// Pixels of the picture, in each direction; 0 for none.
    #[field(default = 200)]
    qr_size: i64,
    /// A key from elsewhere, in base32.
    #[field(sensitive)]
    key: Option<String>,
    /// A key from elsewhere, with all there is to know of it.
    #[field(sensitive)]
    url: Option<String>,
    /// Who checks the codes.
    #[field(default = "")]
    issuer: String,
    /// Whose codes they are.
    #[field(default = "")]
    account_name: String,
    /// "SHA1", "SHA256" or "SHA512".
    #[field(default = "SHA1")]
    algorithm: String,
    /// Digits of a code: 6 or 8.
    #[field(default = 6)]
    digits: i64,
    /// How long a code is good for.
    #[field(default = 30)]
    period: Duration,
    /// How many periods before and after the present one count as well: 0 or 1.
    #[field(default = 1)]
    skew: i64,
}

/// Letters, digits, `_`, and within it `-`, `.` and `@`.
pub(crate) fn is_name(name: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.starts_with(is_word)
        && name.ends_with(is_word)
        && name
            .chars()
            .all(|c| is_word(c) || matches!(c, '-' | '.' | '@'))
}

pub(crate) fn unsupported_path() -> Failure {
    let text = "1 error occurred:\n\t* unsupported path\n\n";
    Failure::new(FailureKind::NotFound, text)
}

fn key_of(name: &str) -> Result<String> {
    match is_name(name) {
        true => Ok(format!("{KEYS}{name}")),
        false => Err(unsupported_path()),
    }
}

pub(crate) fn find(ctx: &Ctx, name: &str) -> Result<Option<Stored>> {
    let place = key_of(name)?;
    let Some(record) = ctx.get(&place)? else {
        return Ok(None);
    };
    let key = ctx.open_key(&place)?;
    let key = key.ok_or_else(|| internal(format!("{name} has no key")))?;
    Ok(Some(Stored { record, key }))
}

pub(crate) fn list(ctx: &Ctx, range: ListRange) -> Result<Reply> {
    range.names(ctx, KEYS).map(Reply::Keys)
}

pub(crate) fn read(ctx: &Ctx, at: At) -> Result<Reply> {
    let record: Option<Record> = ctx.get(&key_of(&at.name)?)?;
    let record = record.ok_or_else(not_found)?;
    Reply::data(&json!({
        "account_name": record.account_name,
        "algorithm": record.algorithm,
        "digits": record.digits,
        "issuer": record.issuer,
        "period": record.period,
    }))
}

pub(crate) fn delete(ctx: &mut Ctx, at: At) -> Result<Reply> {
    forget(ctx, &at.name, &key_of(&at.name)?)?;
    Ok(Reply::Empty)
}

fn forget(ctx: &mut Ctx, name: &str, place: &str) -> Result<()> {
    ctx.delete_key(place)?;
    ctx.delete(&used_key(name))?;
    ctx.delete(place)
}

pub(crate) fn write(ctx: &mut Ctx, mut new: Write) -> Result<Reply> {
    let place = key_of(&new.name)?;
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let (key, url) = (given(new.key.take()), given(new.url.take()));
    if new.generate {
        return make(ctx, &place, new, key, url);
    }
    let secret = match url {
        Some(url) => said(&mut new, &url)?,
        None => key.unwrap_or_default(),
    };
    if secret.is_empty() {
        return Err(invalid("the key value is required"));
    }
    let record = record(&new)?;
    let bytes = base32::decode(&secret, KEY_BYTES_MAX)?;
    store(ctx, &new.name, &place, &record, bytes)?;
    Ok(Reply::Empty)
}

/// Takes over what the URL says, and gives its key. The URL goes before the other fields.
fn said(new: &mut Write, url: &str) -> Result<String> {
    let said = url::read(url)?;
    new.issuer = said.issuer;
    new.account_name = said.account_name;
    if let Some(algorithm) = said.algorithm {
        new.algorithm = algorithm;
    }
    if let Some(digits) = said.digits {
        new.digits = digits;
    }
    if let Some(period) = said.period {
        // A negative one is refused as none is.
        new.period = Duration::from_secs(u64::try_from(period).unwrap_or_default());
    }
    Ok(said.secret)
}

/// Checks all that can be wrong with the fields, but for the key.
fn record(new: &Write) -> Result<Record> {
    let algorithm = Algorithm::from_name(&new.algorithm);
    let digits = u32::try_from(new.digits).ok();
    let digits = digits.filter(|digits| matches!(digits, 6 | 8));
    let skew = u64::try_from(new.skew).ok().filter(|skew| *skew <= 1);
    let size = usize::try_from(new.key_size).unwrap_or_default();
    if size == 0 {
        return Err(invalid("the key_size value must be greater than zero"));
    }
    if size > KEY_BYTES_MAX {
        let text = format!("the key_size value must be at most {KEY_BYTES_MAX}");
        return Err(invalid(text));
    }
    if new.qr_size < 0 {
        let text = "the qr_size value must be greater than or equal to zero";
        return Err(invalid(text));
    }
    if new.qr_size > QR_PIXELS_MAX {
        let text = format!("the qr_size value must be at most {QR_PIXELS_MAX}");
        return Err(invalid(text));
    }
    if new.period.is_zero() {
        return Err(invalid("the period value must be greater than zero"));
    }
    Ok(Record {
        issuer: new.issuer.clone(),
        account_name: new.account_name.clone(),
        algorithm: algorithm.ok_or_else(|| invalid("the algorithm value is not valid"))?,
        digits: digits.ok_or_else(|| invalid("the digits value can only be 6 or 8"))?,
        period: new.period.as_secs(),
        skew: skew.ok_or_else(|| invalid("the skew value must be 0 or 1"))?,
    })
}

/// A key that is made here. Its bytes pass through our hands once, to be told.
fn make(
    ctx: &mut Ctx,
    place: &str,
    new: Write,
    key: Option<String>,
    url: Option<String>,
) -> Result<Reply> {
    let wrong = if url.is_some() {
        Some("a url should not be passed if generate is true")
    } else if key.is_some() {
        Some("a key should not be passed if generate is true")
    } else if new.account_name.is_empty() {
        Some("the account_name value is required for generated keys")
    } else if new.issuer.is_empty() {
        Some("the issuer value is required for generated keys")
    } else {
        None
    };
    if let Some(wrong) = wrong {
        return Err(invalid(wrong));
    }
    let record = record(&new)?;
    let bytes = ctx.random_bytes(u32::try_from(new.key_size).unwrap_or_default());
    let answer = match new.exported {
        true => told(&record, &bytes, new.qr_size)?,
        false => Reply::Empty,
    };
    store(ctx, &new.name, place, &record, bytes)?;
    Ok(answer)
}

fn told(record: &Record, bytes: &[u8], qr_size: i64) -> Result<Reply> {
    let url = otp::url(
        &record.issuer,
        &record.account_name,
        record.algorithm.name(),
        record.digits,
        record.period,
        &otp::base32(bytes),
    );
    match u32::try_from(qr_size).unwrap_or_default() {
        0 => Reply::data(&json!({ "url": url })),
        pixels => {
            let barcode = otp::png(&url, pixels).map_err(|error| invalid(error.to_string()))?;
            let barcode = to_base64(&barcode);
            Reply::data(&json!({ "barcode": barcode, "url": url }))
        }
    }
}

fn store(
    ctx: &mut Ctx,
    name: &str,
    place: &str,
    record: &Record,
    mut bytes: Vec<u8>,
) -> Result<()> {
    if bytes.len() < KEY_BYTES_MIN {
        bytes.resize(KEY_BYTES_MIN, 0);
    }
    forget(ctx, name, place)?;
    let options = KeyOptions {
        bytes: u32::try_from(bytes.len()).unwrap_or_default(),
        ..KeyOptions::new(kind::HMAC)
    };
    ctx.import_key(place, options, &bytes)?;
    ctx.put(place, record)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for name in ["a", "A_b", "a-b.c@d", "_", "_a_"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "-a", "a-", "@a", "a.", "a b", "a/b", "é"] {
            assert!(!is_name(name), "{name}");
        }
    }
}
