//! `sys/remount`: a mount moves, with all it has. Within a namespace nothing of it is copied, since
//! keys name mounts by id; into another one it is carried step by step.

use super::mounts;
use crate::namespaces;
use crate::native::Does::Now;
use crate::native::{Ask, NativeField, NativeRoute, Told, body, on, path};
use crate::refusal::wrong_place;
use crate::tables::{self, store_mount};
use barrier::Transaction;
use base::{
    Answer, Envelope, Json, MountId, NamespaceId, Refusal, RefusalKind, RequestPath, make_uuid,
};
use core::fmt;
use locality::SystemKey;
use manifest::Access::{Sudo, Token};
use manifest::FieldKind::Text;
use manifest::Operation::{Read, Update};
use mount::{MountEntry, MountKind, MountPath, MountPathError, MountState, Namespace};
use serde_json::json;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

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

/// The moves of this process. Within a namespace a move is done when it is answered.
#[derive(Default)]
pub(crate) struct Moves(Mutex<VecDeque<Move>>);

#[derive(Clone)]
struct Move {
    id: String,
    from: String,
    to: String,
    /// The namespace that the mount goes to, and the mount.
    mount: (NamespaceId, MountId),
}

/// Where a mount is or is to be.
struct Spot {
    /// As the request names it.
    asked: MountPath,
    namespace: Arc<Namespace>,
    path: MountPath,
}

impl Spot {
    /// The place that a request names, in its namespace or in one below.
    fn named(ask: &Ask<'_>, field: &str) -> Result<Self, Refusal> {
        let wrong = |error: MountPathError| Refusal::invalid(error.to_string());
        let full = MountPath::parse(ask.text(field)).map_err(wrong)?;
        let parsed = RequestPath::parse(full.as_str());
        let parsed = parsed.map_err(|error| Refusal::invalid(error.to_string()))?;
        let own = ask.namespace.path.trim_end_matches('/');
        let resolved = ask.node.tables().namespaces.resolve(own, &parsed);
        let (namespace, rest) = resolved.ok_or_else(namespaces::not_found)?;
        Ok(Self {
            asked: full,
            namespace,
            path: MountPath::parse(rest.as_str()).map_err(wrong)?,
        })
    }

    fn is_of_auth(&self) -> bool {
        self.path.is_below("auth/")
    }
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.namespace.path, self.path)
    }
}

/// Moves a mount, within its namespace or to another.
pub(super) fn start(ask: &mut Ask<'_>) -> Told {
    let (from, to) = (Spot::named(ask, "from")?, Spot::named(ask, "to")?);
    let stored = tables::stored_mounts(ask.tx, from.namespace.id)?;
    let mut stored = stored.into_iter().filter(|entry| !entry.is_going());
    let found = stored.find(|entry| entry.path == from.path);
    let missing = || Refusal::invalid(format!("no matching mount at {:?}", from.asked.as_str()));
    let mut entry = found.ok_or_else(missing)?;
    if entry.is_hosts_own() {
        let text = format!("cannot remount {:?}", from.path.as_str());
        return Err(Refusal::invalid(text));
    }
    if !entry.local && ask.node.replication.is_secondary() {
        // The primary moves it, and remembers that.
        return Err(wrong_place());
    }
    let is_hosts = mounts::RESERVED.iter().any(|one| to.path.is_below(one));
    if is_hosts || to.is_of_auth() != (entry.kind == MountKind::Auth) {
        let text = format!("cannot remount to destination {}", to.path);
        return Err(Refusal::invalid(text));
    }
    let is_within = from.namespace.id == to.namespace.id;
    let own = is_within.then_some(entry.id);
    mounts::check_free(ask, &to.namespace, &to.path, own)?;
    let becomes = if is_within {
        entry.path = to.path.clone();
        store_mount(ask.tx, from.namespace.id, &entry)?;
        entry.id
    } else {
        let arriving = entry.arriving(to.path.clone(), ask.node.parts.entropy.as_ref());
        part(ask.tx, &from, &to, &mut entry, &arriving)?;
        arriving.id
    };
    let id = make_uuid(ask.node.parts.entropy.as_ref());
    let mut moves = ask
        .node
        .moves
        .0
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    moves.push_back(Move {
        id: id.clone(),
        from: from.to_string(),
        to: to.to_string(),
        mount: (to.namespace.id, becomes),
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

/// Begins a move to another namespace: from now on the mount is out of reach, and its new place is
/// taken. [`crate::removal`] carries what is in it, since keys name the namespace.
fn part(
    tx: &mut Transaction,
    from: &Spot,
    to: &Spot,
    entry: &mut MountEntry,
    arriving: &MountEntry,
) -> Result<(), Refusal> {
    // Neither of the two may be deleted meanwhile.
    for namespace in [&from.namespace, &to.namespace] {
        tx.depend_on(&SystemKey::namespace(namespace.id));
    }
    store_mount(tx, to.namespace.id, arriving)?;
    entry.state = MountState::Moving;
    entry.moves_to = Some((to.namespace.id, arriving.id));
    store_mount(tx, from.namespace.id, entry)
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
    let missing = || match ask.node.replication.is_secondary() {
        // Of one that was asked for here and is the primary's, that knows.
        true => wrong_place(),
        false => Refusal::new(RefusalKind::NotFound, ""),
    };
    let found = moves.iter().find(|one| one.id == id).ok_or_else(missing)?;
    let tables = ask.node.tables();
    let (namespace, mount) = found.mount;
    let mount = tables.with_id(namespace, mount);
    let is_under_way = mount.is_some_and(|mount| mount.0.is_in_transit());
    let data = json!({
        "migration_id": id,
        "migration_info": {
            "source_mount": found.from,
            "target_mount": found.to,
            "status": if is_under_way { "in-progress" } else { "success" },
        },
    });
    Ok(Answer::data(&data))
}
