//! `sys/leases`, by the leases that tokens have.

use super::{LEASE_LIMIT, OLD_PATHS, itself, tidies};
use crate::compare::{CLIENT_TOKEN, Script, get, list, post, put};

/// A role with a suffix gives the leases of its tokens a folder of their own, so that the id of the
/// only one in it can be read off a list.
pub(super) const LEASES: Script = Script {
    name: "leases of tokens",
    steps: &[
        post(
            "auth/token/roles/lease-a",
            r#"{"allowed_policies":"default","path_suffix":"folder-a"}"#,
        )
        .only_prepares(),
        post("auth/token/create/lease-a", r#"{"ttl":"1h"}"#)
            .saves("a", CLIENT_TOKEN)
            .only_prepares(),
        list("sys/leases/lookup/auth/token/create/lease-a/folder-a").saves("lease", "/data/keys/0"),
        list("sys/leases/lookup/auth/token/create/lease-a"),
        put(
            "sys/leases/lookup",
            r#"{"lease_id":"auth/token/create/lease-a/folder-a/${lease}"}"#,
        ),
        put(
            "sys/leases/renew",
            r#"{"lease_id":"auth/token/create/lease-a/folder-a/${lease}"}"#,
        ),
        put(
            "sys/leases/renew/auth/token/create/lease-a/folder-a/${lease}",
            "{}",
        ),
        put(
            "sys/leases/revoke",
            r#"{"lease_id":"auth/token/create/lease-a/folder-a/${lease}","sync":true}"#,
        ),
        itself("a"),
        put(
            "sys/leases/lookup",
            r#"{"lease_id":"auth/token/create/lease-a/folder-a/${lease}"}"#,
        ),
        put(
            "sys/leases/revoke",
            r#"{"lease_id":"auth/token/create/lease-a/folder-a/${lease}"}"#,
        ),
        list("sys/leases/lookup/auth/token/create/lease-a/folder-a"),
        put("sys/leases/lookup", "{}"),
        put("sys/leases/lookup", r#"{"lease_id":"none"}"#),
        put("sys/leases/renew", "{}"),
        put("sys/leases/renew", r#"{"lease_id":"none"}"#),
        put("sys/leases/revoke", "{}"),
        put("sys/leases/revoke", r#"{"lease_id":"none"}"#),
        get("sys/leases/count"),
        get("sys/leases/count?type=irrevocable"),
        get("sys/leases?type=irrevocable"),
        get("sys/leases?type=irrevocable&limit=x").but(
            &LEASE_LIMIT,
            400,
            r#"{"errors":["invalid 'limit' provided"]}"#,
        ),
        put("sys/revoke", r#"{"lease_id":"none"}"#).but(&OLD_PATHS, 204, ""),
        put("sys/renew", r#"{"lease_id":"none"}"#).but(
            &OLD_PATHS,
            400,
            r#"{"errors":["lease not found"]}"#,
        ),
        tidies("sys/leases/tidy"),
    ],
};

pub(super) const PREFIXES: Script = Script {
    name: "leases below a prefix",
    steps: &[
        post(
            "auth/token/roles/lease-b",
            r#"{"allowed_policies":"default","path_suffix":"folder-b"}"#,
        )
        .only_prepares(),
        post("auth/token/create/lease-b", r#"{"ttl":"1h"}"#)
            .saves("b", CLIENT_TOKEN)
            .only_prepares(),
        post("auth/token/create/lease-b", r#"{"ttl":"1h"}"#)
            .saves("c", CLIENT_TOKEN)
            .only_prepares(),
        itself("b"),
        put(
            "sys/leases/revoke-prefix/auth/token/create/lease-b",
            r#"{"sync":true}"#,
        ),
        itself("b"),
        itself("c"),
        post("auth/token/create/lease-b", r#"{"ttl":"1h"}"#)
            .saves("d", CLIENT_TOKEN)
            .only_prepares(),
        put("sys/leases/revoke-force/auth/token/create/lease-b", "{}"),
        itself("d"),
        put("sys/leases/revoke-prefix/none", r#"{"sync":true}"#),
        put("sys/leases/revoke-force/none", "{}"),
    ],
};
