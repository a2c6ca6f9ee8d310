//! From version 1 to version 2.

use super::{MOUNT_V1, MOUNT_V2};
use crate::compare::{Script, delete, differences, get, list, patch, post, scan};

/// Everything that was there is there, as version 1.
pub(super) const UPGRADE: Script = Script {
    name: "upgrade",
    steps: &[
        post("sys/mounts/up", MOUNT_V1),
        post("up/a", r#"{"x":"y","ttl":"1h"}"#),
        post("up/b/c", r#"{"x":"y"}"#),
        post("up/b/d", r#"{"x":"y"}"#),
        post("up/d%20d", r#"{"x":"y"}"#),
        post("up/%C3%A9", r#"{"x":"y"}"#),
        post("up/metadata/m", r#"{"x":1}"#),
        post("up/data/x", r#"{"y":1}"#),
        post("up/config", r#"{"z":1}"#),
        post("sys/mounts/up/tune", r#"{"options":{"version":"2"}}"#).but(
            &differences::UPGRADE,
            200,
            r#"{"warnings":["Upgraded mount from version 1 to version 2"]}"#,
        ),
        get("up/data/a").until(200),
        get("up/a"),
        get("up/metadata/a"),
        get("up/subkeys/a"),
        get("up/config"),
        get("up/data/config"),
        get("up/data/data/x"),
        get("up/data/metadata/m"),
        list("up/metadata"),
        list("up/metadata?after=a&limit=2"),
        scan("up/metadata"),
        list("up/detailed-metadata/b"),
        post("up/data/a", r#"{"data":{"v":2},"options":{"cas":0}}"#),
        post("up/data/a", r#"{"data":{"v":2},"options":{"cas":1}}"#),
        get("up/data/a"),
        get("up/data/a?version=1"),
        get("up/metadata/a"),
        patch("up/data/b/c", r#"{"data":{"p":1}}"#),
        get("up/data/b/c"),
        delete("up/data/b/d"),
        get("up/data/b/d"),
        post("up/undelete/b/d", r#"{"versions":[1]}"#),
        get("up/data/b/d"),
        post("up/metadata/d%20d", r#"{"custom_metadata":{"a":"b"}}"#),
        get("up/data/d%20d"),
        post("up/destroy/%C3%A9", r#"{"versions":[1]}"#),
        get("up/data/%C3%A9"),
        delete("up/metadata/config"),
        get("up/data/config"),
        list("up/metadata"),
        scan("up/metadata"),
        post("sys/mounts/up/tune", r#"{"options":{"version":"1"}}"#),
        get("up/data/a"),
        post("sys/mounts/up/tune", r#"{"options":{"version":"3"}}"#),
        // Options that mean nothing.
        post(
            "sys/mounts/bad",
            r#"{"type":"kv","options":{"version":"3"}}"#,
        )
        .but(
            &differences::MOUNT_VERSION,
            400,
            r#"{"errors":["invalid version provided: 3"]}"#,
        ),
        post(
            "sys/mounts/bad",
            r#"{"type":"kv","options":{"version":"x"}}"#,
        )
        .but(
            &differences::MOUNT_VERSION,
            400,
            r#"{"errors":["invalid version provided: x"]}"#,
        ),
        post(
            "sys/mounts/empty",
            r#"{"type":"kv","options":{"version":""}}"#,
        ),
        post("empty/a", r#"{"x":1}"#),
        get("empty/a"),
        post("sys/mounts/alias", r#"{"type":"kv-v2"}"#),
        get("alias/config"),
        post("sys/mounts/fresh", MOUNT_V2),
        get("fresh/data/a"),
    ],
};
