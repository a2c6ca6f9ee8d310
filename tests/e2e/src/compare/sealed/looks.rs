//! What an unsealed server says of itself, to anybody and to operators.

use super::differences::{HOST, IN_FLIGHT, OWN_MOUNTS, VAULTS_MEMBERS};
use crate::compare::{Script, Step, get, put};

const fn leader() -> Step {
    get("sys/leader")
        .forms(&[
            "leader_address",
            "leader_cluster_address",
            "raft_applied_index",
            "raft_committed_index",
        ])
        .members(
            &VAULTS_MEMBERS,
            &["performance_standby", "performance_standby_last_remote_wal"],
            &[],
        )
}

/// All mounts that a caller can use, those of the server itself among them.
const fn mounts() -> Step {
    get("sys/internal/ui/mounts")
        .forms(&["running_plugin_version", "running_sha256", "seal_wrap"])
        .members(&OWN_MOUNTS, &[], &["passthrough_request_headers"])
}

/// What each server says of a mount for itself.
const OF_A_MOUNT: &[&str] = &["running_plugin_version", "running_sha256"];

/// What anybody may know.
pub(super) const WITHOUT_A_TOKEN: Script = Script {
    name: "looks without a token",
    steps: &[
        leader(),
        get("sys/ha-status"),
        get("sys/host-info"),
        get("sys/in-flight-req"),
        get("sys/config/state/sanitized"),
        get("sys/key-status"),
        get("sys/internal/ui/mounts"),
        get("sys/internal/ui/mounts/cubbyhole"),
        get("sys/internal/ui/mounts/nothing"),
        get("sys/rotate/root/init"),
        get("sys/rekey/backup"),
        get("sys/generate-root-token/attempt"),
    ],
};

/// What operators see, and what others see of that.
pub(super) const WITH_A_TOKEN: Script = Script {
    name: "looks",
    steps: &[
        leader().by("root"),
        get("sys/ha-status").by("root").forms(&[
            "api_address",
            "cluster_address",
            "version",
            "upgrade_version",
        ]),
        get("sys/host-info").by("root").forms(&["data"]).members(
            &HOST,
            &[],
            &[
                "hostid",
                "laundry",
                "virtualizationRole",
                "virtualizationSystem",
                "wired",
            ],
        ),
        get("sys/in-flight-req")
            .by("root")
            .forms(&["client_remote_address"])
            .but(
                &IN_FLIGHT,
                200,
                r#"{"00000000-0000-0000-0000-000000000000":{"client_id":"",
                    "client_remote_address":"a","request_method":"GET",
                    "request_path":"/v1/sys/in-flight-req",
                    "start_time":"2026-11-27T00:00:00Z"}}"#,
            ),
        get("sys/key-status").by("root").forms(&["encryptions"]),
        mounts().by("root"),
        get("sys/internal/ui/mounts/cubbyhole")
            .by("root")
            .forms(OF_A_MOUNT),
        get("sys/internal/ui/mounts/cubbyhole/a/b")
            .by("root")
            .forms(OF_A_MOUNT),
        get("sys/internal/ui/mounts/nothing").by("root"),
        put(
            "sys/mounts/seen",
            r#"{"type":"kv","description":"for all","config":{"listing_visibility":"unauth"}}"#,
        )
        .by("root"),
        put(
            "sys/mounts/versioned",
            r#"{"type":"kv","options":{"version":"2"},"config":{"listing_visibility":"unauth"}}"#,
        )
        .by("root"),
        put("sys/mounts/unseen", r#"{"type":"kv"}"#).by("root"),
        put(
            "sys/auth/people",
            r#"{"type":"userpass","config":{"listing_visibility":"unauth"}}"#,
        )
        .by("root"),
        get("sys/internal/ui/mounts"),
        get("sys/internal/ui/mounts/seen"),
        get("sys/internal/ui/mounts/seen/a")
            .by("root")
            .forms(OF_A_MOUNT),
        get("sys/internal/ui/mounts/unseen")
            .by("root")
            .forms(OF_A_MOUNT),
        get("sys/internal/ui/mounts/auth/people/login")
            .by("root")
            .forms(OF_A_MOUNT),
        put("auth/token/create", r#"{"policies":["default"]}"#)
            .by("root")
            .only_prepares()
            .saves("default", "/auth/client_token"),
        mounts().by("default"),
        get("sys/internal/ui/mounts/seen").by("default"),
        put("auth/token/revoke-self", "{}").by("default"),
        // Not even what anybody without a token sees.
        get("sys/internal/ui/mounts").by("default"),
    ],
};
