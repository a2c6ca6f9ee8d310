//! The primary: made, demoted, disabled.

use super::{remark, remarks_of, still_joins, the_primary};
use crate::ceremonies::only_in_root;
use crate::native::Does::Later;
use crate::native::{Ask, NativeField, NativeRoute, Told, body, on};
use crate::refusal::from_barrier;
use crate::replication::aside::Former;
use crate::replication::parting::Standing;
use crate::replication::records::{Certified, PrimaryRecord, SecondaryRecord};
use crate::replication::{Primary, Role, Secondary, Turn};
use crate::unsealed::Unsealed;
use authority::Authority;
use barrier::Transaction;
use base::{Refusal, chain, make_uuid};
use core::time::Duration;
use locality::SystemKey;
use manifest::Access::Token;
use manifest::FieldKind::{Boolean, Text};
use manifest::Operation::Update;
use replication::Position;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How long a primary that is demoted waits for its secondaries to have everything.
const EVERYTHING_MAX: Duration = Duration::from_secs(10);

/// How long it waits then until they have heard its farewell.
const FAREWELL_MAX: Duration = Duration::from_secs(2);

const DEMOTE: &[NativeField] = &[body(
    "force",
    Boolean,
    "Demote although a secondary that is connected has not got everything, or none is connected?",
)];
const ENABLE: &[NativeField] = &[body(
    "primary_cluster_addr",
    Text,
    "Where secondaries connect to, in the place of the cluster address of this server.",
)];

/// The routes, and their names of old.
#[rustfmt::skip]
pub(in crate::sys) const ROUTES: &[NativeRoute] = &[
    on(Update, "replication/performance/primary/enable", Token, Later(|ask| Box::pin(enable(ask))), ENABLE, "Makes this cluster a performance primary."),
    on(Update, "replication/performance/primary/demote", Token, Later(|ask| Box::pin(demote(ask))), DEMOTE, "Makes this primary a secondary that follows nobody yet."),
    on(Update, "replication/performance/primary/disable", Token, Later(|ask| Box::pin(disable(ask))), &[], "Ends performance replication here."),
    on(Update, "replication/primary/enable", Token, Later(|ask| Box::pin(enable(ask))), ENABLE, "Makes this cluster a performance primary."),
    on(Update, "replication/primary/demote", Token, Later(|ask| Box::pin(demote(ask))), DEMOTE, "Makes this primary a secondary that follows nobody yet."),
    on(Update, "replication/primary/disable", Token, Later(|ask| Box::pin(disable(ask))), &[], "Ends performance replication here."),
];

/// A new primary: of a new relation, or of one that was another cluster's.
pub(super) fn new_record(
    node: &Unsealed,
    relation: String,
    generation: u64,
    cluster_addr: &str,
) -> Result<PrimaryRecord, Refusal> {
    let entropy = node.parts.entropy.as_ref();
    let failed = |error: authority::AuthorityError| Refusal::internal(chain(&error));
    let authority = Authority::make(&relation, node.now(), entropy).map_err(failed)?;
    let server = authority
        .issue_primary(node.now(), entropy)
        .map_err(failed)?;
    Ok(PrimaryRecord {
        relation,
        generation,
        authority: Certified::of(authority.certificate(), authority.key()),
        server: Certified::of(&server.certificate, &server.key),
        cluster_addr: cluster_addr.to_owned(),
        since: None,
        former: None,
        later: BTreeMap::new(),
    })
}

/// Plays the primary's part from now on.
pub(super) async fn lead(
    node: &Arc<Unsealed>,
    turn: &Turn<'_>,
    record: PrimaryRecord,
) -> Result<(), Refusal> {
    node.follower.stop().await;
    // All of it is local: the fence of a secondary stands until this is committed.
    let stored = node.transact(|tx| {
        tx.delete(&SystemKey::performance_secondary());
        tx.delete(&SystemKey::performance_position());
        tx.delete(&SystemKey::former());
        forget_all_known(tx)?;
        tx.write_json(&SystemKey::performance_primary(), &record)
            .map_err(from_barrier)?;
        Primary::load(tx, record.clone())
    });
    let primary = match stored.await {
        Ok(primary) => primary,
        Err(refusal) => {
            // It follows whom it followed.
            node.follower.restart(node).await;
            return Err(refusal);
        }
    };
    turn.play(Role::Primary(Arc::new(primary)));
    node.committer.lift_fence();
    node.follower.restart(node).await;
    Ok(())
}

/// Forgets the secondaries and their filters: they belonged to another authority.
pub(super) fn forget_all_known(tx: &mut Transaction) -> Result<(), Refusal> {
    for prefix in [
        SystemKey::known_secondaries(),
        SystemKey::path_filters(),
        SystemKey::exclusions(),
    ] {
        for key in tx.keys(&prefix, None, usize::MAX).map_err(from_barrier)? {
            tx.delete(&key);
        }
    }
    Ok(())
}

async fn enable(ask: &mut Ask<'_>) -> Told {
    only_in_root(ask)?;
    let turn = ask.node.replication.turn()?;
    match ask.node.replication.role() {
        Role::Off => {}
        Role::Primary(_) => {
            return Err(Refusal::invalid(
                "this cluster is a performance primary already",
            ));
        }
        Role::Secondary(_) => {
            let text = "this cluster is a performance secondary: promote it to make it the primary";
            return Err(Refusal::invalid(text));
        }
        Role::Joining(_) => return Err(still_joins()),
    }
    let relation = make_uuid(ask.node.parts.entropy.as_ref());
    let address = ask.text("primary_cluster_addr").to_owned();
    let record = new_record(ask.node, relation, 1, &address)?;
    lead(ask.node, &turn, record).await?;
    tracing::info!("this cluster is a performance primary now");
    Ok(remark(
        "This cluster is being enabled as a primary for replication. Vault will be unavailable for a brief period and will resume service shortly.",
    ))
}

async fn demote(ask: &mut Ask<'_>) -> Told {
    let node = ask.node;
    let turn = node.replication.turn()?;
    let primary = the_primary(ask)?;
    // First of all: what is written from here on would be written by two primaries.
    let fence = node.committer.fence();
    // What was taken before it is answered yet, and is to be in what the secondaries get.
    fence.settled().await;
    // One of them is the next primary, and has to have it, for nobody can fetch it from this cluster
    // any more.
    let applied = node.parts.source.extent().applied;
    // What it wrote since another one leads gives way to that.
    let leads_last = primary.superseded_by().is_none();
    let wants_somebody = leads_last && !ask.flag("force");
    let is_enough = |standing: &Standing| {
        standing.is_settled() && (!wants_somebody || standing.is_with_somebody())
    };
    let standing = primary.until_all_stand(applied, EVERYTHING_MAX, is_enough);
    let standing = standing.await;
    if !is_enough(&standing) && !ask.flag("force") {
        standing.check()?;
    }
    let leaving = primary.parting.begin();
    node.follower.stop().await;
    let secondary = match step_down(node, &primary).await {
        Ok(secondary) => secondary,
        Err(refusal) => {
            // It leads on.
            node.follower.restart(node).await;
            return Err(refusal);
        }
    };
    fence.keep();
    turn.play(Role::Secondary(Arc::new(secondary)));
    leaving.done(applied);
    primary.until_all_left(FAREWELL_MAX).await;
    primary.end();
    node.parts.source.keep_after(None);
    tracing::info!("this cluster was demoted to a performance secondary");
    let warning = standing.warning().filter(|_| leads_last);
    let remarks = core::iter::once(String::from(
        "This cluster is being demoted to a replication secondary. Vault will be unavailable for a brief period and will resume service shortly.",
    ));
    Ok(remarks_of(remarks.chain(warning).collect()))
}

/// Stores that it leads no more; the part that it plays then.
async fn step_down(node: &Arc<Unsealed>, primary: &Primary) -> Result<Secondary, Refusal> {
    let record = SecondaryRecord {
        relation: primary.record.relation.clone(),
        generation: primary.record.generation,
        id: String::new(),
        client: None,
        authority: Vec::new(),
        primary_addresses: Vec::new(),
        primary_api: String::new(),
        since: None,
        formerly: String::new(),
        begun: None,
        parted: true,
    };
    let now = node.now();
    node.transact(|tx| {
        tx.delete(&SystemKey::performance_primary());
        forget_all_known(tx)?;
        // What nobody else has may give way to what the next primary has.
        let former = Former {
            generation: record.generation,
        };
        tx.write_json(&SystemKey::former(), &former)
            .map_err(from_barrier)?;
        // What is here is whole: it is of a generation that the next primary's comes after.
        let position = Position {
            relation: record.relation.clone(),
            generation: record.generation,
            ..Position::default()
        };
        tx.write_json(&SystemKey::performance_position(), &position)
            .map_err(from_barrier)?;
        tx.write_json(&SystemKey::performance_secondary(), &record)
            .map_err(from_barrier)?;
        Secondary::load(tx, record.clone(), now)
    })
    .await
}

async fn disable(ask: &mut Ask<'_>) -> Told {
    let node = ask.node;
    let turn = node.replication.turn()?;
    let primary = the_primary(ask)?;
    node.follower.stop().await;
    let stored = node.transact(|tx| {
        tx.delete(&SystemKey::performance_primary());
        forget_all_known(tx)
    });
    if let Err(refusal) = stored.await {
        // It leads on.
        node.follower.restart(node).await;
        return Err(refusal);
    }
    turn.play(Role::Off);
    primary.end();
    node.parts.source.keep_after(None);
    tracing::info!("performance replication is disabled");
    Ok(remark(
        "This cluster is having replication disabled. Vault will be unavailable for a brief period and will resume service shortly.",
    ))
}
