//! A disk without room, stood for by the system's limit on the size of a file.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    reason = "in a test the line that fails says enough"
)]

use std::process::Command;
use storage::{Batch, Disk, DiskConfig, Durability, Space, Storage, StorageError};

const CHILD_FOLDER: &str = "CASEMATE_TEST_FULL_FOLDER";

fn put(disk: &Disk, number: u64) -> Result<(), StorageError> {
    let mut batch = Batch::new();
    batch.put(
        Space::Entries,
        number.to_be_bytes().to_vec(),
        vec![7; 20_000],
    );
    batch.put(Space::Meta, "last", number.to_be_bytes().to_vec());
    disk.commit(batch, Durability::Synced)
}

fn last(disk: &Disk) -> u64 {
    let stored = disk.get(Space::Meta, b"last").unwrap().unwrap();
    u64::from_be_bytes(stored.as_ref().try_into().unwrap())
}

/// Not a test by itself: what `a_full_disk_is_said_and_loses_nothing` starts with little room.
#[test]
fn child_that_writes_until_there_is_no_room() {
    let Ok(folder) = std::env::var(CHILD_FOLDER) else {
        return;
    };
    let disk = Disk::open(folder.as_ref(), DiskConfig::default()).unwrap();
    let mut number = last(&disk);
    let error = loop {
        match put(&disk, number + 1) {
            Ok(()) => number += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, StorageError::Full { .. }), "{error:?}");
    assert_eq!(
        error.to_string(),
        "commit to storage: no space left on the disk"
    );
    assert!(matches!(
        put(&disk, number + 2),
        Err(StorageError::Poisoned)
    ));
    assert!(matches!(
        disk.get(Space::Meta, b"last"),
        Err(StorageError::Poisoned)
    ));
    println!("\nanswered {number}");
}

#[test]
fn a_full_disk_is_said_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::open(folder.path(), DiskConfig::default()).unwrap();
    put(&disk, 1).unwrap();
    drop(disk);
    let child = std::env::current_exe().unwrap();
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 2000; exec \"$0\" \"$@\""])
        .arg(child)
        .args([
            "--exact",
            "child_that_writes_until_there_is_no_room",
            "--nocapture",
        ])
        .env(CHILD_FOLDER, folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let answered = said.lines().find_map(|line| line.strip_prefix("answered "));
    let answered: u64 = answered
        .unwrap_or_else(|| panic!("{said}"))
        .parse()
        .unwrap();
    assert!(answered > 10);
    let disk = Disk::open(folder.path(), DiskConfig::default()).unwrap();
    assert_eq!(last(&disk), answered);
    put(&disk, answered + 1).unwrap();
}
