//! Replaces the state by an image, so that a crash at any moment leaves the old state or goes on
//! where it was.
//!
//! ```text
//!  chunks staged ─▶ plan synced ─▶ old state removed, chunks unpacked ─▶ applied set, plan removed
//!     crash: old state   └──────────── crash: done again from the plan ────────────┘
//! ```

use crate::entry::StoredVoters;
use crate::image::{self, Image};
use crate::log::Log;
use crate::state::{put_applied, put_voters};
use crate::types::{LogId, Mark, SnapshotMeta};
use crate::{RaftError, record};
use serde::{Deserialize, Serialize};
use storage::{Batch, Durability, Space, Storage};

const PLAN: &[u8] = b"raft/install";

#[derive(Serialize, Deserialize)]
struct Plan {
    last: Mark,
    voters: StoredVoters,
    chunk_count: u64,
}

/// Installs `image`, the state after entry `meta.last_log_id`.
pub(crate) fn install(
    storage: &dyn Storage,
    log: &Log,
    meta: &SnapshotMeta,
    image: &Image,
) -> Result<(), RaftError> {
    let Some(last) = meta.last_log_id else {
        return Err(RaftError::Damaged(String::from("a snapshot of no entries")));
    };
    let chunk_count = match image {
        Image::Staged(count) => *count,
        Image::Held(snapshot) => {
            image::unstage(storage)?;
            let mut count = 0;
            for chunk in image::chunks(&**snapshot) {
                image::stage(storage, count, chunk?)?;
                count += 1;
            }
            count
        }
    };
    let plan = Plan {
        last: Mark::from(&last),
        voters: StoredVoters::from(&meta.last_membership),
        chunk_count,
    };
    let mut batch = Batch::new();
    batch.put(Space::Meta, PLAN, record::encode(PLAN, &plan)?);
    storage
        .commit(batch, Durability::Synced)
        .map_err(RaftError::storage("plan the installation of a snapshot"))?;
    carry_out(storage, log, plan)
}

/// Completes what a crash interrupted, if anything.
pub(crate) fn resume(storage: &dyn Storage, log: &Log) -> Result<(), RaftError> {
    let stored = storage
        .get(Space::Meta, PLAN)
        .map_err(RaftError::storage("read the plan of an installation"))?;
    match stored {
        Some(bytes) => {
            let plan = record::decode(PLAN, &bytes, "the plan of an installation")?;
            carry_out(storage, log, plan)
        }
        None => image::unstage(storage),
    }
}

fn carry_out(storage: &dyn Storage, log: &Log, plan: Plan) -> Result<(), RaftError> {
    image::clear(storage)?;
    for number in 0..plan.chunk_count {
        image::unpack(storage, number)?;
    }
    // The log ends no earlier than the state: before the state says how far it is.
    let last = LogId::from(plan.last);
    log.purge(last)?;
    let mut batch = Batch::new();
    put_applied(&mut batch, &last)?;
    put_voters(&mut batch, &plan.voters)?;
    journal::mark_applied(&mut batch, last.index);
    batch.delete(Space::Meta, PLAN);
    storage
        .commit(batch, Durability::Synced)
        .map_err(RaftError::storage("finish the installation of a snapshot"))?;
    image::unstage(storage)
}
