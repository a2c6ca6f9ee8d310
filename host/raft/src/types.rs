//! openraft's types as this room uses them.

use crate::image::Image;
use core::fmt;
use journal::Batch;
use openraft::{CommittedLeaderId, ErrorSubject, ErrorVerb, StorageIOError};
use serde::{Deserialize, Serialize};
use std::io;
use std::sync::Arc;

openraft::declare_raft_types!(
    /// openraft's type parameters.
    pub(crate) TypeConfig:
        D = Command,
        R = (),
        NodeId = u64,
        Node = openraft::BasicNode,
        Entry = openraft::Entry<TypeConfig>,
        SnapshotData = Image,
        AsyncRuntime = openraft::TokioRuntime,
);

pub(crate) type Entry = openraft::Entry<TypeConfig>;
pub(crate) type LogId = openraft::LogId<u64>;
pub(crate) type Membership = openraft::Membership<u64, openraft::BasicNode>;
pub(crate) type StoredMembership = openraft::StoredMembership<u64, openraft::BasicNode>;
pub(crate) type SnapshotMeta = openraft::SnapshotMeta<u64, openraft::BasicNode>;
pub(crate) type Snapshot = openraft::Snapshot<TypeConfig>;
pub(crate) type OpenraftError = openraft::StorageError<u64>;

/// The batches of one entry. Cheap to copy: openraft does.
#[derive(Clone, Serialize, Deserialize)]
#[serde(from = "Vec<Batch>", into = "Vec<Batch>")]
pub(crate) struct Command(pub(crate) Arc<Vec<Batch>>);

impl From<Vec<Batch>> for Command {
    fn from(batches: Vec<Batch>) -> Self {
        Self(Arc::new(batches))
    }
}

impl From<Command> for Vec<Batch> {
    fn from(command: Command) -> Self {
        Arc::unwrap_or_clone(command.0)
    }
}

/// Ciphertext does not belong into logs either.
impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} batches", self.0.len())
    }
}

/// A place in the log, as stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mark {
    pub(crate) term: u64,
    pub(crate) leader: u64,
    pub(crate) index: u64,
}

impl From<&LogId> for Mark {
    fn from(id: &LogId) -> Self {
        Self {
            term: id.leader_id.term,
            leader: id.leader_id.node_id,
            index: id.index,
        }
    }
}

impl From<Mark> for LogId {
    fn from(mark: Mark) -> Self {
        Self::new(CommittedLeaderId::new(mark.term, mark.leader), mark.index)
    }
}

/// What openraft is told when storage fails. It stops then, whatever the details.
pub(crate) fn stop(subject: ErrorSubject<u64>, verb: ErrorVerb, text: &str) -> OpenraftError {
    StorageIOError::new(subject, verb, &io::Error::other(text.to_owned())).into()
}
