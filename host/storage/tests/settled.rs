//! A folder that was closed in peace.

#![allow(
    clippy::unwrap_used,
    reason = "in a test the line that fails says enough"
)]

use std::path::Path;
use storage::{Batch, Disk, DiskConfig, Durability, Space, Storage, StorageError};

fn open(folder: &Path) -> Disk {
    Disk::open(folder, DiskConfig::default()).unwrap()
}

/// Some values in each space, of which the last ones are not synced.
fn write(disk: &Disk, from: u32, to: u32) {
    for number in from..to {
        let mut batch = Batch::new();
        for space in Space::ALL {
            batch.put(space, number.to_be_bytes().to_vec(), vec![b'x'; 2_000]);
            batch.delete(space, number.wrapping_sub(3).to_be_bytes().to_vec());
        }
        let durability = match number % 10 {
            0 => Durability::Synced,
            _ => Durability::Buffered,
        };
        disk.commit(batch, durability).unwrap();
    }
}

/// The last three are there, in each space.
fn check(disk: &Disk, to: u32) {
    let snapshot = disk.snapshot();
    for space in Space::ALL {
        let found: Vec<_> = snapshot
            .range(space, b"", None)
            .map(|entry| entry.unwrap().0)
            .collect();
        let expected: Vec<_> = (to - 3..to)
            .map(|number| number.to_be_bytes().to_vec())
            .collect();
        assert_eq!(found, expected, "{}", space.name());
    }
}

fn journal_bytes(folder: &Path) -> u64 {
    let files = std::fs::read_dir(folder.join("data")).unwrap();
    let files = files.map(|entry| entry.unwrap().path());
    let journals = files.filter(|path| path.extension().is_some_and(|end| end == "jnl"));
    journals
        .map(|path| {
            let bytes = std::fs::read(path).unwrap();
            bytes.iter().filter(|byte| **byte != 0).count() as u64
        })
        .sum()
}

#[test]
fn what_was_brought_to_rest_is_opened_without_its_journal() {
    let folder = tempfile::tempdir().unwrap();
    let mark = folder.path().join("settled");
    let disk = open(folder.path());
    write(&disk, 3, 505);
    disk.settle().unwrap();
    disk.settle().unwrap();
    disk.sync().unwrap();
    assert!(matches!(
        disk.commit(Batch::new(), Durability::Buffered),
        Err(StorageError::Settled)
    ));
    check(&disk, 505);
    drop(disk);
    assert!(mark.exists());
    assert!(journal_bytes(folder.path()) > 1_000_000);

    let disk = open(folder.path());
    assert!(!mark.exists());
    assert_eq!(journal_bytes(folder.path()), 0);
    check(&disk, 505);
    // From here on it is as ever.
    write(&disk, 505, 603);
    drop(disk);
    let disk = open(folder.path());
    check(&disk, 603);
    assert!(journal_bytes(folder.path()) > 10_000);
    disk.settle().unwrap();
    drop(disk);
    check(&open(folder.path()), 603);
}

#[test]
fn a_mark_of_another_day_takes_nothing_away() {
    let folder = tempfile::tempdir().unwrap();
    let mark = folder.path().join("settled");
    let disk = open(folder.path());
    write(&disk, 3, 50);
    disk.settle().unwrap();
    drop(disk);
    let old = std::fs::read(&mark).unwrap();
    let disk = open(folder.path());
    write(&disk, 50, 103);
    drop(disk);
    for content in [old.as_slice(), b"what", b""] {
        std::fs::write(&mark, content).unwrap();
        check(&open(folder.path()), 103);
        assert!(!mark.exists());
    }
    // Beside another witness it says nothing either.
    let disk = open(folder.path());
    disk.settle().unwrap();
    drop(disk);
    std::fs::remove_file(folder.path().join("synced")).unwrap();
    let before = journal_bytes(folder.path());
    check(&open(folder.path()), 103);
    assert!(before > 0 && journal_bytes(folder.path()) == before);
}

#[test]
fn one_process_at_a_time_also_where_it_is_at_rest() {
    let folder = tempfile::tempdir().unwrap();
    let disk = open(folder.path());
    write(&disk, 3, 50);
    disk.settle().unwrap();
    let second = Disk::open(folder.path(), DiskConfig::default());
    assert!(matches!(second.err(), Some(StorageError::Locked { .. })));
    assert!(folder.path().join("settled").exists());
    drop(disk);
    check(&open(folder.path()), 50);
}
