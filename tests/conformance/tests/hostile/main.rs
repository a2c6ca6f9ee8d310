//! Components that misbehave: each is contained, the reason is in the log, the caller is told
//! something that helps, and the neighbors do not notice.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test ends by panicking, also in what it calls"
)]

mod artifacts;
mod calls;
mod journal;
mod neighbors;
mod registration;
mod sections;
mod world;
