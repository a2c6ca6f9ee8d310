//! A whole node in one process, without a network.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests, and what they share: what goes wrong is to fail the test"
)]

mod aside;
mod audit;
mod batch;
mod ceremonies;
mod cubbyhole;
mod filters;
mod house;
mod identity;
mod joining;
mod namespaces;
mod observe;
mod openapi;
mod pair;
mod policies;
mod quotas;
mod replication;
mod replication_metrics;
mod roles;
mod rotation;
mod sealing;
mod settings;
mod tokens;
mod tools;
mod tuning;
mod wrapping;
