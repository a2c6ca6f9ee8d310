//! Before there are keys, and how they are made.

use super::differences::{BAD_KEYS, CONVERSIONS};
use super::{health, seal_status, told_of_the_seal};
use crate::compare::{Script, get, post, put};

/// What a server without keys says.
pub(super) const BEFORE: Script = Script {
    name: "before init",
    steps: &[
        get("sys/init"),
        seal_status(),
        health("sys/health"),
        health("sys/health?uninitcode=299"),
        health("sys/health?sealedcode=299"),
        get("sys/health?uninitcode=x"),
        get("sys/leader"),
        get("sys/ha-status"),
        get("sys/host-info"),
        get("sys/in-flight-req"),
        get("sys/config/state/sanitized"),
        get("sys/internal/ui/mounts"),
        get("sys/internal/specs/openapi"),
        get("sys/key-status"),
        get("sys/rekey/init"),
        get("sys/rotate/root/init"),
        get("sys/generate-root/attempt"),
        put("sys/unseal", r#"{"key":"AAAA"}"#),
        told_of_the_seal(put("sys/unseal", r#"{"reset":true}"#)),
        put("sys/seal", "{}"),
        put("sys/step-down", "{}"),
    ],
};

/// Three shares, two of which unseal, after all that cannot be.
pub(super) const INIT: Script = Script {
    name: "init",
    steps: &[
        put("sys/init", "{}"),
        put("sys/init", ""),
        put("sys/init", r#"{"secret"#),
        put("sys/init", r#"{"secret_shares":0,"secret_threshold":0}"#),
        put("sys/init", r#"{"secret_shares":3,"secret_threshold":0}"#),
        put("sys/init", r#"{"secret_shares":1,"secret_threshold":0}"#),
        put("sys/init", r#"{"secret_shares":3,"secret_threshold":4}"#),
        put("sys/init", r#"{"secret_shares":3,"secret_threshold":1}"#),
        put("sys/init", r#"{"secret_shares":256,"secret_threshold":2}"#),
        put("sys/init", r#"{"secret_shares":-1,"secret_threshold":2}"#),
        put("sys/init", r#"{"secret_shares":"3","secret_threshold":2}"#).but(
            &CONVERSIONS,
            400,
            r#"{"errors":["failed to decode JSON input: secret_shares is not a whole number"]}"#,
        ),
        put(
            "sys/init",
            r#"{"secret_shares":3,"secret_threshold":2,"recovery_shares":3,"recovery_threshold":2}"#,
        ),
        put(
            "sys/init",
            r#"{"secret_shares":3,"secret_threshold":2,"pgp_keys":["x"]}"#,
        ),
        put(
            "sys/init",
            r#"{"secret_shares":2,"secret_threshold":2,"pgp_keys":["x","y"]}"#,
        )
        .but(
            &BAD_KEYS,
            400,
            r#"{"errors":["invalid seal configuration: error decoding given PGP key: the key is neither Base64 nor ASCII-armored, in pgp_keys[0]"]}"#,
        ),
        get("sys/init"),
        post(
            "sys/init",
            r#"{"secret_shares":3,"secret_threshold":2,"stored_shares":1,"foo":1}"#,
        )
        .saves("share0", "/keys/0")
        .saves("share1", "/keys_base64/1")
        .saves("share2", "/keys_base64/2")
        .saves("root", "/root_token")
        .forms(&["keys", "keys_base64"]),
        get("sys/init"),
        put("sys/init", r#"{"secret_shares":3,"secret_threshold":2}"#),
        put("sys/init", r#"{"secret_shares":3,"secret_threshold":4}"#),
    ],
};
