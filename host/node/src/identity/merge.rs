//! `identity/entity/merge`.

use super::{directory, refused};
use crate::mfa;
use crate::native::Does::Now;
use crate::native::{Ask, NativeField, NativeRoute, Told, body, on};
use base::Answer;
use identity::Merge;
use manifest::Access::Token;
use manifest::FieldKind::{Boolean, Text, TextList};
use manifest::Operation::Update;

const MERGE: &[NativeField] = &[
    body(
        "from_entity_ids",
        TextList,
        "Entities that become part of another.",
    ),
    body("to_entity_id", Text, "The entity that stays."),
    body("force", Boolean, "Accepted and without effect."),
    body(
        "conflicting_alias_ids_to_keep",
        TextList,
        "Of two aliases at one mount, those to keep.",
    ),
];

/// The route.
pub(super) const ROUTES: &[NativeRoute] = &[on(
    Update,
    "entity/merge",
    Token,
    Now(merge),
    MERGE,
    "Makes entities part of another one.",
)];

fn merge(ask: &mut Ask<'_>) -> Told {
    let merge = Merge {
        to: ask.text("to_entity_id").to_owned(),
        from: ask.texts("from_entity_ids").unwrap_or_default(),
        keep: ask
            .texts("conflicting_alias_ids_to_keep")
            .unwrap_or_default(),
    };
    directory(ask).merge(&merge).map_err(refused)?;
    for from in &merge.from {
        mfa::merge(ask.tx, ask.namespace.id, from, &merge.to)?;
    }
    Ok(Answer::Empty)
}
