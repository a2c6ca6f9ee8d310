//! A deterministic simulation of replication: a primary and two secondaries in one process, on one
//! thread, in a time of their own. A seed decides everything, so that what goes wrong once goes
//! wrong again.
//!
//! ```text
//!  World ── steps ─▶ clients ─▶ Cluster a: Node ─ Log ─ Memory ──┐
//!     │                         Cluster b: Node ─ Log ─ Memory ──┼─ Net: delays, cuts, partitions
//!     │                         Cluster c: Node ─ Log ─ Memory ──┘        │ every frame
//!     └─ after each step, and where nothing moves ─▶ invariants ◀─────────┘
//! ```
//!
//! Two phases: *safety* with all faults, then *liveness* with none, where every cluster must stream
//! again and agree. The nodes are the product's own; disk, log, network, clock and randomness are
//! not.
#![allow(
    clippy::disallowed_methods,
    reason = "time stands still here until somebody sleeps: it is how a delay is made"
)]
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "test support: what goes wrong here is to fail the test, with its reason"
)]

mod blind;
mod clock;
mod cluster;
mod components;
mod indexes;
mod invariants;
mod log;
mod mounts;
mod net;
mod oracle;
mod plant;
mod random;
mod roles;
mod signal;
mod steps;
mod template;
mod world;

pub use plant::Plant;
pub use world::{Failure, Report, run};

/// Seeds of the test suite.
pub const SEEDS: u64 = 500;

/// Steps of a run of the test suite.
pub const STEPS: u64 = 60;
