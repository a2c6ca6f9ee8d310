//! What a secondary has the primary do of itself, and not for a request that is forwarded: what it
//! handed out is its own to renew and to undo, and where that writes what is shared, the engine of
//! the primary does it with what is kept here; and a key of identity tokens is made before it signs.
//!
//! Whoever took a secondary over can make up what was handed out. That leads to no more than the
//! engine's own code makes of it in a mount that is there for the secondary, whose shared entries it
//! has and may have changed as anybody.

use super::answers::Came;
use super::forward::{self, Wish};
use super::peers::Sight;
use super::recorded::{What, recorded};
use crate::call;
use crate::commit::CommitError;
use crate::engine::{Engine, Pinned};
use crate::identity::make_before_use;
use crate::namespaces;
use crate::own_work::Started;
use crate::refusal::from_commit;
use crate::run::ATTEMPTS_MAX;
use crate::secret;
use crate::tables::Mount;
use crate::unsealed::Unsealed;
use base::{Client, Json, Map, MountId, NamespaceId, Refusal, RefusalKind, Timestamp, chain};
use core::net::SocketAddr;
use link::Peer;
use mount::MountKind;
use plugin::{Call, CallError, CallResult, Grant, Incoming, Lease, LeaseTerms, Renewal};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What is to be done.
#[derive(Serialize, Deserialize)]
pub(super) enum Errand {
    /// Undo a leased secret.
    Undo(At, WireLease),
    /// Renew one, by so many seconds.
    Renew(At, WireLease, u64),
    /// Renew the token of a login, by so many seconds.
    Regrant(At, WireGrant, u64),
    /// Make a key of identity tokens, where it has never signed.
    MakeKey(NamespaceId, String),
}

impl Errand {
    /// Namespace and mount: whose data its answer may tell of.
    pub(super) const fn place(&self) -> (NamespaceId, MountId) {
        match self {
            Self::Undo(at, _) | Self::Renew(at, ..) | Self::Regrant(at, ..) => {
                (at.namespace, at.mount)
            }
            Self::MakeKey(namespace, _) => (*namespace, MountId::SYSTEM),
        }
    }
}

/// Whose engine does it.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) struct At {
    /// The namespace of the mount.
    pub(crate) namespace: NamespaceId,
    /// The mount.
    pub(crate) mount: MountId,
}

/// What was leased.
#[derive(Serialize, Deserialize)]
pub(super) struct WireLease {
    id: String,
    kind: String,
    private: String,
    issued: Timestamp,
    terms: LeaseTerms,
}

/// What a login granted, and whose token is renewed from where.
#[derive(Serialize, Deserialize)]
pub(super) struct WireGrant {
    /// JSON.
    grant: String,
    address: SocketAddr,
    certificates: Vec<Vec<u8>>,
}

/// What a renewal came to, as JSON.
#[derive(Serialize, Deserialize)]
struct WireRenewal {
    terms: LeaseTerms,
    private: Option<String>,
    warnings: Vec<String>,
}

impl Errand {
    /// What is recorded of it.
    fn what(&self, node: &Unsealed) -> What {
        let of_lease = |lease: &WireLease| {
            let id = (String::from("lease_id"), lease.id.as_str().into());
            Map::from_iter([id])
        };
        match self {
            Self::Undo(at, lease) => What::at(node, "undo-lease", *at, of_lease(lease)),
            Self::Renew(at, lease, _) => What::at(node, "renew-lease", *at, of_lease(lease)),
            Self::Regrant(at, wire, _) => What::at(node, "renew-token", *at, said_of(&wire.grant)),
            Self::MakeKey(namespace, name) => {
                let data = Map::from_iter([(String::from("name"), name.as_str().into())]);
                What::in_namespace("make-key", *namespace, data)
            }
        }
    }
}

/// Of a grant, what is recorded: whom the method speaks of, and the groups that it puts them in.
pub(super) fn said_of(grant: &str) -> Map {
    let Ok(grant) = serde_json::from_str::<Grant>(grant) else {
        return Map::new();
    };
    let metadata: Map = grant
        .alias_metadata
        .into_iter()
        .map(|(name, value)| (name, value.into()))
        .collect();
    Map::from_iter([
        (String::from("alias"), grant.alias.into()),
        (String::from("alias_metadata"), metadata.into()),
        (String::from("groups"), grant.groups.into()),
    ])
}

impl WireLease {
    fn of(lease: Lease) -> Self {
        Self {
            id: lease.id,
            kind: lease.kind,
            private: lease.private.as_str().to_owned(),
            issued: lease.issued_at,
            terms: lease.terms,
        }
    }

    fn to_lease(&self) -> Result<Lease, Refusal> {
        let private = Json::parse(self.private.clone());
        Ok(Lease {
            id: self.id.clone(),
            kind: self.kind.clone(),
            private: private.map_err(|error| Refusal::invalid(error.to_string()))?,
            issued_at: self.issued,
            terms: self.terms,
        })
    }
}

impl WireGrant {
    fn incoming(&self) -> Incoming {
        Incoming {
            client: Client {
                address: self.address,
                certificates: self.certificates.clone(),
            },
            headers: Vec::new(),
            raw_body: None,
        }
    }
}

/// Has the primary undo a leased secret.
pub(crate) async fn undo(node: &Unsealed, at: At, lease: Lease) -> Result<(), Refusal> {
    let done = run(node, Errand::Undo(at, WireLease::of(lease))).await?;
    done.came.arrive().map(drop)
}

/// Has the primary renew a leased secret.
pub(crate) async fn renew(
    node: &Unsealed,
    at: At,
    lease: Lease,
    increment: u64,
) -> Result<Renewal, Refusal> {
    let errand = Errand::Renew(at, WireLease::of(lease), increment);
    renewal(run(node, errand).await?.came)
}

/// Has the primary renew the token of a login.
pub(crate) async fn regrant(
    node: &Unsealed,
    at: At,
    grant: &Grant,
    client: &Client,
    increment: u64,
) -> Result<Renewal, Refusal> {
    let grant = serde_json::to_string(grant);
    let grant = WireGrant {
        grant: grant.map_err(|error| Refusal::internal(chain(&error)))?,
        address: client.address,
        certificates: client.certificates.clone(),
    };
    renewal(run(node, Errand::Regrant(at, grant, increment)).await?.came)
}

/// Has the primary make a key of identity tokens, and waits until it is here.
pub(crate) async fn make_key(
    node: &Unsealed,
    namespace: NamespaceId,
    name: &str,
) -> Result<(), Refusal> {
    let done = run(node, Errand::MakeKey(namespace, name.to_owned())).await?;
    done.came.arrive()?;
    match done.is_here {
        true => Ok(()),
        false => Err(Refusal::new(
            RefusalKind::Unavailable,
            "the key was just made on the primary and is not here yet, try again",
        )),
    }
}

/// What an errand came to.
struct Done {
    came: Came,
    is_here: bool,
}

/// Runs an errand. Whoever cannot reach the primary may try again: what it is to do is of a kind that
/// may be done twice.
async fn run(node: &Unsealed, errand: Errand) -> Result<Done, Refusal> {
    let secondary = node.replication.secondary();
    let secondary = secondary.ok_or_else(|| away("this cluster follows nobody"))?;
    let told = forward::ask(node, &secondary, Wish::Do(Box::new(errand))).await;
    let (came, written) = told.map_err(|refusal| away(&refusal.reason))?;
    if let Came::Refused(refusal) = came {
        let refusal = Refusal::from(refusal);
        return Err(match refusal.kind {
            // It is no primary any more.
            RefusalKind::WrongPlace => away(&refusal.message),
            _ => refusal,
        });
    }
    let is_here = written.is_none_or(|written| written.is_here);
    Ok(Done { came, is_here })
}

/// Nothing was done, or it is not known: not a fault of whoever is to do it.
fn away(reason: &str) -> Refusal {
    Refusal {
        reason: reason.to_owned(),
        ..Refusal::new(
            RefusalKind::Unavailable,
            "the primary cluster cannot be reached, and this writes what is replicated",
        )
    }
}

fn renewal(came: Came) -> Result<Renewal, Refusal> {
    let Came::Bare(text) = came else {
        return Err(Refusal::internal("the primary answered something else"));
    };
    let wrong = |error: serde_json::Error| Refusal::internal(chain(&error));
    let wire: WireRenewal = serde_json::from_str(&text).map_err(wrong)?;
    let private = wire.private.map(Json::parse).transpose();
    Ok(Renewal {
        terms: wire.terms,
        private: private.map_err(|error| Refusal::internal(error.to_string()))?,
        warnings: wire.warnings,
    })
}

/// Does it here, for a secondary.
pub(super) async fn serve(
    node: &Arc<Unsealed>,
    peer: &Peer,
    errand: Errand,
) -> (Came, Option<u64>) {
    let what = errand.what(node);
    let act = served(node, peer, errand);
    match recorded(node, &peer.name, || what, act).await {
        Ok((came, index)) => (came, Some(index)),
        Err(refusal) => (Came::Refused(refusal.into()), None),
    }
}

async fn served(node: &Arc<Unsealed>, peer: &Peer, errand: Errand) -> Result<(Came, u64), Refusal> {
    node.refresh().await?;
    let sight = Sight::of(node, &peer.name)?;
    match errand {
        Errand::Undo(at, lease) => {
            let engine = Here::leasing(node, &sight, at, &lease)?;
            let lease = lease.to_lease()?;
            let undo = |call| engine.pinned().component.revoke(call, lease.clone());
            let ((), index) = engine.run(undo).await?;
            Ok((Came::Empty, index))
        }
        Errand::Renew(at, lease, increment) => {
            let engine = Here::leasing(node, &sight, at, &lease)?;
            let lease = lease.to_lease()?;
            let component = &engine.pinned().component;
            let renew = |call| component.renew_lease(call, lease.clone(), increment);
            told(engine.run(renew).await?)
        }
        Errand::Regrant(at, wire, increment) => {
            let method = Here::find(node, &sight, at, MountKind::Auth)?;
            let grant = serde_json::from_str::<Grant>(&wire.grant);
            let grant = grant.map_err(|error| Refusal::invalid(error.to_string()))?;
            let component = &method.pinned().component;
            let renew = |call| {
                let call = Call {
                    incoming: Some(wire.incoming()),
                    ..call
                };
                component.renew_grant(call, grant.clone(), increment)
            };
            told(method.run(renew).await?)
        }
        Errand::MakeKey(namespace, name) => {
            if !sight.has_namespace(namespace) {
                return Err(namespaces::not_found());
            }
            let index = make_before_use(node, namespace, &name).await?;
            Ok((Came::Empty, index))
        }
    }
}

fn told((renewal, index): (Renewal, u64)) -> Result<(Came, u64), Refusal> {
    let wire = WireRenewal {
        terms: renewal.terms,
        private: renewal.private.map(|private| private.as_str().to_owned()),
        warnings: renewal.warnings,
    };
    let text = serde_json::to_string(&wire);
    let text = text.map_err(|error| Refusal::internal(chain(&error)))?;
    Ok((Came::Bare(text), index))
}

/// A mount that is there for a secondary, and what runs it.
struct Here<'a> {
    node: &'a Arc<Unsealed>,
    namespace: NamespaceId,
    mount: Arc<Mount>,
    pinned: Arc<Pinned>,
}

impl<'a> Here<'a> {
    fn find(
        node: &'a Arc<Unsealed>,
        sight: &Sight,
        at: At,
        kind: MountKind,
    ) -> Result<Self, Refusal> {
        let tables = node.tables();
        let mount = tables.with_id(at.namespace, at.mount);
        let mount = mount.filter(|mount| {
            mount.0.kind == kind
                && sight.has_namespace(at.namespace)
                && sight.has(at.namespace, &mount.0)
        });
        let gone = || Refusal::invalid("there is no such mount on the primary");
        let mount = Arc::clone(mount.ok_or_else(gone)?);
        let Engine::Component(pinned) = &mount.1 else {
            return Err(gone());
        };
        if !pinned.started.is_done() {
            return Err(Started::refusal());
        }
        Ok(Self {
            node,
            namespace: at.namespace,
            pinned: Arc::clone(pinned),
            mount,
        })
    }

    /// One that leases secrets as this one is said to be.
    fn leasing(
        node: &'a Arc<Unsealed>,
        sight: &Sight,
        at: At,
        lease: &WireLease,
    ) -> Result<Self, Refusal> {
        let engine = Self::find(node, sight, at, MountKind::Secret)?;
        let manifest = engine.pinned.component.manifest();
        let mut kinds = manifest.secret_kinds.iter();
        if !kinds.any(|kind| kind.name == lease.kind) {
            return Err(Refusal::invalid("the engine leases no such secrets"));
        }
        Ok(engine)
    }

    fn pinned(&self) -> &Pinned {
        &self.pinned
    }

    /// Calls the component until nothing overtakes it, and commits.
    async fn run<T, F>(&self, act: impl Fn(Call) -> F) -> Result<(T, u64), Refusal>
    where
        F: Future<Output = CallResult<T>>,
    {
        let node = self.node;
        for _ in 0..ATTEMPTS_MAX {
            let entry = &self.mount.0;
            let call = call::of_host(node, node.begin(), self.namespace, entry, &self.pinned);
            let done = match act(call).await {
                Ok(done) => done,
                Err(CallError::Overtaken) => continue,
                Err(error) => return Err(error.to_refusal()),
            };
            let tx = secret::transaction(&self.pinned, done.view)?;
            match node.commit(tx).await {
                Ok(index) => {
                    let index = index.unwrap_or_else(|| node.committer.index());
                    return Ok((done.value, index));
                }
                Err(CommitError::Overtaken(number)) if !done.acted_outside => {
                    node.committer.settled(number).await;
                }
                Err(CommitError::Overtaken(_)) => {
                    return Err(CallError::OvertakenOutside.to_refusal());
                }
                Err(error) => return Err(from_commit(&error)),
            }
        }
        Err(from_commit(&CommitError::Overtaken(0)))
    }
}
