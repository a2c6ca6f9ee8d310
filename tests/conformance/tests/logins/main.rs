//! What becomes of a login: its entity, its groups, and what they allow.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests, and what they share: what goes wrong is to fail the test"
)]

mod house;
mod policies;
mod sign_in;
mod tokens;
mod who;
