//! Entries of the log as stored. The shapes are ours, so that another openraft reads them too.

use crate::types::{Command, Entry, LogId, Mark, Membership, StoredMembership};
use crate::{RaftError, record};
use journal::Batch;
use openraft::{BasicNode, EntryPayload};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

#[derive(Serialize, Deserialize)]
struct StoredEntry<'a> {
    mark: Mark,
    content: Content<'a>,
}

#[derive(Serialize, Deserialize)]
enum Content<'a> {
    /// A new leader's first entry.
    Blank,
    Batches(Cow<'a, [Batch]>),
    Voters(Voters),
}

/// Who belongs to the cluster.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Voters {
    /// One set, or two while the cluster goes from one to the other.
    configs: Vec<BTreeSet<u64>>,
    /// All nodes and their addresses.
    nodes: BTreeMap<u64, String>,
}

/// Who belongs to the cluster, and since which entry.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct StoredVoters {
    since: Option<Mark>,
    voters: Voters,
}

impl From<&Membership> for Voters {
    fn from(membership: &Membership) -> Self {
        let nodes = membership.nodes();
        Self {
            configs: membership.get_joint_config().clone(),
            nodes: nodes.map(|(id, node)| (*id, node.addr.clone())).collect(),
        }
    }
}

impl From<Voters> for Membership {
    fn from(voters: Voters) -> Self {
        let nodes: BTreeMap<u64, BasicNode> = voters
            .nodes
            .into_iter()
            .map(|(id, address)| (id, BasicNode::new(address)))
            .collect();
        Self::new(voters.configs, nodes)
    }
}

impl From<&StoredMembership> for StoredVoters {
    fn from(stored: &StoredMembership) -> Self {
        Self {
            since: stored.log_id().as_ref().map(Mark::from),
            voters: stored.membership().into(),
        }
    }
}

impl From<StoredVoters> for StoredMembership {
    fn from(stored: StoredVoters) -> Self {
        Self::new(stored.since.map(LogId::from), stored.voters.into())
    }
}

pub(crate) const fn key(index: u64) -> [u8; 8] {
    index.to_be_bytes()
}

pub(crate) fn encode(entry: &Entry) -> Result<Vec<u8>, RaftError> {
    let content = match &entry.payload {
        EntryPayload::Blank => Content::Blank,
        EntryPayload::Normal(command) => Content::Batches(Cow::Borrowed(&command.0)),
        EntryPayload::Membership(membership) => Content::Voters(membership.into()),
    };
    let stored = StoredEntry {
        mark: Mark::from(&entry.log_id),
        content,
    };
    record::encode(&key(entry.log_id.index), &stored)
}

pub(crate) fn decode(stored_key: &[u8], bytes: &[u8]) -> Result<Entry, RaftError> {
    let index = stored_key.try_into().map(u64::from_be_bytes).map_err(|_| {
        RaftError::Damaged(format!("an entry has a key of {} bytes", stored_key.len()))
    })?;
    let stored: StoredEntry<'_> = record::decode(stored_key, bytes, &format!("entry {index}"))?;
    if stored.mark.index != index {
        let found = stored.mark.index;
        return Err(RaftError::Damaged(format!(
            "entry {index} says it is entry {found}"
        )));
    }
    let payload = match stored.content {
        Content::Blank => EntryPayload::Blank,
        Content::Batches(batches) => EntryPayload::Normal(Command(Arc::new(batches.into_owned()))),
        Content::Voters(voters) => EntryPayload::Membership(voters.into()),
    };
    Ok(Entry {
        log_id: stored.mark.into(),
        payload,
    })
}
