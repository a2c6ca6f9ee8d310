//! Applying entries: what storage holds afterwards, also when something fails on the way.

#![allow(
    clippy::unwrap_used,
    reason = "in a test the line that fails says enough"
)]

use base::{MountId, NamespaceId};
use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use journal::{
    Batch, COMMIT_BYTES_MAX, Journal, JournalError, MemoryJournal, Observer, Op, applied_index,
    apply,
};
use locality::{Class, PhysicalKey};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use storage::{Fault, Memory, Space, Storage};

fn op(class: Class, mount: u64, path: &str, value: Option<&str>) -> Op {
    Op {
        key: PhysicalKey::new(class, NamespaceId::ROOT, MountId::new(mount), path),
        value: value.map(|text| text.as_bytes().to_vec()),
        seal_wrap: false,
    }
}

fn batch(ops: Vec<Op>) -> Batch {
    Batch { ops }
}

fn commit(journal: &dyn Journal, batches: Vec<Batch>) -> Result<u64, JournalError> {
    let mut commit = pin!(journal.commit(batches));
    match commit
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(result) => result,
        Poll::Pending => unreachable!("a memory journal commits at once"),
    }
}

type Content = BTreeMap<Vec<u8>, Vec<u8>>;

fn content(storage: &dyn Storage, space: Space) -> Content {
    let snapshot = storage.snapshot();
    let range = snapshot.range(space, b"", None);
    range
        .map(Result::unwrap)
        .map(|(key, value)| (key.to_vec(), value.to_vec()))
        .collect()
}

fn check_digests(storage: &dyn Storage) {
    let entries = content(storage, Space::Entries)
        .into_iter()
        .map(|(key, value)| (PhysicalKey::from_bytes(&key).unwrap(), value))
        .filter(|(key, _)| key.class() != Class::Ignored)
        .map(Ok::<_, ()>);
    let fresh = digest::recompute(entries).unwrap();
    let fresh: Content = fresh
        .into_iter()
        .map(|(key, record)| (key, record.to_bytes().to_vec()))
        .collect();
    assert_eq!(content(storage, Space::Digests), fresh);
}

#[test]
fn an_entry_is_applied_once() {
    let storage = Memory::new();
    let first = [batch(vec![op(Class::Replicated, 1, "a", Some("1"))])];
    assert!(apply(&storage, 1, &first).unwrap());
    assert!(
        apply(
            &storage,
            2,
            &[batch(vec![op(Class::Replicated, 1, "a", Some("2"))])]
        )
        .unwrap()
    );
    assert!(!apply(&storage, 1, &first).unwrap());
    assert_eq!(applied_index(&storage).unwrap(), 2);
    let entries = content(&storage, Space::Entries);
    assert_eq!(entries.into_values().collect::<Vec<_>>(), [b"2"]);
    check_digests(&storage);
}

#[test]
fn ignored_entries_have_no_digest() {
    let storage = Memory::new();
    apply(
        &storage,
        1,
        &[batch(vec![op(
            Class::Ignored,
            0,
            "core/keyring",
            Some("k"),
        )])],
    )
    .unwrap();
    assert_eq!(content(&storage, Space::Entries).len(), 1);
    assert_eq!(content(&storage, Space::Digests).len(), 0);
}

#[test]
fn batches_of_one_entry_follow_each_other() {
    let storage = Memory::new();
    let batches = [
        batch(vec![
            op(Class::Local, 1, "a", Some("1")),
            op(Class::Local, 1, "b", Some("1")),
        ]),
        batch(vec![
            op(Class::Local, 1, "a", Some("2")),
            op(Class::Local, 1, "b", None),
        ]),
    ];
    apply(&storage, 7, &batches).unwrap();
    let entries = content(&storage, Space::Entries);
    assert_eq!(entries.into_values().collect::<Vec<_>>(), [b"2"]);
    check_digests(&storage);
}

#[derive(Default)]
struct Noting(Mutex<Vec<(u64, usize)>>);
impl Observer for Noting {
    fn applied(&self, index: u64, batches: &[Batch]) {
        self.0.lock().unwrap().push((index, batches.len()));
    }
}

#[test]
fn a_memory_journal_counts_on_and_tells() {
    let storage = Arc::new(Memory::with_faults());
    let observer = Arc::new(Noting::default());
    let open = |storage: &Arc<Memory>| {
        let storage = Arc::clone(storage) as Arc<dyn Storage>;
        MemoryJournal::new(storage, Arc::clone(&observer) as Arc<dyn Observer>).unwrap()
    };
    let journal = open(&storage);
    let write = |value| vec![batch(vec![op(Class::Replicated, 1, "a", Some(value))])];
    assert_eq!(commit(&journal, write("1")).unwrap(), 1);
    assert_eq!(commit(&journal, vec![]).unwrap(), 1);
    assert_eq!(commit(&journal, write("2")).unwrap(), 2);
    assert_eq!(*observer.0.lock().unwrap(), [(1, 1), (2, 1)]);

    storage.fail_write(0, Fault::Failed);
    assert!(matches!(
        commit(&journal, write("3")),
        Err(JournalError::Storage(_))
    ));
    assert!(commit(&journal, write("4")).is_err());
    let after = Arc::new(storage.crash(0));
    let journal = open(&after);
    assert_eq!(journal.applied(), 2);
    assert_eq!(
        content(&*after, Space::Entries)
            .into_values()
            .collect::<Vec<_>>(),
        [b"2"]
    );
    check_digests(&*after);
}

#[test]
fn a_commit_has_a_limit() {
    let journal = MemoryJournal::new(Arc::new(Memory::new()), Arc::new(())).unwrap();
    let half = "x".repeat(COMMIT_BYTES_MAX / 2);
    let ops = vec![
        op(Class::Local, 1, "a", Some(&half)),
        op(Class::Local, 1, "b", Some(&half)),
    ];
    let refused = commit(&journal, vec![batch(ops)]);
    assert!(matches!(refused, Err(JournalError::TooLarge(_))));
    assert_eq!(journal.applied(), 0);
}

#[test]
fn a_damaged_digest_stops_the_journal_instead_of_spreading() {
    let storage = Arc::new(Memory::new());
    let shared = Arc::clone(&storage) as Arc<dyn Storage>;
    let journal = MemoryJournal::new(shared, Arc::new(())).unwrap();
    let write = |value| vec![batch(vec![op(Class::Replicated, 1, "a", value)])];
    commit(&journal, write(Some("1"))).unwrap();
    let root = content(&*storage, Space::Digests)
        .into_keys()
        .next()
        .unwrap();
    assert!(storage.flip_bit(Space::Digests, &root, 40));
    assert!(matches!(
        commit(&journal, write(None)),
        Err(JournalError::Digest(_))
    ));
    assert_eq!(content(&*storage, Space::Entries).len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn digests_agree_after_any_history_and_any_crash(
        history in prop::collection::vec(
            prop::collection::vec((0_u64..3, 0_u8..20, prop::option::of("[a-c]")), 1..6), 1..20),
        kept in 0_usize..20,
    ) {
        let storage = Memory::with_faults();
        let mut model = vec![Content::new()];
        for (index, writes) in (1..).zip(&history) {
            let ops = writes.iter().map(|(mount, name, value)| {
                op(Class::Local, *mount, &name.to_string(), value.as_deref())
            });
            apply(&storage, index, &[batch(ops.collect())]).unwrap();
            model.push(content(&storage, Space::Entries));
        }
        let after = storage.crash(kept);
        let applied = usize::try_from(applied_index(&after).unwrap()).unwrap();
        prop_assert_eq!(applied, kept.min(history.len()));
        prop_assert_eq!(&content(&after, Space::Entries), &model[applied]);
        check_digests(&after);
    }
}
