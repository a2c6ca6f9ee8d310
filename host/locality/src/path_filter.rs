//! The path filter of a performance secondary: what its operator wrote, and what that comes to.

use base::{MountId, NamespaceId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What the paths of a filter are for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FilterMode {
    /// Nothing but what is listed is replicated.
    #[default]
    Allow,
    /// Everything but what is listed is replicated.
    Deny,
}

/// The path filter of a secondary.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathFilter {
    /// What the paths are for.
    pub mode: FilterMode,
    /// Mounts, auth methods and namespaces, from the root: `secret/`, `auth/ldap/`, `ns1/`,
    /// `ns1/kv/`. Each ends in a slash and does not begin with one.
    pub paths: BTreeSet<String>,
}

/// A mount or auth method, as filters see it.
#[derive(Clone, Debug)]
pub struct FilteredMount {
    /// Its namespace.
    pub namespace: NamespaceId,
    /// Its id.
    pub id: MountId,
    /// From the root.
    pub path: String,
    /// The namespace that it is being carried to, and the mount that it becomes there.
    pub becomes: Option<(NamespaceId, MountId)>,
}

/// What there is to be filtered. The root namespace, the mounts of the host's own engines and local
/// mounts are not: the first two always travel, the last never.
#[derive(Clone, Debug, Default)]
pub struct Filterable {
    /// Namespaces and their paths from the root, but for the root namespace.
    pub namespaces: Vec<(NamespaceId, String)>,
    /// Mounts and auth methods.
    pub mounts: Vec<FilteredMount>,
}

/// What a filter leaves out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Namespaces, with those in them.
    pub namespaces: BTreeSet<NamespaceId>,
    /// Mounts, but for those in namespaces that are left out.
    pub mounts: BTreeSet<(NamespaceId, MountId)>,
}

impl PathFilter {
    /// Can it leave anything out, now or later?
    pub fn can_leave_out(&self) -> bool {
        self.mode == FilterMode::Allow || !self.paths.is_empty()
    }

    /// A path as filters have it; None for one that can name nothing.
    pub fn normal(path: &str) -> Option<String> {
        let path = path.trim().trim_matches('/');
        let is_fine = !path.is_empty() && !path.chars().any(char::is_control);
        is_fine.then(|| format!("{path}/"))
    }

    /// Is this path, or something that it lies in, listed?
    fn lists(&self, path: &str) -> bool {
        let ends = path.match_indices('/').map(|(at, _)| at + 1);
        ends.filter_map(|end| path.get(..end))
            .any(|beginning| self.paths.contains(beginning))
    }

    /// Does something that is listed lie in this path?
    fn lists_below(&self, path: &str) -> bool {
        let from = path.to_owned();
        let next = self.paths.range(from..).next();
        next.is_some_and(|listed| listed.starts_with(path))
    }

    /// What the filter leaves out of what there is.
    pub fn leaves_out(&self, there: &Filterable) -> LeftOut {
        let out_of = |path: &str| match self.mode {
            FilterMode::Deny => self.lists(path),
            FilterMode::Allow => !self.lists(path),
        };
        // A namespace in which something is allowed is needed to hold it.
        let namespace_is_out = |path: &str| {
            out_of(path) && !(self.mode == FilterMode::Allow && self.lists_below(path))
        };
        let namespaces: BTreeSet<NamespaceId> = there
            .namespaces
            .iter()
            .filter(|(_, path)| namespace_is_out(path))
            .map(|(id, _)| *id)
            .collect();
        let mounts = there.mounts.iter();
        let mounts = mounts.filter(|mount| !namespaces.contains(&mount.namespace));
        let mounts = mounts.filter(|mount| out_of(&mount.path));
        let mounts = mounts.map(|mount| (mount.namespace, mount.id)).collect();
        LeftOut { namespaces, mounts }
    }

    /// The paths that name nothing of what there is.
    pub fn unknown<'f>(&'f self, there: &Filterable) -> Vec<&'f str> {
        let is_known = |path: &str| {
            let mut mounts = there.mounts.iter();
            let mut namespaces = there.namespaces.iter();
            mounts.any(|mount| mount.path == path) || namespaces.any(|(_, other)| other == path)
        };
        let unknown = self.paths.iter().filter(|path| !is_known(path));
        unknown.map(String::as_str).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMESPACES: [(u64, &str); 3] = [(1, "ns1/"), (2, "ns1/ns2/"), (3, "ns10/")];
    const MOUNTS: [(u64, u64, &str); 7] = [
        (0, 1, "secret/"),
        (0, 2, "secrets/"),
        (0, 3, "auth/ldap/"),
        (1, 4, "ns1/kv/"),
        (2, 5, "ns1/ns2/kv/"),
        (2, 6, "ns1/ns2/auth/ldap/"),
        (3, 7, "ns10/kv/"),
    ];

    fn there() -> Filterable {
        let namespaces = NAMESPACES.map(|(id, path)| (NamespaceId::new(id), path.to_owned()));
        let mounts = MOUNTS.map(|(namespace, id, path)| FilteredMount {
            namespace: NamespaceId::new(namespace),
            id: MountId::new(id),
            path: path.to_owned(),
            becomes: None,
        });
        Filterable {
            namespaces: namespaces.to_vec(),
            mounts: mounts.to_vec(),
        }
    }

    fn filter(mode: FilterMode, paths: &[&str]) -> PathFilter {
        let paths = paths.iter().filter_map(|path| PathFilter::normal(path));
        PathFilter {
            mode,
            paths: paths.collect(),
        }
    }

    #[track_caller]
    fn check(mode: FilterMode, paths: &[&str], namespaces: &[u64], mounts: &[u64]) {
        let left_out = filter(mode, paths).leaves_out(&there());
        let expected: BTreeSet<NamespaceId> =
            namespaces.iter().copied().map(NamespaceId::new).collect();
        assert_eq!(left_out.namespaces, expected);
        let found: BTreeSet<MountId> = left_out.mounts.iter().map(|(_, id)| *id).collect();
        assert_eq!(found, mounts.iter().copied().map(MountId::new).collect());
    }

    #[test]
    fn what_is_denied_stays() {
        use FilterMode::Deny;
        check(Deny, &[], &[], &[]);
        check(Deny, &["secret"], &[], &[1]);
        check(Deny, &["/secret/", "auth/ldap"], &[], &[1, 3]);
        check(Deny, &["ns1"], &[1, 2], &[]);
        check(Deny, &["ns1/ns2/"], &[2], &[]);
        check(Deny, &["ns1/ns2/kv"], &[], &[5]);
        check(Deny, &["sec"], &[], &[]);
    }

    #[test]
    fn what_is_not_allowed_stays() {
        use FilterMode::Allow;
        check(Allow, &[], &[1, 2, 3], &[1, 2, 3]);
        check(Allow, &["secret"], &[1, 2, 3], &[2, 3]);
        check(Allow, &["ns1"], &[3], &[1, 2, 3]);
        // The namespaces around what is allowed travel, without the rest of what is in them.
        check(Allow, &["ns1/ns2/kv/"], &[3], &[1, 2, 3, 4, 6]);
    }

    #[test]
    fn a_path_that_names_nothing_is_told() {
        let filter = filter(FilterMode::Deny, &["secrte", "secret", "ns1/ns2"]);
        assert_eq!(filter.unknown(&there()), ["secrte/"]);
        assert_eq!(PathFilter::normal("//"), None);
        assert_eq!(PathFilter::normal("a\nb"), None);
    }
}
