//! A whole node in one process, without a network.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests, and what they share: what goes wrong is to fail the test"
)]

mod batch;
mod ceremonies;
mod cubbyhole;
mod house;
mod identity;
mod namespaces;
mod openapi;
mod roles;
mod rotation;
mod sealing;
mod tokens;
mod tuning;
mod wrapping;
