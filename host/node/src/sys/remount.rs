//! `sys/remount`: a mount moves, with all it has; nothing of it is copied, since keys name mounts by
//! id.

use super::mounts;
use crate::native::Does::Now;
use crate::native::{Ask, NativeField, NativeRoute, Told, body, on, path};
use crate::tables::{self, store_mount};
use base::{Answer, Envelope, Json, Refusal, RefusalKind, make_uuid};
use manifest::Access::{Sudo, Token};
use manifest::FieldKind::Text;
use manifest::Operation::{Read, Update};
use mount::{MountKind, MountPath};
use serde_json::json;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

const MIGRATION: &[NativeField] = &[
    body("from", Text, "Where the mount is."),
    body("to", Text, "Where it is to be."),
];
const MIGRATION_ID: &[NativeField] = &[path("migration_id", "As the move gave it.")];

/// The routes.
#[rustfmt::skip]
pub(super) const ROUTES: &[NativeRoute] = &[
    on(Update, "remount", Sudo, Now(start), MIGRATION, "Moves a mount."),
    on(Read, "remount/status/{migration_id}", Token, Now(status), MIGRATION_ID, "What came of a move."),
];

/// Moves that are remembered for those who ask what came of them.
const MOVES_REMEMBERED_MAX: usize = 1000;

/// The moves of this process. A move is done when it is answered, so each is a success.
#[derive(Default)]
pub(crate) struct Moves(Mutex<VecDeque<Move>>);

#[derive(Clone)]
struct Move {
    id: String,
    from: String,
    to: String,
}

/// Moves a mount within its namespace.
pub(super) fn start(ask: &mut Ask<'_>) -> Told {
    let parse = |text: &str| MountPath::parse(text).map_err(|e| Refusal::invalid(e.to_string()));
    let (from, to) = (parse(ask.text("from"))?, parse(ask.text("to"))?);
    let stored = tables::stored_mounts(ask.tx, ask.namespace.id)?;
    let mut stored = stored.into_iter().filter(|entry| !entry.is_going());
    let found = stored.find(|entry| entry.path == from);
    let missing = || Refusal::invalid(format!("no matching mount at {:?}", from.as_str()));
    let mut entry = found.ok_or_else(missing)?;
    if entry.is_hosts_own() {
        let text = format!("cannot remount {:?}", from.as_str());
        return Err(Refusal::invalid(text));
    }
    if to.is_below("auth/") != (entry.kind == MountKind::Auth) {
        return Err(Refusal::invalid(format!("cannot remount {from} to {to}")));
    }
    mounts::check_free(ask, &to, Some(entry.id))?;
    entry.path = to.clone();
    store_mount(ask.tx, ask.namespace.id, &entry)?;
    let id = make_uuid(ask.node.parts.entropy.as_ref());
    let (from, to) = (from.to_string(), to.to_string());
    let mut moves = ask
        .node
        .moves
        .0
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    moves.push_back(Move {
        id: id.clone(),
        from,
        to,
    });
    if moves.len() > MOVES_REMEMBERED_MAX {
        moves.pop_front();
    }
    let envelope = Envelope {
        repeats_data: true,
        warnings: vec![String::from(
            "Mount move has been queued. Progress will be reported in Vault's server log, tagged with the returned migration_id",
        )],
        ..Envelope::with_data(Json::of(&json!({ "migration_id": id })))
    };
    Ok(Answer::Envelope(Box::new(envelope)))
}

/// What came of a move.
pub(super) fn status(ask: &mut Ask<'_>) -> Told {
    let id = ask.text("migration_id");
    let moves = ask
        .node
        .moves
        .0
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let missing = || Refusal::new(RefusalKind::NotFound, "");
    let found = moves.iter().find(|one| one.id == id).ok_or_else(missing)?;
    let data = json!({
        "migration_id": id,
        "migration_info": {
            "source_mount": found.from,
            "target_mount": found.to,
            "status": "success",
        },
    });
    Ok(Answer::data(&data))
}
