//! Records of digests that are not those of their entries are put right through the log, while it goes
//! on: a record is a sum, so what was found wrong with it at one moment is what is wrong with it later.

use crate::JournalError;
use digest::Record;
use locality::SystemKey;
use std::collections::BTreeMap;
use storage::{Snapshot, Space};

use crate::Op;

/// For each key of a record what has to be added to it.
pub type Differences = BTreeMap<Vec<u8>, Record>;

/// The operation that puts records right.
pub fn mend(differences: &Differences) -> Op {
    let mut value = Vec::new();
    for (key, difference) in differences {
        // A key has at most 20 bytes.
        value.push(u8::try_from(key.len()).unwrap_or(u8::MAX));
        value.extend_from_slice(key);
        value.extend_from_slice(&difference.to_bytes());
    }
    Op {
        key: SystemKey::digest_mend().into_physical(),
        value: Some(value),
        seal_wrap: false,
    }
}

/// Reads [`mend`].
pub(crate) fn differences(value: &[u8]) -> Result<Differences, JournalError> {
    let damaged = || JournalError::Damaged(String::from("differences of digests"));
    let mut found = Differences::new();
    let mut rest = value;
    while let Some((length, after)) = rest.split_first() {
        let (key, after) = after
            .split_at_checked(usize::from(*length))
            .ok_or_else(damaged)?;
        let (record, after) = after
            .split_first_chunk::<{ Record::BYTES }>()
            .ok_or_else(damaged)?;
        found.insert(key.to_vec(), Record::difference_from_bytes(record));
        rest = after;
    }
    Ok(found)
}

/// Adds differences to what an entry makes of the records.
pub(crate) fn apply(
    snapshot: &dyn Snapshot,
    differences: Differences,
    batch: &mut storage::Batch,
    updates: &mut BTreeMap<Vec<u8>, Option<[u8; Record::BYTES]>>,
) -> Result<(), JournalError> {
    let damaged = || JournalError::Damaged(String::from("a record of digests"));
    for (key, difference) in differences {
        let before = match updates.get(&key) {
            Some(updated) => updated.map(|bytes| bytes.to_vec()),
            None => snapshot
                .get(Space::Digests, &key)?
                .map(|bytes| bytes.to_vec()),
        };
        let before = match before {
            // What is no record at all is as good as none: nothing can be added to it.
            Some(bytes) => Record::from_bytes(&bytes).ok_or_else(damaged)?,
            None => Record::default(),
        };
        let after = before.plus(difference);
        let value = (after.count() > 0).then(|| after.to_bytes());
        match value {
            Some(value) => batch.put(Space::Digests, key.clone(), value.to_vec()),
            None => batch.delete(Space::Digests, key.clone()),
        }
        updates.insert(key, value);
    }
    Ok(())
}
