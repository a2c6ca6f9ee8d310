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
    place: StoredPlace,
    content: Content<'a>,
}

/// How an entry begins, so that where it is can be read without what it holds.
#[derive(Serialize, Deserialize)]
struct StoredPlace {
    mark: Mark,
    before_bytes: u64,
}

/// Where an entry is in the log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placed {
    pub(crate) id: LogId,
    /// Bytes of all entries before it, those that are gone too.
    pub(crate) before_bytes: u64,
    /// Its own, as stored.
    pub(crate) size_bytes: u64,
}

impl Placed {
    /// Bytes of all entries up to this one.
    pub(crate) const fn end_bytes(&self) -> u64 {
        self.before_bytes.saturating_add(self.size_bytes)
    }
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

/// The entry as stored, after `before_bytes` of others.
pub(crate) fn encode(entry: &Entry, before_bytes: u64) -> Result<Vec<u8>, RaftError> {
    let content = match &entry.payload {
        EntryPayload::Blank => Content::Blank,
        EntryPayload::Normal(command) => Content::Batches(Cow::Borrowed(&command.0)),
        EntryPayload::Membership(membership) => Content::Voters(membership.into()),
    };
    let mark = Mark::from(&entry.log_id);
    let stored = StoredEntry {
        place: StoredPlace { mark, before_bytes },
        content,
    };
    record::encode(&key(entry.log_id.index), &stored)
}

pub(crate) fn decode(stored_key: &[u8], bytes: &[u8]) -> Result<Entry, RaftError> {
    let index = index(stored_key)?;
    let stored: StoredEntry<'_> = record::decode(stored_key, bytes, &name(index))?;
    let payload = match stored.content {
        Content::Blank => EntryPayload::Blank,
        Content::Batches(batches) => EntryPayload::Normal(Command(Arc::new(batches.into_owned()))),
        Content::Voters(voters) => EntryPayload::Membership(voters.into()),
    };
    Ok(Entry {
        log_id: id(index, &stored.place)?,
        payload,
    })
}

/// Where an entry is. All of it is checked, what it holds is not read.
pub(crate) fn placed(stored_key: &[u8], bytes: &[u8]) -> Result<Placed, RaftError> {
    let index = index(stored_key)?;
    let place: StoredPlace = record::decode_beginning(stored_key, bytes, &name(index))?;
    Ok(Placed {
        id: id(index, &place)?,
        before_bytes: place.before_bytes,
        size_bytes: bytes.len() as u64,
    })
}

/// The error for an entry that is to be there.
pub(crate) fn missing(index: u64) -> RaftError {
    RaftError::Damaged(format!("entry {index} is missing"))
}

fn index(stored_key: &[u8]) -> Result<u64, RaftError> {
    stored_key.try_into().map(u64::from_be_bytes).map_err(|_| {
        RaftError::Damaged(format!("an entry has a key of {} bytes", stored_key.len()))
    })
}

fn name(index: u64) -> String {
    format!("entry {index}")
}

fn id(index: u64, place: &StoredPlace) -> Result<LogId, RaftError> {
    if place.mark.index != index {
        let found = place.mark.index;
        return Err(RaftError::Damaged(format!(
            "entry {index} says it is entry {found}"
        )));
    }
    Ok(place.mark.into())
}
