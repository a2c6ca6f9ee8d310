//! Performance replication between real servers, over TLS, with a relay on the way.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]
#![cfg(target_os = "linux")]

mod audited;
mod away;
mod cli;
mod components;
mod copies;
mod cuts;
mod filters;
mod follows;
mod headers;
mod https;
mod keys;
mod kills;
mod leases;
mod life;
mod local;
mod logins;
mod one_host;
mod pair;
mod preflight;
mod quotas;
mod roles;
mod rollback;
mod silence;
mod writers;
