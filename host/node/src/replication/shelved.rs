//! What lies on the shelf, as the comparison reads it: as if it were in its place.

use super::moment::Moment;
use crate::commit::CommitError;
use crate::refusal::from_storage;
use crate::unsealed::Unsealed;
use base::{Refusal, chain};
use bytes::Bytes;
use digest::{Record, Tree, recompute};
use journal::{Batch, JournalError, Op};
use locality::{PhysicalKey, Shelf};
use replication::{Pairs, View};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use storage::Space;

/// Keys that one batch removes.
const KEYS_AT_ONCE: usize = 10_000;

/// Records of a tree, by their keys.
type Records = Arc<BTreeMap<Vec<u8>, Record>>;

/// The records of one tree, which were computed last. A comparison asks for them one after the other,
/// and has them all before it puts anything into that tree.
pub(crate) type Computed = Arc<Mutex<Option<(Tree, Records)>>>;

/// The shelf at one moment. Nobody keeps digests of it: those of a tree are computed when they are
/// asked for, so that a comparison which was interrupted finds less to do.
pub(crate) struct Shelved {
    moment: Moment,
    computed: Computed,
}

impl Shelved {
    pub(crate) const fn new(moment: Moment, computed: Computed) -> Self {
        Self { moment, computed }
    }

    /// The tree of the first entry from `from` to before `to`.
    fn next_tree(&self, from: &[u8], to: &[u8]) -> Option<Result<Tree, JournalError>> {
        let next = self.entries(from, to).next()?;
        Some(next.and_then(|(key, _)| Ok(Tree::of(&own(&key)?))))
    }

    fn records_of(&self, tree: &Tree) -> Result<Records, JournalError> {
        let mut last = self.computed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, records)) = &*last
            && of == tree
        {
            return Ok(Arc::clone(records));
        }
        let end = tree.end().unwrap_or_default();
        let entries = self.entries(tree.as_bytes(), &end);
        let entries = entries.map(|entry| {
            let (key, value) = entry?;
            Ok::<_, JournalError>((own(&key)?, value))
        });
        let records = Arc::new(recompute(entries)?);
        *last = Some((*tree, Arc::clone(&records)));
        Ok(records)
    }
}

impl View for Shelved {
    fn records(&self, from: &[u8], to: &[u8]) -> Pairs<'_> {
        if from >= to {
            return Box::new(core::iter::empty());
        }
        let (from, to) = (from.to_vec(), to.to_vec());
        let trees_to = behind_tree(&to);
        let mut trees_from = Some(head(&from).to_vec());
        let mut found = Vec::new().into_iter();
        Box::new(core::iter::from_fn(move || {
            loop {
                if let Some(pair) = found.next() {
                    return Some(Ok(pair));
                }
                let tree = match self.next_tree(&trees_from.take()?, &trees_to)? {
                    Ok(tree) => tree,
                    Err(error) => return Some(Err(error)),
                };
                let records = match self.records_of(&tree) {
                    Ok(records) => records,
                    Err(error) => return Some(Err(error)),
                };
                trees_from = tree.end();
                let pairs = records.range(from.clone()..to.clone());
                let pairs = pairs.map(|(key, record)| {
                    let record = Bytes::copy_from_slice(&record.to_bytes());
                    (Bytes::copy_from_slice(key), record)
                });
                found = pairs.collect::<Vec<_>>().into_iter();
            }
        }))
    }

    fn entries(&self, from: &[u8], to: &[u8]) -> Pairs<'_> {
        let (from, to) = (Shelf::Coming.bound(from), Shelf::Coming.bound(to));
        let found = self.moment.0.range(Space::Entries, &from, Some(&to));
        Box::new(found.map(|pair| {
            let (stored, value) = pair?;
            let damaged = || JournalError::Damaged(String::from("what lies on the shelf"));
            let key = Shelf::Coming.own_key(&stored).ok_or_else(damaged)?;
            Ok((Bytes::copy_from_slice(key.as_bytes()), value))
        }))
    }

    fn is_to_be_wrapped(&self, value: &[u8]) -> bool {
        self.moment.is_to_be_wrapped(value)
    }
}

fn own(key: &[u8]) -> Result<PhysicalKey, JournalError> {
    PhysicalKey::from_bytes(key).map_err(|error| JournalError::Damaged(error.to_string()))
}

/// The bytes that name a tree.
fn head(key: &[u8]) -> &[u8] {
    key.get(..PhysicalKey::HEAD_BYTES).unwrap_or(key)
}

/// No tree with a record before `to` has entries from here on.
fn behind_tree(to: &[u8]) -> Vec<u8> {
    match PhysicalKey::from_bytes(head(to)) {
        Ok(key) if to.len() > PhysicalKey::HEAD_BYTES => Tree::of(&key).end().unwrap_or_default(),
        _ => to.to_vec(),
    }
}

/// Lays entries on the shelf, and takes others off it.
pub(crate) async fn put(node: &Unsealed, ops: Vec<Op>) -> Result<(), CommitError> {
    let ops = ops.into_iter().map(|op| Op {
        key: Shelf::Coming.key_of(&op.key),
        value: op.value,
        seal_wrap: false,
    });
    let mut ops: Vec<Op> = ops.collect();
    ops.sort_by(|one, other| one.key.cmp(&other.key));
    node.committer.follow(vec![Batch { ops }]).await.map(drop)
}

/// Takes everything off a shelf.
pub(crate) async fn clear(node: &Unsealed, shelf: Shelf) -> Result<(), Refusal> {
    let (mut after, behind) = shelf.range();
    loop {
        let snapshot = node.parts.storage.snapshot();
        // What is gone already would be passed again each time.
        let from = after.clone();
        let some = snapshot.range(Space::Entries, &from, Some(&behind));
        let ops = some.take(KEYS_AT_ONCE).map(|entry| {
            let (key, _) = entry.map_err(from_storage)?;
            after = key.to_vec();
            let key = PhysicalKey::from_bytes(&key);
            Ok(Op {
                key: key.map_err(|error| Refusal::internal(error.to_string()))?,
                value: None,
                seal_wrap: false,
            })
        });
        let ops = ops.collect::<Result<Vec<Op>, Refusal>>()?;
        if ops.is_empty() {
            return Ok(());
        }
        let done = node.committer.follow(vec![Batch { ops }]).await;
        done.map_err(|error| Refusal::internal(chain(&error)))?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::{MountId, NamespaceId};
    use locality::Class;
    use storage::{Memory, Storage as _};

    fn all(pairs: Pairs<'_>) -> Vec<(Bytes, Bytes)> {
        pairs.map(Result::unwrap).collect()
    }

    #[test]
    fn it_reads_as_if_everything_were_in_its_place() {
        let storage = Memory::new();
        let mut ops = Vec::new();
        for (namespace, mount) in [(0, 0), (0, 3), (7, 0), (7, 4)] {
            for number in 0..300 {
                let (namespace, mount) = (NamespaceId::new(namespace), MountId::new(mount));
                let path = format!("data/{number}");
                ops.push(Op {
                    key: PhysicalKey::new(Class::Replicated, namespace, mount, &path),
                    value: Some(format!("{namespace} {mount} {number}").into_bytes()),
                    seal_wrap: false,
                });
            }
        }
        let on_shelf = ops.iter().map(|op| Op {
            key: Shelf::Coming.key_of(&op.key),
            ..op.clone()
        });
        let on_shelf: Vec<Op> = on_shelf.collect();
        for (index, ops) in [(1, on_shelf), (2, ops.clone())] {
            journal::apply(&storage, index, &[Batch { ops }]).unwrap();
        }
        let in_place = Moment(storage.snapshot());
        let shelved = Shelved::new(Moment(storage.snapshot()), Computed::default());
        let mut ranges = vec![(b"R".to_vec(), b"S".to_vec())];
        for op in ops.iter().step_by(50) {
            let tree = Tree::of(&op.key);
            let below = |place: &[u8]| [tree.as_bytes(), place].concat();
            ranges.extend([
                (tree.as_bytes().to_vec(), tree.end().unwrap()),
                (tree.end().unwrap(), b"S".to_vec()),
                (below(&[1]), below(&[2])),
                (below(&[2, 9]), below(&[2, 200])),
                (below(&[2, 200]), below(&[3])),
                (below(b"data/1"), below(b"data/2")),
                (op.key.as_bytes().to_vec(), below(b"data/299")),
            ]);
        }
        for (from, to) in &ranges {
            let expected = all(in_place.records(from, to));
            assert_eq!(all(shelved.records(from, to)), expected, "{from:?} {to:?}");
            let expected = all(in_place.entries(from, to));
            assert_eq!(all(shelved.entries(from, to)), expected, "{from:?} {to:?}");
        }
        assert_eq!(all(shelved.entries(b"R", b"S")).len(), 1_200);
    }
}
