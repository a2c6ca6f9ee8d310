//! Sealing.

use crate::native::Does::Now;
use crate::native::{Ask, NativeRoute, Told, on};
use base::Answer;
use manifest::Access::Sudo;
use manifest::Operation::Update;

/// The routes.
#[rustfmt::skip]
pub(super) const ROUTES: &[NativeRoute] = &[
    on(Update, "seal", Sudo, Now(seal), &[], "Seals the server."),
];

/// Seals once the answer is recorded.
pub(super) fn seal(ask: &mut Ask<'_>) -> Told {
    ask.node.want_seal();
    Ok(Answer::Empty)
}
