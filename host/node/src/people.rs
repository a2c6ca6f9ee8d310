//! Who calls, as far as requests need it: kept in memory by entity, and dropped when something of
//! the entity or of its groups changes.

use crate::changes::Changes;
use crate::identity::refused;
use barrier::Transaction;
use base::{Entropy, NamespaceId, Refusal, Timestamp};
use identity::{Directory, Person};
use locality::PhysicalKey;
use policy::{Acl, Identity};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

/// Entities that are kept in a namespace. More of them start over.
const PEOPLE_MAX: usize = 100_000;

/// Access lists that are kept of one entity: one for each set of policies that its tokens have.
const LISTS_MAX: usize = 64;

/// An entity, as requests need it.
pub(crate) struct Somebody {
    /// May its tokens not be used?
    pub(crate) is_disabled: bool,
    /// Policies of the entity and of its groups.
    pub(crate) policies: Vec<String>,
    /// What policies may say of it.
    pub(crate) facts: Identity,
    /// Compiled lists, by the policies of the token.
    lists: RwLock<HashMap<Vec<String>, Arc<Acl>>>,
}

impl Somebody {
    fn new(person: &Person) -> Self {
        Self {
            is_disabled: person.entity.disabled,
            policies: person.policies(),
            facts: facts(person),
            lists: RwLock::default(),
        }
    }

    /// The list of a token with these policies, if it is kept.
    pub(crate) fn list(&self, policies: &[String]) -> Option<Arc<Acl>> {
        let lists = self.lists.read().unwrap_or_else(PoisonError::into_inner);
        lists.get(policies).map(Arc::clone)
    }

    /// Keeps the list of tokens with these policies.
    pub(crate) fn keep(&self, policies: &[String], acl: &Arc<Acl>) {
        let mut lists = self.lists.write().unwrap_or_else(PoisonError::into_inner);
        if lists.len() >= LISTS_MAX {
            lists.clear();
        }
        lists.insert(policies.to_vec(), Arc::clone(acl));
    }

    /// These policies and those of the entity, sorted, each once.
    pub(crate) fn with_own(&self, policies: &[String]) -> Vec<String> {
        let mut all = [policies, &self.policies].concat();
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// What policies may say of somebody.
pub(crate) fn facts(person: &Person) -> Identity {
    let aliases = person.aliases.iter().map(|alias| {
        let told = policy::Alias {
            id: alias.id.clone(),
            name: alias.name.clone(),
            metadata: alias.metadata.clone(),
            custom_metadata: alias.custom_metadata.clone().unwrap_or_default(),
        };
        (alias.accessor.clone(), told)
    });
    let groups = person.groups().map(|group| policy::Group {
        id: group.id.clone(),
        name: group.name.clone(),
        metadata: group.metadata.clone(),
    });
    Identity {
        id: person.entity.id.clone(),
        name: person.entity.name.clone(),
        metadata: person.entity.metadata.clone(),
        aliases: aliases.collect::<BTreeMap<_, _>>(),
        groups: groups.collect(),
    }
}

type Known = HashMap<String, Option<Arc<Somebody>>>;

/// The entities that called lately, also those that are gone.
#[derive(Default)]
pub(crate) struct People {
    known: RwLock<HashMap<NamespaceId, Known>>,
}

impl People {
    /// The entity with this id, or the one it became part of; None where it is gone.
    pub(crate) fn of(
        &self,
        begin: impl FnOnce() -> Transaction,
        changes: &Changes,
        namespace: NamespaceId,
        id: &str,
        entropy: &dyn Entropy,
    ) -> Result<Option<Arc<Somebody>>, Refusal> {
        {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(found) = known.get(&namespace).and_then(|all| all.get(id)) {
                return Ok(found.clone());
            }
        }
        // First the count, then a snapshot: what an older one holds may have changed since.
        let before = changes.count();
        let mut tx = begin();
        // Nothing is made up while one reads, so neither name nor time is asked for.
        let (label, now) = (String::new(), Timestamp::default());
        let mut directory = Directory::new(&mut tx, namespace, label, now, entropy);
        let person = directory.person(id).map_err(refused)?;
        let somebody = person.map(|person| Arc::new(Somebody::new(&person)));
        if changes.count() == before {
            let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
            let all = known.entry(namespace).or_default();
            if all.len() >= PEOPLE_MAX {
                all.clear();
            }
            all.insert(id.to_owned(), somebody.clone());
        }
        Ok(somebody)
    }

    /// Drops those of a namespace that is gone.
    pub(crate) fn forget_namespace(&self, id: NamespaceId) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.remove(&id);
    }

    /// Drops those whose entry changed.
    pub(crate) fn forget(&self, key: &PhysicalKey) {
        let concerned = match concerned(key) {
            Concerned::Nobody => return,
            other => other,
        };
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let Some(all) = known.get_mut(&key.namespace()) else {
            return;
        };
        match concerned {
            Concerned::Nobody => {}
            // It may be known by the id of an entity that became part of it as well.
            Concerned::One(id) => all.retain(|known, somebody| {
                known != id && somebody.as_ref().is_none_or(|one| one.facts.id != id)
            }),
            Concerned::Everybody => all.clear(),
        }
    }
}

/// Of whom what is kept is old, after an entry has changed.
#[derive(Debug, PartialEq, Eq)]
enum Concerned<'a> {
    Nobody,
    One(&'a str),
    Everybody,
}

fn concerned(key: &PhysicalKey) -> Concerned<'_> {
    if let Some((entity, _)) = locality::alias_kept_at(key) {
        return Concerned::One(entity);
    }
    let path = key.path();
    if path.starts_with("sys/policy/") {
        return Concerned::Everybody;
    }
    let Some(path) = path.strip_prefix("identity/") else {
        return Concerned::Nobody;
    };
    let (kind, rest) = match path.strip_prefix("entity/") {
        Some(rest) => ("entity", rest),
        None => match path.strip_prefix("group/") {
            Some(rest) => ("group", rest),
            None => return Concerned::Nobody,
        },
    };
    let (folder, rest) = rest.split_once('/').unwrap_or((rest, ""));
    let first = rest.split('/').next().unwrap_or_default();
    match (kind, folder) {
        ("entity", "id" | "alias" | "merged") | ("group", "of-entity") => Concerned::One(first),
        // Names and ids only lead to what is written along with them.
        ("entity", _) | ("group", "name" | "member" | "alias-id" | "alias-name") => {
            Concerned::Nobody
        }
        _ => Concerned::Everybody,
    }
}

#[cfg(test)]
mod tests {
    use super::{Concerned, concerned};
    use base::{MountId, NamespaceId};
    use locality::SystemKey;

    #[test]
    fn who_is_concerned() {
        let root = NamespaceId::ROOT;
        let check = |key: SystemKey<locality::Replicated>, expected: Concerned<'_>| {
            assert_eq!(concerned(key.physical()), expected, "{key:?}");
        };
        check(SystemKey::entity(root, "e"), Concerned::One("e"));
        check(SystemKey::entity_alias(root, "e", "a"), Concerned::One("e"));
        let kept = SystemKey::alias_at(root, MountId::new(7), "e", "a");
        check(kept, Concerned::One("e"));
        check(SystemKey::entity_merged(root, "e"), Concerned::One("e"));
        check(
            SystemKey::group_of_entity(root, "e", "g"),
            Concerned::One("e"),
        );
        check(SystemKey::group(root, "g"), Concerned::Everybody);
        check(
            SystemKey::parent_of_group(root, "g", "p"),
            Concerned::Everybody,
        );
        check(SystemKey::group_member(root, "g", "e"), Concerned::Nobody);
        check(SystemKey::entity_name(root, "e"), Concerned::Nobody);
        check(SystemKey::policy(root, "p"), Concerned::Everybody);
        check(SystemKey::mounts(root), Concerned::Nobody);
    }
}
