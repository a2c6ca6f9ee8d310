//! Namespaces: mounts, policies and tokens of their own, below a path.

use base::{NamespaceId, RequestPath};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// One namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Namespace {
    /// Part of every key of the namespace.
    pub id: NamespaceId,
    /// From the root namespace: empty for it, else ending in a slash.
    pub path: String,
}

impl Namespace {
    /// The namespace that always is.
    pub const fn root() -> Self {
        Self {
            id: NamespaceId::ROOT,
            path: String::new(),
        }
    }

    /// As tokens and audit records name it: `root`, or the id.
    pub fn label(&self) -> String {
        if self.id == NamespaceId::ROOT {
            String::from("root")
        } else {
            self.id.to_string()
        }
    }
}

/// All namespaces, found by path.
#[derive(Clone, Debug)]
pub struct Namespaces {
    by_path: BTreeMap<String, Arc<Namespace>>,
    root: Arc<Namespace>,
}

impl Default for Namespaces {
    fn default() -> Self {
        Self {
            by_path: BTreeMap::new(),
            root: Arc::new(Namespace::root()),
        }
    }
}

impl Namespaces {
    /// Adds one.
    pub fn insert(&mut self, namespace: Namespace) {
        self.by_path
            .insert(namespace.path.clone(), Arc::new(namespace));
    }

    /// The root namespace.
    pub const fn root(&self) -> &Arc<Namespace> {
        &self.root
    }

    /// The namespace with this id.
    pub fn with_id(&self, id: NamespaceId) -> Option<&Arc<Namespace>> {
        let root = (id == NamespaceId::ROOT).then_some(&self.root);
        root.or_else(|| self.by_path.values().find(|namespace| namespace.id == id))
    }

    /// The ids of all but the root.
    pub fn ids(&self) -> impl Iterator<Item = NamespaceId> {
        self.by_path.values().map(|namespace| namespace.id)
    }

    /// Joins the header's namespace and the request's path, and splits them again at the deepest
    /// namespace. None when the header names a namespace that is not.
    pub fn resolve(
        &self,
        header: &str,
        path: &RequestPath,
    ) -> Option<(Arc<Namespace>, RequestPath)> {
        if self.by_path.is_empty() {
            return header
                .is_empty()
                .then(|| (Arc::clone(&self.root), path.clone()));
        }
        let header = RequestPath::parse(header).ok()?.into_folder();
        if !header.as_str().is_empty() && !self.by_path.contains_key(header.as_str()) {
            return None;
        }
        let full = path.below(&header);
        let ends = full.as_str().match_indices('/').map(|(at, _)| at + 1);
        let deepest = ends
            .filter_map(|end| self.by_path.get(full.as_str().get(..end)?))
            .max_by_key(|namespace| namespace.path.len());
        let namespace = deepest.unwrap_or(&self.root);
        let rest = full.strip(&namespace.path)?;
        Some((Arc::clone(namespace), rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_and_path_are_one_address() {
        let mut namespaces = Namespaces::default();
        for (number, path) in [(1, "a/"), (2, "a/b/")] {
            namespaces.insert(Namespace {
                id: NamespaceId::new(number),
                path: path.into(),
            });
        }
        let check = |header: &str, path: &str, expected: Option<(&str, &str)>| {
            let found = namespaces.resolve(header, &RequestPath::parse(path).unwrap());
            let found = found
                .as_ref()
                .map(|(ns, rest)| (ns.path.as_str(), rest.as_str()));
            assert_eq!(found, expected, "{header} {path}");
        };
        check("", "secret/x", Some(("", "secret/x")));
        check("a", "secret/x", Some(("a/", "secret/x")));
        check("a/b", "secret/x", Some(("a/b/", "secret/x")));
        check("a", "b/secret/x", Some(("a/b/", "secret/x")));
        check("", "a/b/secret/x", Some(("a/b/", "secret/x")));
        check("", "ab/secret/x", Some(("", "ab/secret/x")));
        check("zz", "secret/x", None);
    }

    #[test]
    fn without_namespaces_a_header_is_refused() {
        let namespaces = Namespaces::default();
        let path = RequestPath::parse("secret/x").unwrap();
        assert!(namespaces.resolve("a", &path).is_none());
        assert!(namespaces.resolve("", &path).is_some());
    }
}
