//! Shares that come, right ones and wrong ones, and the way back.

use super::differences::{CONVERSIONS, PERFORMANCE_MODE, SHARE_LENGTH, STATUSES, VERBS};
use super::{OWN, health, seal_status, told_of_the_seal};
use crate::compare::{Script, Step, get, put, send};

const NO_MIGRATION: &str =
    r#"{"errors":["can't perform a seal migration, no migration seal found"]}"#;

/// Takes a share or forgets them.
const fn unseal(body: &'static str) -> Step {
    told_of_the_seal(put("sys/unseal", body))
}

/// The health of a server that is active.
const fn healthy(query: &'static str, status: u16) -> Step {
    get(query)
        .until(status)
        .forms(&["version", "cluster_name", "server_time_utc"])
        .but(
            &PERFORMANCE_MODE,
            status,
            r#"{"initialized":true,"sealed":false,"standby":false,"performance_standby":false,
                "replication_performance_mode":"disabled","replication_dr_mode":"disabled",
                "server_time_utc":1,"version":"0","cluster_name":"c",
                "cluster_id":"00000000-0000-0000-0000-000000000000","enterprise":false,
                "echo_duration_ms":0,"clock_skew_ms":0,"replication_primary_canary_age_ms":0}"#,
        )
}

/// From no share to enough of them.
pub(super) const UNSEAL: Script = Script {
    name: "unseal",
    steps: &[
        seal_status(),
        health("sys/health"),
        health("sys/health?sealedcode=299"),
        health("sys/health?uninitcode=298"),
        health("sys/health?standbyok=true"),
        send("HEAD", "sys/health"),
        get("sys/leader"),
        get("sys/rekey/init"),
        get("sys/rotate/root/init").by("root"),
        put("sys/generate-root/attempt", "{}"),
        put("sys/seal", "{}").by("root"),
        put("sys/step-down", "{}").by("root"),
        put("sys/unseal", "{}"),
        put("sys/unseal", r#"{"key":""}"#),
        put("sys/unseal", r#"{"key":"zz!"}"#),
        put("sys/unseal", r#"{"key":"AAAA"}"#).but(
            &SHARE_LENGTH,
            400,
            r#"{"errors":["invalid key: key is shorter than minimum 33 bytes"]}"#,
        ),
        put("sys/unseal", r#"{"key":5}"#).but(
            &CONVERSIONS,
            400,
            r#"{"errors":["failed to decode JSON input: key is not a text"]}"#,
        ),
        put("sys/unseal", r#"{"migrate":true}"#),
        put("sys/unseal", r#"{"reset":false}"#),
        put("sys/unseal", r#"{"key":"${share0}","migrate":true}"#).but(
            &STATUSES,
            400,
            NO_MIGRATION,
        ),
        seal_status(),
        unseal(r#"{"key":"${share0}"}"#),
        seal_status(),
        health("sys/health"),
        // It is there already.
        unseal(r#"{"key":"${share0}"}"#),
        unseal(r#"{"reset":true}"#),
        seal_status(),
        unseal(r#"{"key":"${share1}"}"#),
        // Who asks for both gets the first.
        unseal(r#"{"reset":true,"key":"${share2}"}"#),
        unseal(r#"{"key":"${share0}"}"#),
        put("sys/unseal", wrong_share!("")),
        seal_status(),
        unseal(r#"{"key":"${share2}"}"#),
        unseal(r#"{"key":"${share1}"}"#),
        get("sys/health").until(200).only_prepares(),
        healthy("sys/health", 200),
        healthy("sys/health?activecode=299", 299),
        seal_status(),
        get("sys/init"),
        // Whoever comes too late.
        unseal(r#"{"key":"${share1}"}"#),
        put("sys/unseal", r#"{"key":"${share1}","migrate":true}"#).but(
            &STATUSES,
            400,
            NO_MIGRATION,
        ),
        put("sys/unseal", r#"{"key":"zz!"}"#),
        put("sys/unseal", r#"{"reset":true}"#),
    ],
};

/// A node that stands alone leads again soon, or still.
pub(super) const STEP_DOWN: Script = Script {
    name: "step-down",
    steps: &[
        put("sys/step-down", "{}"),
        put("sys/step-down", "{}").by("root"),
        get("sys/health").until(200).only_prepares(),
        healthy("sys/health", 200),
    ],
};

/// Sealed again, by whoever may.
pub(super) const SEAL: Script = Script {
    name: "seal",
    steps: &[
        put("sys/seal", "{}"),
        get("sys/seal").by("root").but(
            &VERBS,
            405,
            r#"{"errors":["1 error occurred:\n\t* unsupported operation\n\n"]}"#,
        ),
        put("sys/seal", "{}").by("root"),
        seal_status().forms(OWN),
        health("sys/health"),
        get("sys/leader"),
        get("sys/key-status").by("root"),
        put("sys/seal", "{}").by("root"),
        unseal(r#"{"key":"${share2}"}"#),
        unseal(r#"{"key":"${share0}"}"#),
        get("sys/key-status")
            .by("root")
            .until(200)
            .forms(&["encryptions"]),
    ],
};
