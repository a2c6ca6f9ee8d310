//! Version 2, `config`.

use super::MOUNT_V2;
use crate::compare::{Script, delete, differences, get, list, patch, post, send};

/// Reading and writing it.
pub(super) const CONFIG: Script = Script {
    name: "config",
    steps: &[
        post("sys/mounts/config", MOUNT_V2),
        get("config/config"),
        send("POST", "config/config"),
        post("config/config", "{}"),
        get("config/config"),
        post("config/config", r#"{"max_versions":5}"#),
        get("config/config"),
        post("config/config", r#"{"max_versions":"x"}"#),
        post("config/config", r#"{"max_versions":-1}"#).but(
            &differences::VERSIONS_OUT_OF_RANGE,
            400,
            r#"{"errors":["error converting input for field \"max_versions\""]}"#,
        ),
        post("config/config", r#"{"max_versions":null}"#),
        get("config/config"),
        post("config/config", r#"{"cas_required":true}"#),
        get("config/config"),
        post("config/config", r#"{"cas_required":null}"#),
        get("config/config"),
        post("config/config", r#"{"delete_version_after":"1h"}"#),
        get("config/config"),
        post("config/config", r#"{"delete_version_after":"x"}"#),
        post("config/config", r#"{"delete_version_after":"10ms"}"#),
        get("config/config"),
        post("config/config", r#"{"delete_version_after":"-1s"}"#),
        get("config/config"),
        post("config/config", r#"{"delete_version_after":"-7h"}"#),
        get("config/config"),
        post("config/config", r#"{"delete_version_after":null}"#),
        get("config/config").but(
            &differences::NULL_DURATION,
            200,
            r#"{"data":{"cas_required":false,"delete_version_after":"0s","max_versions":0,"metadata_cas_required":false}}"#,
        ),
        post("config/config", r#"{"delete_version_after":0}"#),
        get("config/config"),
        post("config/config", r#"{"zz":1}"#),
        post("config/config", r#"{"metadata_cas_required":true}"#),
        get("config/config"),
        post(
            "config/config",
            r#"{"metadata_cas_required":false,"cas_required":"x"}"#,
        ),
        get("config/config"),
        post(
            "config/config",
            r#"{"max_versions":3,"cas_required":false,"delete_version_after":"36h","metadata_cas_required":false}"#,
        ),
        get("config/config"),
        patch("config/config", r#"{"max_versions":3}"#),
        delete("config/config"),
        list("config/config"),
        get("config/config?zz=1"),
    ],
};

/// What the mount demands of every secret.
pub(super) const CHECK_AND_SET: Script = Script {
    name: "check-and-set",
    steps: &[
        post("sys/mounts/cas", MOUNT_V2),
        post("cas/metadata/c", r#"{"cas_required":true}"#),
        post("cas/data/c", r#"{"data":{"a":1}}"#),
        post("cas/data/c", r#"{"data":{"a":1},"options":{}}"#),
        post("cas/data/c", r#"{"data":{"a":1},"options":{"cas":1}}"#),
        post("cas/data/c", r#"{"data":{"a":1},"options":{"cas":0}}"#),
        patch("cas/data/c", r#"{"data":{"b":1}}"#),
        patch("cas/data/c", r#"{"data":{"b":1},"options":{"cas":1}}"#),
        delete("cas/data/c"),
        post("cas/delete/c", r#"{"versions":[1]}"#),
        post(
            "cas/config",
            r#"{"cas_required":true,"metadata_cas_required":true}"#,
        ),
        post("cas/data/d", r#"{"data":{"a":1}}"#),
        post("cas/data/d", r#"{"data":{"a":1},"options":{"cas":0}}"#),
        post("cas/metadata/d", r#"{"cas_required":false}"#),
        post(
            "cas/metadata/d",
            r#"{"cas_required":false,"metadata_cas":0}"#,
        ),
        post(
            "cas/metadata/d",
            r#"{"cas_required":false,"metadata_cas_required":false,"metadata_cas":1}"#,
        ),
        patch(
            "cas/metadata/d",
            r#"{"cas_required":false,"metadata_cas_required":false}"#,
        ),
        patch(
            "cas/metadata/d",
            r#"{"cas_required":false,"metadata_cas_required":false,"metadata_cas":2}"#,
        ),
        post("cas/data/d", r#"{"data":{"a":1}}"#),
        post("cas/data/d", r#"{"data":{"a":1},"options":{"cas":1}}"#),
        get("cas/metadata/d"),
        post(
            "cas/config",
            r#"{"cas_required":false,"metadata_cas_required":false}"#,
        ),
        post("cas/data/d", r#"{"data":{"a":1}}"#),
    ],
};
