//! Path → route, once per request and without allocating.

use crate::pattern::{self, PARAMETERS_MAX, Segment};
use crate::{Manifest, ManifestError, Operation, Route};

/// The routes of one mount, as a tree over the segments of their patterns.
///
/// A literal segment beats `{name}`, which beats `{name..}`; the leftmost difference decides, and the
/// order of declaration never does. The best pattern is taken whatever its operations, so a path has
/// one meaning: `roles/config` is not sometimes the role of that name.
///
/// LIST and SCAN are matched among their own routes, with one slash at the end of the path left out of
/// account. For the other operations a slash at the end is part of the path: `config/` is not
/// `config`, or a rule of a policy for the one would not protect the other.
///
/// `{name..}` takes what is left after a slash, which may be nothing: `data/` and `data/a/b` match
/// `data/{path..}`, `data` does not. In a LIST it is a folder: empty, or with a slash at its end.
#[derive(Clone, Debug)]
pub struct Matcher {
    entries: Tree,
    folders: Tree,
}

/// A path that has a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match<'m, 'p> {
    /// Index into the manifest's routes.
    pub route: usize,
    /// What the path says.
    pub parameters: Parameters<'m, 'p>,
}

/// Why a path has no route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoMatch {
    /// 404: no pattern matches. Vault says `unsupported path`.
    Path,
    /// 405: a pattern matches, but it has not that operation. Vault says `unsupported operation`.
    Operation,
}

impl core::fmt::Display for NoMatch {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Path => "unsupported path",
            Self::Operation => "unsupported operation",
        })
    }
}

impl core::error::Error for NoMatch {}

/// Names and values that a path gave, in the order of the pattern.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parameters<'m, 'p> {
    names: &'m [String],
    values: [&'p str; PARAMETERS_MAX],
}

impl<'m, 'p> Parameters<'m, 'p> {
    /// Each name with its value.
    pub fn iter(&self) -> impl Iterator<Item = (&'m str, &'p str)> {
        self.names.iter().map(String::as_str).zip(self.values)
    }

    /// The value of one.
    pub fn value(&self, name: &str) -> Option<&'p str> {
        self.iter()
            .find_map(|(one, value)| (one == name).then_some(value))
    }
}

#[derive(Clone, Debug, Default)]
struct Tree {
    nodes: Vec<Node>,
}

#[derive(Clone, Debug, Default)]
struct Node {
    /// Sorted by text.
    literals: Vec<(String, usize)>,
    one: Option<usize>,
    here: Option<Leaf>,
    rest: Option<Leaf>,
}

/// The routes of one pattern.
#[derive(Clone, Debug)]
struct Leaf {
    names: Vec<String>,
    routes: [Option<usize>; Operation::ALL.len()],
}

impl Matcher {
    /// The matcher of a mount with these options. Made once, when the mount is made or tuned.
    ///
    /// # Errors
    /// [`ManifestError`] for a malformed pattern, for two routes of one pattern and operation, and for
    /// two patterns that match the same paths under different names.
    pub fn new<'o>(
        manifest: &Manifest,
        option: impl Fn(&str) -> Option<&'o str>,
    ) -> Result<Self, ManifestError> {
        let mut matcher = Self {
            entries: Tree::new(),
            folders: Tree::new(),
        };
        for (index, route) in manifest.routes.iter().enumerate() {
            let is_there = |when: &crate::Condition| when.holds(option(&when.name));
            if route.when.as_ref().is_none_or(is_there) {
                let tree = match route.operation.is_of_folder() {
                    true => &mut matcher.folders,
                    false => &mut matcher.entries,
                };
                tree.insert(index, route)?;
            }
        }
        Ok(matcher)
    }

    /// The route that serves `path` below the mount.
    ///
    /// # Errors
    /// [`NoMatch`] as its variants say.
    pub fn find<'m, 'p>(
        &'m self,
        operation: Operation,
        path: &'p str,
    ) -> Result<Match<'m, 'p>, NoMatch> {
        let (own, other) = match operation.is_of_folder() {
            true => (&self.folders, &self.entries),
            false => (&self.entries, &self.folders),
        };
        let mut values = [""; PARAMETERS_MAX];
        let Some(leaf) = own.find(operation.is_of_folder(), path, &mut values) else {
            let elsewhere = other.find(!operation.is_of_folder(), path, &mut values);
            return Err(elsewhere.map_or(NoMatch::Path, |_| NoMatch::Operation));
        };
        let route = leaf.routes.get(operation as usize).copied().flatten();
        Ok(Match {
            route: route.ok_or(NoMatch::Operation)?,
            parameters: Parameters {
                names: &leaf.names,
                values,
            },
        })
    }
}

impl Tree {
    fn new() -> Self {
        Self {
            nodes: vec![Node::default()],
        }
    }

    fn insert(&mut self, index: usize, route: &Route) -> Result<(), ManifestError> {
        let wrong = |what| ManifestError::Pattern(route.pattern.clone(), what);
        let segments = pattern::parse(&route.pattern).map_err(wrong)?;
        let mut at = 0;
        for segment in &segments {
            at = match segment {
                Segment::Rest(_) => break,
                Segment::One(_) => self.one(at),
                Segment::Literal(text) => self.literal(at, text),
            };
        }
        let names = pattern::parameter_names(&segments).into_iter();
        let fresh = Leaf {
            names: names.map(str::to_owned).collect(),
            routes: [None; Operation::ALL.len()],
        };
        let Some(node) = self.nodes.get_mut(at) else {
            return Ok(());
        };
        let leaf = match segments.last() {
            Some(Segment::Rest(_)) => &mut node.rest,
            _ => &mut node.here,
        };
        if leaf.as_ref().is_some_and(|leaf| leaf.names != fresh.names) {
            return Err(ManifestError::Ambiguous(route.pattern.clone()));
        }
        let leaf = leaf.get_or_insert(fresh);
        match leaf.routes.get_mut(route.operation as usize) {
            Some(slot @ None) => *slot = Some(index),
            _ => {
                return Err(ManifestError::RouteTwice(
                    route.pattern.clone(),
                    route.operation,
                ));
            }
        }
        Ok(())
    }

    fn one(&mut self, at: usize) -> usize {
        let next = self.nodes.len();
        let Some(node) = self.nodes.get_mut(at) else {
            return 0;
        };
        let child = *node.one.get_or_insert(next);
        self.grow_to(child);
        child
    }

    fn literal(&mut self, at: usize, text: &str) -> usize {
        let next = self.nodes.len();
        let Some(node) = self.nodes.get_mut(at) else {
            return 0;
        };
        let child = match node
            .literals
            .binary_search_by(|(one, _)| one.as_str().cmp(text))
        {
            Ok(found) => node.literals.get(found).map_or(0, |(_, child)| *child),
            Err(place) => {
                node.literals.insert(place, (text.to_owned(), next));
                next
            }
        };
        self.grow_to(child);
        child
    }

    fn grow_to(&mut self, child: usize) {
        if child == self.nodes.len() {
            self.nodes.push(Node::default());
        }
    }

    fn find<'p>(
        &self,
        is_folder: bool,
        path: &'p str,
        values: &mut [&'p str; PARAMETERS_MAX],
    ) -> Option<&Leaf> {
        let trimmed = match is_folder {
            true => path.strip_suffix('/').unwrap_or(path),
            false => path,
        };
        let walk = Walk {
            tree: self,
            path,
            end: trimmed.len(),
            is_folder,
        };
        walk.descend(0, Some(0), 0, values)
    }
}

struct Walk<'t, 'p> {
    tree: &'t Tree,
    path: &'p str,
    /// Where the path ends when a folder's last slash is left out of account.
    end: usize,
    is_folder: bool,
}

impl<'t, 'p> Walk<'t, 'p> {
    /// Looks below one node. `start` is where the next segment begins; none where the path is over.
    /// As deep as the longest pattern, and at each node at most once.
    fn descend(
        &self,
        at: usize,
        start: Option<usize>,
        count: usize,
        values: &mut [&'p str; PARAMETERS_MAX],
    ) -> Option<&'t Leaf> {
        let node = self.tree.nodes.get(at)?;
        // The empty path has no segment at all: it is the mount itself.
        let start = start.filter(|start| *start > 0 || self.end > 0);
        let Some(start) = start else {
            let may_be_empty = at == 0 || self.is_folder;
            let rest = node.rest.as_ref().filter(|_| may_be_empty);
            return node.here.as_ref().or(rest);
        };
        let left = self.path.get(start..self.end)?;
        let (segment, next) = match left.split_once('/') {
            Some((segment, _)) => (segment, Some(start + segment.len() + 1)),
            None => (left, None),
        };
        let literal = node
            .literals
            .binary_search_by(|(text, _)| text.as_str().cmp(segment))
            .ok()
            .and_then(|found| node.literals.get(found))
            .and_then(|(_, child)| self.descend(*child, next, count, values));
        if literal.is_some() {
            return literal;
        }
        if let Some(child) = node.one
            && !segment.is_empty()
        {
            let found = self.descend(child, next, count + 1, values);
            if found.is_some() {
                *values.get_mut(count)? = segment;
                return found;
            }
        }
        let rest = node.rest.as_ref()?;
        *values.get_mut(count)? = self.path.get(start..)?;
        Some(rest)
    }
}
