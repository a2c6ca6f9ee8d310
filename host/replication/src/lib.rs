//! What clusters say to each other, and what follows from it. Pure: no IO, no clock, no randomness.
//!
//! ```text
//!  secondary                                             primary
//!     │ greet       Versions ──────────────────────────▶  Versions
//!     │ bootstrap   Hello, public key ─────────────────▶  keys, sealed to the public key
//!     │ compare     Question … ────────────────────────▶  Told …, all from one snapshot at an index
//!     │ follow      Hello, Position ───────────────────▶  Event …: entries in their order
//!     │ forward     a request and who asks ────────────▶  what it came to, at an index
//! ```
//!
//! [`Position`] says how far a secondary is, and nothing else does.
//!
//! - [`Comparison`] and [`Answerer`] are the two sides of *compare*: what to ask and to write, and
//!   what to say of one moment.
//! - [`cut`] is what of the log's entries a secondary is sent, [`admit`] what it takes.
//! - [`Freshness`] is how old that is which a secondary has.
//! - [`Retention`] is for whom the log is kept, and how long.

mod answer;
mod compare;
mod deletions;
mod freshness;
mod merge;
mod position;
mod retention;
mod source;
mod view;
mod wire;

pub use answer::{Answer, Answerer};
pub use compare::{CompareError, Comparison, Heard, Progress, Reached};
pub use deletions::Outcome;
pub use freshness::Freshness;
pub use position::Position;
pub use retention::Retention;
pub use source::{NotReplicated, admit, changes_keys, cut};
pub use view::{Pairs, View};
pub use wire::{
    Event, Follow, Hello, KeyPackage, Method, Question, RecordBytes, Told, TreeName, VersionError,
    Versions, WireError, decode, encode,
};
