//! Requests to make, lock and use namespaces.

pub mod differences;
mod inside;
mod locked;
mod made;
mod restricted;
mod templated;

use super::{Script, Step, get};

/// All scripts; each makes namespaces of its own.
pub const SCRIPTS: &[Script] = &[
    made::MADE,
    made::NAMES,
    made::METADATA,
    made::BESIDE_MOUNTS,
    made::NESTED,
    made::DELETED,
    locked::LOCKED,
    locked::SEALING,
    inside::ENGINES,
    inside::TOKENS,
    inside::ACCESSORS,
    inside::LEASES,
    inside::WRAPPING,
    inside::PEOPLE,
    inside::MOVES,
    templated::TEMPLATED,
    restricted::RESTRICTED,
    restricted::BY_PATH,
];

/// Keeps what is no token of either server.
const NOBODY: Step = get("sys/mounts")
    .saves("nobody", "/data/secret~1/uuid")
    .only_prepares();

/// The same step, in a namespace.
const fn within(step: Step, header: &'static [(&'static str, &'static str)]) -> Step {
    step.headers(header)
}
