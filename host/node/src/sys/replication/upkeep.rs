//! What an operator does when replication does not: begin again, look for damage.

use super::{remark, secondary};
use crate::ceremonies::only_in_root;
use crate::native::Does::Later;
use crate::native::{Ask, NativeField, NativeRoute, Told, body, on};
use crate::refusal::from_barrier;
use crate::replication::upkeep::Worked;
use crate::replication::{Primary, Role, verify};
use base::{Answer, Refusal};
use locality::SystemKey;
use manifest::Access::{Sudo, Token};
use manifest::FieldKind::Boolean;
use manifest::Operation::Update;
use std::sync::Arc;

const REINDEX: &[NativeField] = &[
    body(
        "diff",
        Boolean,
        "Makes no difference: only what differs is put right.",
    ),
    body(
        "force",
        Boolean,
        "Makes no difference: all of it is always computed from the entries.",
    ),
    body(
        "skip_flush",
        Boolean,
        "Makes no difference: nothing is locked.",
    ),
];

/// The routes.
#[rustfmt::skip]
pub(in crate::sys) const ROUTES: &[NativeRoute] = &[
    on(Update, "replication/merkle-check", Token, Later(|ask| Box::pin(check(ask))), &[], "Looks whether the digests are those of the entries."),
    on(Update, "replication/reindex", Sudo, Later(|ask| Box::pin(reindex(ask))), REINDEX, "Puts digests right that are not those of the entries."),
    on(Update, "replication/performance/reindex", Sudo, Later(|ask| Box::pin(reindex(ask))), REINDEX, "Puts digests right that are not those of the entries."),
    on(Update, "replication/recover", Token, Later(|ask| Box::pin(recover(ask))), &[], "Begins the connections of replication anew."),
];

/// What a request answers whose work goes on.
const GOES_ON: &str =
    "it goes on: reindex_in_progress and what stands beside it in the status say how far it is";
const IS_BUSY: &str = "the digests are looked at already: reindex_in_progress and what stands beside it in the status say how far that is";

async fn check(ask: &mut Ask<'_>) -> Told {
    only_in_root(ask)?;
    let node = Arc::clone(ask.node);
    let work = async move { verify::check(&node, verify::Pace::Full).await };
    match ask.node.replication.upkeep.run(work).await? {
        Worked::Done(found) => Ok(Answer::data(&verify::report(ask.node, &found?)?)),
        Worked::GoesOn => Ok(remark(GOES_ON)),
        Worked::IsBusy => Ok(remark(IS_BUSY)),
    }
}

/// Traffic goes on meanwhile, so that no field of Vault's makes a difference.
async fn reindex(ask: &mut Ask<'_>) -> Told {
    only_in_root(ask)?;
    let node = Arc::clone(ask.node);
    let work = async move {
        let wrong = verify::find(&node).await?;
        match wrong.is_any() {
            // An entry may have been changed, and its digest will say that it is right.
            true => secondary::compare_after(&node, wrong.put_right()).await,
            false => wrong.put_right().await,
        }
    };
    Ok(match ask.node.replication.upkeep.run(work).await? {
        Worked::Done(mended) => match mended? {
            0 => remark("every digest is that of its entries: there was nothing to put right"),
            count => remark(&match ask.node.replication.is_secondary() {
                true => format!(
                    "{count} records of digests were put right, and all of it is compared with the primary"
                ),
                false => format!("{count} records of digests were put right"),
            }),
        },
        Worked::GoesOn => remark(GOES_ON),
        Worked::IsBusy => remark(IS_BUSY),
    })
}

async fn recover(ask: &mut Ask<'_>) -> Told {
    only_in_root(ask)?;
    let turn = ask.node.replication.turn()?;
    match ask.node.replication.role() {
        Role::Off => Err(Refusal::invalid("replication is not enabled")),
        Role::Primary(primary) => {
            let key = SystemKey::performance_primary();
            let record = ask.tx.read_json(&key).map_err(from_barrier)?;
            let none = || Refusal::invalid("this cluster is not a performance primary");
            let anew = Primary::load(ask.tx, record.ok_or_else(none)?)?;
            turn.play(Role::Primary(Arc::new(anew)));
            // Those who were connected to what it was come again by themselves.
            primary.end();
            ask.node.follower.restart(ask.node).await;
            Ok(remark("the connections of all secondaries are made anew"))
        }
        Role::Secondary(_) | Role::Joining(_) => {
            ask.node.follower.restart(ask.node).await;
            Ok(remark("the connection to the primary is made anew"))
        }
    }
}
