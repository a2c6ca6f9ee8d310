//! Records of digests that are put right through the log.

#![allow(
    clippy::unwrap_used,
    reason = "tests: what goes wrong is to fail the test"
)]

use base::{MountId, NamespaceId};
use digest::{Position, Record, Tree, recompute};
use journal::{Batch, Differences, Op, apply, mend};
use locality::{Class, PhysicalKey};
use std::collections::BTreeMap;
use std::sync::Arc;
use storage::{Durability, Memory, Space, Storage};

fn key(path: &str) -> PhysicalKey {
    PhysicalKey::new(Class::Replicated, NamespaceId::ROOT, MountId::new(7), path)
}

fn put(path: &str, value: &str) -> Batch {
    Batch {
        ops: vec![Op {
            key: key(path),
            value: Some(value.as_bytes().to_vec()),
            seal_wrap: false,
        }],
    }
}

fn stored(storage: &dyn Storage) -> BTreeMap<Vec<u8>, Record> {
    let snapshot = storage.snapshot();
    let records = snapshot.range(Space::Digests, b"", None).map(|record| {
        let (key, value) = record.unwrap();
        (key.to_vec(), Record::from_bytes(&value).unwrap())
    });
    records.collect()
}

fn right(storage: &dyn Storage) -> BTreeMap<Vec<u8>, Record> {
    let snapshot = storage.snapshot();
    let entries = snapshot
        .range(Space::Entries, b"", None)
        .map(|entry| entry.map(|(key, value)| (PhysicalKey::from_bytes(&key).unwrap(), value)));
    recompute(entries).unwrap()
}

#[test]
fn what_was_wrong_is_put_right_although_more_was_written_meanwhile() {
    let storage: Arc<Memory> = Arc::new(Memory::new());
    apply(&*storage, 1, &[put("a", "1"), put("b", "1")]).unwrap();
    // A bucket, its branch and the root say something else than there is.
    let tree = Tree::of(&key("a"));
    let mut damage = storage::Batch::new();
    for position in Position::above(&key("a")) {
        let record = Record::of(&key("elsewhere"), b"x").to_bytes();
        damage.put(Space::Digests, position.record_key(&tree), record.to_vec());
    }
    storage.commit(damage, Durability::Synced).unwrap();
    let (now, is) = (right(&*storage), stored(&*storage));
    assert_ne!(now, is);
    let mut differences = Differences::new();
    for record in now.keys().chain(is.keys()) {
        let of =
            |records: &BTreeMap<Vec<u8>, Record>| records.get(record).copied().unwrap_or_default();
        let difference = of(&now).minus(of(&is));
        if difference != Record::default() {
            differences.insert(record.clone(), difference);
        }
    }
    // Meanwhile, and in the very entry that puts it right.
    apply(&*storage, 2, &[put("a", "2"), put("c", "1")]).unwrap();
    let mended = Batch {
        ops: vec![mend(&differences)],
    };
    apply(&*storage, 3, &[put("d", "1"), mended]).unwrap();
    assert_eq!(stored(&*storage), right(&*storage));
    // It is no entry itself.
    assert_eq!(
        storage.snapshot().range(Space::Entries, b"", None).count(),
        4
    );
}

#[test]
fn differences_that_are_none_stop_nothing_but_themselves() {
    let storage: Arc<Memory> = Arc::new(Memory::new());
    let mut op = mend(&Differences::from([(vec![1, 2], Record::default())]));
    op.value.as_mut().unwrap().pop();
    assert!(apply(&*storage, 1, &[Batch { ops: vec![op] }]).is_err());
    assert!(apply(&*storage, 1, &[put("a", "1")]).unwrap());
}
