//! What clusters of earlier versions said is understood, and what they understood is said.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test ends by panicking, also in what it calls"
)]

mod forwarded;
mod messages;
mod played;
