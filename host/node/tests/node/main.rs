//! A whole node in one process, without a network.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests, and what they share: what goes wrong is to fail the test"
)]

mod activation;
mod addresses;
mod aliases;
mod aside;
mod audit;
mod batch;
mod bootstrapping;
mod busy_log;
mod ceremonies;
mod changing_parts;
mod check;
mod confirm_wipe;
mod cubbyhole;
mod damaged;
mod declared_audit;
mod dynamic_filters;
mod eight;
mod errands;
mod filter_preview;
mod filters;
mod filters_stay;
mod forwarded;
mod hostile_secondary;
mod house;
mod identity;
mod index_tokens;
mod joining;
mod joining_filtered;
mod kept_log;
mod log_before;
mod lying_primary;
mod namespaces;
mod observe;
mod openapi;
#[path = "../../../openpgp/tests/recipient/opened.rs"]
mod opened;
mod own_writes;
mod pair;
mod pgp;
mod policies;
mod promotion;
mod quotas;
mod remounts;
mod replication;
mod replication_answers;
mod replication_metrics;
mod replication_status;
mod roles;
mod rotation;
mod seal_wrap;
mod sealing;
mod session;
mod settings;
mod settings_follow;
mod shared_audit;
mod signing;
mod silent_link;
mod standing;
mod steady_writes;
mod tokens;
mod tools;
mod tuning;
mod upkeep;
mod whole;
mod wrapping;
