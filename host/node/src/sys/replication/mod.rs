//! `sys/replication/performance/*`: which part this cluster plays, and what goes with it.

mod api;
pub(super) mod aside;
pub(super) mod check;
pub(super) mod filters;
pub(super) mod known;
mod own;
mod preview;
pub(super) mod primary;
pub(super) mod secondary;
pub(super) mod upkeep;

use crate::native::Ask;
use crate::replication::{Primary, Role, Secondary};
use base::{Answer, Envelope, Refusal};
use std::sync::Arc;

/// An answer that is nothing but a remark.
fn remark(text: &str) -> Answer {
    remarks_of(vec![text.to_owned()])
}

/// An answer that is nothing but remarks.
fn remarks_of(warnings: Vec<String>) -> Answer {
    Answer::Envelope(Box::new(Envelope {
        warnings,
        ..Envelope::default()
    }))
}

fn the_primary(ask: &Ask<'_>) -> Result<Arc<Primary>, Refusal> {
    crate::ceremonies::only_in_root(ask)?;
    let none = || Refusal::invalid("this cluster is not a performance primary");
    ask.node.replication.primary().ok_or_else(none)
}

fn the_secondary(ask: &Ask<'_>) -> Result<Arc<Secondary>, Refusal> {
    crate::ceremonies::only_in_root(ask)?;
    match ask.node.replication.role() {
        Role::Secondary(secondary) => Ok(secondary),
        Role::Joining(_) => Err(still_joins()),
        Role::Off | Role::Primary(_) => Err(not_a_secondary()),
    }
}

fn not_a_secondary() -> Refusal {
    Refusal::invalid("this cluster is not a performance secondary")
}

/// It is what it was, and has no part yet.
fn still_joins() -> Refusal {
    Refusal::invalid(
        "this cluster is becoming a performance secondary, and its first synchronization is not complete: secondary/disable goes back",
    )
}
