//! Lines in a file.

use crate::{AuditError, Device};
use base::Timestamp;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Appends lines to a file, each with one call of the system, so that lines of several writers do
/// not mix.
#[derive(Debug)]
pub struct FileDevice {
    path: PathBuf,
    mode: Option<u32>,
    /// Held for one write. A thread that dies with it leaves a file as good as before.
    open: Mutex<Open>,
}

#[derive(Debug)]
struct Open {
    file: File,
    /// The last line broke off: the next one begins on a line of its own.
    torn: bool,
}

impl FileDevice {
    /// Opens or makes the file. Its folder must be there. A file that may be executed is refused,
    /// as are pipes, sockets and disks: an audit log must never be run, and never block.
    ///
    /// # Errors
    /// [`AuditError::Open`] with what the system said.
    pub fn open(path: &Path, mode: Option<u32>) -> Result<Self, AuditError> {
        let file = open(path, mode).map_err(|source| AuditError::Open {
            path: path.display().to_string(),
            source,
        })?;
        Ok(Self {
            path: path.to_owned(),
            mode,
            open: Mutex::new(Open { file, torn: false }),
        })
    }
}

fn open(path: &Path, mode: Option<u32>) -> io::Result<File> {
    let refuse = |why: &str| Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
    if let Ok(known) = fs::metadata(path) {
        let kind = known.file_type();
        if kind.is_fifo() || kind.is_socket() || kind.is_block_device() {
            return refuse("not a regular file");
        }
        if kind.is_file() && known.permissions().mode() & 0o111 != 0 {
            return refuse("the file may be executed");
        }
    }
    let file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(mode.unwrap_or(0o600))
        .open(path)?;
    let known = file.metadata()?;
    if let Some(mode) = mode
        && known.is_file()
        && known.permissions().mode() & 0o7777 != mode
    {
        file.set_permissions(fs::Permissions::from_mode(mode))?;
    }
    Ok(file)
}

impl Device for FileDevice {
    fn write(&self, line: &[u8], _: Timestamp) -> io::Result<()> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let mended;
        let bytes = if open.torn {
            mended = [b"\n", line].concat();
            mended.as_slice()
        } else {
            line
        };
        let result = write_once(&mut open.file, bytes);
        open.torn = match &result {
            Ok(written) if *written == bytes.len() => return Ok(()),
            Ok(written) => open.torn || *written > 0,
            Err(_) => open.torn,
        };
        result.and_then(|_| Err(io::ErrorKind::StorageFull.into()))
    }

    fn reopen(&self) -> io::Result<()> {
        let file = open(&self.path, self.mode)?;
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        *open = Open { file, torn: false };
        Ok(())
    }
}

fn write_once(file: &mut File, bytes: &[u8]) -> io::Result<usize> {
    loop {
        match file.write(bytes) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
