//! A few bytes beside the data that say how much the disk has confirmed.
//!
//! A log that is cut off at a damaged byte looks like one whose tail was never synced: reading it
//! again cannot tell loss from a crash. So each synced commit carries a number, and once the disk
//! has confirmed it the number is noted here, in a file of its own, without waiting for the disk
//! again. What is noted is therefore never more than what must be there; a process that is killed
//! leaves the exact number, a machine that loses power perhaps one some seconds old.

use crate::StorageError;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

const BYTES: usize = 16;

/// The file with the number of confirmed commits.
pub(crate) struct Witness {
    file: File,
}

impl Witness {
    /// Opens the witness and reads its number; None where there is none yet.
    pub(crate) fn open(path: &Path) -> Result<Option<(Self, u64)>, StorageError> {
        let doing = || format!("read {}", path.display());
        let mut file = match OpenOptions::new().read(true).write(true).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(StorageError::from_io(doing(), error)),
        };
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)
            .map_err(|error| StorageError::from_io(doing(), error))?;
        let number = decode(&bytes).ok_or_else(|| StorageError::Damaged {
            doing: doing(),
            cause: "not a number and its complement".into(),
        })?;
        Ok(Some((Self { file }, number)))
    }

    /// Makes a witness that is on disk, whole, when this returns.
    pub(crate) fn create(path: &Path, number: u64) -> Result<Self, StorageError> {
        let make = || {
            // Under another name first: an empty witness would be a damaged one.
            let draft = path.with_extension("new");
            let mut file = File::create(&draft)?;
            file.write_all(&encode(number))?;
            file.sync_all()?;
            std::fs::rename(&draft, path)?;
            if let Some(folder) = path.parent() {
                File::open(folder)?.sync_all()?;
            }
            Ok(Self { file })
        };
        make().map_err(|error| StorageError::from_io(format!("create {}", path.display()), error))
    }

    /// Notes that `number` commits are confirmed.
    pub(crate) fn note(&mut self, number: u64) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&encode(number))
    }
}

fn encode(number: u64) -> [u8; BYTES] {
    ((u128::from(number) << 64) | u128::from(!number)).to_be_bytes()
}

fn decode(bytes: &[u8]) -> Option<u64> {
    let both = u128::from_be_bytes(bytes.try_into().ok()?);
    let number = u64::try_from(both >> 64).ok()?;
    (encode(number) == both.to_be_bytes()).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_bit_is_noticed() {
        let bytes = encode(77);
        assert_eq!(decode(&bytes), Some(77));
        for bit in 0..BYTES * 8 {
            let mut changed = bytes;
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(decode(&changed), None, "bit {bit}");
        }
        assert_eq!(decode(&bytes[..15]), None);
        assert_eq!(decode(&[]), None);
    }
}
