//! What the filters of secondaries come to, kept up to date by whoever changes what it follows from:
//! in the same transaction, so that the log tells from which entry on something is left out.
//!
//! What was denied stays denied until its filter is written anew: a mount that is moved does not
//! begin to travel by that, and what a filter leaves out is remembered when it is gone, because the
//! log still speaks of it. What was gone before an exclusion was written it does not know: so the log
//! is told to a secondary from there on only, and what went before that can be forgotten.

use crate::tables::{stored_mounts, stored_namespaces};
use barrier::Transaction;
use base::{MountId, NamespaceId, Refusal};
use locality::{
    Exclusion, FilterMode, Filterable, FilteredMount, PathFilter, PhysicalKey, SystemKey,
};
use std::collections::{BTreeMap, BTreeSet};

/// Brings the exclusions up to date with what the transaction writes. Costs a look at the written
/// keys where it writes no mount, namespace or filter. `applied` says up to which entry of the log
/// the transaction, which is validated, has seen all at least.
pub(crate) fn follow(
    tx: &mut Transaction,
    applied: impl FnOnce() -> Result<u64, Refusal>,
) -> Result<(), Refusal> {
    let (mut concerned, mut rewritten) = (false, Vec::new());
    for key in tx.written_keys() {
        if let Some(secondary) = secondary_of(key, &SystemKey::path_filters()) {
            rewritten.push(secondary.to_owned());
            concerned = true;
        }
        concerned |= is_of_a_table(key);
    }
    if !concerned {
        return Ok(());
    }
    let filters = all_of::<PathFilter>(tx, &SystemKey::path_filters())?;
    let exclusions = all_of::<Exclusion>(tx, &SystemKey::exclusions())?;
    if filters.is_empty() && exclusions.is_empty() {
        return Ok(());
    }
    let there = filterable(tx)?;
    let applied = applied()?;
    let written: BTreeSet<PhysicalKey> = tx.written_keys().cloned().collect();
    let mut all = exclusions;
    for id in filters.keys() {
        all.entry(id.clone()).or_default();
    }
    for (id, before) in all {
        let is_rewritten = rewritten.contains(&id);
        let is_written = |key: &PhysicalKey| written.contains(key);
        let mut after = next(&before, filters.get(&id), is_rewritten, &there, is_written);
        if after != before {
            after.since = applied;
            tx.write_json(&SystemKey::exclusion(&id), &after)
                .map_err(crate::refusal::from_barrier)?;
        }
    }
    Ok(())
}

/// What would be left out if a secondary's filter were written as this one.
pub(crate) fn with_filter(
    before: &Exclusion,
    filter: &PathFilter,
    there: &Filterable,
) -> Exclusion {
    next(before, Some(filter), true, there, |_| false)
}

/// What is left out from now on. `is_written` says of which entries of tables the log has yet to
/// speak.
fn next(
    before: &Exclusion,
    filter: Option<&PathFilter>,
    is_rewritten: bool,
    there: &Filterable,
    is_written: impl Fn(&PhysicalKey) -> bool,
) -> Exclusion {
    let mut left_out = filter
        .map(|filter| filter.leaves_out(there))
        .unwrap_or_default();
    let denies = filter.is_some_and(|filter| filter.mode == FilterMode::Deny);
    let exists = |namespace: NamespaceId, mount: MountId| {
        let mut mounts = there.mounts.iter();
        mounts.any(|other| other.namespace == namespace && other.id == mount)
    };
    let stands = |id: NamespaceId| there.namespaces.iter().any(|(other, _)| *other == id);
    let sticks = denies && !is_rewritten;
    for (namespace, mount) in &before.mounts {
        if sticks || !exists(*namespace, *mount) {
            left_out.mounts.insert((*namespace, *mount));
        }
    }
    for id in &before.namespaces {
        if sticks || !stands(*id) {
            left_out.namespaces.insert(*id);
        }
    }
    if sticks {
        // Under another id in another namespace it is what it was, and what was denied with all of its
        // namespace is no less denied than what was named.
        for mount in &there.mounts {
            let was_denied = before.leaves_out(mount.namespace, mount.id);
            left_out.mounts.extend(mount.becomes.filter(|_| was_denied));
        }
    }
    // One that is written anew counts, whatever it comes to: the secondary is to know that it has it.
    let same = left_out.mounts == before.mounts && left_out.namespaces == before.namespaces;
    let changes = !same || is_rewritten;
    if changes {
        // Nobody is told the log from before this any more.
        left_out.mounts.retain(|(namespace, id)| {
            exists(*namespace, *id) || is_written(SystemKey::mount(*namespace, *id).physical())
        });
        left_out
            .namespaces
            .retain(|id| stands(*id) || is_written(SystemKey::namespace(*id).physical()));
    }
    Exclusion {
        version: before.version + u64::from(changes),
        since: before.since,
        namespaces: left_out.namespaces,
        mounts: left_out.mounts,
    }
}

/// What there is to be filtered.
pub(crate) fn filterable(tx: &mut Transaction) -> Result<Filterable, Refusal> {
    let mut there = Filterable::default();
    let namespaces = stored_namespaces(tx)?;
    let root = (NamespaceId::ROOT, String::new());
    let all = namespaces
        .into_iter()
        .map(|namespace| (namespace.id, namespace.path.clone()));
    for (namespace, path) in core::iter::once(root).chain(all) {
        for entry in stored_mounts(tx, namespace)? {
            if !entry.local && !entry.is_hosts_own() {
                there.mounts.push(FilteredMount {
                    namespace,
                    id: entry.id,
                    path: format!("{path}{}", entry.path),
                    becomes: entry.moves_to,
                });
            }
        }
        if namespace != NamespaceId::ROOT {
            there.namespaces.push((namespace, path));
        }
    }
    Ok(there)
}

/// What a secondary is not to have.
pub(crate) fn of(tx: &mut Transaction, secondary: &str) -> Result<Exclusion, Refusal> {
    let stored = tx.read_json(&SystemKey::exclusion(secondary));
    stored
        .map_err(crate::refusal::from_barrier)
        .map(Option::unwrap_or_default)
}

/// The filter of a secondary, as it was written.
pub(crate) fn filter_of(
    tx: &mut Transaction,
    secondary: &str,
) -> Result<Option<PathFilter>, Refusal> {
    let stored = tx.read_json(&SystemKey::path_filter(secondary));
    stored.map_err(crate::refusal::from_barrier)
}

/// Has a secondary a filter that can leave something out?
pub(crate) fn is_filtered(tx: &mut Transaction, secondary: &str) -> Result<bool, Refusal> {
    let filter = filter_of(tx, secondary)?;
    Ok(filter.is_some_and(|filter| filter.can_leave_out()))
}

/// Is this the entry of a mount or of a namespace?
fn is_of_a_table(key: &PhysicalKey) -> bool {
    let is_below = |prefix: &SystemKey<locality::Replicated>| {
        key.as_bytes().starts_with(prefix.physical().as_bytes())
    };
    is_below(&SystemKey::mounts(key.namespace())) || is_below(&SystemKey::namespaces())
}

fn secondary_of<'k>(key: &'k PhysicalKey, prefix: &SystemKey<locality::Local>) -> Option<&'k str> {
    let is_below = key.as_bytes().starts_with(prefix.physical().as_bytes());
    is_below
        .then(|| key.path().strip_prefix(prefix.physical().path()))
        .flatten()
}

fn all_of<T: serde::de::DeserializeOwned>(
    tx: &mut Transaction,
    prefix: &SystemKey<locality::Local>,
) -> Result<BTreeMap<String, T>, Refusal> {
    let records = tx.records(prefix, None, usize::MAX);
    let records = records.map_err(crate::refusal::from_barrier)?.into_iter();
    let named = records
        .filter_map(|(key, value)| secondary_of(&key, prefix).map(|id| (id.to_owned(), value)));
    Ok(named.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there(mounts: &[(u64, &str)]) -> Filterable {
        let mounts = mounts.iter().map(|(id, path)| FilteredMount {
            namespace: NamespaceId::ROOT,
            id: MountId::new(*id),
            path: (*path).to_owned(),
            becomes: None,
        });
        Filterable {
            namespaces: Vec::new(),
            mounts: mounts.collect(),
        }
    }

    fn filter(mode: FilterMode, path: &str) -> PathFilter {
        PathFilter {
            mode,
            paths: [path.to_owned()].into(),
        }
    }

    /// What comes next, where the log has said all of what is gone.
    fn step(
        before: &Exclusion,
        filter: Option<&PathFilter>,
        is_rewritten: bool,
        there: &Filterable,
    ) -> Exclusion {
        next(before, filter, is_rewritten, there, |_| false)
    }

    fn mounts(exclusion: &Exclusion) -> Vec<MountId> {
        exclusion.mounts.iter().map(|(_, id)| *id).collect()
    }

    #[test]
    fn a_denied_mount_that_moves_does_not_begin_to_travel() {
        let deny = filter(FilterMode::Deny, "secret/");
        let first = step(
            &Exclusion::default(),
            Some(&deny),
            true,
            &there(&[(1, "secret/")]),
        );
        assert_eq!((first.version, mounts(&first)), (1, vec![MountId::new(1)]));
        let moved = step(&first, Some(&deny), false, &there(&[(1, "open/")]));
        assert_eq!(moved, first);
        // Until somebody says again what is denied.
        let again = step(&moved, Some(&deny), true, &there(&[(1, "open/")]));
        assert_eq!((again.version, mounts(&again)), (2, vec![]));
    }

    #[test]
    fn what_is_denied_stays_denied_in_another_namespace() {
        let (old, new) = (NamespaceId::new(7), NamespaceId::new(8));
        let mount = |namespace, id, path: &str, becomes| FilteredMount {
            namespace,
            id: MountId::new(id),
            path: path.to_owned(),
            becomes,
        };
        let there = |mounts: &[FilteredMount]| Filterable {
            namespaces: vec![(old, "old/".to_owned()), (new, "new/".to_owned())],
            mounts: mounts.to_vec(),
        };
        let is_out = |exclusion: &Exclusion, id| exclusion.leaves_out(new, MountId::new(id));
        // By its name, and with its namespace.
        for denied in ["old/m/", "old/"] {
            let deny = filter(FilterMode::Deny, denied);
            let before = there(&[mount(old, 1, "old/m/", None)]);
            let first = step(&Exclusion::default(), Some(&deny), true, &before);
            let under_way = there(&[
                mount(old, 1, "old/m/", Some((new, MountId::new(2)))),
                mount(new, 2, "new/m/", None),
            ]);
            let under_way = step(&first, Some(&deny), false, &under_way);
            assert!(is_out(&under_way, 2), "{denied}");
            let arrived = there(&[mount(new, 2, "new/m/", None)]);
            let arrived = step(&under_way, Some(&deny), false, &arrived);
            assert!(is_out(&arrived, 2), "{denied}");
            // And on, to where it came from.
            let on = there(&[
                mount(new, 2, "new/m/", Some((NamespaceId::ROOT, MountId::new(3)))),
                mount(NamespaceId::ROOT, 3, "m/", None),
            ]);
            let on = step(&arrived, Some(&deny), false, &on);
            assert!(on.leaves_out(NamespaceId::ROOT, MountId::new(3)));
            let last = there(&[mount(NamespaceId::ROOT, 3, "m/", None)]);
            let said_anew = step(&on, Some(&deny), true, &last);
            assert!(!said_anew.leaves_out(NamespaceId::ROOT, MountId::new(3)));
        }
        // What is not denied is not by its move.
        let deny = filter(FilterMode::Deny, "other/");
        let first = step(&Exclusion::default(), Some(&deny), true, &there(&[]));
        let moves = there(&[mount(old, 1, "old/m/", Some((new, MountId::new(2))))]);
        assert!(!is_out(&step(&first, Some(&deny), false, &moves), 2));
    }

    #[test]
    fn an_allowed_mount_that_moves_away_is_left_out() {
        let allow = filter(FilterMode::Allow, "open/");
        let first = step(
            &Exclusion::default(),
            Some(&allow),
            true,
            &there(&[(1, "open/")]),
        );
        assert!(first.is_empty());
        let moved = step(&first, Some(&allow), false, &there(&[(1, "elsewhere/")]));
        assert_eq!(mounts(&moved), [MountId::new(1)]);
        let back = step(&moved, Some(&allow), false, &there(&[(1, "open/")]));
        assert!(back.is_empty());
        assert_eq!(back.version, 3);
    }

    #[test]
    fn what_is_gone_is_remembered_for_as_long_as_the_log_is_told_that_speaks_of_it() {
        let deny = filter(FilterMode::Deny, "secret/");
        let first = there(&[(1, "secret/")]);
        let first = step(&Exclusion::default(), Some(&deny), true, &first);
        let gone = step(&first, Some(&deny), false, &there(&[]));
        assert_eq!(gone, first);
        // Something else makes the secondary compare.
        let other = there(&[(2, "secret/x/")]);
        let changed = step(&gone, Some(&deny), false, &other);
        assert_eq!(mounts(&changed), [MountId::new(2)]);
        // Where both are of one transaction, the log speaks of the first after that.
        let is_written = |key: &PhysicalKey| {
            *key == *SystemKey::mount(NamespaceId::ROOT, MountId::new(1)).physical()
        };
        let both = next(&first, Some(&deny), false, &other, is_written);
        assert_eq!(mounts(&both), [MountId::new(1), MountId::new(2)]);
        // Also when the filter goes.
        let unfiltered = step(&gone, None, true, &there(&[]));
        assert!(unfiltered.is_empty());
    }

    #[test]
    fn mounts_that_come_and_go_leave_nothing_behind() {
        let deny = filter(FilterMode::Deny, "ci/");
        let mut exclusion = step(&Exclusion::default(), Some(&deny), true, &there(&[]));
        for id in 1..1_000 {
            exclusion = step(&exclusion, Some(&deny), false, &there(&[(id, "ci/m/")]));
            assert_eq!(mounts(&exclusion), [MountId::new(id)]);
            exclusion = step(&exclusion, Some(&deny), false, &there(&[]));
        }
    }
}
