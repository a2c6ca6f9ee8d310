//! Policies, parsed once, and access control lists, compiled once for each set of policies.

use crate::changes::Changes;
use crate::defaults::StoredPolicy;
use crate::refusal::from_barrier;
use barrier::Transaction;
use base::{NamespaceId, Refusal};
use locality::{PhysicalKey, SystemKey};
use mount::Namespace;
use policy::{Acl, Identity, Policy, PolicyNamespace, Substitutes};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// Lists that are kept. Sets of policies are few; a flood of them starts over.
const LISTS_MAX: usize = 10_000;

type Key = (NamespaceId, Vec<String>);

/// Compiled lists, dropped when a policy of theirs changes.
#[derive(Default)]
pub(crate) struct Acls {
    lists: RwLock<HashMap<Key, Arc<Acl>>>,
}

impl Acls {
    /// The list of a set of policies. Policies that are not there grant nothing.
    pub(crate) fn of(
        &self,
        begin: impl FnOnce() -> Transaction,
        changes: &Changes,
        namespace: &Namespace,
        policies: &[String],
    ) -> Result<Arc<Acl>, Refusal> {
        let key = (namespace.id, policies.to_vec());
        if let Some(acl) = self
            .lists
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
        {
            return Ok(Arc::clone(acl));
        }
        // First the count, then a snapshot of its own: a list from an older snapshot could be kept
        // after the change that should have dropped it.
        let before = changes.count();
        let acl = Arc::new(Acl::new(&parsed(&mut begin(), namespace, policies)?));
        Ok(self.keep(key, acl, changes, before))
    }

    /// Keeps a list that was made when there had been `before` changes; gives the one that is kept.
    fn keep(&self, key: Key, acl: Arc<Acl>, changes: &Changes, before: u64) -> Arc<Acl> {
        let mut lists = self.lists.write().unwrap_or_else(PoisonError::into_inner);
        // A policy that changed meanwhile may be missing from what was read.
        if changes.count() != before {
            return acl;
        }
        if lists.len() >= LISTS_MAX {
            lists.clear();
        }
        Arc::clone(lists.entry(key).or_insert(acl))
    }

    /// The list of a set of policies for somebody: shared with all others who have that set, unless
    /// a policy of it says different things to different people.
    pub(crate) fn of_somebody(
        &self,
        begin: impl FnOnce() -> Transaction,
        changes: &Changes,
        namespace: &Namespace,
        policies: &[String],
        facts: &Identity,
    ) -> Result<Arc<Acl>, Refusal> {
        let before = changes.count();
        let parsed = parsed(&mut begin(), namespace, policies)?;
        if !parsed.iter().any(|policy| policy.is_templated()) {
            let acl = Arc::new(Acl::new(&parsed));
            let key = (namespace.id, policies.to_vec());
            return Ok(self.keep(key, acl, changes, before));
        }
        let acl = Acl::for_identity(&parsed, facts);
        acl.map(Arc::new).map_err(|error| Refusal {
            reason: error.to_string(),
            ..Refusal::denied()
        })
    }

    /// Drops the lists of a namespace that is gone.
    pub(crate) fn forget_namespace(&self, id: NamespaceId) {
        let mut lists = self.lists.write().unwrap_or_else(PoisonError::into_inner);
        lists.retain(|(namespace, _), _| *namespace != id);
    }

    /// Drops the lists that a changed entry is part of.
    pub(crate) fn forget(&self, key: &PhysicalKey) {
        if let Some(name) = key.path().strip_prefix("sys/policy/") {
            let mut lists = self.lists.write().unwrap_or_else(PoisonError::into_inner);
            lists.retain(|(namespace, policies), _| {
                *namespace != key.namespace() || !policies.iter().any(|policy| policy == name)
            });
        }
    }
}

/// Those of the policies that are there.
fn parsed(
    tx: &mut Transaction,
    namespace: &Namespace,
    policies: &[String],
) -> Result<Vec<Arc<Policy>>, Refusal> {
    let found = policies.iter().map(|name| find(tx, namespace, name));
    found.filter_map(Result::transpose).collect()
}

/// A policy, parsed.
fn find(
    tx: &mut Transaction,
    namespace: &Namespace,
    name: &str,
) -> Result<Option<Arc<Policy>>, Refusal> {
    let written_in = PolicyNamespace {
        id: namespace.id,
        path: namespace.path.clone(),
    };
    if name == "root" {
        // In a namespace it is root of that namespace and of nothing else.
        return Ok(Some(Arc::new(Policy::root().in_namespace(written_in))));
    }
    let stored: Option<StoredPolicy> = tx
        .read_json(&SystemKey::policy(namespace.id, name))
        .map_err(from_barrier)?;
    let Some(stored) = stored else {
        return Ok(None);
    };
    let written_in = PolicyNamespace {
        id: namespace.id,
        path: namespace.path.clone(),
    };
    let parsed = Policy::parse(name, &stored.text);
    let parsed = parsed.map_err(|error| Refusal::internal(format!("stored policy: {error}")))?;
    let substitutes = Substitutes {
        slashes: stored.allow_slashes,
        wildcards: stored.allow_wildcards,
    };
    let parsed = parsed.with_substitutes(substitutes).until(stored.expires);
    Ok(Some(Arc::new(parsed.in_namespace(written_in))))
}
