//! What an operator does when replication does not: begin again, look for damage.

use super::remark;
use crate::ceremonies::only_in_root;
use crate::native::Does::Later;
use crate::native::{Ask, NativeRoute, Told, on};
use crate::replication::Role;
use base::Refusal;
use manifest::Access::Token;
use manifest::Operation::Update;

/// The routes.
#[rustfmt::skip]
pub(in crate::sys) const ROUTES: &[NativeRoute] = &[
    on(Update, "replication/recover", Token, Later(|ask| Box::pin(recover(ask))), &[], "Begins the connections of replication anew."),
];

async fn recover(ask: &mut Ask<'_>) -> Told {
    only_in_root(ask)?;
    match ask.node.replication.role() {
        Role::Off => Err(Refusal::invalid("replication is not enabled")),
        Role::Primary(_) => Ok(remark(
            "nothing to recover: the secondaries connect by themselves",
        )),
        Role::Secondary(_) => {
            ask.node.follower.restart(ask.node).await;
            Ok(remark("the connection to the primary is made anew"))
        }
    }
}
