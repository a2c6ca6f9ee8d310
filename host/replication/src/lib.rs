//! What clusters say to each other, and what follows from it. Pure: no IO, no clock, no randomness.
//!
//! ```text
//!  secondary                                             primary
//!     │ bootstrap   Hello, public key ─────────────────▶  keys, sealed to the public key
//!     │ compare     Question … ────────────────────────▶  Told …, all from one snapshot at an index
//!     │ follow      Hello, Position ───────────────────▶  Event …: entries in their order
//!     │ forward     a request and who asks ────────────▶  what it came to, at an index
//! ```
//!
//! [`Position`] says how far a secondary is, and nothing else does.

mod position;
mod source;
mod wire;

pub use position::Position;
pub use source::{NotReplicated, admit, changes_keys, cut};
pub use wire::{
    Event, Follow, Hello, KeyPackage, Method, Question, RecordBytes, Told, TreeName, Versions,
    WireError, decode, encode,
};
