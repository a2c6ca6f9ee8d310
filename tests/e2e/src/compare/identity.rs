//! Requests to the identity store. What logs in needs an auth method; entities and aliases made by
//! hand do not.

mod aliases;
mod entities;
mod groups;
mod merge;
mod provider;
mod tokens;

use super::{Script, Step, get};

/// All scripts, in order: they share the store.
pub const SCRIPTS: &[Script] = &[
    entities::ENTITIES,
    entities::LIMITS,
    aliases::ALIASES,
    aliases::LOOKUPS,
    groups::GROUPS,
    groups::MEMBERS,
    groups::GROUP_ALIASES,
    merge::MERGE,
    tokens::KEYS,
    tokens::ROLES,
    provider::PARTS,
    provider::SIGN_IN,
];

/// Keeps the accessor of the one auth method that both servers have from the beginning.
const ACCESSOR: Step = get("sys/auth")
    .saves("accessor", "/data/token~1/accessor")
    .only_prepares();
