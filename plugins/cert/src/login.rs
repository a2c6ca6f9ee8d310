//! `login`: with the certificate that the client has shown when it connected.

use crate::entry::Entry;
use crate::names;
use crate::store;
use crate::x509::Certificate;
use crate::x509::chain::{Broken, Search};
use crate::x509::signature::Signature;
use crate::{crl, x509};
use core::time::Duration;
use sdk::crypto::{Hash, Message};
use sdk::{Ctx, Fields, Grant, Login, Raw, Renewal, Result, invalid};
use serde::{Deserialize, Serialize};

/// Most certificates that a client sends.
const SENT_MAX: usize = 16;

const NO_CERTIFICATE: &str = "no client certificate found";
const NOT_TRUSTED: &str = "invalid certificate or no client certificate supplied";
const NOT_ALLOWED: &str =
    "no chain matching all constraints could be found for this login certificate";

#[derive(Fields)]
pub(crate) struct Named {
    /// The entry to log in with; any that fits where none is named.
    #[field(default = "")]
    name: String,
}

/// What is kept for renewals.
#[derive(Serialize, Deserialize)]
struct Granted {
    entry: String,
    /// SHA-256 of the certificate, in hexadecimal.
    certificate: String,
    /// Of the token, without `default`.
    policies: Vec<String>,
}

/// Nobody: who holds a certificate has shown it before, and needs no second try.
pub(crate) fn identify(_: &Ctx, _: Named) -> Result<Option<String>> {
    Ok(None)
}

pub(crate) fn login(ctx: &mut Ctx, given: Named) -> Result<Login> {
    let sent = sent(ctx)?;
    let (name, entry) = vouching(ctx, &sent, &given.name)?;
    let leaf = sent.first().ok_or_else(|| invalid(NO_CERTIFICATE))?;
    let alias = leaf.names.common.clone();
    if alias.is_empty() {
        return Err(invalid("missing name in alias"));
    }
    let mut grant = entry.token.grant(ctx, alias)?;
    grant.display_name.clone_from(&entry.display_name);
    grant.metadata = names::metadata(&name, &entry, leaf);
    if store::config(ctx)?.enable_identity_alias_metadata {
        grant.alias_metadata.clone_from(&grant.metadata);
    }
    grant.private = Raw::of(&Granted {
        entry: name,
        certificate: fingerprint(ctx, leaf),
        policies: grant.policies.clone(),
    })?;
    Ok(Login::Grant(grant))
}

fn fingerprint(ctx: &Ctx, certificate: &Certificate) -> String {
    names::hex(&ctx.digest(Hash::Sha2_256, &certificate.der), "")
}

/// What the client has sent, its own first.
fn sent(ctx: &Ctx) -> Result<Vec<Certificate>> {
    let sent = ctx.client_certificates();
    if sent.is_empty() {
        return Err(invalid(NO_CERTIFICATE));
    }
    let read = sent
        .iter()
        .take(SENT_MAX)
        .map(|der| Certificate::parse(der));
    let read: Option<Vec<Certificate>> = read.collect();
    read.ok_or_else(|| invalid("failed to parse client's certificate"))
}

/// Has the key (SubjectPublicKeyInfo) made the signature?
pub(crate) fn has_signed(ctx: &Ctx, key: &[u8], signature: &Signature) -> bool {
    let message = Message::Whole(&signature.signed);
    let key = ctx.public_key(key);
    key.is_ok_and(|key| key.verify(message, signature.scheme, &signature.bytes) == Ok(true))
}

/// The entry that vouches for a client; the first by name, where there are several.
///
/// # Errors
/// Invalid, where there is none; denied, where it does not from the client's address.
fn vouching(ctx: &Ctx, sent: &[Certificate], wanted: &str) -> Result<(String, Entry)> {
    let (leaf, intermediates) = sent.split_first().ok_or_else(|| invalid(NO_CERTIFICATE))?;
    let verify = |key: &[u8], signature: &Signature| has_signed(ctx, key, signature);
    let verify: x509::signature::Verify<'_> = &verify;
    let now = i64::try_from(ctx.now_ms() / 1000).unwrap_or(i64::MAX);
    let (mut is_known, mut broken) = (false, None);
    for name in entry_names(ctx, wanted)? {
        let Some(entry) = store::entry(ctx, &name)? else {
            continue;
        };
        let trusted = entry.certificates().unwrap_or_default();
        let search = Search::new(intermediates, &trusted, now, verify);
        match search.chain(leaf) {
            Ok(chain) => {
                is_known = true;
                if names::are_allowed(&entry, leaf) && !crl::is_any_revoked(ctx, &chain)? {
                    return Ok((name, entry));
                }
            }
            Err(Broken::Unknown) => {}
            Err(other) => broken = Some(other),
        }
    }
    Err(match (is_known, broken) {
        (true, _) => invalid(NOT_ALLOWED),
        (false, Some(broken)) => {
            invalid(format!("failed to verify client's certificate: {broken}"))
        }
        (false, None) => invalid(NOT_TRUSTED),
    })
}

fn entry_names(ctx: &Ctx, wanted: &str) -> Result<Vec<String>> {
    let all = ctx.list(store::ENTRIES)?;
    let wanted = wanted.to_lowercase();
    Ok(match wanted.is_empty() {
        true => all,
        false => all.into_iter().filter(|name| *name == wanted).collect(),
    })
}

pub(crate) fn renew(ctx: &mut Ctx, grant: Grant, increment: Duration) -> Result<Renewal> {
    let granted: Granted = grant.private()?;
    let failed = |why: &str| invalid(format!("failed to renew entry: {why}"));
    if !store::config(ctx)?.disable_binding {
        let sent = sent(ctx)?;
        let is_same = sent.first().map(|leaf| fingerprint(ctx, leaf)) == Some(granted.certificate);
        if !is_same {
            return Err(failed(
                "client identity during renewal not matching client identity used during login",
            ));
        }
        vouching(ctx, &sent, &granted.entry)?;
    }
    let entry = store::entry(ctx, &granted.entry)?;
    let entry = entry.ok_or_else(|| failed("its certificate is no longer trusted"))?;
    if sdk::clean_policies(entry.token.token_policies.clone()) != granted.policies {
        return Err(failed("policies have changed, not renewing"));
    }
    Ok(entry.token.renewal(increment))
}
