//! The cluster's log: openraft over our storage. The only room that names it.
//!
//! ```text
//!  commit ─┐                 ┌──────────────── the log's own thread ───────────────┐
//!  commit ─┼─▶ bounded queue │ committer ─▶ openraft ─▶ Log ─▶ storage, fsync      │
//!  commit ─┘   full: busy    │   ▲ group        └─────▶ StateMachine ─▶ storage    │
//!    ▲                       │   │ into one entry            └─▶ Observer          │
//!    └──────── index ────────┼───┘                                                 │
//!                            └─────────────────────────────────────────────────────┘
//! ```
//!
//! - While an entry is being synced, the commits that arrive wait; together they are the next
//!   entry and share its fsync. A commit resolves when its entry is synced and applied.
//! - Applying does not wait for the disk. After a crash what is missing is applied again from the
//!   log, which openraft does before this node is ready.
//! - Everything that waits for the disk runs on one thread of its own, so that no request does.
//! - The log is kept within bounds of entries and bytes, and what somebody who follows it needs
//!   within larger ones. That is our decision, not a side effect of snapshots, which cost nothing
//!   here: a snapshot is a view of storage.
//! - What comes from disk is checked: each entry has a version and a checksum bound to its index.
//!   A lost end, and whatever is wrong with entries that are still to be applied, is an error at the
//!   start; a hole or a damaged entry before that is one to whoever reads it. The start reads what it
//!   needs, however long the log is.
//!
//! This room never reads a clock except through openraft, never sees plaintext, and does not know
//! what a mount is.

mod committer;
mod config;
mod entry;
mod error;
mod extent;
mod follow;
mod image;
mod install;
mod log;
mod node;
mod peers;
mod record;
mod retention;
mod state;
#[cfg(test)]
mod suite;
mod types;

pub use config::RaftConfig;
pub use error::RaftError;
pub use node::Raft;
