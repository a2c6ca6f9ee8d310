//! What every storage promises, tried on each of them.

#![allow(
    clippy::unwrap_used,
    reason = "in a test the line that fails says enough"
)]

use bytes::Bytes;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use storage::{Batch, Disk, DiskConfig, Durability, Memory, Space, Storage, StorageError};

/// One kind of storage under test.
trait Subject {
    fn make() -> Self;
    fn storage(&self) -> Arc<dyn Storage>;
    /// What the next process finds when this one is killed now.
    fn kill(self) -> Self;
}

struct InMemory(Arc<Memory>);

impl Subject for InMemory {
    fn make() -> Self {
        Self(Arc::new(Memory::with_faults()))
    }
    fn storage(&self) -> Arc<dyn Storage> {
        Arc::clone(&self.0) as Arc<dyn Storage>
    }
    fn kill(self) -> Self {
        Self(Arc::new(self.0.kill()))
    }
}

struct OnDisk {
    folder: tempfile::TempDir,
    disk: Arc<Disk>,
}

impl OnDisk {
    fn open(folder: tempfile::TempDir) -> Self {
        let disk = Disk::open(folder.path(), DiskConfig::default()).unwrap();
        let disk = Arc::new(disk);
        Self { folder, disk }
    }
}

impl Subject for OnDisk {
    fn make() -> Self {
        Self::open(tempfile::tempdir().unwrap())
    }
    fn storage(&self) -> Arc<dyn Storage> {
        Arc::clone(&self.disk) as Arc<dyn Storage>
    }
    fn kill(self) -> Self {
        // Files as the system has them while the process still runs, without a farewell.
        let copy = tempfile::tempdir().unwrap();
        copy_folder(self.folder.path(), copy.path());
        Self::open(copy)
    }
}

fn copy_folder(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir(&target).unwrap();
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn put(storage: &dyn Storage, space: Space, key: &str, value: &str) {
    let mut batch = Batch::new();
    batch.put(space, key.to_owned(), value.to_owned());
    storage.commit(batch, Durability::Buffered).unwrap();
}

fn text(value: Option<Bytes>) -> Option<String> {
    value.map(|value| String::from_utf8(value.to_vec()).unwrap())
}

fn keys(storage: &dyn Storage, space: Space, from: &str, to: Option<&str>) -> Vec<String> {
    let snapshot = storage.snapshot();
    let forward = snapshot
        .range(space, from.as_bytes(), to.map(str::as_bytes))
        .map(|entry| String::from_utf8(entry.unwrap().0.to_vec()).unwrap())
        .collect::<Vec<_>>();
    let mut backward = snapshot
        .range(space, from.as_bytes(), to.map(str::as_bytes))
        .rev()
        .map(|entry| String::from_utf8(entry.unwrap().0.to_vec()).unwrap())
        .collect::<Vec<_>>();
    backward.reverse();
    assert_eq!(forward, backward);
    forward
}

fn reads_what_was_written<S: Subject>() {
    let subject = S::make();
    let storage = subject.storage();
    assert_eq!(storage.get(Space::Meta, b"a").unwrap(), None);
    put(&*storage, Space::Meta, "a", "1");
    put(&*storage, Space::Log, "a", "other");
    assert_eq!(
        text(storage.get(Space::Meta, b"a").unwrap()).as_deref(),
        Some("1")
    );
    put(&*storage, Space::Meta, "a", "");
    assert_eq!(
        text(storage.get(Space::Meta, b"a").unwrap()).as_deref(),
        Some("")
    );
    let mut batch = Batch::new();
    batch.delete(Space::Meta, "a");
    batch.delete(Space::Meta, "never there");
    storage.commit(batch, Durability::Synced).unwrap();
    assert_eq!(storage.get(Space::Meta, b"a").unwrap(), None);
    assert_eq!(
        text(storage.get(Space::Log, b"a").unwrap()).as_deref(),
        Some("other")
    );
}

fn of_two_writes_the_later_counts<S: Subject>() {
    let subject = S::make();
    let storage = subject.storage();
    let mut batch = Batch::new();
    batch.put(Space::Entries, "a", "1");
    batch.put(Space::Entries, "a", "2");
    batch.put(Space::Entries, "b", "1");
    batch.delete(Space::Entries, "b");
    storage.commit(batch, Durability::Buffered).unwrap();
    assert_eq!(
        text(storage.get(Space::Entries, b"a").unwrap()).as_deref(),
        Some("2")
    );
    assert_eq!(storage.get(Space::Entries, b"b").unwrap(), None);
}

fn snapshots_stand_still<S: Subject>() {
    let subject = S::make();
    let storage = subject.storage();
    put(&*storage, Space::Entries, "a", "1");
    put(&*storage, Space::Entries, "b", "1");
    let before = storage.snapshot();
    let mut batch = Batch::new();
    batch.put(Space::Entries, "a", "2");
    batch.put(Space::Entries, "c", "2");
    batch.put(Space::Digests, "a", "2");
    batch.delete(Space::Entries, "b");
    storage.commit(batch, Durability::Buffered).unwrap();
    let after = storage.snapshot();
    put(&*storage, Space::Entries, "a", "3");
    let read = |snapshot: &Arc<dyn storage::Snapshot>, key: &str| {
        text(snapshot.get(Space::Entries, key.as_bytes()).unwrap())
    };
    assert_eq!(read(&before, "a").as_deref(), Some("1"));
    assert_eq!(read(&before, "b").as_deref(), Some("1"));
    assert_eq!(read(&before, "c"), None);
    assert_eq!(before.get(Space::Digests, b"a").unwrap(), None);
    assert_eq!(read(&after, "a").as_deref(), Some("2"));
    assert_eq!(read(&after, "b"), None);
    assert_eq!(before.range(Space::Entries, b"a", None).count(), 2);
    drop(before);
    assert_eq!(read(&after, "c").as_deref(), Some("2"));
    assert_eq!(keys(&*storage, Space::Entries, "a", None), ["a", "c"]);
}

fn ranges_are_ordered_and_bounded<S: Subject>() {
    let subject = S::make();
    let storage = subject.storage();
    for key in ["b", "a", "c/1", "c/2", "c", "d", "c0"] {
        put(&*storage, Space::Entries, key, "x");
    }
    put(&*storage, Space::Log, "c/3", "x");
    let check = |from: &str, to: Option<&str>, expected: &[&str]| {
        assert_eq!(
            keys(&*storage, Space::Entries, from, to),
            expected,
            "{from} {to:?}"
        );
    };
    check("", None, &["a", "b", "c", "c/1", "c/2", "c0", "d"]);
    check("c/", Some("c0"), &["c/1", "c/2"]);
    check("c", Some("c"), &[]);
    check("d", Some("a"), &[]);
    check("c/2", Some("c/2\0"), &["c/2"]);
    check("e", None, &[]);
    assert_eq!(keys(&*storage, Space::Meta, "", None), [""; 0]);
}

fn a_range_meets_itself_in_the_middle<S: Subject>() {
    let subject = S::make();
    let storage = subject.storage();
    for number in 0..300 {
        put(
            &*storage,
            Space::Entries,
            &format!("{number:04}"),
            &number.to_string(),
        );
    }
    let snapshot = storage.snapshot();
    for pattern in [1_usize, 2, 3, 7] {
        let mut range = snapshot.range(Space::Entries, b"", None);
        let (mut low, mut high) = (0_usize, 300_usize);
        for step in 0_usize.. {
            let forward = step % pattern == 0;
            let Some(entry) = (if forward {
                range.next()
            } else {
                range.next_back()
            }) else {
                break;
            };
            let expected = if forward { low } else { high - 1 };
            assert_eq!(
                text(Some(entry.unwrap().1)).unwrap(),
                expected.to_string(),
                "{pattern}"
            );
            if forward {
                low += 1;
            } else {
                high -= 1;
            }
        }
        assert_eq!(low, high, "{pattern}");
    }
}

fn sizes_are_refused_before_anything_happens<S: Subject>() {
    let subject = S::make();
    let storage = subject.storage();
    let mut batch = Batch::new();
    batch.put(Space::Entries, "a", "1");
    batch.put(Space::Entries, vec![b'k'; storage::KEY_BYTES_MAX + 1], "1");
    let refused = storage.commit(batch, Durability::Synced);
    assert!(matches!(refused, Err(StorageError::KeySize(65_536))));
    let mut batch = Batch::new();
    batch.put(Space::Entries, "", "1");
    let refused = storage.commit(batch, Durability::Synced);
    assert!(matches!(refused, Err(StorageError::KeySize(0))));
    assert_eq!(storage.get(Space::Entries, b"a").unwrap(), None);
    let mut batch = Batch::new();
    batch.put(
        Space::Entries,
        vec![b'k'; storage::KEY_BYTES_MAX],
        vec![7; 3_000_000],
    );
    storage.commit(batch, Durability::Synced).unwrap();
    let long = storage.get(Space::Entries, &[b'k'; storage::KEY_BYTES_MAX]);
    assert_eq!(long.unwrap().unwrap().len(), 3_000_000);
}

fn a_killed_process_loses_nothing<S: Subject>() {
    let mut subject = S::make();
    for round in 0..3 {
        let storage = subject.storage();
        let mut batch = Batch::new();
        batch.put(Space::Entries, format!("synced {round}"), round.to_string());
        batch.put(Space::Meta, "round", round.to_string());
        storage.commit(batch, Durability::Synced).unwrap();
        put(&*storage, Space::Log, &format!("buffered {round}"), "x");
        drop(storage);
        subject = subject.kill();
    }
    let storage = subject.storage();
    assert_eq!(
        text(storage.get(Space::Meta, b"round").unwrap()).as_deref(),
        Some("2")
    );
    assert_eq!(
        keys(&*storage, Space::Entries, "", None),
        ["synced 0", "synced 1", "synced 2"]
    );
    assert_eq!(
        keys(&*storage, Space::Log, "", None),
        ["buffered 0", "buffered 1", "buffered 2"]
    );
}

fn an_empty_commit_and_a_sync_do_no_harm<S: Subject>() {
    let subject = S::make();
    let storage = subject.storage();
    storage.commit(Batch::new(), Durability::Buffered).unwrap();
    storage.commit(Batch::new(), Durability::Synced).unwrap();
    put(&*storage, Space::Meta, "a", "1");
    storage.sync().unwrap();
    drop(storage);
    let storage = subject.kill().storage();
    assert_eq!(keys(&*storage, Space::Meta, "", None), ["a"]);
}

#[derive(Clone, Debug)]
enum Step {
    Commit(Vec<(u8, Option<u8>)>),
    Hold,
    Release,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let writes = prop::collection::vec((0_u8..12, prop::option::of(any::<u8>())), 1..5);
    let step = prop_oneof![
        4 => writes.prop_map(Step::Commit),
        1 => Just(Step::Hold),
        1 => Just(Step::Release),
    ];
    prop::collection::vec(step, 1..40)
}

fn equals_a_map_at_every_moment<S: Subject>(steps: Vec<Step>) {
    let subject = S::make();
    let storage = subject.storage();
    let mut model = BTreeMap::new();
    let mut held = Vec::new();
    let content = |snapshot: &Arc<dyn storage::Snapshot>| {
        let range = snapshot.range(Space::Entries, b"", None);
        range
            .map(|entry| {
                entry
                    .map(|(key, value)| (key.to_vec(), value.to_vec()))
                    .unwrap()
            })
            .collect::<BTreeMap<Vec<u8>, Vec<u8>>>()
    };
    for step in steps {
        match step {
            Step::Commit(writes) => {
                let mut batch = Batch::new();
                for (key, value) in writes {
                    match value {
                        Some(value) => {
                            batch.put(Space::Entries, vec![key], vec![value]);
                            model.insert(vec![key], vec![value]);
                        }
                        None => {
                            batch.delete(Space::Entries, vec![key]);
                            model.remove(&vec![key]);
                        }
                    }
                }
                storage.commit(batch, Durability::Buffered).unwrap();
            }
            Step::Hold => held.push((storage.snapshot(), model.clone())),
            Step::Release => {
                held.pop();
            }
        }
        assert_eq!(content(&storage.snapshot()), model);
        for (snapshot, expected) in &held {
            assert_eq!(&content(snapshot), expected);
        }
    }
    drop(held);
    drop(storage);
    assert_eq!(content(&subject.kill().storage().snapshot()), model);
}

macro_rules! suite {
    ($($property:ident),* $(,)?) => {
        mod memory {
            $(#[test] fn $property() { super::$property::<super::InMemory>(); })*
        }
        mod disk {
            $(#[test] fn $property() { super::$property::<super::OnDisk>(); })*
        }
    };
}

suite!(
    reads_what_was_written,
    of_two_writes_the_later_counts,
    snapshots_stand_still,
    ranges_are_ordered_and_bounded,
    a_range_meets_itself_in_the_middle,
    sizes_are_refused_before_anything_happens,
    a_killed_process_loses_nothing,
    an_empty_commit_and_a_sync_do_no_harm,
);

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn memory_equals_a_map(steps in steps()) {
        equals_a_map_at_every_moment::<InMemory>(steps);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn disk_equals_a_map(steps in steps()) {
        equals_a_map_at_every_moment::<OnDisk>(steps);
    }
}
