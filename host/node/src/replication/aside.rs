//! What gave way: entries that this cluster wrote as a primary, which nobody who followed it had, and
//! which the first comparison with the primary after it overwrites or deletes. Kept until an operator
//! has them deleted, sealed as everything is, and never read as what they were.

use super::{Secondary, shelved};
use crate::refusal::{from_barrier, from_storage};
use crate::unsealed::Unsealed;
use barrier::{Keyring, Transaction};
use base::{Refusal, Timestamp, chain};
use journal::{Batch, Op};
use locality::{Class, PhysicalKey, Shelf, SystemKey};
use replication::Position;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;
use storage::Space;

/// So much is kept at most.
const ENTRIES_MAX: u64 = 100_000;
const BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Keys of the own log that are remembered; where there are more, all that gives way is kept.
const KEYS_MAX: usize = 100_000;

/// Bytes of the log that are read at a time.
const READ_BYTES: usize = 1024 * 1024;

/// That this cluster was the primary, until it has compared itself with the one after it.
#[derive(Serialize, Deserialize)]
pub(crate) struct Former {
    pub(crate) generation: u64,
}

/// What is kept.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// When the last of it was.
    pub(crate) at: Timestamp,
    /// The generation that it gave way to.
    pub(crate) generation: u64,
    pub(crate) entries: u64,
    /// Of the values.
    pub(crate) bytes: u64,
    /// Entries for which there was no room, or which did not open.
    pub(crate) left_out: u64,
}

impl Kept {
    const fn count(&self) -> (u64, u64, u64) {
        (self.entries, self.bytes, self.left_out)
    }
}

/// What is kept; None where nothing is.
pub(crate) fn kept(tx: &mut Transaction) -> Result<Option<Kept>, Refusal> {
    tx.read_json(&SystemKey::aside()).map_err(from_barrier)
}

/// Which entries a comparison is to keep.
pub(crate) struct Keeping {
    which: Which,
    /// What opens what is here: the keys of the primary need not.
    ring: Arc<Keyring>,
    generation: u64,
}

enum Which {
    /// Those that were written after the next primary had the last one.
    These(BTreeSet<PhysicalKey>),
    /// All: the log does not say which these are.
    All,
}

impl Keeping {
    /// What to keep of this cluster, where it was the primary before the one that it follows. To be
    /// asked before it goes over to the keys of that one.
    pub(crate) fn begin(node: &Unsealed, secondary: &Secondary) -> Result<Option<Self>, Refusal> {
        let former = node.begin().read_json::<Former>(&SystemKey::former());
        let Some(former) = former.map_err(from_barrier)? else {
            return Ok(None);
        };
        let record = &secondary.record;
        let is_next = |since: &&Position| {
            since.relation == record.relation && since.generation == former.generation
        };
        let which = match record.since.as_ref().filter(is_next) {
            Some(since) => written_after(node, since.index),
            None => Which::All,
        };
        Ok(Some(Self {
            which,
            ring: node.keys.ring(),
            generation: record.generation,
        }))
    }

    fn has(&self, key: &PhysicalKey) -> bool {
        match &self.which {
            Which::These(keys) => keys.contains(key),
            Which::All => true,
        }
    }

    /// A batch that keeps what `ops` overwrite or delete, and says that it is done with the last of
    /// them; None where nothing is to be kept.
    pub(crate) fn batch(
        &self,
        node: &Unsealed,
        ops: &[Op],
        last: Option<&Position>,
    ) -> Result<Option<Batch>, Refusal> {
        let mut tx = node.begin();
        let mut kept = kept(&mut tx)?.unwrap_or_default();
        let before = kept.count();
        let snapshot = node.parts.storage.snapshot();
        let (ring, entropy) = (Arc::clone(&self.ring), Arc::clone(&node.parts.entropy));
        let mut old = Transaction::new(snapshot, ring, entropy, 0);
        for op in ops.iter().filter(|op| self.has(&op.key)) {
            let value = match old.get(&op.key) {
                Ok(Some(value)) => value,
                Ok(None) => continue,
                Err(error) => {
                    tracing::warn!(key = ?op.key, reason = chain(&error), "keeping what gives way");
                    kept.left_out += 1;
                    continue;
                }
            };
            let size = value.expose().len() as u64;
            let key = Shelf::Aside.key_of(&op.key);
            let replaced = tx.get(&key).map_err(from_barrier)?;
            if let Some(replaced) = &replaced {
                kept.entries = kept.entries.saturating_sub(1);
                kept.bytes = kept.bytes.saturating_sub(replaced.expose().len() as u64);
            }
            if kept.entries >= ENTRIES_MAX || kept.bytes + size > BYTES_MAX {
                kept.left_out += 1;
                tx.delete(&key);
                continue;
            }
            kept.entries += 1;
            kept.bytes += size;
            tx.put(&key, value.expose().clone());
        }
        if kept.count() != before {
            (kept.at, kept.generation) = (node.now(), self.generation);
            tx.write_json(&SystemKey::aside(), &kept)
                .map_err(from_barrier)?;
        }
        if last.is_some() {
            tx.delete(&SystemKey::former());
        }
        let batch = tx.finish().map_err(from_barrier)?.batch;
        Ok(Some(batch).filter(|batch| !batch.ops.is_empty()))
    }
}

/// What this cluster wrote of the class replicated after an entry of its log.
fn written_after(node: &Unsealed, index: u64) -> Which {
    let source = &node.parts.source;
    let (mut keys, mut after) = (BTreeSet::new(), index);
    while after < source.extent().applied {
        let Ok(tail) = source.read(after, READ_BYTES) else {
            return Which::All;
        };
        let batches = tail.entries.iter().flat_map(|(_, batches)| batches.iter());
        let ops = batches.flat_map(|batch| &batch.ops);
        let replicated = ops.filter(|op| op.key.class() == Class::Replicated);
        keys.extend(replicated.map(|op| op.key.clone()));
        if keys.len() > KEYS_MAX || tail.upto <= after {
            return Which::All;
        }
        after = tail.upto;
    }
    Which::These(keys)
}

/// Some of what is kept, after a key: where it belongs, and the value.
pub(crate) fn some(
    node: &Unsealed,
    tx: &mut Transaction,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<(PhysicalKey, Vec<u8>)>, Refusal> {
    let (mut from, to) = Shelf::Aside.range();
    if let Some(after) = after {
        from.extend_from_slice(after.as_bytes());
        from.push(0);
    }
    let snapshot = node.parts.storage.snapshot();
    let mut found = Vec::new();
    for entry in snapshot.range(Space::Entries, &from, Some(&to)).take(limit) {
        let (stored, _) = entry.map_err(from_storage)?;
        let Some(own) = Shelf::Aside.own_key(&stored) else {
            continue;
        };
        let value = tx.get(&Shelf::Aside.key_of(&own)).map_err(from_barrier)?;
        if let Some(value) = value {
            found.push((own, value.expose().clone()));
        }
    }
    Ok(found)
}

/// Lets go of what is kept.
pub(crate) async fn clear(node: &Arc<Unsealed>) -> Result<(), Refusal> {
    shelved::clear(node, Shelf::Aside).await?;
    node.transact(|tx| {
        tx.delete(&SystemKey::aside());
        Ok(())
    })
    .await
}
