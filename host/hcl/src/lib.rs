//! HCL and JSON as Vault's users write them, read into one small tree.
//!
//! ```text
//!  path "secret/*" {                       Entry path, label secret/*
//!    capabilities = ["read"]         ─▶      Value::Object
//!  }                                           Entry capabilities = Value::List
//! ```
//!
//! Policies and server configuration both consume the tree. The grammar is that of HCL 1, where
//! keys may be quoted, items of a block may share a line, and the same block or attribute may come
//! twice: everything is kept, in order. A text that begins with `{` is read as JSON; its nested
//! objects stand for labels, which [`Body::blocks`] makes look the same.
//!
//! Nothing is evaluated: `${…}` and `{{…}}` are text. No input panics, and what may be read is
//! bounded by [`BYTES_MAX`] and [`DEPTH_MAX`].

mod cursor;
mod error;
mod json;
mod lexer;
mod parse;
mod tree;

pub use error::{Error, Place};
pub use parse::parse;
pub use tree::{Block, Body, Entry, Value};

/// Longest text that is read, in bytes.
pub const BYTES_MAX: usize = 1024 * 1024;

/// How deep blocks, objects and lists may stand in each other.
pub const DEPTH_MAX: usize = 32;
