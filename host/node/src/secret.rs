//! Leases of secrets that components hand out.

use crate::call;
use crate::commit::CommitError;
use crate::engine::{Engine, Pinned};
use crate::own_work::Started;
use crate::pipeline::{Caller, Place, Recorded};
use crate::refusal::{from_barrier, from_commit};
use crate::removal::GONE;
use crate::replication::errands::{self, At};
use crate::run::ATTEMPTS_MAX;
use crate::tables::Mount;
use crate::unsealed::Unsealed;
use access::TokenHash;
use barrier::{Transaction, View};
use base::{Envelope, Json, LeaseBlock, Refusal, Timestamp, TokenKind};
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
    let caller = recorded.caller();
    let terms = terms(tx, pinned, caller, &secret.terms, now)?;
    let id = lease::make_id(
        node.parts.entropy.as_ref(),
        place.namespace.id,
        place.path.as_str(),
    );
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
        attempts: 0,
        irrevocable: None,
    };
    lease::keep(tx, &id, &lease).map_err(from_barrier)?;
    Ok(Envelope {
        lease: LeaseBlock {
            id,
            renewable: terms.renewable,
            duration: Duration::from_secs(terms.ttl),
        },
        ..Envelope::with_data(secret.data)
    })
}

/// How long the lease may be: no longer than the mount allows, nor than its token lives.
fn terms(
    tx: &mut Transaction,
    pinned: &Pinned,
    caller: Option<&Caller>,
    asked: &plugin::LeaseTerms,
    now: Timestamp,
) -> Result<LeaseTerms, Refusal> {
    let max = match asked.max_ttl_seconds {
        0 => pinned.facts.max_ttl_seconds,
        seconds => seconds.min(pinned.facts.max_ttl_seconds),
    };
    let ttl = match asked.ttl_seconds {
        0 => pinned.facts.default_ttl_seconds,
        seconds => seconds,
    };
    // What a batch token is given ends with it at the latest: there is nobody to revoke it.
    let max = match caller.filter(|caller| caller.token.kind == TokenKind::Batch) {
        Some(caller) => max.min(caller.token.remaining(now).as_secs()),
        None => max,
    };
    // A call that committed half-way can outlive its token: what it hands out then ends at once.
    let is_token_gone = match caller.filter(|caller| !caller.token.is_spent) {
        Some(caller) => {
            !access::still_lives(tx, &caller.hash, &caller.token, now).map_err(from_barrier)?
        }
        None => false,
    };
    let ttl = match is_token_gone {
        true => 0,
        false => ttl.min(max),
    };
    Ok(LeaseTerms {
        ttl,
        max_ttl: max,
        renewable: asked.renewable,
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
    // A mount that is gone took its secrets with it, where it is not only out of reach.
    let is_out_of_reach = lease.irrevocable.is_some();
    if is_out_of_reach && tables.with_id(lease.namespace, lease.mount).is_none() {
        return Err(Refusal::invalid(GONE));
    }
    if let Some(mount) = tables.with_id(lease.namespace, lease.mount) {
        tx = undo(node, tx, (id, &lease), mount).await?;
    }
    lease::forget(&mut tx, id).map_err(from_barrier)?;
    Ok(tx)
}

/// Has the engine undo what was leased; the engine of the primary where that writes what is shared.
async fn undo(
    node: &Arc<Unsealed>,
    mut tx: Transaction,
    (id, lease): (&str, &SecretLease),
    mount: &Mount,
) -> Result<Transaction, Refusal> {
    let pinned = pinned(mount)?;
    let mut attempts = 0;
    loop {
        let call = of_host(node, tx, lease, mount, pinned);
        match pinned.component.revoke(call, as_given(id, lease)?).await {
            Ok(done) => return transaction(pinned, done.view),
            Err(CallError::Overtaken) if attempts < ATTEMPTS_MAX => tx = node.begin(),
            Err(CallError::WrongPlace) => {
                errands::undo(node, at(lease), as_given(id, lease)?).await?;
                return Ok(node.begin());
            }
            Err(error) => return Err(error.to_refusal()),
        }
        attempts += 1;
    }
}

fn at(lease: &SecretLease) -> At {
    At {
        namespace: lease.namespace,
        mount: lease.mount,
    }
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
    if lease.irrevocable.is_some() {
        return Err(Refusal::invalid("lease is irrevocable"));
    }
    let tables = node.tables();
    let mount = tables
        .with_id(lease.namespace, lease.mount)
        .filter(|mount| !mount.0.is_going());
    let mount = mount.ok_or_else(|| Refusal::invalid("lease not found"))?;
    let pinned = pinned(mount)?;
    let call = of_host(node, tx, &lease, mount, pinned);
    let given = as_given(id, &lease)?;
    let done = pinned.component.renew_lease(call, given, increment).await;
    let (mut tx, renewal, acted_outside) = match done {
        Ok(done) => (
            transaction(pinned, done.view)?,
            done.value,
            done.acted_outside,
        ),
        Err(CallError::WrongPlace) => {
            let given = as_given(id, &lease)?;
            let renewal = errands::renew(node, at(&lease), given, increment).await?;
            (node.begin(), renewal, true)
        }
        Err(error) => return Err(error.to_refusal()),
    };
    // Where the call committed half-way, the lease can have been revoked since.
    let found = lease::find(&mut tx, id).map_err(from_barrier)?;
    found.ok_or_else(|| Refusal::invalid("lease not found"))?;
    let asked = match renewal.terms.ttl_seconds {
        0 => lease.terms.ttl,
        asked => asked,
    };
    let end = lease.issued.plus(Duration::from_secs(lease.terms.max_ttl));
    lease.expires = now.plus(Duration::from_secs(asked)).min(end);
    lease.last_renewal = Some(now);
    if let Some(private) = renewal.private {
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
        warnings: renewal.warnings,
        acted_outside,
    })
}

/// Revokes a lease and commits, however often others overtake it.
pub(crate) async fn revoke_now(
    node: &Arc<Unsealed>,
    id: &str,
    mut also: impl FnMut(&mut Transaction),
) -> Result<(), Refusal> {
    for _ in 0..ATTEMPTS_MAX {
        let mut tx = revoke(node, node.begin(), id).await?;
        also(&mut tx);
        match node.commit(tx).await {
            Ok(_) => return Ok(()),
            Err(CommitError::Overtaken(number)) => node.committer.settled(number).await,
            Err(error) => return Err(from_commit(&error)),
        }
    }
    Err(from_commit(&CommitError::Overtaken(0)))
}

/// Leases of revoked tokens that one transaction lets end.
const ENDED_AT_ONCE_MAX: usize = 1000;

/// Revokes a token and its descendants; what was leased to them ends now. Says how many are gone.
///
/// What does not fit into one transaction is noted among the ends that are due.
pub(crate) fn revoke_token(
    node: &Arc<Unsealed>,
    tx: &mut Transaction,
    hash: &TokenHash,
) -> Result<usize, Refusal> {
    let now = node.now();
    let gone = access::revoke(tx, hash, now).map_err(from_barrier)?;
    // The token itself also where it was gone before: something of it may be left.
    let descendants = gone.iter().filter(|gone| *gone != hash);
    let mut room = ENDED_AT_ONCE_MAX;
    for gone in core::iter::once(hash).chain(descendants) {
        let is_all = lease::end_those_of_token(tx, gone.as_str(), now, room);
        if !is_all.map_err(from_barrier)? {
            lease::set_end(tx, now, &format!("revoke/h{gone}"));
            room = 0;
        }
    }
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
pub(crate) fn transaction(pinned: &Pinned, view: View) -> Result<Transaction, Refusal> {
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
