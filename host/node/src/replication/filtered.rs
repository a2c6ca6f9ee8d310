//! What one secondary is not to have, for as long as it is sent something.

use super::exclusions;
use crate::unsealed::Unsealed;
use barrier::Transaction;
use base::Refusal;
use locality::Exclusion;

/// Why a secondary is to compare itself with its primary.
pub(super) const FILTER_CHANGED: &str = "its paths filter leaves out something else now";

/// What is kept from a secondary. Whoever sends it something asks before each message whether this
/// still holds, and is broken off when it does not, with what waits to be sent.
pub(super) struct Filtered {
    secondary: String,
    pub(super) exclusion: Exclusion,
    /// The count of changes at which it was last read.
    seen: u64,
}

impl Filtered {
    /// As it is now.
    pub(super) fn now(node: &Unsealed, secondary: &str) -> Result<Self, Refusal> {
        let seen = node.parts.changes.exclusions();
        Self::at(&mut node.begin(), secondary, seen)
    }

    /// As it is in a transaction that was begun after a count of changes was `seen`.
    pub(super) fn at(tx: &mut Transaction, secondary: &str, seen: u64) -> Result<Self, Refusal> {
        Ok(Self {
            secondary: secondary.to_owned(),
            exclusion: exclusions::of(tx, secondary)?,
            seen,
        })
    }

    /// Is something else kept from it by now? Reads no more than a number where nothing was filtered
    /// since.
    pub(super) fn is_changed(&mut self, node: &Unsealed) -> Result<bool, Refusal> {
        let count = node.parts.changes.exclusions();
        if count == self.seen {
            return Ok(false);
        }
        let now = exclusions::of(&mut node.begin(), &self.secondary)?;
        if now.version != self.exclusion.version {
            return Ok(true);
        }
        self.seen = count;
        Ok(false)
    }

    /// Resolves when something else is kept from it.
    pub(super) async fn changed(mut self, node: &Unsealed) -> Result<(), Refusal> {
        while !self.is_changed(node)? {
            node.parts.changes.exclusions_beyond(self.seen).await;
        }
        Ok(())
    }
}
