//! Which quota a request falls under: the one that says most of where the request goes.

use base::{MountId, NamespaceId};
use std::collections::HashMap;

/// What a quota is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// Its namespace.
    pub namespace: NamespaceId,
    /// One mount of it; None for all.
    pub mount: Option<MountId>,
    /// A path below the mount, or all that begin so where it ends in a star; empty for all.
    pub below: String,
    /// Logins with this role; empty for all requests.
    pub role: String,
    /// Does it hold for the namespaces below as well?
    pub reaches_down: bool,
}

/// Where a request goes.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Its namespace first, then those around it, the root last.
    pub namespaces: &'a [NamespaceId],
    /// The mount.
    pub mount: Option<MountId>,
    /// The path below the mount.
    pub below: &'a str,
    /// The role of a login.
    pub role: Option<&'a str>,
}

/// All quotas of a kind, by what they are for.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    mounts: HashMap<MountId, OfMount>,
    /// With the word whether it reaches down.
    namespaces: HashMap<NamespaceId, (usize, bool)>,
}

/// The quotas of a mount, by their positions in what [`Rules::new`] was given.
#[derive(Clone, Debug, Default)]
struct OfMount {
    roles: HashMap<String, usize>,
    paths: HashMap<String, usize>,
    /// Longest first.
    beginnings: Vec<(String, usize)>,
    whole: Option<usize>,
}

impl Rules {
    /// Finds its way among quotas for these targets.
    pub fn new(targets: &[Target]) -> Self {
        let mut rules = Self::default();
        for (position, target) in targets.iter().enumerate() {
            let Some(mount) = target.mount else {
                let value = (position, target.reaches_down);
                rules.namespaces.insert(target.namespace, value);
                continue;
            };
            let mount = rules.mounts.entry(mount).or_default();
            if !target.role.is_empty() {
                mount.roles.insert(target.role.clone(), position);
            } else if let Some(beginning) = target.below.strip_suffix('*') {
                mount.beginnings.push((beginning.to_owned(), position));
            } else if target.below.is_empty() {
                mount.whole = Some(position);
            } else {
                let path = target.below.trim_end_matches('/');
                mount.paths.insert(path.to_owned(), position);
            }
        }
        for mount in rules.mounts.values_mut() {
            let length = |one: &(String, usize)| core::cmp::Reverse(one.0.len());
            mount.beginnings.sort_by_key(length);
        }
        rules
    }

    /// Is there any quota?
    pub fn is_empty(&self) -> bool {
        self.mounts.is_empty() && self.namespaces.is_empty()
    }

    /// Does it matter which role a login at a mount has?
    pub fn wants_role(&self, mount: MountId) -> bool {
        let mount = self.mounts.get(&mount);
        mount.is_some_and(|mount| !mount.roles.is_empty())
    }

    /// The position of the quota that a request falls under.
    pub fn find(&self, asked: &Asked<'_>) -> Option<usize> {
        let of_mount = asked.mount.and_then(|mount| self.mounts.get(&mount));
        let of_mount = of_mount.and_then(|mount| mount.find(asked));
        of_mount.or_else(|| self.of_namespaces(asked.namespaces))
    }

    fn of_namespaces(&self, namespaces: &[NamespaceId]) -> Option<usize> {
        let mut around = namespaces.iter().enumerate();
        around.find_map(|(distance, namespace)| {
            let (position, reaches_down) = self.namespaces.get(namespace)?;
            (distance == 0 || *reaches_down).then_some(*position)
        })
    }
}

impl OfMount {
    fn find(&self, asked: &Asked<'_>) -> Option<usize> {
        let of_role = asked.role.and_then(|role| self.roles.get(role));
        let path = asked.below.trim_end_matches('/');
        let of_path = || self.paths.get(path);
        let of_beginning = || {
            let mut beginnings = self.beginnings.iter();
            let found = beginnings.find(|(beginning, _)| asked.below.starts_with(beginning));
            found.map(|(_, position)| position)
        };
        of_role
            .or_else(of_path)
            .or_else(of_beginning)
            .copied()
            .or(self.whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: NamespaceId = NamespaceId::ROOT;

    fn target(namespace: u64, mount: Option<u64>, below: &str, role: &str) -> Target {
        Target {
            namespace: NamespaceId::new(namespace),
            mount: mount.map(MountId::new),
            below: below.into(),
            role: role.into(),
            reaches_down: false,
        }
    }

    fn down(target: Target) -> Target {
        Target {
            reaches_down: true,
            ..target
        }
    }

    fn root() -> u64 {
        0
    }

    #[test]
    fn the_most_particular_wins() {
        assert_eq!(NamespaceId::new(root()), ROOT);
        let targets = [
            down(target(root(), None, "", "")),
            target(root(), Some(1), "", ""),
            target(root(), Some(1), "a", ""),
            target(root(), Some(1), "b*", ""),
            target(root(), Some(1), "bb*", ""),
            target(root(), Some(1), "bbb", ""),
            target(root(), Some(1), "d/", ""),
            target(root(), Some(1), "", "r"),
        ];
        let rules = Rules::new(&targets);
        let check = |mount: Option<u64>, below, role, expected: usize| {
            let asked = Asked {
                namespaces: &[ROOT],
                mount: mount.map(MountId::new),
                below,
                role,
            };
            assert_eq!(rules.find(&asked), Some(expected), "{asked:?}");
        };
        check(None, "", None, 0);
        check(Some(2), "a", None, 0);
        check(Some(1), "x", None, 1);
        check(Some(1), "a", None, 2);
        check(Some(1), "a/b", None, 1);
        check(Some(1), "ab", None, 1);
        check(Some(1), "b", None, 3);
        check(Some(1), "bc", None, 3);
        check(Some(1), "bbc", None, 4);
        check(Some(1), "bbb", None, 5);
        check(Some(1), "bbb/c", None, 4);
        check(Some(1), "d", None, 6);
        check(Some(1), "d/", None, 6);
        check(Some(1), "d/e", None, 1);
        check(Some(1), "a", Some("r"), 7);
        check(Some(1), "a", Some("s"), 2);
        assert!(rules.wants_role(MountId::new(1)));
        assert!(!rules.wants_role(MountId::new(2)));
    }

    #[test]
    fn only_what_reaches_down_holds_below() {
        let [outer, inner, other] = [1, 2, 3].map(NamespaceId::new);
        let check = |targets: &[Target], namespaces: &[NamespaceId], expected: Option<usize>| {
            let asked = Asked {
                namespaces,
                mount: Some(MountId::new(9)),
                below: "x",
                role: None,
            };
            assert_eq!(Rules::new(targets).find(&asked), expected, "{namespaces:?}");
        };
        let own = [target(root(), None, "", ""), target(1, None, "", "")];
        check(&own, &[ROOT], Some(0));
        check(&own, &[outer, ROOT], Some(1));
        check(&own, &[inner, outer, ROOT], None);
        check(&own, &[other, ROOT], None);
        let all = own.map(down);
        check(&all, &[inner, outer, ROOT], Some(1));
        check(&all, &[other, ROOT], Some(0));
        assert!(Rules::new(&[]).is_empty());
    }
}
