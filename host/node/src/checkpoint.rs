//! `storage.checkpoint`: a call commits what it wrote so far and goes on.

use crate::commit::CommitError;
use crate::engine::Entry;
use crate::unsealed::Unsealed;
use barrier::View;
use base::chain;
use plugin::{Checkpoint, CheckpointError, Committing};
use std::sync::{Arc, Weak};

/// Commits the calls of one mount half-way. Holds the node weakly: it is part of what the node has.
pub(crate) struct Midway {
    node: Weak<Unsealed>,
    place: Arc<Entry>,
}

impl Midway {
    pub(crate) fn of(node: &Arc<Unsealed>, place: &Arc<Entry>) -> Self {
        Self {
            node: Arc::downgrade(node),
            place: Arc::clone(place),
        }
    }

    /// The view comes back on a snapshot that has the commit, with what its call used up so far.
    async fn commit(&self, mut view: View) -> Result<View, CheckpointError> {
        let unavailable = |reason: String| CheckpointError::Unavailable(reason);
        let node = self.node.upgrade();
        let node = node.ok_or_else(|| unavailable(String::from("node is sealed")))?;
        let commit = view.take_commit();
        let mut commit = commit.map_err(|error| unavailable(chain(&error)))?;
        commit.reads.note_key(&self.place.key);
        let committed = match commit.batch.ops.is_empty() {
            true => node.committer.check(&commit),
            false => node.commit_gathered(commit).await.map(drop),
        };
        match committed {
            Ok(()) => {
                let (snapshot, seen) = node.committer.moment();
                view.resume(snapshot, seen);
                // A mount that was disabled before this moment would not overtake the rest.
                match self.place.holds(&mut node.begin()) {
                    Ok(true) => Ok(view),
                    Ok(false) => Err(unavailable(String::from("the mount is gone"))),
                    Err(error) => Err(unavailable(chain(&error))),
                }
            }
            Err(CommitError::Overtaken(number)) => {
                node.committer.settled(number).await;
                Err(CheckpointError::Overtaken)
            }
            Err(error) => Err(unavailable(chain(&error))),
        }
    }
}

impl Checkpoint for Midway {
    fn commit(&self, view: View) -> Committing<'_> {
        Box::pin(self.commit(view))
    }
}
