//! `random/`, `hash/` and the settings of the mount.

use super::mount;
use crate::compare::{Script, get, post};

const BYTES: &[&str] = &["random_bytes"];

/// `random/`.
pub(super) const RANDOM: Script = Script {
    name: "transit random",
    steps: &[
        mount("sys/mounts/random"),
        post("random/random", "{}").hides(BYTES),
        post("random/random", r#"{"bytes":0}"#),
        post("random/random", r#"{"bytes":-1}"#),
        post("random/random", r#"{"bytes":3,"format":"hex"}"#).hides(BYTES),
        post("random/random", r#"{"bytes":"3"}"#).hides(BYTES),
        post("random/random", r#"{"bytes":"x"}"#),
        post("random/random", r#"{"format":"x"}"#),
        post("random/random", r#"{"bytes":131073}"#),
        post("random/random/5", "{}").hides(BYTES),
        post("random/random/x", "{}"),
        post("random/random/0", "{}"),
        post("random/random/platform", "{}").hides(BYTES),
        post("random/random/platform/4", "{}").hides(BYTES),
        post("random/random/seal/4", "{}").hides(BYTES),
        post("random/random/all/4", r#"{"format":"hex"}"#).hides(BYTES),
        post("random/random/foo/4", "{}"),
        post("random/random/platform/x", "{}"),
        get("random/random"),
    ],
};

/// `hash/`.
pub(super) const HASH: Script = Script {
    name: "transit hash",
    steps: &[
        mount("sys/mounts/hash"),
        post("hash/hash", "{}"),
        post("hash/hash", r#"{"input":""}"#),
        post("hash/hash", r#"{"input":"!"}"#),
        post("hash/hash", r#"{"input":"AAAA"}"#),
        post("hash/hash", r#"{"input":"AAAA","format":"base64"}"#),
        post("hash/hash", r#"{"input":"AAAA","format":"x"}"#),
        post("hash/hash", r#"{"input":"AAAA","algorithm":"sha1"}"#),
        post("hash/hash", r#"{"input":"AAAA","algorithm":"none"}"#),
        post("hash/hash", r#"{"input":"AAAA","algorithm":"sha2-224"}"#),
        post("hash/hash", r#"{"input":"AAAA","algorithm":"sha2-384"}"#),
        post("hash/hash", r#"{"input":"AAAA","algorithm":"sha3-224"}"#),
        post("hash/hash", r#"{"input":"AAAA","algorithm":"sha3-256"}"#),
        post("hash/hash", r#"{"input":"AAAA","algorithm":"sha3-384"}"#),
        post("hash/hash/sha2-512", r#"{"input":"AAAA"}"#),
        post(
            "hash/hash/sha3-512",
            r#"{"input":"AAAA","format":"base64"}"#,
        ),
        post("hash/hash/x", r#"{"input":"AAAA"}"#),
    ],
};

/// `config/keys` and `cache-config`.
pub(super) const SETTINGS: Script = Script {
    name: "transit settings",
    steps: &[
        mount("sys/mounts/settings"),
        get("settings/cache-config"),
        post("settings/cache-config", "{}"),
        post("settings/cache-config", r#"{"size":5}"#),
        post("settings/cache-config", r#"{"size":-1}"#),
        post("settings/cache-config", r#"{"size":500}"#),
        get("settings/cache-config"),
        get("settings/config/keys"),
        post("settings/config/keys", r#"{"disable_upsert":true}"#),
        post("settings/config/keys", "{}"),
        get("settings/config/keys"),
    ],
};
