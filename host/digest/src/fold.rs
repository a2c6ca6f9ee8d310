//! From writes to changed records.

use crate::{Position, Record, Tree};
use locality::PhysicalKey;
use std::collections::BTreeMap;

/// One entry before and after.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// Which entry.
    pub key: &'a PhysicalKey,
    /// The sealed value before; None where there was no entry.
    pub old: Option<&'a [u8]>,
    /// The sealed value after; None where there is no entry.
    pub new: Option<&'a [u8]>,
}

/// A record to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    /// Under which key.
    pub key: Vec<u8>,
    /// What; None removes the record.
    pub value: Option<[u8; Record::BYTES]>,
}

/// Why records cannot be brought up to date. The tree needs to be computed anew.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DigestError<E> {
    /// A record cannot be read.
    #[error("read a digest record")]
    Read(#[source] E),
    /// What is stored is not a record.
    #[error("digest record {0:02x?} is damaged")]
    Damaged(Vec<u8>),
    /// An entry that goes was never in the digest, or one that comes was in it already.
    #[error("digest record {0:02x?} disagrees with its entries")]
    Disagrees(Vec<u8>),
}

/// The records that change with `changes`, each once, in the order of their keys. `read` gives the
/// stored bytes of a record. An entry may change only once: the caller merges what is written twice.
///
/// # Errors
/// [`DigestError`] when a record cannot be read or cannot be right.
pub fn fold<'a, V: AsRef<[u8]>, E>(
    changes: impl IntoIterator<Item = Change<'a>>,
    mut read: impl FnMut(&[u8]) -> Result<Option<V>, E>,
) -> Result<Vec<Update>, DigestError<E>> {
    let mut differences = BTreeMap::<(Tree, Position), Record>::new();
    for change in changes {
        if change.old == change.new {
            continue;
        }
        let leaf = |value: Option<&[u8]>| {
            value.map_or_else(Record::default, |value| Record::of(change.key, value))
        };
        let difference = leaf(change.new).minus(leaf(change.old));
        let tree = Tree::of(change.key);
        for position in Position::above(change.key) {
            let sum = differences.entry((tree, position)).or_default();
            *sum = sum.plus(difference);
        }
    }
    let updates = differences
        .into_iter()
        .map(|((tree, position), difference)| {
            let key = position.record_key(&tree);
            let stored = read(&key).map_err(DigestError::Read)?;
            let before = match stored {
                Some(bytes) => Record::from_bytes(bytes.as_ref())
                    .ok_or_else(|| DigestError::Damaged(key.clone()))?,
                None => Record::default(),
            };
            let after = before
                .after(difference)
                .ok_or_else(|| DigestError::Disagrees(key.clone()))?;
            let value = (after.count() > 0).then(|| after.to_bytes());
            Ok(Update { key, value })
        });
    updates.collect()
}

/// All records over `entries`, computed from nothing, for verification and repair. Takes memory for
/// the records, at most 65,793 for each tree.
///
/// # Errors
/// The first error of `entries`.
pub fn recompute<V: AsRef<[u8]>, E>(
    entries: impl IntoIterator<Item = Result<(PhysicalKey, V), E>>,
) -> Result<BTreeMap<Vec<u8>, Record>, E> {
    let mut records = BTreeMap::<(Tree, Position), Record>::new();
    for entry in entries {
        let (key, value) = entry?;
        let leaf = Record::of(&key, value.as_ref());
        let tree = Tree::of(&key);
        for position in Position::above(&key) {
            let sum = records.entry((tree, position)).or_default();
            *sum = sum.plus(leaf);
        }
    }
    let keyed = records
        .into_iter()
        .map(|((tree, position), record)| (position.record_key(&tree), record));
    Ok(keyed.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::{MountId, NamespaceId};
    use core::convert::Infallible;
    use locality::Class;
    use proptest::prelude::*;

    type Stored = BTreeMap<Vec<u8>, [u8; Record::BYTES]>;

    fn key(mount: u64, path: &str) -> PhysicalKey {
        PhysicalKey::new(
            Class::Replicated,
            NamespaceId::ROOT,
            MountId::new(mount),
            path,
        )
    }

    fn fold_into(
        stored: &mut Stored,
        changes: &[Change<'_>],
    ) -> Result<(), DigestError<Infallible>> {
        let updates = fold(changes.iter().copied(), |key| Ok(stored.get(key).copied()))?;
        for update in updates {
            match update.value {
                Some(value) => stored.insert(update.key, value),
                None => stored.remove(&update.key),
            };
        }
        Ok(())
    }

    fn change<'a>(
        key: &'a PhysicalKey,
        old: Option<&'a [u8]>,
        new: Option<&'a [u8]>,
    ) -> Change<'a> {
        Change { key, old, new }
    }

    #[test]
    fn one_secret_costs_three_records_and_none_when_it_is_gone() {
        let mut stored = Stored::new();
        let key = key(1, "a");
        fold_into(&mut stored, &[change(&key, None, Some(b"x"))]).unwrap();
        assert_eq!(stored.len(), 3);
        fold_into(&mut stored, &[change(&key, Some(b"x"), Some(b"y"))]).unwrap();
        assert_eq!(stored.len(), 3);
        fold_into(&mut stored, &[change(&key, Some(b"y"), None)]).unwrap();
        assert_eq!(stored.len(), 0);
    }

    #[test]
    fn what_cannot_be_right_is_said() {
        let mut stored = Stored::new();
        let (a, b) = (key(1, "a"), key(1, "b"));
        let gone = fold_into(&mut stored, &[change(&a, Some(b"x"), None)]);
        assert!(matches!(gone, Err(DigestError::Disagrees(_))));
        fold_into(&mut stored, &[change(&a, None, Some(b"x"))]).unwrap();
        let other = fold_into(&mut stored, &[change(&b, Some(b"x"), None)]);
        assert!(matches!(other, Err(DigestError::Disagrees(_))));
        let damaged = fold([change(&b, None, Some(b"x"))], |_| {
            Ok::<_, Infallible>(Some([1_u8; 3]))
        });
        assert!(matches!(damaged, Err(DigestError::Damaged(_))));
    }

    #[test]
    fn a_swap_of_two_values_shows() {
        let (a, b) = (key(1, "a"), key(1, "b"));
        let of = |a_value: &'static [u8], b_value: &'static [u8]| {
            let entries = [(a.clone(), a_value), (b.clone(), b_value)];
            recompute(entries.map(Ok::<_, Infallible>)).unwrap()
        };
        let root = Position::Root.record_key(&Tree::of(&a));
        assert_ne!(of(b"1", b"2")[&root], of(b"2", b"1")[&root]);
        assert_eq!(of(b"1", b"2")[&root].count(), 2);
    }

    proptest! {
        #[test]
        fn incremental_equals_recomputed(
            history in prop::collection::vec(
                prop::collection::btree_map(
                    (0_u64..3, 0_u16..200), prop::option::of(0_u8..4), 1..8),
                1..30),
        ) {
            let mut stored = Stored::new();
            let mut model = BTreeMap::<PhysicalKey, Vec<u8>>::new();
            for group in history {
                let writes: Vec<_> = group
                    .into_iter()
                    .map(|((mount, name), value)| {
                        (key(mount, &name.to_string()), value.map(|byte| vec![byte]))
                    })
                    .collect();
                let changes: Vec<_> = writes
                    .iter()
                    .map(|(key, new)| {
                        change(key, model.get(key).map(Vec::as_slice), new.as_deref())
                    })
                    .collect();
                fold_into(&mut stored, &changes).unwrap();
                for (key, value) in writes {
                    match value {
                        Some(value) => model.insert(key, value),
                        None => model.remove(&key),
                    };
                }
            }
            let entries = model.iter().map(|(key, value)| Ok::<_, Infallible>((key.clone(), value)));
            let fresh = recompute(entries).unwrap();
            let fresh: Stored = fresh.into_iter().map(|(key, record)| (key, record.to_bytes())).collect();
            prop_assert_eq!(stored, fresh);
        }
    }
}
