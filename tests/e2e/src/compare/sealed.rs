//! What servers answer from before they are initialized until they are sealed again: three shares,
//! two of which unseal, and all that is done with them.
//!
//! The scripts build on one another, in the order of [`SCRIPTS`]: later ones use the shares and the
//! root token that earlier ones saved.

/// A body with a share that is none of the key's, of the right length, and what follows it.
macro_rules! wrong_share {
    ($more:literal) => {
        concat!(
            r#"{"key":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa07""#,
            $more,
            "}"
        )
    };
}

pub mod differences;
mod init;
mod looks;
mod rekey;
mod root;
mod rotate;
mod seal;

use super::{Script, Step, get};
use differences::VAULTS_MEMBERS;

/// All scripts, in the order in which they are run.
pub const SCRIPTS: &[Script] = &[
    init::BEFORE,
    init::INIT,
    seal::UNSEAL,
    looks::WITHOUT_A_TOKEN,
    looks::WITH_A_TOKEN,
    rekey::REFUSED,
    rekey::VERIFIED,
    rekey::AT_ONCE,
    rotate::REFUSED,
    rotate::VERIFIED,
    rotate::RECOVERY,
    rotate::KEYRING,
    root::OPEN,
    root::WITH_A_TOKEN,
    seal::STEP_DOWN,
    seal::SEAL,
];

/// What it says of versions and names is each server's own.
const OWN: &[&str] = &["version", "cluster_name"];

const fn seal_status() -> Step {
    told_of_the_seal(get("sys/seal-status"))
}

/// A step whose answer is the status of the seal.
const fn told_of_the_seal(step: Step) -> Step {
    step.forms(OWN).members(
        &VAULTS_MEMBERS,
        &["build_date", "removed_from_cluster"],
        &["commit_date"],
    )
}

/// The health of a server that is not active.
const fn health(query: &'static str) -> Step {
    get(query)
        .forms(&["version", "server_time_utc"])
        .members(&VAULTS_MEMBERS, HEALTH_OF_VAULT, &[])
}

const HEALTH_OF_VAULT: &[&str] = &[
    "clock_skew_ms",
    "echo_duration_ms",
    "enterprise",
    "performance_standby",
    "replication_primary_canary_age_ms",
];
