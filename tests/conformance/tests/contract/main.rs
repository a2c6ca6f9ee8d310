//! What the contract promises a component, kept by a whole node.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test ends by panicking, also in what it calls"
)]

mod checkpoint;
mod gate;
mod house;
mod leases;
mod logins;
mod namespaces;
mod outside;
mod passwords;
mod paced;
mod quotas;
mod removal;
mod renewals;
mod starting;
mod tidied;
mod tuned;
mod upgrades;
