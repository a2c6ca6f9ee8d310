//! What the barrier promises, through its public API.

mod keyring;
mod listing;
mod transaction;
mod view;
mod world;
