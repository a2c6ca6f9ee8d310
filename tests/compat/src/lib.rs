//! What earlier versions left behind, held against the host of today: a change that it does not
//! survive is found here, before an operator finds it.
//!
//! - Components as they were built once (`tests/components`).
//! - What clusters said to each other (`tests/earlier`).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "test support: a test ends by panicking, also in what it calls"
)]

pub mod house;
pub mod kept;
pub mod replication;
