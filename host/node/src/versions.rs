//! Which versions of the server a cluster has run.

use crate::refusal::from_barrier;
use crate::unsealed::Unsealed;
use barrier::Transaction;
use base::{Refusal, Timestamp};
use locality::{PhysicalKey, SystemKey};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A version that ran.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Ran {
    pub(crate) version: String,
    pub(crate) build_date: String,
    /// When it was first unsealed.
    pub(crate) installed: Timestamp,
}

/// All of them, the oldest first.
pub(crate) fn all(tx: &mut Transaction) -> Result<Vec<Ran>, Refusal> {
    let records = tx.records(&SystemKey::versions(), None, usize::MAX);
    let records = records.map_err(from_barrier)?.into_iter();
    let mut all: Vec<Ran> = records.map(|(_, ran): (PhysicalKey, Ran)| ran).collect();
    all.sort_by_key(|ran| ran.installed);
    Ok(all)
}

/// Notes the version that runs, once.
pub(crate) async fn note(node: &Arc<Unsealed>) -> Result<(), Refusal> {
    let settings = &node.parts.settings;
    let key = SystemKey::version(&settings.version);
    node.transact(|tx| {
        let known: Option<Ran> = tx.read_json(&key).map_err(from_barrier)?;
        if known.is_none() {
            let ran = Ran {
                version: settings.version.clone(),
                build_date: settings.build_date.clone(),
                installed: node.now(),
            };
            tx.write_json(&key, &ran).map_err(from_barrier)?;
        }
        Ok(())
    })
    .await
}
