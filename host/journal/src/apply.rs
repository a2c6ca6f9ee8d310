//! From a log entry to storage.

use crate::{Batch, JournalError, mend};
use bytes::Bytes;
use digest::{Change, fold};
use locality::{Class, PhysicalKey, SystemKey};
use std::collections::BTreeMap;
use std::sync::Arc;
use storage::{Durability, Snapshot, Space, Storage};

/// Where the index of the last applied entry is.
const APPLIED: &[u8] = b"applied";

/// The index of the last entry that was applied to storage; zero before the first.
///
/// # Errors
/// When storage cannot be read or holds something else there.
pub fn applied_index(storage: &dyn Storage) -> Result<u64, JournalError> {
    decode_applied(storage.get(Space::Meta, APPLIED)?)
}

/// As [`applied_index`], of one moment.
///
/// # Errors
/// When the snapshot cannot be read or holds something else there.
pub fn applied_at(moment: &dyn Snapshot) -> Result<u64, JournalError> {
    decode_applied(moment.get(Space::Meta, APPLIED)?)
}

/// Writes `batches` as entry `index`, in one storage batch that needs no fsync: the log has it.
/// False when that entry had been applied before; then nothing happens.
///
/// # Errors
/// When storage fails or the digests in it cannot be right.
pub fn apply(storage: &dyn Storage, index: u64, batches: &[Batch]) -> Result<bool, JournalError> {
    match prepare(&*storage.snapshot(), index, batches)? {
        Some(writes) => storage.commit(writes, Durability::Buffered)?,
        None => return Ok(false),
    }
    Ok(true)
}

/// What [`apply`] would write: for a caller that has something to add. None when the entry had been
/// applied before.
///
/// # Errors
/// When storage cannot be read or the digests in it cannot be right.
pub fn prepare(
    snapshot: &dyn Snapshot,
    index: u64,
    batches: &[Batch],
) -> Result<Option<storage::Batch>, JournalError> {
    if index <= decode_applied(snapshot.get(Space::Meta, APPLIED)?)? {
        return Ok(None);
    }
    // Of two writes to one key in an entry the later counts, as if they had come one by one.
    let ops = batches.iter().flat_map(|batch| &batch.ops);
    let writes: BTreeMap<&PhysicalKey, Option<&[u8]>> =
        ops.map(|op| (&op.key, op.value.as_deref())).collect();

    let mut batch = storage::Batch::new();
    let mut updates = BTreeMap::new();
    for update in digest_updates(snapshot, &writes)? {
        match update.value {
            Some(value) => batch.put(Space::Digests, update.key.clone(), value.to_vec()),
            None => batch.delete(Space::Digests, update.key.clone()),
        }
        updates.insert(update.key, update.value);
    }
    let mend_key = SystemKey::digest_mend().into_physical();
    if let Some(Some(value)) = writes.get(&mend_key) {
        mend::apply(
            snapshot,
            mend::differences(value)?,
            &mut batch,
            &mut updates,
        )?;
    }
    for (key, value) in writes {
        if *key == mend_key {
            continue;
        }
        let key = key.as_bytes().to_vec();
        match value {
            Some(value) => batch.put(Space::Entries, key, value.to_vec()),
            None => batch.delete(Space::Entries, key),
        }
    }
    mark_applied(&mut batch, index);
    Ok(Some(batch))
}

/// Notes in `batch` that everything up to entry `index` is applied: for whoever brings in the
/// outcome of many entries at once.
pub fn mark_applied(batch: &mut storage::Batch, index: u64) {
    batch.put(Space::Meta, APPLIED, index.to_be_bytes().to_vec());
}

fn digest_updates(
    snapshot: &dyn Snapshot,
    writes: &BTreeMap<&PhysicalKey, Option<&[u8]>>,
) -> Result<Vec<digest::Update>, JournalError> {
    let mut before = Vec::<Option<Bytes>>::new();
    let compared = || {
        writes
            .iter()
            .filter(|(key, _)| key.class() != Class::Ignored)
    };
    for (key, _) in compared() {
        before.push(snapshot.get(Space::Entries, key.as_bytes())?);
    }
    let changes = compared().zip(&before).map(|((key, new), old)| Change {
        key,
        old: old.as_deref(),
        new: *new,
    });
    fold(changes, |key| snapshot.get(Space::Digests, key))
        .map_err(|error| JournalError::Digest(Arc::new(error)))
}

fn decode_applied(stored: Option<Bytes>) -> Result<u64, JournalError> {
    let Some(bytes) = stored else { return Ok(0) };
    let number = bytes.as_ref().try_into().map(u64::from_be_bytes);
    number.map_err(|_| JournalError::Damaged(format!("applied index of {} bytes", bytes.len())))
}
