//! Where records lie.

use aws_lc_rs::digest::{SHA256, digest};
use base::{MountId, NamespaceId};
use locality::{Class, PhysicalKey};

/// Names the tree of one (class, namespace, mount).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tree([u8; PhysicalKey::HEAD_BYTES]);

impl Tree {
    /// The tree over a mount's entries of one class.
    pub fn new(class: Class, namespace: NamespaceId, mount: MountId) -> Self {
        Self::of(&PhysicalKey::new(class, namespace, mount, ""))
    }

    /// The tree that `key` belongs to.
    pub fn of(key: &PhysicalKey) -> Self {
        let head = key.as_bytes().first_chunk();
        Self(head.copied().unwrap_or_default())
    }

    /// The tree of a stored record; None for bytes that are not the key of one.
    pub fn of_record(key: &[u8]) -> Option<Self> {
        let (head, place) = key.split_first_chunk()?;
        let is_known = matches!(place, [0] | [1, _] | [2, _, _]);
        is_known.then_some(Self(*head))
    }

    /// The first bytes that are greater than every key of the tree; None for the last tree of all.
    pub fn end(&self) -> Option<Vec<u8>> {
        let mut end = self.0.to_vec();
        while let Some(last) = end.pop() {
            if let Some(next) = last.checked_add(1) {
                end.push(next);
                return Some(end);
            }
        }
        None
    }

    /// What its entries' keys begin with, and its records' keys as well.
    pub const fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// A record's place in a tree: the beginning of the key hashes of the entries below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Position {
    /// All entries.
    Root,
    /// One of 256 parts.
    Branch(u8),
    /// One of 256 parts of a branch.
    Bucket(u8, u8),
}

impl Position {
    /// The positions above an entry.
    pub fn above(key: &PhysicalKey) -> [Self; 3] {
        let hash = digest(&SHA256, key.as_bytes());
        let (first, second) = match hash.as_ref() {
            [first, second, ..] => (*first, *second),
            _ => (0, 0),
        };
        [Self::Root, Self::Branch(first), Self::Bucket(first, second)]
    }

    /// Under which key the record is stored. Records of one depth lie side by side, so that the
    /// children of a record are a range.
    pub fn record_key(self, tree: &Tree) -> Vec<u8> {
        let mut key = Vec::with_capacity(PhysicalKey::HEAD_BYTES + 3);
        key.extend_from_slice(tree.as_bytes());
        match self {
            Self::Root => key.push(0),
            Self::Branch(first) => key.extend_from_slice(&[1, first]),
            Self::Bucket(first, second) => key.extend_from_slice(&[2, first, second]),
        }
        key
    }
}
