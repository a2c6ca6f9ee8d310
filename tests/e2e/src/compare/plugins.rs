//! `sys/plugins` as far as it is the same where plugins are programs and where they are components,
//! and `plugin_version` of a mount.

use super::differences::differences;
use super::{Script, delete, get, post, put};

differences! {
    UPLOADS: "uploaded components",
        "OpenBao wants the digest of a file in its plugin directory; we want the component.";
    VERSION_TEXT: "`plugin_version` of a `tune`",
        "OpenBao writes v9 as v9.0.0 before it looks; we compare versions as they are written.";
}

/// All scripts.
pub const SCRIPTS: &[Script] = &[CATALOG, RELOAD];

const CATALOG: Script = Script {
    name: "the catalog",
    steps: &[
        get("sys/plugins/catalog/secret/none"),
        get("sys/plugins/catalog/auth/kv"),
        delete("sys/plugins/catalog/secret/none"),
        get("sys/plugins/catalog/kv"),
        delete("sys/plugins/catalog/kv"),
        put("sys/plugins/catalog/secret/mine", "{}").but(
            &UPLOADS,
            400,
            r#"{"errors":["components are uploaded: set \"component\" to the bytes in base64"]}"#,
        ),
    ],
};

const RELOAD: Script = Script {
    name: "reload",
    steps: &[
        post("sys/mounts/r", r#"{"type":"kv"}"#).only_prepares(),
        put("sys/plugins/reload/backend", "{}"),
        put("sys/plugins/reload/backend", r#"{"plugin":"kv"}"#),
        put(
            "sys/plugins/reload/backend",
            r#"{"plugin":"kv","scope":"global"}"#,
        ),
        put(
            "sys/plugins/reload/backend",
            r#"{"plugin":"kv","scope":"x"}"#,
        ),
        put("sys/plugins/reload/backend", r#"{"plugin":"none"}"#),
        put("sys/plugins/reload/backend", r#"{"mounts":["none"]}"#),
        put("sys/plugins/reload/backend", r#"{"mounts":["r/"]}"#),
        put("sys/plugins/reload/backend", r#"{"mounts":"r"}"#),
        put(
            "sys/plugins/reload/backend",
            r#"{"plugin":"kv","mounts":["r/"]}"#,
        ),
        post("sys/mounts/r/tune", r#"{"plugin_version":"v9"}"#).but(
            &VERSION_TEXT,
            400,
            r#"{"errors":["plugin not found in the catalog: kv, version=v9"]}"#,
        ),
        post("sys/mounts/r/tune", r#"{"plugin_version":"v9.0.0"}"#),
        post("sys/mounts/none/tune", r#"{"plugin_version":"v9.0.0"}"#),
        get("sys/mounts/r/tune"),
        get("sys/mounts/none/tune"),
        get("sys/auth/none/tune"),
        post("sys/auth/none/tune", r#"{"description":"x"}"#),
    ],
};
