//! Namespaces: mounts, policies and tokens of their own, below a path.

use base::{Entropy, NamespaceId, RequestPath, make_uuid};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::Arc;

/// One namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Namespace {
    /// Part of every key of the namespace.
    pub id: NamespaceId,
    /// From the root namespace: empty for it, else ending in a slash.
    pub path: String,
    /// For clients that know namespaces by UUID.
    #[serde(default)]
    pub uuid: String,
    /// What its makers say of it.
    #[serde(default)]
    pub custom_metadata: BTreeMap<String, String>,
    /// SHA-256 of the key that opens it again, hexadecimal, while it is locked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unlock_key_digest: Option<String>,
    /// Is it in use, or on its way out?
    #[serde(default)]
    pub state: NamespaceState,
}

/// What becomes of a namespace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NamespaceState {
    /// It serves requests.
    #[default]
    Open,
    /// It was deleted, and is taken away step by step. No request reaches it; its path is taken
    /// until nothing of it is left.
    Going,
}

impl Namespace {
    /// The namespace that always is.
    pub const fn root() -> Self {
        Self::new(NamespaceId::ROOT, String::new())
    }

    /// A namespace at a path that is empty or ends in a slash.
    pub const fn new(id: NamespaceId, path: String) -> Self {
        Self {
            id,
            path,
            uuid: String::new(),
            custom_metadata: BTreeMap::new(),
            unlock_key_digest: None,
            state: NamespaceState::Open,
        }
    }

    /// A new namespace, with ids of its own.
    pub fn make(path: String, entropy: &dyn Entropy) -> Self {
        let mut id = [0; 8];
        entropy.fill(&mut id);
        Self {
            uuid: make_uuid(entropy),
            ..Self::new(NamespaceId::from_bytes(id), path)
        }
    }

    /// As tokens and audit records name it: `root`, or the id.
    pub fn label(&self) -> String {
        if self.is_root() {
            String::from("root")
        } else {
            self.id.to_string()
        }
    }

    /// Is it the one that always is?
    pub fn is_root(&self) -> bool {
        self.id == NamespaceId::ROOT
    }

    /// Was it deleted?
    pub const fn is_going(&self) -> bool {
        matches!(self.state, NamespaceState::Going)
    }

    /// Is it locked itself?
    pub const fn is_locked(&self) -> bool {
        self.unlock_key_digest.is_some()
    }

    /// Is it `other`, or somewhere below it?
    pub fn is_within(&self, other: &Self) -> bool {
        self.path.starts_with(&other.path)
    }

    /// Its path as those in `other` know it; None where it is not below it.
    pub fn path_within(&self, other: &Self) -> Option<&str> {
        let rest = self.path.strip_prefix(&other.path)?;
        (!rest.is_empty()).then_some(rest)
    }

    /// Is it directly below `other`?
    pub fn is_child_of(&self, other: &Self) -> bool {
        self.path_within(other)
            .is_some_and(|rest| rest.find('/') == Some(rest.len() - 1))
    }
}

/// All namespaces, found by path and by id.
#[derive(Clone, Debug)]
pub struct Namespaces {
    by_path: BTreeMap<String, Arc<Namespace>>,
    by_id: HashMap<NamespaceId, Arc<Namespace>>,
    root: Arc<Namespace>,
}

impl Default for Namespaces {
    fn default() -> Self {
        Self {
            by_path: BTreeMap::new(),
            by_id: HashMap::new(),
            root: Arc::new(Namespace::root()),
        }
    }
}

impl Namespaces {
    /// Adds one, or takes note that it changed.
    pub fn insert(&mut self, namespace: Namespace) {
        self.remove(namespace.id);
        let namespace = Arc::new(namespace);
        self.by_id.insert(namespace.id, Arc::clone(&namespace));
        self.by_path.insert(namespace.path.clone(), namespace);
    }

    /// Takes one out of which nothing is left.
    pub fn remove(&mut self, id: NamespaceId) {
        if let Some(before) = self.by_id.remove(&id) {
            self.by_path.remove(&before.path);
        }
    }

    /// The root namespace.
    pub const fn root(&self) -> &Arc<Namespace> {
        &self.root
    }

    /// The namespace with this id, unless it was deleted.
    pub fn with_id(&self, id: NamespaceId) -> Option<&Arc<Namespace>> {
        if id == NamespaceId::ROOT {
            return Some(&self.root);
        }
        self.by_id
            .get(&id)
            .filter(|namespace| !namespace.is_going())
    }

    /// The namespace at this path, which is empty or ends in a slash, unless it was deleted.
    pub fn at(&self, path: &str) -> Option<&Arc<Namespace>> {
        if path.is_empty() {
            return Some(&self.root);
        }
        self.by_path
            .get(path)
            .filter(|namespace| !namespace.is_going())
    }

    /// The ids of all but the root, also of those that were deleted.
    pub fn ids(&self) -> impl Iterator<Item = NamespaceId> {
        self.by_path.values().map(|namespace| namespace.id)
    }

    /// Those that were deleted and are not gone yet.
    pub fn going(&self) -> impl Iterator<Item = &Arc<Namespace>> {
        self.by_path
            .values()
            .filter(|namespace| namespace.is_going())
    }

    /// All below a namespace, in the order of their paths.
    pub fn below<'a>(&'a self, above: &'a Namespace) -> impl Iterator<Item = &'a Arc<Namespace>> {
        let from = (Bound::Excluded(above.path.as_str()), Bound::Unbounded);
        self.by_path
            .range::<str, _>(from)
            .map(|(_, namespace)| namespace)
            .take_while(|namespace| namespace.is_within(above))
            .filter(|namespace| !namespace.is_going())
    }

    /// The locked namespace that keeps requests out of this one: itself, or the next one above.
    pub fn lock_of(&self, namespace: &Namespace) -> Option<&Arc<Namespace>> {
        let mut path = namespace.path.as_str();
        while !path.is_empty() {
            let found = self.by_path.get(path);
            if let Some(found) = found.filter(|found| found.is_locked()) {
                return Some(found);
            }
            path = parent(path);
        }
        None
    }

    /// The namespace directly above, or none for the root.
    pub fn above(&self, namespace: &Namespace) -> Option<&Arc<Namespace>> {
        (!namespace.is_root())
            .then(|| self.at(parent(&namespace.path)))
            .flatten()
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
        let named = self.at(header.as_str())?;
        // Each namespace lies directly in one that is there, so the first name that is none ends it.
        let full = path.below(&header);
        let ends = full.as_str().match_indices('/').map(|(at, _)| at + 1);
        let below = ends.skip_while(|end| *end <= named.path.len());
        let deepest = below
            .map_while(|end| self.at(full.as_str().get(..end)?))
            .last();
        let namespace = deepest.unwrap_or(named);
        let rest = full.strip(&namespace.path)?;
        Some((Arc::clone(namespace), rest))
    }
}

/// The path of the namespace above.
fn parent(path: &str) -> &str {
    let inner = path.strip_suffix('/').unwrap_or(path);
    let end = inner.rfind('/').map_or(0, |at| at + 1);
    path.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_and_path_are_one_address() {
        let mut namespaces = Namespaces::default();
        for (number, path) in [(1, "a/"), (2, "a/b/")] {
            namespaces.insert(Namespace::new(NamespaceId::new(number), path.into()));
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
        check("a/zz", "secret/x", None);
        check("a", "a/b/secret/x", Some(("a/", "a/b/secret/x")));
    }

    fn some() -> Namespaces {
        let mut namespaces = Namespaces::default();
        for (number, path) in [(1, "a/"), (2, "a/b/"), (3, "a/b/c/"), (4, "ab/")] {
            namespaces.insert(Namespace::new(NamespaceId::new(number), path.into()));
        }
        namespaces
    }

    #[test]
    fn a_deleted_one_is_found_by_nobody() {
        let mut namespaces = some();
        let mut gone = Namespace::new(NamespaceId::new(4), String::from("ab/"));
        gone.state = NamespaceState::Going;
        namespaces.insert(gone);
        let path = RequestPath::parse("secret/x").unwrap();
        assert!(namespaces.resolve("ab", &path).is_none());
        let path = RequestPath::parse("ab/secret/x").unwrap();
        let (namespace, rest) = namespaces.resolve("", &path).unwrap();
        assert!(namespace.is_root());
        assert_eq!(rest.as_str(), "ab/secret/x");
        assert!(namespaces.with_id(NamespaceId::new(4)).is_none());
        assert_eq!(namespaces.going().count(), 1);
        namespaces.remove(NamespaceId::new(4));
        assert_eq!(namespaces.going().count(), 0);
    }

    #[test]
    fn who_is_below_whom() {
        let namespaces = some();
        let root = namespaces.root();
        let below = |path: &str| -> Vec<&str> {
            let above = namespaces.at(path).unwrap();
            let below = namespaces.below(above);
            below.map(|namespace| namespace.path.as_str()).collect()
        };
        assert_eq!(below(""), ["a/", "a/b/", "a/b/c/", "ab/"]);
        assert_eq!(below("a/"), ["a/b/", "a/b/c/"]);
        assert!(below("ab/").is_empty());
        let deep = namespaces.at("a/b/c/").unwrap();
        assert!(!deep.is_child_of(root) && !deep.is_child_of(namespaces.at("a/").unwrap()));
        assert!(deep.is_child_of(namespaces.at("a/b/").unwrap()));
        assert!(namespaces.at("ab/").unwrap().is_child_of(root));
        assert!(!root.is_child_of(root));
        assert_eq!(namespaces.above(deep).unwrap().path, "a/b/");
        assert!(namespaces.above(root).is_none());
    }

    #[test]
    fn a_lock_holds_for_all_below() {
        let mut namespaces = some();
        let mut locked = Namespace::new(NamespaceId::new(2), String::from("a/b/"));
        locked.unlock_key_digest = Some(String::from("00"));
        namespaces.insert(locked);
        let check = |path: &str, expected: Option<&str>| {
            let lock = namespaces.lock_of(namespaces.at(path).unwrap());
            assert_eq!(lock.map(|lock| lock.path.as_str()), expected, "{path}");
        };
        check("", None);
        check("a/", None);
        check("a/b/", Some("a/b/"));
        check("a/b/c/", Some("a/b/"));
        check("ab/", None);
    }

    #[test]
    fn without_namespaces_a_header_is_refused() {
        let namespaces = Namespaces::default();
        let path = RequestPath::parse("secret/x").unwrap();
        assert!(namespaces.resolve("a", &path).is_none());
        assert!(namespaces.resolve("", &path).is_some());
    }
}
