//! The planned faults of storage in memory.

#![allow(
    clippy::unwrap_used,
    reason = "in a test the line that fails says enough"
)]

use storage::{Batch, Durability, Fault, Memory, Space, Storage, StorageError};

fn put(memory: &Memory, key: &str, durability: Durability) -> Result<(), StorageError> {
    let mut batch = Batch::new();
    batch.put(Space::Entries, format!("{key}/a"), "1");
    batch.put(Space::Entries, format!("{key}/b"), "1");
    memory.commit(batch, durability)
}

fn keys(memory: &Memory) -> Vec<String> {
    let snapshot = memory.snapshot();
    let range = snapshot.range(Space::Entries, b"", None);
    range
        .map(|entry| String::from_utf8(entry.unwrap().0.to_vec()).unwrap())
        .collect()
}

#[test]
fn a_crash_takes_back_what_was_not_synced_from_the_end() {
    let check = |kept: usize, expected: &[&str]| {
        let memory = Memory::with_faults();
        put(&memory, "a", Durability::Buffered).unwrap();
        put(&memory, "b", Durability::Synced).unwrap();
        put(&memory, "c", Durability::Buffered).unwrap();
        put(&memory, "d", Durability::Buffered).unwrap();
        let after = memory.crash(kept);
        assert_eq!(keys(&after), expected, "{kept}");
        assert!(matches!(
            memory.get(Space::Entries, b"a/a"),
            Err(StorageError::Poisoned)
        ));
    };
    check(0, &["a/a", "a/b", "b/a", "b/b"]);
    check(1, &["a/a", "a/b", "b/a", "b/b", "c/a", "c/b"]);
    check(9, &["a/a", "a/b", "b/a", "b/b", "c/a", "c/b", "d/a", "d/b"]);
}

#[test]
fn a_failed_commit_poisons() {
    let check = |fault: Fault, expected: &[&str]| {
        let memory = Memory::with_faults();
        put(&memory, "a", Durability::Synced).unwrap();
        let before = memory.snapshot();
        memory.fail_write(1, fault);
        put(&memory, "b", Durability::Synced).unwrap();
        let error = put(&memory, "c", Durability::Synced).unwrap_err();
        assert_eq!(
            matches!(error, StorageError::Full { .. }),
            fault == Fault::Full,
            "{error:?}"
        );
        let poisoned = |result: Result<(), StorageError>| {
            assert!(matches!(result, Err(StorageError::Poisoned)));
        };
        poisoned(put(&memory, "d", Durability::Buffered));
        poisoned(memory.sync());
        poisoned(memory.get(Space::Entries, b"a/a").map(drop));
        poisoned(before.get(Space::Entries, b"a/a").map(drop));
        let next = before.range(Space::Entries, b"", None).next().unwrap();
        poisoned(next.map(drop));
        assert_eq!(keys(&memory.crash(0)), expected, "{fault:?}");
    };
    check(Fault::Failed, &["a/a", "a/b", "b/a", "b/b"]);
    check(Fault::Full, &["a/a", "a/b", "b/a", "b/b"]);
    check(
        Fault::FailedYetKept,
        &["a/a", "a/b", "b/a", "b/b", "c/a", "c/b"],
    );
    check(Fault::Torn, &["a/a", "a/b", "b/a", "b/b", "c/a"]);
}

#[test]
fn a_failed_sync_poisons_too() {
    let memory = Memory::with_faults();
    put(&memory, "a", Durability::Buffered).unwrap();
    memory.fail_write(0, Fault::Failed);
    assert!(matches!(memory.sync(), Err(StorageError::Io { .. })));
    assert!(matches!(memory.sync(), Err(StorageError::Poisoned)));
    assert_eq!(keys(&memory.crash(0)), [""; 0]);
}

#[test]
fn a_failed_read_is_only_that() {
    let memory = Memory::with_faults();
    put(&memory, "a", Durability::Synced).unwrap();
    memory.fail_read(1);
    assert!(memory.get(Space::Entries, b"a/a").is_ok());
    let error = memory.get(Space::Entries, b"a/a").unwrap_err();
    assert_eq!(error.to_string(), "read entries from storage");
    assert!(memory.get(Space::Entries, b"a/a").is_ok());
    put(&memory, "b", Durability::Synced).unwrap();
}

#[test]
fn a_flipped_bit_stays_flipped() {
    let memory = Memory::with_faults();
    put(&memory, "a", Durability::Synced).unwrap();
    assert!(memory.flip_bit(Space::Entries, b"a/a", 1));
    assert!(!memory.flip_bit(Space::Entries, b"a/a", 8));
    assert!(!memory.flip_bit(Space::Entries, b"z", 0));
    let value = memory.crash(0).get(Space::Entries, b"a/a").unwrap();
    assert_eq!(value.unwrap().as_ref(), b"3");
}
