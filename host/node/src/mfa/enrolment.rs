//! The keys that entities have, and the codes that follow from them.

use super::stored::{self, Method};
use crate::refusal::from_barrier;
use barrier::Transaction;
use barrier::keys::{Hash, Key, KeyKind, KeyOptions, equal};
use base::{Entropy, NamespaceId, Refusal, Secret, Timestamp};
use locality::SystemKey;
use otp::Algorithm;
use serde::{Deserialize, Serialize};

/// How codes are made of a key: as the method was when its authenticator was told.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Enrolment {
    algorithm: Algorithm,
    digits: u32,
    period: u64,
    skew: u64,
}

/// What an authenticator is told of a new key.
pub(crate) struct Enrolled {
    pub(crate) url: Secret<String>,
    /// PNG; empty where none is wanted.
    pub(crate) barcode: Secret<Vec<u8>>,
}

/// Makes a key for an entity. None where it has one: an authenticator knows that.
pub(crate) fn enrol(
    tx: &mut Transaction,
    entropy: &dyn Entropy,
    namespace: NamespaceId,
    method: &Method,
    entity: &str,
) -> Result<Option<Enrolled>, Refusal> {
    let place = SystemKey::mfa_enrolment(namespace, &method.id, entity);
    let there: Option<Enrolment> = tx.read_json(&place).map_err(from_barrier)?;
    if there.is_some() {
        return Ok(None);
    }
    let mut bytes = vec![0; method.key_size as usize];
    entropy.fill(&mut bytes);
    let bytes = Secret::new(bytes);
    let base32 = Secret::new(otp::base32(bytes.expose()));
    let url = Secret::new(otp::url(
        &method.issuer,
        entity,
        method.algorithm.name(),
        method.digits,
        method.period,
        base32.expose(),
    ));
    let barcode = match method.qr_size {
        0 => Vec::new(),
        pixels => {
            otp::png(url.expose(), pixels).map_err(|error| Refusal::invalid(error.to_string()))?
        }
    };
    let enrolment = Enrolment {
        algorithm: method.algorithm,
        digits: method.digits,
        period: method.period,
        skew: method.skew,
    };
    tx.write_json(&place, &enrolment).map_err(from_barrier)?;
    let secret = SystemKey::mfa_secret(namespace, &method.id, entity);
    tx.put(&secret, bytes.expose().clone());
    Ok(Some(Enrolled {
        url,
        barcode: Secret::new(barcode),
    }))
}

/// Removes the key of an entity.
pub(crate) fn destroy(tx: &mut Transaction, namespace: NamespaceId, method: &str, entity: &str) {
    tx.delete(&SystemKey::mfa_enrolment(namespace, method, entity));
    tx.delete(&SystemKey::mfa_secret(namespace, method, entity));
    tx.delete(&SystemKey::mfa_used(namespace, method, entity));
}

/// Moves the key of an entity to another that has none.
pub(super) fn hand_over(
    tx: &mut Transaction,
    namespace: NamespaceId,
    method: &str,
    from: &str,
    to: &str,
) -> Result<(), Refusal> {
    let place = |entity| SystemKey::mfa_enrolment(namespace, method, entity);
    let secret = |entity| SystemKey::mfa_secret(namespace, method, entity);
    let used = |entity| SystemKey::mfa_used(namespace, method, entity);
    let theirs: Option<Enrolment> = tx.read_json(&place(from)).map_err(from_barrier)?;
    let own: Option<Enrolment> = tx.read_json(&place(to)).map_err(from_barrier)?;
    let bytes = tx.get(&secret(from)).map_err(from_barrier)?;
    if let (Some(theirs), None, Some(bytes)) = (theirs, own, bytes) {
        let last: Option<u64> = tx.read_json(&used(from)).map_err(from_barrier)?;
        tx.write_json(&place(to), &theirs).map_err(from_barrier)?;
        tx.put(&secret(to), bytes.expose().to_vec());
        if let Some(last) = last {
            tx.write_json(&used(to), &last).map_err(from_barrier)?;
        }
    }
    destroy(tx, namespace, method, from);
    Ok(())
}

/// Removes all keys of an entity that is removed.
pub(crate) fn forget_entity(
    tx: &mut Transaction,
    namespace: NamespaceId,
    entity: &str,
) -> Result<(), Refusal> {
    for method in stored::methods(tx, namespace)? {
        destroy(tx, namespace, &method.id, entity);
    }
    Ok(())
}

/// What is to be said of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    /// It is one of the moment, and was not taken before. It is now.
    Right,
    /// It is none, or was taken.
    Wrong,
    /// There is no key.
    NoKey,
}

/// Takes a code, once. None of those before it is taken any more.
pub(super) fn take(
    tx: &mut Transaction,
    namespace: NamespaceId,
    method: &str,
    entity: &str,
    code: &str,
    now: Timestamp,
) -> Result<Code, Refusal> {
    let place = SystemKey::mfa_enrolment(namespace, method, entity);
    let enrolment: Option<Enrolment> = tx.read_json(&place).map_err(from_barrier)?;
    let secret = tx
        .get(&SystemKey::mfa_secret(namespace, method, entity))
        .map_err(from_barrier)?;
    let (Some(enrolment), Some(secret)) = (enrolment, secret) else {
        return Ok(Code::NoKey);
    };
    let options = KeyOptions {
        kind: KeyKind::Hmac,
        exportable: false,
        bytes: 0,
    };
    let broken =
        |why: &dyn core::fmt::Display| Refusal::internal(format!("a key for codes: {why}"));
    let key = Key::import(options, Secret::new(secret.expose().to_vec()));
    let key = key.map_err(|error| broken(&error))?;
    let used_key = SystemKey::mfa_used(namespace, method, entity);
    let used: Option<u64> = tx.read_json(&used_key).map_err(from_barrier)?;
    let middle = now.as_seconds() / enrolment.period.max(1);
    let first = middle.saturating_sub(enrolment.skew);
    let first = used.map_or(first, |used| first.max(used.saturating_add(1)));
    for number in first..=middle.saturating_add(enrolment.skew) {
        let mac = key.mac(&number.to_be_bytes(), hash(enrolment.algorithm));
        let mac = mac.map_err(|error| broken(&error))?;
        let right = otp::code(&mac, enrolment.digits).ok_or_else(|| broken(&"a short MAC"))?;
        if equal(right.as_bytes(), code.as_bytes()) {
            tx.write_json(&used_key, &number).map_err(from_barrier)?;
            return Ok(Code::Right);
        }
    }
    Ok(Code::Wrong)
}

/// The hash itself.
const fn hash(algorithm: Algorithm) -> Hash {
    match algorithm {
        Algorithm::Sha1 => Hash::Sha1,
        Algorithm::Sha256 => Hash::Sha2_256,
        Algorithm::Sha512 => Hash::Sha2_512,
    }
}
