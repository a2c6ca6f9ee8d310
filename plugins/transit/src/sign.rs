//! `sign/` and `verify/` with signatures.

use crate::answer;
use crate::base64;
use crate::batch;
use crate::hmac;
use crate::keys;
use crate::record::Purpose;
use crate::scheme::{Said, Wish};
use crate::using::{MISSING_CONTEXT, Using};
use crate::wire;
use sdk::crypto::CryptoError;
use sdk::{Ctx, Failure, Fields, Raw, Reply, Result, invalid};
use serde::{Deserialize, Serialize};

#[derive(Fields)]
pub(crate) struct Sign {
    /// Name of the key.
    #[field(path, kind = "name")]
    name: String,
    /// In base64.
    #[field(sensitive)]
    input: Option<String>,
    /// In base64; needed where each context has a key of its own.
    context: Option<String>,
    /// Hash algorithm; "none" where the type of key needs none.
    hash_algorithm: Option<String>,
    /// The same by its old name.
    #[field(deprecated)]
    algorithm: Option<String>,
    /// Version to sign with; 0 for the latest.
    #[field(default = 0)]
    key_version: i64,
    /// Is the input a hash already?
    #[field(default = false)]
    prehashed: bool,
    /// Of RSA: "pss" or "pkcs1v15".
    #[field(default = "")]
    signature_algorithm: String,
    /// "asn1", or "jws" for signatures as JWS has them.
    #[field(default = "asn1")]
    marshaling_algorithm: String,
    /// Of RSA-PSS: "auto", "hash" or a number of bytes.
    #[field(default = "auto")]
    salt_length: String,
    /// Many to sign: objects with an input, a context and a reference.
    batch_input: Option<Raw>,
}

#[derive(Fields)]
pub(crate) struct SignAt {
    /// Hash algorithm; goes before those in the body.
    #[field(path)]
    urlalgorithm: String,
    #[field(flatten)]
    rest: Sign,
}

#[derive(Fields)]
pub(crate) struct Verify {
    /// Name of the key.
    #[field(path, kind = "name")]
    name: String,
    /// In base64.
    #[field(sensitive)]
    input: Option<String>,
    /// What `sign` gave.
    signature: Option<String>,
    /// What `hmac` gave.
    hmac: Option<String>,
    /// In base64; needed where each context has a key of its own.
    context: Option<String>,
    /// Hash algorithm; "none" where the type of key needs none.
    hash_algorithm: Option<String>,
    /// The same by its old name.
    #[field(deprecated)]
    algorithm: Option<String>,
    /// Is the input a hash already?
    #[field(default = false)]
    prehashed: bool,
    /// Of RSA: "pss" or "pkcs1v15".
    #[field(default = "")]
    signature_algorithm: String,
    /// "asn1", or "jws" for signatures as JWS has them.
    #[field(default = "asn1")]
    marshaling_algorithm: String,
    /// Of RSA-PSS: "auto", "hash" or a number of bytes.
    #[field(default = "auto")]
    salt_length: String,
    /// Many to verify: objects with an input, a signature or an HMAC, a context and a reference.
    batch_input: Option<Raw>,
}

#[derive(Fields)]
pub(crate) struct VerifyAt {
    /// Hash algorithm; goes before those in the body.
    #[field(path)]
    urlalgorithm: String,
    #[field(flatten)]
    rest: Verify,
}

/// One thing to sign or to verify.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Item {
    pub(crate) input: Option<String>,
    pub(crate) signature: Option<String>,
    pub(crate) hmac: Option<String>,
    context: Option<String>,
    pub(crate) reference: String,
}

/// The hash that is said at the most important place; empty where none is.
fn hash_said<'a>(path: &'a str, new: Option<&'a str>, old: Option<&'a str>) -> &'a str {
    let places = [Some(path), new, old].into_iter().flatten();
    places
        .into_iter()
        .find(|name| !name.is_empty())
        .unwrap_or_default()
}

pub(crate) fn sign_at(ctx: &mut Ctx, given: SignAt) -> Result<Reply> {
    sign_with(ctx, &given.urlalgorithm, &given.rest)
}

pub(crate) fn sign(ctx: &mut Ctx, given: Sign) -> Result<Reply> {
    sign_with(ctx, "", &given)
}

#[derive(Default, Serialize)]
struct Signed {
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<String>,
    key_version: u64,
    /// Of a derived key. Batches have their own name for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    public_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    publickey: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
}

fn sign_with(ctx: &Ctx, algorithm: &str, given: &Sign) -> Result<Reply> {
    let new = given.hash_algorithm.as_deref();
    let wish = Wish::parse(Said {
        hash: hash_said(algorithm, new, given.algorithm.as_deref()),
        marshaling: &given.marshaling_algorithm,
        signature: &given.signature_algorithm,
        salt: &given.salt_length,
        prehashed: given.prehashed,
    })?;
    let mut key = Using::find(ctx, &given.name, "signing key not found")?;
    let kind = key.record.kind;
    if !kind.signs() {
        let name = kind.name();
        return Err(invalid(format!("key type {name} does not support signing")));
    }
    key.record.check_alive()?;
    wish.check(kind)?;
    let Some(items) = batch::items::<Item>(given.batch_input.as_ref())? else {
        let item = Item {
            // Nothing is a message, too.
            input: Some(given.input.clone().unwrap_or_default()),
            context: given.context.clone(),
            ..Item::default()
        };
        let signed = sign_item(&mut key, &wish, &item, given.key_version)?;
        return Reply::data(&Signed {
            public_key: signed.public,
            ..signed.shown
        });
    };
    let mut results = Vec::with_capacity(items.len());
    for item in items {
        let done = batch::outcome(sign_item(&mut key, &wish, &item, given.key_version))?;
        let shown = match done {
            Ok(signed) => Signed {
                publickey: signed.public,
                ..signed.shown
            },
            Err(error) => Signed {
                error: Some(error),
                ..Signed::default()
            },
        };
        results.push(Signed {
            reference: Some(item.reference),
            ..shown
        });
    }
    batch::reply(&results)
}

struct Done {
    shown: Signed,
    /// Of a derived key.
    public: Option<String>,
}

fn sign_item(key: &mut Using<'_>, wish: &Wish<'_>, item: &Item, asked: i64) -> Result<Done> {
    let input = input(item)?;
    let context = keys::context(item.context.as_deref())?;
    let version = key.record.to_make(asked, Purpose::Signing)?;
    let (kind, derived) = (key.record.kind, key.record.derived);
    let (scheme, message) = wish.scheme(kind, &input)?;
    let signed = key.with(version, context.as_deref(), |key| {
        let signature = key.sign(message, scheme).map_err(sign_failed)?;
        let public = derived.then(|| answer::derived_public(kind, key));
        Ok((signature, public.transpose()?))
    });
    let (signature, public) = signed.map_err(derivation_failed)?;
    let shown = Signed {
        signature: Some(wire::write(version, &wish.marshaling.write(&signature))),
        key_version: version,
        ..Signed::default()
    };
    Ok(Done { shown, public })
}

fn sign_failed(error: CryptoError) -> Failure {
    match error {
        // A version of which only the public half is known.
        CryptoError::WrongKind(_) => {
            invalid("requested version for signing does not contain a private part")
        }
        other => other.into(),
    }
}

fn derivation_failed(mut failure: Failure) -> Failure {
    if failure.message == MISSING_CONTEXT {
        failure.message.insert_str(0, "error deriving key: ");
    }
    failure
}

/// What is signed or verified.
fn input(item: &Item) -> Result<Vec<u8>> {
    decode(
        item.input
            .as_deref()
            .ok_or_else(|| invalid("missing input"))?,
    )
}

/// What a caller gives in base64 to be hashed.
pub(crate) fn decode(input: &str) -> Result<Vec<u8>> {
    base64::decode(input).map_err(|mut failure| {
        failure
            .message
            .insert_str(0, "unable to decode input as base64: ");
        failure
    })
}

pub(crate) fn verify_at(ctx: &mut Ctx, given: VerifyAt) -> Result<Reply> {
    verify_with(ctx, &given.urlalgorithm, &given.rest)
}

pub(crate) fn verify(ctx: &mut Ctx, given: Verify) -> Result<Reply> {
    verify_with(ctx, "", &given)
}

#[derive(Serialize)]
struct Verified {
    valid: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
}

/// What is verified.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Proof {
    Signature,
    Hmac,
}

fn verify_with(ctx: &Ctx, algorithm: &str, given: &Verify) -> Result<Reply> {
    let batch = batch::items::<Item>(given.batch_input.as_ref())?;
    let is_batch = batch.is_some();
    let items = batch.unwrap_or_else(|| {
        vec![Item {
            input: Some(given.input.clone().unwrap_or_default()),
            signature: given.signature.clone(),
            hmac: given.hmac.clone(),
            context: given.context.clone(),
            ..Item::default()
        }]
    });
    let proof = proof(&items).map_err(|failure| match is_batch {
        true => failure,
        false => invalid("neither a 'signature' nor an 'hmac' were given to verify"),
    })?;
    let new = given.hash_algorithm.as_deref();
    let wish = Wish::parse(Said {
        hash: hash_said(algorithm, new, given.algorithm.as_deref()),
        marshaling: &given.marshaling_algorithm,
        signature: &given.signature_algorithm,
        salt: &given.salt_length,
        prehashed: given.prehashed,
    })?;
    let mut key = find_to_verify(ctx, &given.name, proof, &wish)?;
    let mac = match proof {
        Proof::Hmac => Some(hmac::Verifier::new(
            ctx,
            &given.name,
            &key.record,
            wish.mac_hash()?,
        )),
        Proof::Signature => None,
    };
    let mut check = |item: &Item| match &mac {
        Some(mac) => mac.verify(item),
        None => verify_item(&mut key, &wish, item),
    };
    if !is_batch {
        let item = items.into_iter().next().unwrap_or_default();
        return Reply::data(&Verified {
            valid: check(&item)?,
            error: None,
            reference: None,
        });
    }
    let mut results = Vec::with_capacity(items.len());
    for item in items {
        let (valid, error) = match batch::outcome(check(&item))? {
            Ok(valid) => (valid, None),
            Err(error) => (false, Some(error)),
        };
        results.push(Verified {
            valid,
            error,
            reference: Some(item.reference),
        });
    }
    batch::reply(&results)
}

/// The items must all give the same.
fn proof(items: &[Item]) -> Result<Proof> {
    let signatures = items.iter().filter(|item| item.signature.is_some()).count();
    let only_hmac = |item: &&Item| item.signature.is_none() && item.hmac.is_some();
    match (signatures, items.iter().filter(only_hmac).count()) {
        (0, 0) => Err(invalid(
            "no batch_input elements have 'signature' or 'hmac'",
        )),
        (all, 0) if all == items.len() => Ok(Proof::Signature),
        (0, all) if all == items.len() => Ok(Proof::Hmac),
        (_, 0) => Err(invalid(
            "some elements of batch_input are missing 'signature'",
        )),
        (0, _) => Err(invalid("some elements of batch_input are missing 'hmac'")),
        _ => Err(invalid(
            "elements of batch_input must all provide 'signature' or all provide 'hmac'",
        )),
    }
}

fn find_to_verify<'a>(
    ctx: &'a Ctx,
    name: &'a str,
    proof: Proof,
    wish: &Wish<'_>,
) -> Result<Using<'a>> {
    if proof == Proof::Hmac {
        let key = Using::find(ctx, name, "encryption key not found")?;
        key.record.check_alive()?;
        return Ok(key);
    }
    let key = Using::find(ctx, name, "signature verification key not found")?;
    let kind = key.record.kind;
    if !kind.signs() {
        let name = kind.name();
        return Err(invalid(format!(
            "key type {name} does not support verification"
        )));
    }
    key.record.check_alive()?;
    wish.check(kind)?;
    Ok(key)
}

fn verify_item(key: &mut Using<'_>, wish: &Wish<'_>, item: &Item) -> Result<bool> {
    const WHAT: &str = "signature";
    let input = input(item)?;
    let context = keys::context(item.context.as_deref())?;
    let text = item.signature.as_deref().unwrap_or_default();
    let (version, body) = wire::read(text).map_err(|wrong| wrong.failure(WHAT))?;
    let version = key.record.that_made(version, WHAT)?;
    let signature = wish.marshaling.read(body)?;
    let (scheme, message) = wish.scheme(key.record.kind, &input)?;
    let verified = key.with(version, context.as_deref(), |key| {
        Ok(key.verify(message, scheme, &signature)?)
    });
    verified.map_err(derivation_failed)
}
