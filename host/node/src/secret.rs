//! Leases of secrets that components hand out.

use crate::call;
use crate::engine::{Engine, Pinned};
use crate::own_work::Started;
use crate::pipeline::{Place, Recorded};
use crate::refusal::from_barrier;
use crate::run::ATTEMPTS_MAX;
use crate::tables::Mount;
use crate::unsealed::Unsealed;
use access::TokenHash;
use barrier::{Transaction, View};
use base::{Envelope, Json, LeaseBlock, Refusal};
use core::time::Duration;
use lease::{LeaseTerms, SecretLease};
use mount::MountEntry;
use plugin::{Call, CallError, LeasedSecret};
use std::sync::Arc;

/// Keeps the lease of a secret, in the transaction that made it.
pub(crate) fn lease(
    node: &Arc<Unsealed>,
    tx: &mut Transaction,
    recorded: &Recorded<'_>,
    place: &Place,
    pinned: &Pinned,
    entry: &MountEntry,
    secret: LeasedSecret,
) -> Result<Envelope, Refusal> {
    let now = node.now();
    let max = match secret.terms.max_ttl_seconds {
        0 => pinned.facts.max_ttl_seconds,
        asked => asked.min(pinned.facts.max_ttl_seconds),
    };
    let ttl = match secret.terms.ttl_seconds {
        0 => pinned.facts.default_ttl_seconds,
        asked => asked,
    };
    // A call that committed half-way can outlive its token: what it hands out then ends at once.
    let is_token_gone = match recorded.caller() {
        Some(caller) => access::find(tx, &caller.hash, now)
            .map_err(from_barrier)?
            .is_none(),
        None => false,
    };
    let ttl = match is_token_gone {
        true => 0,
        false => ttl.min(max),
    };
    let terms = LeaseTerms {
        ttl,
        max_ttl: max,
        renewable: secret.terms.renewable,
    };
    let id = lease::make_id(node.parts.entropy.as_ref(), place.path.as_str());
    let lease = SecretLease {
        namespace: place.namespace.id,
        mount: entry.id,
        kind: secret.kind,
        private: secret.private.as_str().to_owned(),
        issued: now,
        expires: now.plus(Duration::from_secs(terms.ttl)),
        last_renewal: None,
        terms,
        token: recorded
            .caller()
            .map(|caller| caller.hash.to_string())
            .unwrap_or_default(),
    };
    lease::keep(tx, &id, &lease).map_err(from_barrier)?;
    node.wake_expirer();
    let block = LeaseBlock {
        id,
        renewable: terms.renewable,
        duration: Duration::from_secs(terms.ttl),
    };
    Ok(Envelope {
        lease: block,
        ..Envelope::with_data(secret.data)
    })
}

/// Undoes a leased secret and forgets its lease, in one transaction.
pub(crate) async fn revoke(
    node: &Arc<Unsealed>,
    mut tx: Transaction,
    id: &str,
) -> Result<Transaction, Refusal> {
    let Some(lease) = lease::find(&mut tx, id).map_err(from_barrier)? else {
        return Ok(tx);
    };
    let tables = node.tables();
    // A mount that is gone took its secrets with it.
    if let Some(mount) = tables.with_id(lease.namespace, lease.mount) {
        let pinned = pinned(mount)?;
        let mut attempts = 0;
        loop {
            let call = of_host(node, tx, &lease, mount, pinned);
            match pinned.component.revoke(call, as_given(id, &lease)?).await {
                Ok(done) => break tx = transaction(pinned, done.view)?,
                Err(CallError::Overtaken) if attempts < ATTEMPTS_MAX => tx = node.begin(),
                Err(error) => return Err(error.to_refusal()),
            }
            attempts += 1;
        }
    }
    lease::forget(&mut tx, id).map_err(from_barrier)?;
    Ok(tx)
}

/// A lease that was renewed, not committed yet.
pub(crate) struct Renewed {
    pub(crate) tx: Transaction,
    pub(crate) lease: LeaseBlock,
    pub(crate) warnings: Vec<String>,
    /// Was something done outside the server?
    pub(crate) acted_outside: bool,
}

/// Renews a lease: the component decides, the host clamps.
pub(crate) async fn renew(
    node: &Arc<Unsealed>,
    mut tx: Transaction,
    id: &str,
    increment: u64,
) -> Result<Renewed, Refusal> {
    let now = node.now();
    let found = lease::find(&mut tx, id).map_err(from_barrier)?;
    let mut lease = found
        .filter(|lease| now < lease.expires)
        .ok_or_else(|| Refusal::invalid("lease not found"))?;
    if !lease.terms.renewable {
        return Err(Refusal::invalid("lease is not renewable"));
    }
    let tables = node.tables();
    let mount = tables
        .with_id(lease.namespace, lease.mount)
        .filter(|mount| !mount.0.is_going());
    let mount = mount.ok_or_else(|| Refusal::invalid("lease not found"))?;
    let pinned = pinned(mount)?;
    let call = of_host(node, tx, &lease, mount, pinned);
    let done = pinned
        .component
        .renew_lease(call, as_given(id, &lease)?, increment)
        .await;
    let done = done.map_err(|error| error.to_refusal())?;
    let mut tx = transaction(pinned, done.view)?;
    // Where the call committed half-way, the lease can have been revoked since.
    let found = lease::find(&mut tx, id).map_err(from_barrier)?;
    found.ok_or_else(|| Refusal::invalid("lease not found"))?;
    let asked = match done.value.terms.ttl_seconds {
        0 => lease.terms.ttl,
        asked => asked,
    };
    let end = lease.issued.plus(Duration::from_secs(lease.terms.max_ttl));
    lease.expires = now.plus(Duration::from_secs(asked)).min(end);
    lease.last_renewal = Some(now);
    if let Some(private) = done.value.private {
        lease.private = private.as_str().to_owned();
    }
    lease::keep(&mut tx, id, &lease).map_err(from_barrier)?;
    let duration = lease.expires.since(now);
    let block = LeaseBlock {
        id: id.to_owned(),
        renewable: true,
        duration,
    };
    Ok(Renewed {
        tx,
        lease: block,
        warnings: done.value.warnings,
        acted_outside: done.acted_outside,
    })
}

/// Revokes a token and its descendants; what was leased to them ends now. Says how many are gone.
pub(crate) fn revoke_token(
    node: &Arc<Unsealed>,
    tx: &mut Transaction,
    hash: &TokenHash,
) -> Result<usize, Refusal> {
    let now = node.now();
    let gone = access::revoke(tx, hash, now).map_err(from_barrier)?;
    for gone in &gone {
        lease::end_those_of_token(tx, gone.as_str(), now).map_err(from_barrier)?;
    }
    node.wake_expirer();
    Ok(gone.len())
}

fn pinned(mount: &Mount) -> Result<&Arc<Pinned>, Refusal> {
    match &mount.1 {
        // Not waited for: whoever ends leases has others to end meanwhile.
        Engine::Component(pinned) if !pinned.started.is_done() => Err(Started::refusal()),
        Engine::Component(pinned) => Ok(pinned),
        _ => Err(Refusal::internal(
            "a lease of an engine that leases nothing",
        )),
    }
}

/// What a call wrote, to be committed while its mount is there.
fn transaction(pinned: &Pinned, view: View) -> Result<Transaction, Refusal> {
    let tx = view.into_transaction();
    let mut tx = tx.map_err(|error| Refusal::internal(error.to_string()))?;
    tx.depend_on(&pinned.place.key);
    Ok(tx)
}

fn as_given(id: &str, lease: &SecretLease) -> Result<plugin::Lease, Refusal> {
    let private = Json::parse(lease.private.clone());
    Ok(plugin::Lease {
        id: id.to_owned(),
        kind: lease.kind.clone(),
        private: private.map_err(|error| Refusal::internal(error.to_string()))?,
        issued_at: lease.issued,
        terms: plugin::LeaseTerms {
            ttl_seconds: lease.terms.ttl,
            max_ttl_seconds: lease.terms.max_ttl,
            renewable: lease.terms.renewable,
        },
    })
}

fn of_host(
    node: &Arc<Unsealed>,
    tx: Transaction,
    lease: &SecretLease,
    mount: &Mount,
    pinned: &Arc<Pinned>,
) -> Call {
    call::of_host(node, tx, lease.namespace, &mount.0, pinned)
}
