//! Finds a mount by path.

use crate::{MountEntry, MountPath};
use base::{MountId, RequestPath};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

/// The mounts of one namespace, each with what runs it.
#[derive(Debug)]
pub struct Table<T> {
    by_path: BTreeMap<MountPath, Arc<Mounted<T>>>,
}

/// An entry and what runs it.
type Mounted<T> = (MountEntry, T);

/// A mount and what of the request's path is below it.
#[derive(Debug)]
pub struct Located<T> {
    /// The mount.
    pub mount: Arc<Mounted<T>>,
    /// The path below it.
    pub rest: RequestPath,
}

/// A path that cannot be mounted at, and the mount that is in its way.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("path is already in use at {0}")]
pub struct InUse(pub MountPath);

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self {
            by_path: BTreeMap::new(),
        }
    }
}

impl<T> Clone for Table<T> {
    fn clone(&self) -> Self {
        Self {
            by_path: self.by_path.clone(),
        }
    }
}

impl<T> Table<T> {
    /// Finds the mount that serves `path`. A mount `a/` also serves the path `a`.
    pub fn locate(&self, path: &RequestPath) -> Option<Located<T>> {
        let text = path.as_str();
        let folder = match text.ends_with('/') {
            true => Cow::Borrowed(text),
            false => Cow::Owned(format!("{text}/")),
        };
        // Mounts never nest, so the last mount that does not sort after the path is the only one
        // that can be a prefix of it.
        let upto = (Bound::Unbounded, Bound::Included(folder.as_ref()));
        let (at, mount) = self.by_path.range::<str, _>(upto).next_back()?;
        if !folder.starts_with(at.as_str()) {
            return None;
        }
        let rest = text.get(at.as_str().len()..).unwrap_or_default();
        Some(Located {
            mount: Arc::clone(mount),
            rest: RequestPath::parse(rest).ok()?,
        })
    }

    /// The mount exactly at `path`.
    pub fn at(&self, path: &MountPath) -> Option<&Arc<Mounted<T>>> {
        self.by_path.get(path)
    }

    /// The mount with this id.
    pub fn with_id(&self, id: MountId) -> Option<&Arc<Mounted<T>>> {
        self.by_path.values().find(|mount| mount.0.id == id)
    }

    /// All mounts, in the order of their paths.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Mounted<T>>> {
        self.by_path.values()
    }

    /// May a mount be made at `path`?
    ///
    /// # Errors
    /// [`InUse`] when a mount is there, above or below.
    pub fn check_free(&self, path: &MountPath) -> Result<(), InUse> {
        let clash = self.by_path.keys().find(|at| {
            at.as_str().starts_with(path.as_str()) || path.as_str().starts_with(at.as_str())
        });
        clash.map_or(Ok(()), |at| Err(InUse(at.clone())))
    }

    /// Puts a mount in its place; one that was there before gives way.
    pub fn insert(&mut self, entry: MountEntry, runs: T) {
        self.by_path
            .insert(entry.path.clone(), Arc::new((entry, runs)));
    }

    /// Takes a mount away.
    pub fn remove(&mut self, path: &MountPath) -> Option<Arc<Mounted<T>>> {
        self.by_path.remove(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MountConfig, MountKind, MountState};
    use proptest::prelude::*;

    fn table(paths: &[&str]) -> Table<()> {
        let mut table = Table::default();
        for path in paths {
            let path = MountPath::parse(path).unwrap();
            if table.check_free(&path).is_ok() {
                let entry = MountEntry {
                    id: MountId::new(1),
                    kind: MountKind::Secret,
                    path,
                    plugin: "kv".into(),
                    plugin_version: String::new(),
                    digest: String::new(),
                    chosen: None,
                    uuid: String::new(),
                    accessor: String::new(),
                    description: String::new(),
                    local: false,
                    seal_wrap: false,
                    options: BTreeMap::new(),
                    config: MountConfig::default(),
                    state: MountState::default(),
                };
                table.insert(entry, ());
            }
        }
        table
    }

    #[test]
    fn finds_the_mount_and_the_rest() {
        let table = table(&["secret", "a/b", "a/c", "auth/token"]);
        let check = |path: &str, expected: Option<(&str, &str)>| {
            let located = table.locate(&RequestPath::parse(path).unwrap());
            let found = located
                .as_ref()
                .map(|l| (l.mount.0.path.as_str(), l.rest.as_str()));
            assert_eq!(found, expected, "{path}");
        };
        check("secret/data/x", Some(("secret/", "data/x")));
        check("secret/data/x/", Some(("secret/", "data/x/")));
        check("secret/", Some(("secret/", "")));
        check("secret", Some(("secret/", "")));
        check("secrets/x", None);
        check("a/b/c", Some(("a/b/", "c")));
        check("a", None);
        check("a/bc", None);
        check("secret/data/{x}*+", Some(("secret/", "data/{x}*+")));
        check("auth/token/create", Some(("auth/token/", "create")));
        check("", None);
    }

    #[test]
    fn mounts_do_not_nest() {
        let table = table(&["a/b"]);
        let clash = InUse(MountPath::parse("a/b").unwrap());
        for path in ["a", "a/b", "a/b/c"] {
            let path = MountPath::parse(path).unwrap();
            assert_eq!(table.check_free(&path), Err(clash.clone()));
        }
        assert_eq!(table.check_free(&MountPath::parse("a/bc").unwrap()), Ok(()));
    }

    proptest! {
        #[test]
        fn equals_the_naive_search(
            mounts in prop::collection::vec("[ab!.~-]{1,2}(/[ab!]{1,2}){0,2}", 0..8),
            path in "[ab!.~-]{1,2}(/[ab!*]{1,2}){0,4}/?",
        ) {
            let mounts: Vec<&str> =
                mounts.iter().map(String::as_str).filter(|m| MountPath::parse(m).is_ok()).collect();
            let table = table(&mounts);
            if let Ok(path) = RequestPath::parse(&path) {
                let folder = path.clone().into_folder();
                let naive = table.iter().find(|m| folder.as_str().starts_with(m.0.path.as_str()));
                let found = table.locate(&path).map(|l| l.mount.0.path.clone());
                prop_assert_eq!(found, naive.map(|m| m.0.path.clone()));
            }
        }
    }
}
