//! Why the log does not start, or stops.

use base::chain;
use journal::JournalError;
use std::sync::{Arc, OnceLock};
use storage::StorageError;

/// Why the log does not start, or stops.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RaftError {
    /// Storage failed.
    #[error("{doing}")]
    Storage {
        /// What was being done.
        doing: &'static str,
        /// How it failed.
        #[source]
        cause: StorageError,
    },
    /// What storage holds for the log is not what was put there.
    #[error("log is damaged: {0}")]
    Damaged(String),
    /// An entry cannot be applied.
    #[error("apply entry {index}")]
    Apply {
        /// Which.
        index: u64,
        /// Why.
        #[source]
        cause: JournalError,
    },
    /// Something that observes the log panicked; what it had in memory may be wrong.
    #[error("an observer of entry {0} panicked")]
    Observer(u64),
    /// This node is not the voter of the log it was given.
    #[error("log belongs to the nodes {voters:?}, not to node {node}")]
    NotAVoter {
        /// This node.
        node: u64,
        /// Who votes.
        voters: Vec<u64>,
    },
    /// The thread of the log cannot be started, or ended too early.
    #[error("start the log: {0}")]
    Start(String),
}

impl RaftError {
    pub(crate) fn storage(doing: &'static str) -> impl FnOnce(StorageError) -> Self {
        move |cause| Self::Storage { doing, cause }
    }
}

/// What stopped the log, told once: openraft wraps errors until nobody can read them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Failure(Arc<OnceLock<String>>);

impl Failure {
    /// Notes the error, unless an earlier one is the reason for it.
    pub(crate) fn note(&self, error: &dyn core::error::Error) -> String {
        let text = chain(error);
        tracing::error!("log stops: {text}");
        self.0.get_or_init(|| text.clone());
        text
    }

    pub(crate) fn text(&self) -> Option<&str> {
        self.0.get().map(String::as_str)
    }
}
