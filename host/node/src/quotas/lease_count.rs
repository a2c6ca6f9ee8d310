//! Quotas of leases: asked before anything is done for a lease.

use super::{Counting, Quota, and_around};
use crate::pipeline::Place;
use crate::refusal::from_barrier;
use crate::tables::Tables;
use crate::unsealed::Unsealed;
use barrier::Transaction;
use base::{NamespaceId, Refusal, RefusalKind};
use gate::{Asked, Came};
use locality::{Local, SystemKey};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Keys that are read at once.
const KEYS_AT_ONCE: usize = 10_000;

/// The room that a request was given for the one lease it may make. It is asked for before anything is
/// done for the lease; attempts of a request that runs again share it. What was not needed is given back.
#[derive(Default)]
pub(crate) struct Room(Mutex<State>);

#[derive(Default)]
struct State {
    /// None where no quota is for it, or nobody has asked.
    counting: Option<Arc<Counting>>,
    is_made: bool,
}

impl Room {
    /// Asks for the room, where that was not done.
    ///
    /// # Errors
    /// [`RefusalKind::TooMany`] where there is none.
    pub(crate) fn ask(&self, node: &Arc<Unsealed>, place: &Place) -> Result<(), Refusal> {
        if !node.quotas.limits_leases() || self.state().counting.is_some() {
            return Ok(());
        }
        let admitted = admit(node, place)?;
        self.state().counting = admitted;
        Ok(())
    }

    /// An attempt begins: it has made no lease.
    pub(crate) fn begin(&self) {
        self.state().is_made = false;
    }

    /// A lease is in the attempt's transaction.
    pub(crate) fn made(&self) {
        self.state().is_made = true;
    }

    /// The request is over. What it made is there, or it came to nothing.
    pub(crate) fn end(&self, came: Came) {
        let mut state = self.state();
        let came = match state.is_made {
            true => came,
            false => Came::ToNothing,
        };
        if let Some(counting) = state.counting.take() {
            counting.leases.settle(came);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Room {
    /// Nobody waits for the request any more; what it made may be on its way into the log.
    fn drop(&mut self) {
        self.end(Came::Made);
    }
}

/// Refuses a lease for which there is no room, and says under which quota it is admitted.
fn admit(node: &Arc<Unsealed>, place: &Place) -> Result<Option<Arc<Counting>>, Refusal> {
    let current = node.quotas.current();
    let tables = node.tables();
    let asked = Asked {
        namespaces: &and_around(&tables.namespaces, &place.namespace),
        mount: place.mount.as_ref().map(|mount| mount.0.id),
        below: place.below_mount(),
        role: None,
    };
    let found = current.lease_rules.find(&asked);
    let Some(counting) = found.and_then(|position| current.leases.get(position)) else {
        return Ok(None);
    };
    let Some(max) = counting.quota.limit.leases() else {
        return Ok(None);
    };
    let counted = || count(&mut node.begin(), &tables, &counting.quota, max);
    if counting.leases.admit(max, node.now(), counted)? {
        return Ok(Some(Arc::clone(counting)));
    }
    Err(full(place))
}

/// There is no room for a lease.
pub(crate) fn full(place: &Place) -> Refusal {
    let path = place.path.as_str();
    let text = format!("request path {path:?}: lease count quota exceeded");
    Refusal::new(RefusalKind::TooMany, text)
}

/// How many leases there are under a quota; no more than `max` are counted. Reads names alone, in a
/// transaction of its own.
pub(crate) fn count(
    tx: &mut Transaction,
    tables: &Tables,
    quota: &Quota,
    max: u64,
) -> Result<u64, Refusal> {
    let mut counted = 0;
    for prefix in prefixes(tables, quota) {
        if counted >= max {
            break;
        }
        counted += below(tx, &prefix, max - counted)?;
    }
    Ok(counted)
}

/// Where the names of its leases lie.
fn prefixes(tables: &Tables, quota: &Quota) -> Vec<SystemKey<Local>> {
    let Some(mount) = quota.mount else {
        return of_namespaces(tables, quota);
    };
    let found = tables
        .of(quota.namespace)
        .and_then(|table| table.with_id(mount));
    let Some(found) = found else {
        return Vec::new();
    };
    let path = match quota.below.strip_suffix('*') {
        Some(beginning) => format!("{}{beginning}", found.0.path),
        None if quota.below.is_empty() => String::new(),
        None => format!("{}{}/", found.0.path, quota.below.trim_end_matches('/')),
    };
    if found.0.is_hosts_own() {
        // The token store: its tokens have no mount.
        let own = found.0.path.as_str();
        let path = if path.is_empty() { own } else { &path };
        return vec![SystemKey::token_lease_ids(quota.namespace, path)];
    }
    vec![SystemKey::mount_lease(mount, &path)]
}

/// What was leased in each namespace that it is for, and the tokens that were made there.
fn of_namespaces(tables: &Tables, quota: &Quota) -> Vec<SystemKey<Local>> {
    let namespaces = &tables.namespaces;
    let falls_under = |id: &NamespaceId| match namespaces.with_id(*id) {
        Some(namespace) if quota.inheritable => {
            and_around(namespaces, namespace).contains(&quota.namespace)
        }
        _ => *id == quota.namespace,
    };
    let ids = core::iter::once(NamespaceId::ROOT).chain(namespaces.ids());
    let ids = ids.filter(falls_under);
    ids.flat_map(|id| {
        [
            SystemKey::leases(id, ""),
            SystemKey::token_lease_ids(id, ""),
        ]
    })
    .collect()
}

fn below(tx: &mut Transaction, prefix: &SystemKey<Local>, max: u64) -> Result<u64, Refusal> {
    let max = usize::try_from(max).unwrap_or(usize::MAX);
    let mut counted = 0;
    let mut after = None;
    while counted < max {
        let wanted = KEYS_AT_ONCE.min(max - counted);
        let keys = tx
            .keys(prefix, after.as_ref(), wanted)
            .map_err(from_barrier)?;
        counted += keys.len();
        if keys.len() < wanted {
            break;
        }
        after = keys.into_iter().next_back();
    }
    Ok(counted as u64)
}
