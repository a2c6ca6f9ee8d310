//! What is stored of methods and enforcements.

use super::enrolment;
use crate::refusal::from_barrier;
use barrier::Transaction;
use base::{NamespaceId, Refusal};
use locality::SystemKey;
use otp::Algorithm;
use serde::{Deserialize, Serialize};

/// A method: codes that follow from a key and the time (RFC 6238).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Method {
    pub(crate) id: String,
    /// Empty for none.
    pub(crate) name: String,
    pub(crate) issuer: String,
    pub(crate) algorithm: Algorithm,
    pub(crate) digits: u32,
    /// Seconds.
    pub(crate) period: u64,
    /// How many codes before and after the one of the moment count.
    pub(crate) skew: u64,
    /// Bytes.
    pub(crate) key_size: u32,
    /// Pixels; zero for no picture.
    pub(crate) qr_size: u32,
    pub(crate) attempts_max: u64,
}

/// The kind of all methods.
pub(crate) const KIND: &str = "totp";

/// Whose logins need one of some methods.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Enforcement {
    pub(crate) id: String,
    pub(crate) name: String,
    /// Any of them does.
    pub(crate) methods: Vec<String>,
    pub(crate) accessors: Vec<String>,
    /// Types of auth methods.
    pub(crate) types: Vec<String>,
    pub(crate) groups: Vec<String>,
    pub(crate) entities: Vec<String>,
}

pub(crate) fn method(
    tx: &mut Transaction,
    namespace: NamespaceId,
    id: &str,
) -> Result<Option<Method>, Refusal> {
    tx.read_json(&SystemKey::mfa_method(namespace, id))
        .map_err(from_barrier)
}

/// All methods of a namespace, by id.
pub(crate) fn methods(
    tx: &mut Transaction,
    namespace: NamespaceId,
) -> Result<Vec<Method>, Refusal> {
    let all = tx.records(&SystemKey::mfa_methods(namespace), None, usize::MAX);
    let all = all.map_err(from_barrier)?;
    Ok(all.into_iter().map(|(_, method)| method).collect())
}

pub(crate) fn method_named(
    tx: &mut Transaction,
    namespace: NamespaceId,
    name: &str,
) -> Result<Option<Method>, Refusal> {
    let mut all = methods(tx, namespace)?.into_iter();
    Ok(all.find(|method| !name.is_empty() && method.name == name))
}

/// Removes a method, and all keys of it.
pub(crate) fn forget_method(
    tx: &mut Transaction,
    namespace: NamespaceId,
    id: &str,
) -> Result<(), Refusal> {
    let all = SystemKey::mfa_enrolments(namespace, id);
    let keys = tx.keys(&all, None, usize::MAX).map_err(from_barrier)?;
    for key in keys {
        if let Some(entity) = key.path().strip_prefix(all.physical().path()) {
            enrolment::destroy(tx, namespace, id, entity);
        }
    }
    tx.delete(&SystemKey::mfa_method(namespace, id));
    Ok(())
}

pub(crate) fn enforcement(
    tx: &mut Transaction,
    namespace: NamespaceId,
    name: &str,
) -> Result<Option<Enforcement>, Refusal> {
    tx.read_json(&SystemKey::mfa_enforcement(namespace, name))
        .map_err(from_barrier)
}

/// All enforcements of a namespace, by name.
pub(crate) fn enforcements(
    tx: &mut Transaction,
    namespace: NamespaceId,
) -> Result<Vec<Enforcement>, Refusal> {
    let all = tx.records(&SystemKey::mfa_enforcements(namespace), None, usize::MAX);
    let all = all.map_err(from_barrier)?;
    Ok(all
        .into_iter()
        .map(|(_, enforcement)| enforcement)
        .collect())
}
