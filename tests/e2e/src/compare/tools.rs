//! `sys/tools` and the other small services of `sys/`.

use super::{Script, get, list, post, put};

/// All scripts.
pub const SCRIPTS: &[Script] = &[RANDOM, HASH, OTHERS];

const RANDOM: Script = Script {
    name: "random bytes",
    steps: &[
        post("sys/tools/random", "{}").hides(&["random_bytes"]),
        post("sys/tools/random/5", "{}").hides(&["random_bytes"]),
        post("sys/tools/random/platform", "{}").hides(&["random_bytes"]),
        post("sys/tools/random/seal", "{}").hides(&["random_bytes"]),
        post("sys/tools/random/all", r#"{"bytes":"4","format":"hex"}"#).hides(&["random_bytes"]),
        put("sys/tools/random/platform/7", r#"{"format":"hex"}"#).hides(&["random_bytes"]),
        post("sys/tools/random/3", r#"{"bytes":8}"#).hides(&["random_bytes"]),
        post("sys/tools/random/3", r#"{"other":8}"#).hides(&["random_bytes"]),
        post("sys/tools/random/131072", "{}").hides(&["random_bytes"]),
        post("sys/tools/random/131073", "{}"),
        post("sys/tools/random/0", "{}"),
        post("sys/tools/random", r#"{"bytes":-1}"#),
        post("sys/tools/random", r#"{"bytes":"x"}"#),
        post("sys/tools/random/x", "{}"),
        post("sys/tools/random/x/5", "{}"),
        post("sys/tools/random/platform/x", "{}"),
        post("sys/tools/random/3/3", "{}"),
        post("sys/tools/random", r#"{"format":"x"}"#),
        get("sys/tools/random"),
    ],
};

const HASH: Script = Script {
    name: "hashes",
    steps: &[
        post("sys/tools/hash", r#"{"input":"YWJj"}"#),
        post("sys/tools/hash", "{}"),
        post("sys/tools/hash/sha2-224", r#"{"input":"YWJj"}"#),
        post(
            "sys/tools/hash/sha2-384",
            r#"{"input":"YWJj","format":"base64"}"#,
        ),
        post(
            "sys/tools/hash",
            r#"{"input":"YWJj","algorithm":"sha2-512"}"#,
        ),
        post("sys/tools/hash/sha3-224", r#"{"input":"YWJj"}"#),
        post("sys/tools/hash/sha3-256", r#"{"input":"YWJj"}"#),
        post("sys/tools/hash/sha3-384", r#"{"input":"YWJj"}"#),
        post("sys/tools/hash/sha3-512", r#"{"input":"YWJj"}"#),
        post(
            "sys/tools/hash/sha2-512",
            r#"{"input":"YWJj","algorithm":"sha2-224"}"#,
        ),
        post("sys/tools/hash/sha1", r#"{"input":"YWJj"}"#),
        post("sys/tools/hash", r#"{"input":"YWJj","algorithm":"x"}"#),
        post("sys/tools/hash", r#"{"input":"YWJj","format":"x"}"#),
        post("sys/tools/hash", r#"{"input":"Y*WJ"}"#),
        get("sys/tools/hash"),
    ],
};

const OTHERS: Script = Script {
    name: "small services",
    steps: &[
        post("sys/decode-token", "{}"),
        post("sys/decode-token", r#"{"encoded_token":"abc"}"#),
        post(
            "sys/decode-token",
            r#"{"encoded_token":"YWJj","otp":"abcd"}"#,
        ),
        post(
            "sys/decode-token",
            r#"{"encoded_token":"YW Jj","otp":"abcd"}"#,
        ),
        post(
            "sys/decode-token",
            r#"{"encoded_token":"Dx8O","otp":"abc"}"#,
        ),
        get("sys/internal/counters/requests"),
        post("identity/entity", r#"{"name":"counted"}"#).only_prepares(),
        get("sys/internal/counters/entities"),
        get("sys/internal/counters/tokens"),
        get("sys/internal/counters/activity"),
        get("sys/internal/inspect/router/x"),
        get("sys/internal/inspect/router"),
        post("auth/token/create", r#"{"id":"made"}"#).only_prepares(),
        list("sys/leases/lookup"),
        list("sys/leases/lookup/auth"),
        get("sys/leases/lookup"),
    ],
};
