//! What the end-to-end tests share: real processes on loopback, an HTTP client, and the comparison
//! of two servers.
//!
//! ```text
//!  tests/*.rs ──▶ compare::Script ──▶ compare::run ──▶ Client ──▶ Server (bao)
//!                                             └──────▶ Client ──▶ Server (casemate)
//! ```
//!
//! Everything here fails by panicking, as tests do: a missing binary is a failed test, not a skipped
//! one.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "test support: what goes wrong here is to fail the test, with its reason"
)]

#[cfg(target_os = "linux")]
pub mod canaries;
pub mod cli;
mod client;
pub mod clusters;
pub mod compare;
pub mod coverage;
mod durable;
mod process;

pub use client::{Client, Response};
pub use durable::Durable;
pub use process::{Server, binary, free_port};
