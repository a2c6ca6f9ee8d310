//! The whole state at one index, on its way to another node.
//!
//! Where it is made it is a view of storage, so making one costs nothing. It travels in chunks of
//! bounded size; where it arrives they are kept in storage until all are there.

use crate::{RaftError, record};
use bytes::Bytes;
use core::fmt;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use storage::{Batch, Durability, Snapshot, Space, Storage};

/// Bytes of keys and values after which a chunk ends.
const CHUNK_BYTES: usize = 1024 * 1024;

/// Where chunks wait, followed by their number.
const STAGED: &[u8] = b"raft/staged/";

/// What a state consists of, in the order of travel.
const SPACES: [Space; 2] = [Space::Entries, Space::Digests];

/// The whole state at one index.
#[derive(Clone)]
pub(crate) enum Image {
    /// As it is in this node's storage.
    Held(Arc<dyn Snapshot>),
    /// As it arrived, in this many chunks so far.
    Staged(u64),
}

impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held(_) => f.write_str("image of storage"),
            Self::Staged(count) => write!(f, "image of {count} chunks"),
        }
    }
}

/// Some entries of one space.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Chunk {
    /// Place in [`SPACES`].
    space: u8,
    entries: Vec<(Vec<u8>, Vec<u8>)>,
}

/// All of `snapshot` in chunks, in order. Only one is in memory at a time.
pub(crate) fn chunks(snapshot: &dyn Snapshot) -> impl Iterator<Item = Result<Vec<u8>, RaftError>> {
    let spaces = (0_u8..).zip(SPACES);
    spaces.flat_map(move |(number, space)| {
        let mut range = snapshot.range(space, b"", None);
        core::iter::from_fn(move || next_chunk(number, &mut range).transpose())
    })
}

fn next_chunk(number: u8, range: &mut storage::Range<'_>) -> Result<Option<Vec<u8>>, RaftError> {
    let mut chunk = Chunk {
        space: number,
        entries: Vec::new(),
    };
    let mut bytes = 0;
    while bytes < CHUNK_BYTES
        && let Some(entry) = range.next()
    {
        let (key, value) = entry.map_err(RaftError::storage("read a snapshot"))?;
        bytes += key.len() + value.len();
        chunk.entries.push((key.to_vec(), value.to_vec()));
    }
    if chunk.entries.is_empty() {
        return Ok(None);
    }
    record::encode(STAGED, &chunk).map(Some)
}

/// Keeps the chunk with this number until the state is complete.
pub(crate) fn stage(storage: &dyn Storage, number: u64, chunk: Vec<u8>) -> Result<(), RaftError> {
    let mut batch = Batch::new();
    batch.put(Space::Meta, staged_key(number), chunk);
    storage
        .commit(batch, Durability::Buffered)
        .map_err(RaftError::storage("stage a snapshot"))
}

/// Writes a staged chunk to where its entries belong.
pub(crate) fn unpack(storage: &dyn Storage, number: u64) -> Result<(), RaftError> {
    let what = format!("chunk {number} of a snapshot");
    let stored = storage
        .get(Space::Meta, &staged_key(number))
        .map_err(RaftError::storage("read a staged snapshot"))?
        .ok_or_else(|| RaftError::Damaged(format!("{what} is missing")))?;
    let chunk: Chunk = record::decode(STAGED, &stored, &what)?;
    let space = SPACES
        .get(usize::from(chunk.space))
        .ok_or_else(|| RaftError::Damaged(format!("{what} is of an unknown space")))?;
    let mut batch = Batch::new();
    for (key, value) in chunk.entries {
        batch.put(*space, key, value);
    }
    storage
        .commit(batch, Durability::Buffered)
        .map_err(RaftError::storage("install a snapshot"))
}

/// Removes what the state consists of.
pub(crate) fn clear(storage: &dyn Storage) -> Result<(), RaftError> {
    for space in SPACES {
        remove(storage, space, b"", None)?;
    }
    Ok(())
}

/// Removes all staged chunks.
pub(crate) fn unstage(storage: &dyn Storage) -> Result<(), RaftError> {
    let end = [STAGED, &[0xff; 9]].concat();
    remove(storage, Space::Meta, STAGED, Some(&end))
}

fn remove(
    storage: &dyn Storage,
    space: Space,
    from: &[u8],
    to: Option<&[u8]>,
) -> Result<(), RaftError> {
    const KEYS_AT_ONCE: usize = 1_024;
    loop {
        let snapshot = storage.snapshot();
        let keys: Result<Vec<Bytes>, _> = snapshot
            .range(space, from, to)
            .take(KEYS_AT_ONCE)
            .map(|entry| entry.map(|(key, _)| key))
            .collect();
        let keys = keys.map_err(RaftError::storage("read what a snapshot replaces"))?;
        if keys.is_empty() {
            return Ok(());
        }
        let mut batch = Batch::new();
        for key in keys {
            batch.delete(space, key);
        }
        storage
            .commit(batch, Durability::Buffered)
            .map_err(RaftError::storage("remove what a snapshot replaces"))?;
    }
}

fn staged_key(number: u64) -> Vec<u8> {
    [STAGED, &number.to_be_bytes()].concat()
}
