//! Who is who, against small models.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests, and what they share: what goes wrong is to fail the test"
)]

mod directory;
mod models;
mod oidc;
mod world;
