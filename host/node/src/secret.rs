//! Leases of secrets that components hand out.

use crate::call;
use crate::engine::{Engine, Pinned};
use crate::pipeline::{Caller, Place, Recorded};
use crate::refusal::{from_barrier, from_commit};
use crate::tables::Mount;
use crate::unsealed::Unsealed;
use access::TokenHash;
use barrier::Transaction;
use base::{Envelope, Json, LeaseBlock, MountId, Refusal, TokenKind};
use core::time::Duration;
use lease::{LeaseTerms, SecretLease};
use mount::MountEntry;
use plugin::{Call, LeasedSecret};
use std::sync::Arc;

/// Leases of a mount that are looked up at a time.
const LEASES_AT_ONCE: usize = 100;

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
    let caller = recorded.caller();
    // What a batch token is given ends with it at the latest: there is nobody to revoke it.
    let max = match caller.filter(|caller| caller.token.kind == TokenKind::Batch) {
        Some(caller) => max.min(caller.token.remaining(now).as_secs()),
        None => max,
    };
    let terms = LeaseTerms {
        ttl: ttl.min(max),
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
        token: caller.and_then(leased_to).unwrap_or_default(),
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

/// The stored token that a lease ends with: for a batch token its parent, if it has one.
fn leased_to(caller: &Caller) -> Option<String> {
    match caller.token.kind {
        TokenKind::Service => Some(caller.hash.to_string()),
        TokenKind::Batch => caller.token.parent.as_ref().map(TokenHash::to_string),
    }
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
        let call = of_host(node, tx, &lease, mount, pinned);
        let done = pinned.component.revoke(call, as_given(id, &lease)?).await;
        let view = done.map_err(|error| error.to_refusal())?.view;
        tx = view
            .into_transaction()
            .map_err(|error| Refusal::internal(error.to_string()))?;
    }
    lease::forget(&mut tx, id).map_err(from_barrier)?;
    Ok(tx)
}

/// Renews a lease: the component decides, the host clamps.
pub(crate) async fn renew(
    node: &Arc<Unsealed>,
    mut tx: Transaction,
    id: &str,
    increment: u64,
) -> Result<(Transaction, LeaseBlock, Vec<String>), Refusal> {
    let now = node.now();
    let found = lease::find(&mut tx, id).map_err(from_barrier)?;
    let mut lease = found
        .filter(|lease| now < lease.expires)
        .ok_or_else(|| Refusal::invalid("lease not found"))?;
    if !lease.terms.renewable {
        return Err(Refusal::invalid("lease is not renewable"));
    }
    let tables = node.tables();
    let mount = tables.with_id(lease.namespace, lease.mount);
    let mount = mount.ok_or_else(|| Refusal::invalid("lease not found"))?;
    let pinned = pinned(mount)?;
    let call = of_host(node, tx, &lease, mount, pinned);
    let done = pinned
        .component
        .renew_lease(call, as_given(id, &lease)?, increment)
        .await;
    let done = done.map_err(|error| error.to_refusal())?;
    let mut tx = done
        .view
        .into_transaction()
        .map_err(|error| Refusal::internal(error.to_string()))?;
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
    Ok((tx, block, done.value.warnings))
}

/// Undoes everything that a mount handed out, lease by lease. Ends at the first that cannot be.
pub(crate) async fn revoke_all_of(node: &Arc<Unsealed>, mount: MountId) -> Result<(), Refusal> {
    loop {
        let mut tx = node.begin();
        let ids = lease::ids_of_mount(&mut tx, mount, LEASES_AT_ONCE).map_err(from_barrier)?;
        if ids.is_empty() {
            return Ok(());
        }
        for id in ids {
            let tx = revoke(node, node.begin(), &id).await?;
            node.commit(tx).await.map_err(|error| from_commit(&error))?;
        }
    }
}

/// Revokes a token and its descendants; what was leased to them ends now.
pub(crate) fn revoke_token(
    node: &Arc<Unsealed>,
    tx: &mut Transaction,
    hash: &TokenHash,
) -> Result<(), Refusal> {
    let now = node.now();
    for gone in access::revoke(tx, hash, now).map_err(from_barrier)? {
        lease::end_those_of_token(tx, gone.as_str(), now).map_err(from_barrier)?;
    }
    node.wake_expirer();
    Ok(())
}

fn pinned(mount: &Mount) -> Result<&Arc<Pinned>, Refusal> {
    match &mount.1 {
        Engine::Component(pinned) => Ok(pinned),
        _ => Err(Refusal::internal(
            "a lease of an engine that leases nothing",
        )),
    }
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
