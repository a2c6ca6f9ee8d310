//! A folder that somebody or something has changed while nobody had it open.

#![allow(
    clippy::unwrap_used,
    reason = "in a test the line that fails says enough"
)]

use std::path::{Path, PathBuf};
use storage::{Batch, Disk, DiskConfig, Durability, Space, Storage, StorageError};

const COMMITS: u64 = 20;

/// A folder with so many synced commits. Closed as by a kill: the journal is all there is.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let disk = open(folder.path()).unwrap();
    for number in 0..COMMITS {
        let mut batch = Batch::new();
        batch.put(Space::Log, number.to_be_bytes().to_vec(), vec![b'x'; 100]);
        batch.put(Space::Meta, "last", number.to_be_bytes().to_vec());
        disk.commit(batch, Durability::Synced).unwrap();
    }
    drop(disk);
    folder
}

fn open(folder: &Path) -> Result<Disk, StorageError> {
    Disk::open(folder, DiskConfig::default())
}

fn journal(folder: &Path) -> PathBuf {
    let files = std::fs::read_dir(folder.join("data")).unwrap();
    let mut journals = files
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "jnl"));
    journals.next().unwrap()
}

/// Where the last commit begins to be written, roughly: the last value in the journal.
fn written(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir(&target).unwrap();
            copy(&entry.path(), &target);
        } else if target.extension().is_none_or(|end| end != "jnl") {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn a_changed_byte_anywhere_in_the_journal_is_an_error() {
    let template = folder();
    let path = journal(template.path());
    let mut bytes = std::fs::read(&path).unwrap();
    let size = bytes.len() as u64;
    bytes.truncate(written(&bytes));
    let mut unnoticed = Vec::new();
    for at in (0..bytes.len()).step_by(83) {
        let folder = tempfile::tempdir().unwrap();
        copy(template.path(), folder.path());
        let changed = folder.path().join("data").join(path.file_name().unwrap());
        bytes[at] ^= 0x10;
        std::fs::write(&changed, &bytes).unwrap();
        bytes[at] ^= 0x10;
        let file = std::fs::File::options().write(true).open(&changed).unwrap();
        file.set_len(size).unwrap();
        match open(folder.path()) {
            Err(StorageError::Lost {
                confirmed, found, ..
            }) => assert!(found < confirmed),
            Err(StorageError::Damaged { .. } | StorageError::Io { .. }) => {}
            Err(other) => unnoticed.push((at, format!("{other:?}"))),
            Ok(_) => unnoticed.push((at, String::from("opened"))),
        }
    }
    assert_eq!(unnoticed, []);
}

#[test]
fn a_journal_that_was_cut_off_is_an_error() {
    let folder = folder();
    let path = journal(folder.path());
    let bytes = std::fs::read(&path).unwrap();
    let kept = written(&bytes) - 30;
    std::fs::write(&path, &bytes[..kept]).unwrap();
    let error = open(folder.path()).err().unwrap();
    assert!(
        matches!(error, StorageError::Lost { confirmed: COMMITS, found, .. } if found == COMMITS - 1),
        "{error:?}"
    );
}

#[test]
fn a_commit_that_was_never_confirmed_may_be_missing() {
    let folder = folder();
    let path = journal(folder.path());
    let bytes = std::fs::read(&path).unwrap();
    let kept = written(&bytes) - 30;
    std::fs::write(&path, &bytes[..kept]).unwrap();
    // As after a loss of power before the disk had confirmed the last one.
    let one_less = ((u128::from(COMMITS - 1) << 64) | u128::from(!(COMMITS - 1))).to_be_bytes();
    std::fs::write(folder.path().join("synced"), one_less).unwrap();
    let disk = open(folder.path()).unwrap();
    let last = disk.get(Space::Meta, b"last").unwrap().unwrap();
    assert_eq!(last.as_ref(), (COMMITS - 2).to_be_bytes());
}

#[test]
fn data_that_is_gone_is_an_error() {
    let folder = folder();
    std::fs::remove_dir_all(folder.path().join("data")).unwrap();
    let error = open(folder.path()).err().unwrap();
    assert!(
        matches!(error, StorageError::Lost { found: 0, .. }),
        "{error:?}"
    );
}

#[test]
fn a_damaged_witness_is_an_error_and_a_missing_one_is_made_anew() {
    let folder = folder();
    let witness = folder.path().join("synced");
    std::fs::write(&witness, b"what").unwrap();
    let error = open(folder.path()).err().unwrap();
    assert!(matches!(error, StorageError::Damaged { .. }), "{error:?}");
    std::fs::remove_file(&witness).unwrap();
    drop(open(folder.path()).unwrap());
    assert_eq!(std::fs::read(&witness).unwrap().len(), 16);
}

#[test]
fn a_folder_whose_making_was_interrupted_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("data/keyspaces")).unwrap();
    std::fs::write(folder.path().join("data/0.jnl"), b"").unwrap();
    drop(open(folder.path()).unwrap());
}

#[test]
fn one_process_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(folder.path()).unwrap();
    let second = open(folder.path());
    assert!(matches!(second.err(), Some(StorageError::Locked { .. })));
    drop(first);
    drop(open(folder.path()).unwrap());
}

#[test]
fn a_folder_that_cannot_be_one_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, b"x").unwrap();
    let error = open(&file).err().unwrap();
    assert!(matches!(error, StorageError::Io { .. }), "{error:?}");
    assert!(error.to_string().contains("open storage in"), "{error}");
}

#[cfg(unix)]
#[test]
fn nobody_else_may_look() {
    use std::os::unix::fs::PermissionsExt;
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("new/storage");
    drop(open(&folder).unwrap());
    let mode = std::fs::metadata(&folder).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}
