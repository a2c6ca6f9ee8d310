//! From a cluster of its own to a secondary: everything that it held goes, what came from the primary
//! takes its place, and the keys of the primary that of its own. There is no way back from here.
//!
//! ```text
//!  one batch: new keys, salt, cluster, part, position, mark ─▶ all other entries go ─▶
//!             what lies on the shelf is put in its place ─▶ the mark goes
//!             └ some at a time; a crash: the unseal sees the mark and goes on
//! ```

use super::key_package::SharedKeys;
use super::records::SecondaryRecord;
use crate::init::Cluster;
use crate::parts::Parts;
use crate::refusal::{from_barrier, from_storage};
use access::TokenSalt;
use barrier::{Counts, Keyring, SealWrap, Transaction};
use base::{Refusal, chain};
use journal::{Batch, Op};
use locality::{Class, Ignored, PhysicalKey, Shelf, SystemKey};
use replication::Position;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;
use storage::Space;

/// Keys that one batch removes or puts in their place, and bytes of values after which it ends: each
/// waits in memory some times over, as entry of the log and as what comes of it.
const KEYS_AT_ONCE: usize = 10_000;
const BYTES_AT_ONCE: usize = 1024 * 1024;

/// What a cluster is to become: everything of it is here.
pub(crate) struct Becoming {
    pub(crate) record: SecondaryRecord,
    /// How far what is on the shelf is.
    pub(crate) position: Position,
    pub(crate) shared: SharedKeys,
    /// Name and id stay.
    pub(crate) cluster: Cluster,
}

/// How far it is.
#[derive(Serialize, Deserialize)]
enum Mark {
    /// What the cluster held goes, but for these entries.
    Clears(BTreeSet<Vec<u8>>),
    /// What lies on the shelf is put in its place.
    Fills,
}

/// Writes what the cluster is to be, takes everything else away, and puts in its place what came.
pub(crate) async fn begin(parts: &Parts, becoming: &Becoming) -> Result<(), Refusal> {
    let ring = Arc::new(becoming.shared.ring()?);
    let (snapshot, entropy) = (parts.storage.snapshot(), Arc::clone(&parts.entropy));
    let mut tx = Transaction::new(snapshot, Arc::clone(&ring), entropy, 0);
    tx.write_json(&SystemKey::cluster(), &becoming.cluster)
        .map_err(from_barrier)?;
    tx.write_json(&SystemKey::performance_secondary(), &becoming.record)
        .map_err(from_barrier)?;
    tx.write_json(&SystemKey::performance_position(), &becoming.position)
        .map_err(from_barrier)?;
    let mut salt = [0; TokenSalt::BYTES];
    parts.entropy.fill(&mut salt);
    tx.put(&SystemKey::token_salt(), salt.to_vec());
    let mut batch = tx.finish().map_err(from_barrier)?.batch;
    batch.ops.extend(keys_ops(parts, &ring, &becoming.shared)?);
    let mut kept: BTreeSet<Vec<u8>> = batch
        .ops
        .iter()
        .map(|op| op.key.as_bytes().to_vec())
        .collect();
    kept.insert(SystemKey::wiping().physical().as_bytes().to_vec());
    batch.ops.push(mark(Some(&Mark::Clears(kept)))?);
    commit(parts, batch).await?;
    go_on(parts).await
}

/// The keys: sealed last, so that the keyring counts what was sealed with it.
fn keys_ops(parts: &Parts, ring: &Keyring, shared: &SharedKeys) -> Result<Vec<Op>, Refusal> {
    let stored = ring.seal_with(&shared.root(), Counts::Exact, parts.entropy.as_ref());
    let stored = stored.map_err(from_barrier)?;
    Ok(vec![
        raw(&SystemKey::keyring(), Some(stored.bytes)),
        raw(&SystemKey::root_key(), Some(shared.wrapped_root.clone())),
        raw(&SystemKey::seal_config(), Some(shared.seal_config.clone())),
    ])
}

/// Does what was not done yet, where a cluster is becoming a secondary.
pub(crate) async fn go_on(parts: &Parts) -> Result<(), Refusal> {
    let Some(stored) = crate::keys::unsealed_entry(parts, &SystemKey::wiping())? else {
        return Ok(());
    };
    let stored = serde_json::from_slice(&stored);
    let stored: Mark = stored.map_err(|error| Refusal::internal(chain(&error)))?;
    if let Mark::Clears(kept) = stored {
        let mut after = Vec::new();
        loop {
            let ops = some_to_remove(parts, &kept, &mut after)?;
            if ops.is_empty() {
                break;
            }
            commit(parts, Batch { ops }).await?;
        }
        // What is put in its place from here on is not to be taken away again.
        let ops = vec![mark(Some(&Mark::Fills))?];
        commit(parts, Batch { ops }).await?;
    }
    let (mut after, behind) = Shelf::Coming.range();
    loop {
        let ops = some_to_place(parts, &mut after, &behind)?;
        if ops.is_empty() {
            break;
        }
        commit(parts, Batch { ops }).await?;
    }
    let ops = vec![mark(None)?];
    commit(parts, Batch { ops }).await
}

/// Removes some entries that are not to stay, of those after a key, which is then the last one that
/// was looked at: what is gone already would be passed again each time.
fn some_to_remove(
    parts: &Parts,
    kept: &BTreeSet<Vec<u8>>,
    after: &mut Vec<u8>,
) -> Result<Vec<Op>, Refusal> {
    let snapshot = parts.storage.snapshot();
    let (shelf, behind) = Shelf::Coming.range();
    let from = after.clone();
    let before_shelf = snapshot.range(Space::Entries, &from, Some(&shelf));
    let behind_shelf = snapshot.range(Space::Entries, from.as_slice().max(&behind), None);
    let mut ops = Vec::new();
    for entry in before_shelf.chain(behind_shelf) {
        let (key, _) = entry.map_err(from_storage)?;
        *after = key.to_vec();
        if kept.contains(key.as_ref()) {
            continue;
        }
        let key = PhysicalKey::from_bytes(&key);
        ops.push(Op {
            key: key.map_err(|error| Refusal::internal(error.to_string()))?,
            value: None,
            seal_wrap: false,
        });
        if ops.len() >= KEYS_AT_ONCE {
            break;
        }
    }
    Ok(ops)
}

/// Puts some entries from the shelf in their place, of those after a key, as
/// [`some_to_remove`] does.
fn some_to_place(parts: &Parts, after: &mut Vec<u8>, behind: &[u8]) -> Result<Vec<Op>, Refusal> {
    let snapshot = parts.storage.snapshot();
    let from = after.clone();
    let (mut ops, mut bytes) = (Vec::new(), 0);
    for entry in snapshot.range(Space::Entries, &from, Some(behind)) {
        let (stored, value) = entry.map_err(from_storage)?;
        *after = stored.to_vec();
        let lies = PhysicalKey::from_bytes(&stored);
        ops.push(Op {
            key: lies.map_err(|error| Refusal::internal(error.to_string()))?,
            value: None,
            seal_wrap: false,
        });
        let own = Shelf::Coming.own_key(&stored);
        // Nothing else was let onto it.
        if let Some(key) = own.filter(|key| key.class() == Class::Replicated) {
            bytes += value.len();
            ops.push(Op {
                key,
                seal_wrap: SealWrap::of(&value) == Some(SealWrap::Wanted),
                value: Some(value.to_vec()),
            });
        }
        if ops.len() >= KEYS_AT_ONCE || bytes >= BYTES_AT_ONCE {
            break;
        }
    }
    Ok(ops)
}

fn mark(mark: Option<&Mark>) -> Result<Op, Refusal> {
    let value = mark.map(serde_json::to_vec).transpose();
    let value = value.map_err(|error| Refusal::internal(chain(&error)))?;
    Ok(raw(&SystemKey::wiping(), value))
}

fn raw(key: &SystemKey<Ignored>, value: Option<Vec<u8>>) -> Op {
    Op {
        key: key.physical().clone(),
        value,
        seal_wrap: false,
    }
}

async fn commit(parts: &Parts, mut batch: Batch) -> Result<(), Refusal> {
    batch.ops.sort_by(|a, b| a.key.cmp(&b.key));
    let done = parts.journal.commit(vec![batch]).await;
    done.map(drop)
        .map_err(|error| Refusal::internal(chain(&error)))
}
