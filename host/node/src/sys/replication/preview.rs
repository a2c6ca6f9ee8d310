//! What a filter would change: what a secondary would lose, and what it would be sent.

use super::{filters, the_primary};
use crate::native::{Ask, Told};
use crate::refusal::from_storage;
use crate::replication::exclusions;
use base::{Answer, MountId, NamespaceId, Refusal};
use locality::{Class, Exclusion, Filterable, PhysicalKey};
use serde_json::{Value, json};
use storage::{Snapshot, Space};

/// Bytes of a key that name its class and namespace.
const NAMESPACE_BYTES: usize = PhysicalKey::HEAD_BYTES - size_of::<u64>();

/// Answers a preview.
pub(super) fn answer(ask: &mut Ask<'_>) -> Told {
    the_primary(ask)?;
    let (id, filter) = (filters::id(ask)?, filters::asked(ask)?);
    let there = exclusions::filterable(ask.tx)?;
    let now = exclusions::of(ask.tx, &id)?;
    let next = exclusions::with_filter(&now, &filter, &there);
    let mut changes = Changes::named(&now, &next, &there);
    let snapshot = ask.node.parts.storage.snapshot();
    for beginning in beginnings(&now, &next, &there) {
        changes.count(&*snapshot, &beginning, &now, &next)?;
    }
    let Changes { deletes, sends } = changes;
    Ok(Answer::data(&json!({
        "deletes": deletes.shown(),
        "sends": sends.shown(),
        "unknown_paths": filter.unknown(&there),
        // Of each of them the secondary may have made some, and cannot revoke them without it.
        "orphans_leases_of": deletes.mounts,
    })))
}

/// What goes or comes.
#[derive(Default)]
struct Change {
    namespaces: Vec<String>,
    mounts: Vec<String>,
    entries: u64,
    bytes: u64,
}

/// What a secondary would lose, and what it would be sent.
#[derive(Default)]
struct Changes {
    deletes: Change,
    sends: Change,
}

impl Change {
    fn shown(&self) -> Value {
        json!({
            "namespaces": self.namespaces,
            "mounts": self.mounts,
            "entries": self.entries,
            "bytes": self.bytes,
        })
    }
}

impl Changes {
    /// The names of what goes and comes.
    fn named(now: &Exclusion, next: &Exclusion, there: &Filterable) -> Self {
        let mut changes = Self::default();
        let both = [now, next];
        for (id, path) in &there.namespaces {
            let travels = |exclusion: &Exclusion| !exclusion.namespaces.contains(id);
            if let Some(change) = changes.of(both, travels) {
                change.namespaces.push(path.clone());
            }
        }
        for mount in &there.mounts {
            let (namespace, id) = (mount.namespace, mount.id);
            let travels = |exclusion: &Exclusion| !exclusion.leaves_out(namespace, id);
            if let Some(change) = changes.of(both, travels) {
                change.mounts.push(mount.path.clone());
            }
        }
        for change in [&mut changes.deletes, &mut changes.sends] {
            change.namespaces.sort_unstable();
            change.mounts.sort_unstable();
        }
        changes
    }

    /// Where something counts that travels now, or will.
    fn of(
        &mut self,
        now_and_next: [&Exclusion; 2],
        travels: impl Fn(&Exclusion) -> bool,
    ) -> Option<&mut Change> {
        match now_and_next.map(travels) {
            [true, false] => Some(&mut self.deletes),
            [false, true] => Some(&mut self.sends),
            _ => None,
        }
    }

    /// Counts the entries whose keys begin so.
    fn count(
        &mut self,
        snapshot: &dyn Snapshot,
        beginning: &[u8],
        now: &Exclusion,
        next: &Exclusion,
    ) -> Result<(), Refusal> {
        for entry in snapshot.range(Space::Entries, beginning, None) {
            let (key, value) = entry.map_err(from_storage)?;
            if !key.starts_with(beginning) {
                break;
            }
            let bytes = (key.len() + value.len()) as u64;
            let key = PhysicalKey::from_bytes(&key);
            let key = key.map_err(|error| Refusal::internal(error.to_string()))?;
            if let Some(change) = self.of([now, next], |exclusion| exclusion.travels(&key)) {
                change.entries += 1;
                change.bytes += bytes;
            }
        }
        Ok(())
    }
}

/// How the keys begin of everything that a change may concern; no key begins with two of them.
fn beginnings(now: &Exclusion, next: &Exclusion, there: &Filterable) -> Vec<Vec<u8>> {
    let head = |namespace, mount| PhysicalKey::new(Class::Replicated, namespace, mount, "");
    let is_moved = |id: &NamespaceId| now.namespaces.contains(id) != next.namespaces.contains(id);
    let mut beginnings = Vec::new();
    let root = core::iter::once(NamespaceId::ROOT);
    for namespace in root.chain(there.namespaces.iter().map(|(id, _)| *id)) {
        if is_moved(&namespace) {
            let head = head(namespace, MountId::SYSTEM);
            let of_namespace = head.as_bytes().get(..NAMESPACE_BYTES);
            beginnings.extend(of_namespace.map(<[u8]>::to_vec));
            continue;
        }
        let exclusion = if next.is_empty() { now } else { next };
        let tables = exclusion.tables(namespace).into_iter();
        beginnings.extend(tables.map(|table| table.as_bytes().to_vec()));
    }
    let moved = there.mounts.iter().filter(|mount| {
        let is_out = |exclusion: &Exclusion| exclusion.leaves_out(mount.namespace, mount.id);
        is_out(now) != is_out(next) && !is_moved(&mount.namespace)
    });
    beginnings.extend(moved.map(|mount| head(mount.namespace, mount.id).as_bytes().to_vec()));
    beginnings
}
