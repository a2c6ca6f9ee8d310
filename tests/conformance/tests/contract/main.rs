//! What the contract promises a component, kept by a whole node.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test ends by panicking, also in what it calls"
)]

mod checkpoint;
mod damaged;
mod gate;
mod hostile;
mod house;
#[path = "../hostile/journal.rs"]
mod journal;
mod leases;
mod logins;
mod namespaces;
mod outside;
mod paced;
mod passwords;
mod quotas;
mod removal;
mod renewals;
mod starting;
mod street;
mod tidied;
mod tuned;
mod upgrades;
mod whole_logins;
