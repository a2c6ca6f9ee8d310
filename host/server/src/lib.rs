//! The `casemate` server: configuration, wiring, the life of a process.

pub mod config;
