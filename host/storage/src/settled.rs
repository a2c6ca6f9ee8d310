//! Storage that was closed in peace is opened without reading what was written last once more.
//!
//! What is committed goes to a journal first and to its place later. The journal is only ever cut off
//! as a whole, when it has grown large, so that an opening may read through many megabytes of which
//! everything is in its place already. Where storage was brought to rest, so that nothing is in the
//! journal alone, a mark says so; the next opening empties the journal and takes the mark away.
//!
//! The mark holds the number of synced commits, and counts only beside a witness with the same
//! number: whatever was committed since, the journal is read.

use crate::StorageError;
use crate::witness::Witness;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

fn mark(folder: &Path) -> PathBuf {
    folder.join("settled")
}

/// Notes that nothing after `number` synced commits is in the journal alone.
pub(crate) fn note(folder: &Path, number: u64) -> Result<(), StorageError> {
    Witness::create(&mark(folder), number).map(drop)
}

/// Empties the journal in `data` where the mark says that it may be, and takes the mark away.
/// `confirmed` is the number of the witness. Nobody else may have the folder open.
pub(crate) fn empty_journal(
    folder: &Path,
    data: &Path,
    confirmed: Option<u64>,
) -> Result<(), StorageError> {
    let mark = mark(folder);
    let settled = match Witness::open(&mark) {
        Ok(Some((_, number))) => Some(number) == confirmed,
        Ok(None) => return Ok(()),
        // A mark that cannot be read says nothing; the journal is still there.
        Err(_) => false,
    };
    let empty = || {
        if settled {
            for journal in journals(data)? {
                let file = File::options().write(true).open(journal)?;
                file.set_len(0)?;
                file.sync_all()?;
            }
        }
        fs::remove_file(&mark)?;
        // Before anything is committed: it must not come back.
        File::open(folder)?.sync_all()
    };
    empty().map_err(|error| StorageError::from_io(format!("take away {}", mark.display()), error))
}

fn journals(data: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(data)? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "jnl") {
            found.push(path);
        }
    }
    Ok(found)
}
