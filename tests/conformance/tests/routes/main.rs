//! Every route of a node with the standard components, tried with what a route must refuse. The
//! routes are read from the node's own OpenAPI document, which is made of the tables and manifests
//! that route requests: a new one is tried from the day it is there.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod bodies;
mod callers;
mod house;
mod namespaces;
mod route;
mod verbs;
