//! Two ends of a connection over real sockets, and what else may come to a port.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests, and what they share: what goes wrong is to fail the test"
)]

mod world;

mod calls;
mod dialing;
mod ending;
mod hostile;
mod probing;
mod strangers;
