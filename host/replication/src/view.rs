//! What a cluster has, as the comparison reads it.

use bytes::Bytes;
use core::ops::Bound;
use digest::{Position, Record, Tree};
use journal::JournalError;
use locality::{Class, PhysicalKey};
use std::collections::BTreeSet;

/// Keys and values of a range, in order.
pub type Pairs<'a> = Box<dyn Iterator<Item = Result<(Bytes, Bytes), JournalError>> + Send + 'a>;

/// Records of digests and the entries that they are of, at one moment.
pub trait View: Send + Sync {
    /// The stored records from `from` to before `to`.
    fn records(&self, from: &[u8], to: &[u8]) -> Pairs<'_>;

    /// The entries from `from` to before `to`.
    fn entries(&self, from: &[u8], to: &[u8]) -> Pairs<'_>;

    /// Is a value to be wrapped by the seal? It is marked so.
    fn is_to_be_wrapped(&self, value: &[u8]) -> bool;
}

/// Which buckets of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    All,
    These(BTreeSet<(u8, u8)>),
}

impl Scope {
    /// Some buckets, or all.
    pub(crate) fn of(buckets: Option<&[(u8, u8)]>) -> Self {
        let some = buckets.map(|buckets| Self::These(buckets.iter().copied().collect()));
        some.unwrap_or(Self::All)
    }

    pub(crate) fn holds(&self, key: &PhysicalKey) -> bool {
        match self {
            Self::All => true,
            Self::These(buckets) => buckets.contains(&bucket(key)),
        }
    }
}

/// The bucket that an entry is in.
pub(crate) fn bucket(key: &PhysicalKey) -> (u8, u8) {
    match Position::above(key) {
        [.., Position::Bucket(first, second)] => (first, second),
        _ => (0, 0),
    }
}

/// The key that all entries of a tree begin with.
pub(crate) fn head(tree: &Tree) -> Result<PhysicalKey, JournalError> {
    PhysicalKey::from_bytes(tree.as_bytes()).map_err(|error| damaged(error.to_string()))
}

/// The root records of all trees of the replicated class, in order.
pub(crate) fn roots(
    view: &dyn View,
) -> impl Iterator<Item = Result<(Tree, Record), JournalError>> + Send {
    let class = Class::Replicated.to_byte();
    let end = [class + 1];
    let mut from = Some(vec![class]);
    core::iter::from_fn(move || {
        let found = view.records(from.as_deref()?, &end).next()?;
        let root = found.and_then(|(key, value)| {
            let (tree, rest) = split(&key)?;
            match rest {
                [0] => Ok((tree, record(&value)?)),
                _ => Err(damaged(String::from("a tree of digests has no root"))),
            }
        });
        // After an error nothing follows.
        from = root.as_ref().ok().map(|(tree, _)| after(tree));
        Some(root)
    })
}

/// The records of a tree's branches, in order.
pub(crate) fn branches<'a>(
    view: &'a dyn View,
    tree: &Tree,
) -> impl Iterator<Item = Result<(u8, Record), JournalError>> + Send + use<'a> {
    let (from, to) = (below(tree, &[1]), below(tree, &[2]));
    view.records(&from, &to).map(|pair| {
        let (key, value) = pair?;
        match split(&key)? {
            (_, [1, branch]) => Ok((*branch, record(&value)?)),
            _ => Err(damaged(String::from("a branch of digests has no position"))),
        }
    })
}

/// The records of the buckets below a branch of a tree, in order.
pub(crate) fn buckets<'a>(
    view: &'a dyn View,
    tree: &Tree,
    branch: u8,
) -> impl Iterator<Item = Result<((u8, u8), Record), JournalError>> + Send + use<'a> {
    let from = below(tree, &[2, branch]);
    let to = branch
        .checked_add(1)
        .map_or_else(|| below(tree, &[3]), |next| below(tree, &[2, next]));
    view.records(&from, &to).map(|pair| {
        let (key, value) = pair?;
        match split(&key)? {
            (_, [2, first, second]) => Ok(((*first, *second), record(&value)?)),
            _ => Err(damaged(String::from("a bucket of digests has no position"))),
        }
    })
}

/// The entries of a tree after one key, up to and with another, in order.
pub(crate) fn entries<'a>(
    view: &'a dyn View,
    tree: &Tree,
    after_key: Option<&PhysicalKey>,
    upto: Bound<&PhysicalKey>,
) -> impl Iterator<Item = Result<(PhysicalKey, Bytes), JournalError>> + Send + use<'a> {
    // No key lies between a key and the same with a zero at its end.
    let next = |key: &PhysicalKey| [key.as_bytes(), &[0]].concat();
    let from = after_key.map_or_else(|| tree.as_bytes().to_vec(), next);
    let to = match upto {
        Bound::Included(key) => next(key),
        Bound::Excluded(key) => key.as_bytes().to_vec(),
        Bound::Unbounded => after(tree),
    };
    view.entries(&from, &to).map(|pair| {
        let (key, value) = pair?;
        let key = PhysicalKey::from_bytes(&key).map_err(|error| damaged(error.to_string()))?;
        Ok((key, value))
    })
}

/// The entries whose keys begin with `prefix`, in order.
pub(crate) fn below_prefix<'a>(
    view: &'a dyn View,
    prefix: &PhysicalKey,
) -> impl Iterator<Item = Result<(PhysicalKey, Bytes), JournalError>> + use<'a> {
    let to = successor(prefix.as_bytes());
    view.entries(prefix.as_bytes(), &to).map(|pair| {
        let (key, value) = pair?;
        let key = PhysicalKey::from_bytes(&key).map_err(|error| damaged(error.to_string()))?;
        Ok((key, value))
    })
}

/// The first key that is beyond a tree.
fn after(tree: &Tree) -> Vec<u8> {
    successor(tree.as_bytes())
}

/// The first key after all that begin with `prefix`. Every key begins with a class, which is never
/// the last byte there is.
fn successor(prefix: &[u8]) -> Vec<u8> {
    let mut next = prefix.to_vec();
    while let Some(last) = next.pop() {
        if let Some(more) = last.checked_add(1) {
            next.push(more);
            break;
        }
    }
    next
}

fn below(tree: &Tree, position: &[u8]) -> Vec<u8> {
    [tree.as_bytes(), position].concat()
}

fn split(record_key: &[u8]) -> Result<(Tree, &[u8]), JournalError> {
    let (head, position) = record_key
        .split_at_checked(PhysicalKey::HEAD_BYTES)
        .ok_or_else(|| damaged(String::from("a record of digests has a short key")))?;
    let key = PhysicalKey::from_bytes(head).map_err(|error| damaged(error.to_string()))?;
    Ok((Tree::of(&key), position))
}

fn record(bytes: &[u8]) -> Result<Record, JournalError> {
    let record = Record::from_bytes(bytes).filter(|record| record.count() > 0);
    record.ok_or_else(|| damaged(String::from("a record of digests is none")))
}

pub(crate) const fn damaged(what: String) -> JournalError {
    JournalError::Damaged(what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_lies_between_a_prefix_and_its_successor() {
        let check = |prefix: &[u8], expected: &[u8]| assert_eq!(successor(prefix), expected);
        check(b"R\x00", b"R\x01");
        check(b"R\xff\xff", b"S");
        check(b"R\x01\xff", b"R\x02");
    }
}
