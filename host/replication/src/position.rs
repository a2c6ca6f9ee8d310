//! How far a secondary is.

use serde::{Deserialize, Serialize};

/// How far a secondary is in its primary's log. Stored in the batch that brings it there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The relation: its id is the same on all its clusters.
    pub relation: String,
    /// How many promotions the relation has seen.
    pub generation: u64,
    /// The last entry of the primary's log that is here.
    pub index: u64,
    /// Which of its filters the primary had applied: grows with every one that is written.
    pub filter: u64,
    /// Did that filter keep something from it, or would it what is yet to come?
    #[serde(default)]
    pub is_filtered: bool,
}
