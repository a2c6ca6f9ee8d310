//! What a primary sends, read in the clear. The primary is a process of its own; the secondary is in
//! this one, keeps every frame that goes over its TLS connections, and opens every value in them with
//! the keys that the primary gave it. In all of that nothing is found that a secondary is not to have.
//!
//! ```text
//!  host A: this process                                    ║ host B
//!  node of a secondary ── Tap ── Connector ══ TLS ══ Relay ╫── Cluster a
//!                          └ frames, values opened   └ bytes, sealed
//! ```
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]
#![cfg(target_os = "linux")]

mod frames;
mod kept;
mod planted;
mod questions;
mod secondary;
mod story;
mod tap;
