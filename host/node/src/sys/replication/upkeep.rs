//! What an operator does when replication does not: begin again, look for damage.

use super::remark;
use crate::ceremonies::only_in_root;
use crate::native::Does::Later;
use crate::native::{Ask, NativeField, NativeRoute, Told, body, on};
use crate::refusal::from_barrier;
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

async fn check(ask: &mut Ask<'_>) -> Told {
    only_in_root(ask)?;
    let found = verify::check(ask.node).await?;
    Ok(Answer::data(&verify::report(ask.node, &found)?))
}

/// Traffic goes on meanwhile, so that no field of Vault's makes a difference.
async fn reindex(ask: &mut Ask<'_>) -> Told {
    only_in_root(ask)?;
    let mended = verify::reindex(ask.node).await?;
    Ok(remark(&match mended {
        0 => String::from("every digest is that of its entries: there was nothing to put right"),
        count => format!("{count} records of digests were put right"),
    }))
}

async fn recover(ask: &mut Ask<'_>) -> Told {
    only_in_root(ask)?;
    match ask.node.replication.role() {
        Role::Off => Err(Refusal::invalid("replication is not enabled")),
        Role::Primary(primary) => {
            let key = SystemKey::performance_primary();
            let record = ask.tx.read_json(&key).map_err(from_barrier)?;
            let none = || Refusal::invalid("this cluster is not a performance primary");
            let anew = Primary::load(ask.tx, record.ok_or_else(none)?)?;
            ask.node.replication.play(Role::Primary(Arc::new(anew)));
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
