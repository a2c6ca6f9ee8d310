//! Making, reading, listing and deleting.

use super::differences::{PATCHED_METADATA, TAKEN};
use super::{NOBODY, within};
use crate::compare::{Script, delete, get, list, patch, post, put, scan, send};

const MADE_A: &[(&str, &str)] = &[("X-Vault-Namespace", "made-a")];
const SLASH: &[(&str, &str)] = &[("X-Vault-Namespace", "made-a/")];
const DEEP: &[(&str, &str)] = &[("X-Vault-Namespace", "nested/b/c")];
const NESTED_B: &[(&str, &str)] = &[("X-Vault-Namespace", "/nested/b")];
const ROOT: &[(&str, &str)] = &[("X-Vault-Namespace", "root")];
const NONE: &[(&str, &str)] = &[("X-Vault-Namespace", "made-a/none")];

pub(super) const MADE: Script = Script {
    name: "made",
    steps: &[
        NOBODY,
        list("sys/namespaces"),
        get("sys/namespaces"),
        post("sys/namespaces/made-a", r#"{"custom_metadata":{"a":"b"}}"#),
        post("sys/namespaces/made-a", r#"{"custom_metadata":{"a":"c"}}"#),
        send("PUT", "sys/namespaces/made-a/"),
        put("sys/namespaces/made-a", "{}"),
        get("sys/namespaces/made-a"),
        get("sys/namespaces/made-a/"),
        list("sys/namespaces"),
        scan("sys/namespaces"),
        get("sys/namespaces?list=true"),
        get("sys/namespaces/none"),
        list("sys/namespaces/made-a"),
        within(send("POST", "sys/namespaces/sub"), MADE_A),
        within(get("sys/namespaces/sub"), SLASH),
        within(list("sys/namespaces"), SLASH),
        within(list("sys/namespaces"), ROOT),
        within(list("sys/namespaces"), NONE),
        get("made-a/sys/namespaces/sub"),
        get("made-x/sys/namespaces/sub"),
        get("sys/internal/ui/namespaces"),
        within(get("sys/internal/ui/namespaces"), MADE_A),
        send("GET", "sys/internal/ui/namespaces").by("nobody"),
        delete("sys/namespaces/made-a"),
        within(delete("sys/namespaces/sub"), MADE_A),
        within(get("sys/namespaces/sub"), MADE_A).until(404),
        delete("sys/namespaces/made-a"),
        get("sys/namespaces/made-a").until(404),
        delete("sys/namespaces/made-a"),
    ],
};

pub(super) const NAMES: Script = Script {
    name: "names",
    steps: &[
        send("POST", "sys/namespaces/a/b"),
        get("sys/namespaces/a/b"),
        delete("sys/namespaces/a/b"),
        send("POST", "sys/namespaces/root"),
        send("POST", "sys/namespaces/sys"),
        send("POST", "sys/namespaces/audit"),
        send("POST", "sys/namespaces/auth"),
        send("POST", "sys/namespaces/cubbyhole"),
        send("POST", "sys/namespaces/identity"),
        get("sys/namespaces/root"),
        delete("sys/namespaces/root"),
        send("POST", "sys/namespaces/a%20b"),
        send("POST", "sys/namespaces/a+b"),
        send("POST", "sys/namespaces/a*b"),
        send("POST", "sys/namespaces/a.b"),
        send("POST", "sys/namespaces/UPPER"),
        send("POST", "sys/namespaces/%C3%BC"),
        send("POST", "sys/namespaces/api-lock"),
        get("sys/namespaces/api-lock"),
    ],
};

pub(super) const METADATA: Script = Script {
    name: "metadata",
    steps: &[
        post("sys/namespaces/meta", r#"{"custom_metadata":{"a":1}}"#),
        post("sys/namespaces/meta", r#"{"custom_metadata":"x"}"#),
        post("sys/namespaces/meta", r#"{"custom_metadata":{"a":null}}"#),
        get("sys/namespaces/meta"),
        post(
            "sys/namespaces/meta",
            r#"{"custom_metadata":{"a":"b"},"other":1}"#,
        ),
        patch(
            "sys/namespaces/meta",
            r#"{"custom_metadata":{"x":"y","a":null}}"#,
        ),
        patch("sys/namespaces/meta", "{}"),
        patch("sys/namespaces/meta", r#"{"custom_metadata":{"x":1}}"#).but(
            &PATCHED_METADATA,
            400,
            r#"{"errors":["metadata patch can only have string or null values"]}"#,
        ),
        patch("sys/namespaces/meta", r#"{"id":"z","locked":true}"#),
        patch("sys/namespaces/meta", r#"{"custom_metadata":null}"#),
        patch("sys/namespaces/none", r#"{"custom_metadata":{"x":"y"}}"#),
    ],
};

pub(super) const BESIDE_MOUNTS: Script = Script {
    name: "beside mounts",
    steps: &[
        post("sys/mounts/beside/mount", r#"{"type":"kv"}"#),
        send("POST", "sys/namespaces/beside"),
        send("POST", "sys/namespaces/secret"),
        send("POST", "sys/namespaces/besides"),
        post("sys/mounts/besides/x", r#"{"type":"kv"}"#).but(
            &TAKEN,
            400,
            r#"{"errors":["path is already in use at besides/"]}"#,
        ),
        post("sys/mounts/besides", r#"{"type":"kv"}"#).but(
            &TAKEN,
            400,
            r#"{"errors":["path is already in use at besides/"]}"#,
        ),
    ],
};

pub(super) const NESTED: Script = Script {
    name: "nested",
    steps: &[
        send("POST", "sys/namespaces/nested"),
        send("POST", "nested/sys/namespaces/b"),
        within(send("POST", "sys/namespaces/c"), NESTED_B),
        within(send("POST", "sys/mounts/kv").body(r#"{"type":"kv"}"#), DEEP),
        within(post("kv/x", r#"{"a":"b"}"#), DEEP),
        within(get("c/kv/x"), NESTED_B),
        get("nested/b/c/kv/x"),
        get("nested/b/kv/x"),
        within(get("sys/namespaces/c"), NESTED_B),
        within(scan("sys/namespaces"), NESTED_B),
    ],
};

pub(super) const DELETED: Script = Script {
    name: "deleted",
    steps: &[
        send("POST", "sys/namespaces/deleted"),
        post("deleted/sys/mounts/kv", r#"{"type":"kv"}"#),
        post("deleted/kv/x", r#"{"a":"b"}"#),
        post("deleted/auth/token/create", "{}")
            .saves("token", "/auth/client_token")
            .only_prepares(),
        delete("sys/namespaces/deleted"),
        // OpenBao words it otherwise for a moment, of a token as well.
        get("deleted/kv/x").only_prepares(),
        get("sys/namespaces/deleted").until(404),
        get("auth/token/lookup-self").by("token"),
        send("POST", "sys/namespaces/deleted"),
        get("deleted/kv/x"),
    ],
};
