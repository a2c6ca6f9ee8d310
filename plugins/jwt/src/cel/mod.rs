//! Roles whose rules are a program in the Common Expression Language.
//!
//! ```text
//!  role ──▶ program ──▶ names      is everything there that it names?
//!  login ─▶ program ──▶ verdict    what came of it ─▶ granted
//!               └─────▶ language   what a program can say
//! ```
//!
//! A program sees the claims of a token that was verified before, and decides. What it must never do:
//! see a token that was not.

mod granted;
mod language;
mod login;
mod names;
mod program;
mod role;
mod verdict;

pub(crate) use login::{Terms, identify, login};
pub(crate) use role::{Role, delete, list, patch, read, write};
