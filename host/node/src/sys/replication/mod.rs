//! `sys/replication/performance/*`: which part this cluster plays, and what goes with it.

pub(super) mod check;
pub(super) mod filters;
pub(super) mod known;
mod preview;
pub(super) mod primary;
pub(super) mod secondary;
pub(super) mod upkeep;

use crate::native::Ask;
use crate::replication::{Primary, Secondary};
use base::{Answer, Envelope, Refusal};
use std::sync::Arc;

/// An answer that is nothing but a remark.
fn remark(text: &str) -> Answer {
    Answer::Envelope(Box::new(Envelope {
        warnings: vec![text.to_owned()],
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
    let none = || Refusal::invalid("this cluster is not a performance secondary");
    ask.node.replication.secondary().ok_or_else(none)
}
