//! Requests to the AppRole method.

mod roles;
mod secret_ids;

use super::{Difference, Script, Step, differences};

/// All scripts; each makes a mount of its own.
pub const SCRIPTS: &[Script] = &[
    roles::ROLES,
    roles::REFUSALS,
    roles::PARTS,
    roles::PART_REFUSALS,
    roles::WITHOUT_ROLE,
    secret_ids::SECRET_IDS,
    secret_ids::WISHES,
    secret_ids::NETWORKS,
    secret_ids::LOCAL,
    secret_ids::LOGINS,
    secret_ids::TIDY,
];

const MOUNT: &str = r#"{"type":"approle"}"#;

/// Where OpenBao says the same with 500.
const fn fault(step: Step, body: &'static str) -> Step {
    step.but(&differences::CALLERS_FAULT, 400, body)
}

const fn differs(step: Step, difference: &'static Difference, body: &'static str) -> Step {
    step.but(difference, 400, body)
}
