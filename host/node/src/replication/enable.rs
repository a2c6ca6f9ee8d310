//! From a cluster of its own to a secondary: everything that it holds goes, and the keys of the
//! primary take the place of its own.
//!
//! ```text
//!  one batch: new keys, salt, cluster, part, mark ─▶ all other entries go, some at a time ─▶ mark goes
//!                                             └ a crash: the unseal sees the mark and goes on
//! ```

use super::key_package::SharedKeys;
use super::records::SecondaryRecord;
use crate::init::Cluster;
use crate::parts::Parts;
use crate::refusal::{chain, from_barrier, from_storage};
use access::TokenSalt;
use barrier::{Counts, Keyring, Transaction};
use base::Refusal;
use journal::{Batch, Op};
use locality::{Ignored, PhysicalKey, SystemKey};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;
use storage::Space;

/// Keys that one batch removes.
const KEYS_AT_ONCE: usize = 10_000;

/// What a cluster is to become, once the request that wanted it is answered.
pub(crate) struct Becoming {
    pub(crate) record: SecondaryRecord,
    pub(crate) shared: SharedKeys,
    /// Name and id stay.
    pub(crate) cluster: Cluster,
}

/// The entries that stay while all others go, hexadecimal.
#[derive(Serialize, Deserialize)]
struct Mark(BTreeSet<Vec<u8>>);

/// Writes what the cluster is to be, and takes everything else away.
pub(crate) async fn begin(parts: &Parts, becoming: &Becoming) -> Result<(), Refusal> {
    let ring = Arc::new(becoming.shared.ring()?);
    let (snapshot, entropy) = (parts.storage.snapshot(), Arc::clone(&parts.entropy));
    let mut tx = Transaction::new(snapshot, Arc::clone(&ring), entropy, 0);
    tx.write_json(&SystemKey::cluster(), &becoming.cluster)
        .map_err(from_barrier)?;
    tx.write_json(&SystemKey::performance_secondary(), &becoming.record)
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
    let key = SystemKey::wiping();
    kept.insert(key.physical().as_bytes().to_vec());
    let mark = serde_json::to_vec(&Mark(kept));
    let mark = mark.map_err(|error| Refusal::internal(chain(&error)))?;
    batch.ops.push(raw(&key, Some(mark)));
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

/// Takes away what was not taken away yet, where a cluster is becoming a secondary.
pub(crate) async fn go_on(parts: &Parts) -> Result<(), Refusal> {
    let key = SystemKey::wiping();
    let Some(mark) = crate::keys::unsealed_entry(parts, &key)? else {
        return Ok(());
    };
    let Mark(kept) =
        serde_json::from_slice(&mark).map_err(|error| Refusal::internal(chain(&error)))?;
    loop {
        let gone = some_of(parts, &kept)?;
        if gone.is_empty() {
            break;
        }
        commit(parts, Batch { ops: gone }).await?;
    }
    let ops = vec![raw(&key, None)];
    commit(parts, Batch { ops }).await
}

/// Removes some entries that are not to stay.
fn some_of(parts: &Parts, kept: &BTreeSet<Vec<u8>>) -> Result<Vec<Op>, Refusal> {
    let snapshot = parts.storage.snapshot();
    let mut ops = Vec::new();
    for entry in snapshot.range(Space::Entries, b"", None) {
        let (key, _) = entry.map_err(from_storage)?;
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
