//! `encrypt/`, `decrypt/`, `rewrap/` and `datakey/`.

use super::{differences, mistake, mount};
use crate::compare::{Script, get, post};

/// What is taken to encrypt.
pub(super) const ENCRYPT: Script = Script {
    name: "transit encrypt",
    steps: &[
        mount("sys/mounts/encrypt"),
        post("encrypt/keys/a", "{}"),
        post("encrypt/encrypt/a", "{}"),
        post("encrypt/encrypt/a", r#"{"plaintext":""}"#),
        post("encrypt/encrypt/a", r#"{"plaintext":"AAAA"}"#),
        post("encrypt/encrypt/a", r#"{"plaintext":"AAA"}"#),
        post("encrypt/encrypt/a", r#"{"plaintext":"!"}"#),
        post("encrypt/encrypt/a", r#"{"plaintext":"AAAA!"}"#),
        post("encrypt/encrypt/a", r#"{"plaintext":"AA=A"}"#),
        post("encrypt/encrypt/a", r#"{"plaintext":"AA\nAA"}"#),
        post(
            "encrypt/encrypt/a",
            r#"{"plaintext":"AAAA","key_version":1}"#,
        ),
        post(
            "encrypt/encrypt/a",
            r#"{"plaintext":"AAAA","key_version":2}"#,
        ),
        post(
            "encrypt/encrypt/a",
            r#"{"plaintext":"AAAA","key_version":-1}"#,
        ),
        post(
            "encrypt/encrypt/a",
            r#"{"plaintext":"AAAA","key_version":"x"}"#,
        ),
        post(
            "encrypt/encrypt/a",
            r#"{"plaintext":"AAAA","context":"AAAA"}"#,
        ),
        post("encrypt/encrypt/a", r#"{"plaintext":"AAAA","context":"!"}"#),
        post(
            "encrypt/encrypt/a",
            r#"{"plaintext":"AAAA","nonce":"AAAA"}"#,
        ),
        mistake!(
            post(
                "encrypt/encrypt/a",
                r#"{"plaintext":"AAAA","associated_data":"!"}"#
            ),
            "unable to get associated_data/additional_data from factory[0]: illegal base64 data at input byte 0"
        ),
        post("encrypt/keys/e", r#"{"type":"ed25519"}"#).hides(&["public_key"]),
        post("encrypt/encrypt/e", r#"{"plaintext":"AAAA"}"#),
        post("encrypt/decrypt/e", r#"{"ciphertext":"vault:v1:AAAA"}"#),
        post("encrypt/rewrap/e", r#"{"ciphertext":"vault:v1:AAAA"}"#),
        post("encrypt/datakey/wrapped/e", "{}"),
        post("encrypt/keys/h", r#"{"type":"hmac","key_size":32}"#),
        post("encrypt/encrypt/h", r#"{"plaintext":"AAAA"}"#),
        post("encrypt/decrypt/h", r#"{"ciphertext":"vault:v1:AAAA"}"#),
        post("encrypt/keys/r", r#"{"type":"rsa-2048"}"#),
        post(
            "encrypt/encrypt/r",
            r#"{"plaintext":"AAAA","associated_data":"AAAA"}"#,
        ),
        post("encrypt/encrypt/r", r#"{"plaintext":"AAAA"}"#).saves("sealed", "/data/ciphertext"),
        post("encrypt/decrypt/r", r#"{"ciphertext":"${sealed}"}"#),
        mistake!(
            post("encrypt/decrypt/r", r#"{"ciphertext":"vault:v1:AAAA"}"#),
            "failed to RSA decrypt the ciphertext: crypto/rsa: decryption error"
        ),
    ],
};

/// What is taken to decrypt.
pub(super) const DECRYPT: Script = Script {
    name: "transit decrypt",
    steps: &[
        mount("sys/mounts/decrypt"),
        post("decrypt/keys/a", "{}"),
        post("decrypt/encrypt/a", r#"{"plaintext":"dGV4dA=="}"#).saves("plain", "/data/ciphertext"),
        post(
            "decrypt/encrypt/a",
            r#"{"plaintext":"dGV4dA==","associated_data":"AAAA"}"#,
        )
        .saves("beside", "/data/ciphertext"),
        post("decrypt/decrypt/a", r#"{"ciphertext":"${plain}"}"#),
        post(
            "decrypt/decrypt/a",
            r#"{"ciphertext":"${plain}","context":"AAAA"}"#,
        ),
        post(
            "decrypt/decrypt/a",
            r#"{"ciphertext":"${plain}","context":"!"}"#,
        ),
        post(
            "decrypt/decrypt/a",
            r#"{"ciphertext":"${plain}","associated_data":"AAAA"}"#,
        ),
        post("decrypt/decrypt/a", r#"{"ciphertext":"${beside}"}"#),
        post(
            "decrypt/decrypt/a",
            r#"{"ciphertext":"${beside}","associated_data":"AAAB"}"#,
        ),
        post(
            "decrypt/decrypt/a",
            r#"{"ciphertext":"${beside}","associated_data":"AAAA"}"#,
        ),
        post("decrypt/decrypt/a", "{}"),
        post("decrypt/decrypt/a", r#"{"ciphertext":""}"#),
        post("decrypt/decrypt/a", r#"{"ciphertext":"x"}"#),
        post("decrypt/decrypt/a", r#"{"ciphertext":"vault:"}"#),
        post("decrypt/decrypt/a", r#"{"ciphertext":"vault:v"}"#),
        post("decrypt/decrypt/a", r#"{"ciphertext":"vault:v1"}"#),
        post("decrypt/decrypt/a", r#"{"ciphertext":"vault:v1:"}"#),
        post("decrypt/decrypt/a", r#"{"ciphertext":"vault:vx:AAAA"}"#),
        post("decrypt/decrypt/a", r#"{"ciphertext":"vault:v0:AAAA"}"#),
        post("decrypt/decrypt/a", r#"{"ciphertext":"vault:v-1:AAAA"}"#),
        post("decrypt/decrypt/a", r#"{"ciphertext":"vault:v2:AAAA"}"#),
        post("decrypt/decrypt/a", r#"{"ciphertext":"vault:v1:!"}"#),
        post("decrypt/decrypt/a", r#"{"ciphertext":"vault:v1:AA:AA"}"#),
        post("decrypt/decrypt/a", r#"{"ciphertext":"vault:v01:AAAA"}"#),
        post("decrypt/decrypt/a", r#"{"ciphertext":"VAULT:v1:AAAA"}"#),
        post(
            "decrypt/decrypt/a",
            r#"{"ciphertext":"vault:v99999999999999999999:AAAA"}"#,
        ),
        post(
            "decrypt/decrypt/a",
            r#"{"ciphertext":"vault:v1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#,
        ),
        post("decrypt/keys/x", r#"{"type":"xchacha20-poly1305"}"#),
        post(
            "decrypt/decrypt/x",
            r#"{"ciphertext":"vault:v1:AAAAAAAAAAAAAAAAAAAA"}"#,
        ),
        post(
            "decrypt/decrypt/x",
            r#"{"ciphertext":"vault:v1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#,
        ),
        post("decrypt/decrypt/none", r#"{"ciphertext":"vault:v1:AAAA"}"#),
        get("decrypt/keys/none"),
    ],
};

/// Which version encrypts, and which are still decrypted.
pub(super) const VERSIONS: Script = Script {
    name: "transit versions",
    steps: &[
        mount("sys/mounts/versions"),
        post("versions/keys/a", "{}"),
        post("versions/encrypt/a", r#"{"plaintext":"AAAA"}"#).saves("one", "/data/ciphertext"),
        post("versions/keys/a/rotate", "{}"),
        post("versions/encrypt/a", r#"{"plaintext":"AAAA"}"#).saves("two", "/data/ciphertext"),
        post(
            "versions/encrypt/a",
            r#"{"plaintext":"AAAA","key_version":1}"#,
        ),
        post("versions/decrypt/a", r#"{"ciphertext":"${one}"}"#),
        post("versions/decrypt/a", r#"{"ciphertext":"${two}"}"#),
        post("versions/keys/a/config", r#"{"min_encryption_version":2}"#),
        post(
            "versions/encrypt/a",
            r#"{"plaintext":"AAAA","key_version":1}"#,
        ),
        post("versions/hmac/a", r#"{"input":"AAAA","key_version":1}"#),
        post("versions/decrypt/a", r#"{"ciphertext":"${one}"}"#),
        post("versions/keys/a/config", r#"{"min_decryption_version":2}"#),
        post("versions/decrypt/a", r#"{"ciphertext":"${one}"}"#),
        post("versions/decrypt/a", r#"{"ciphertext":"${two}"}"#),
        post("versions/keys/a/config", r#"{"min_decryption_version":1}"#),
        post("versions/decrypt/a", r#"{"ciphertext":"${one}"}"#),
    ],
};

/// Many at once.
pub(super) const BATCHES: Script = Script {
    name: "transit batches",
    steps: &[
        mount("sys/mounts/batches"),
        post("batches/keys/a", "{}"),
        post("batches/encrypt/a", r#"{"batch_input":[]}"#),
        post("batches/encrypt/a", r#"{"plaintext":"AAAA","batch_input":null}"#),
        post(
            "batches/encrypt/a",
            r#"{"batch_input":[{"plaintext":"AAAA","reference":"r"},{"plaintext":"","key_version":1}]}"#,
        )
        .saves("sealed", "/data/batch_results/0/ciphertext"),
        post("batches/encrypt/a", r#"{"batch_input":[{"plaintext":"!"}]}"#),
        post(
            "batches/encrypt/a",
            r#"{"batch_input":[{"plaintext":"!"},{"plaintext":"AAAA","reference":"r"}]}"#,
        ),
        post(
            "batches/encrypt/a",
            r#"{"batch_input":[{"plaintext":"!"},{"plaintext":"AAAA"}],"partial_failure_response_code":207}"#,
        ),
        post(
            "batches/encrypt/a",
            r#"{"batch_input":[{"plaintext":"!"}],"partial_failure_response_code":207}"#,
        ),
        post(
            "batches/encrypt/a",
            r#"{"batch_input":[{"plaintext":"AAAA","key_version":7},{"plaintext":"AAAA","key_version":-1}]}"#,
        ),
        post("batches/encrypt/a", r#"{"batch_input":[{"plaintext":"AAAA","context":"!"}]}"#),
        post(
            "batches/encrypt/a",
            r#"{"batch_input":[{"plaintext":"AAAA","context":"AAAA"},{"plaintext":"AAAA"}]}"#,
        ),
        post("batches/encrypt/a", r#"{"batch_input":[{"plaintext":"AAAA","nonce":"AAAA"}]}"#),
        mistake!(
            post("batches/encrypt/a", r#"{"batch_input":[{}]}"#),
            "failed to parse batch input: '[0].plaintext' missing plaintext to encrypt"
        ),
        mistake!(
            post("batches/encrypt/a", r#"{"batch_input":"x"}"#),
            "failed to parse batch input: invalid type: string \\\"x\\\", expected a sequence at line 1 column 3"
        ),
        post("batches/decrypt/a", r#"{"batch_input":[]}"#),
        post("batches/decrypt/a", r#"{"batch_input":[{"ciphertext":"${sealed}","reference":"z"}]}"#),
        post("batches/decrypt/a", r#"{"batch_input":[{"ciphertext":"x","reference":"r"}]}"#),
        post(
            "batches/decrypt/a",
            r#"{"batch_input":[{"ciphertext":"x"},{"ciphertext":"${sealed}"}],"partial_failure_response_code":418}"#,
        ),
        post(
            "batches/decrypt/a",
            r#"{"batch_input":[{"ciphertext":""},{"ciphertext":"${sealed}"}],"partial_failure_response_code":200}"#,
        ),
        mistake!(
            post("batches/decrypt/a", r#"{"batch_input":[{}]}"#),
            "failed to parse batch input: '[0].ciphertext' missing ciphertext to decrypt"
        ),
        post("batches/decrypt/none", r#"{"batch_input":[{"ciphertext":"${sealed}"}]}"#),
    ],
};

/// A key for each context.
pub(super) const DERIVED: Script = Script {
    name: "transit derived",
    steps: &[
        mount("sys/mounts/derived"),
        post("derived/keys/d", r#"{"derived":true}"#),
        post("derived/encrypt/d", r#"{"plaintext":"AAAA"}"#),
        post(
            "derived/encrypt/d",
            r#"{"plaintext":"AAAA","context":"AAAA"}"#,
        )
        .saves("sealed", "/data/ciphertext"),
        post("derived/decrypt/d", r#"{"ciphertext":"${sealed}"}"#),
        post(
            "derived/decrypt/d",
            r#"{"ciphertext":"${sealed}","context":"AAAA"}"#,
        ),
        post(
            "derived/decrypt/d",
            r#"{"ciphertext":"${sealed}","context":"AAAB"}"#,
        ),
        post(
            "derived/encrypt/d",
            r#"{"batch_input":[{"plaintext":"AAAA"}]}"#,
        ),
        post(
            "derived/encrypt/d",
            r#"{"context":"AAAA","batch_input":[{"plaintext":"AAAA"}]}"#,
        ),
        post(
            "derived/decrypt/d",
            r#"{"batch_input":[{"ciphertext":"${sealed}","context":"!"}]}"#,
        ),
        post("derived/datakey/plaintext/d", "{}"),
        post("derived/datakey/wrapped/d", r#"{"context":"AAAA"}"#),
        post("derived/datakey/plaintext/d", r#"{"context":"!"}"#),
        post(
            "derived/rewrap/d",
            r#"{"ciphertext":"${sealed}","context":"AAAA"}"#,
        ),
        post("derived/hmac/d", r#"{"input":"AAAA"}"#),
        post(
            "derived/keys/c",
            r#"{"derived":true,"convergent_encryption":true}"#,
        ),
        post(
            "derived/encrypt/c",
            r#"{"plaintext":"AAAA","context":"AAAA"}"#,
        )
        .saves("same", "/data/ciphertext"),
        post(
            "derived/encrypt/c",
            r#"{"plaintext":"AAAA","context":"AAAA"}"#,
        ),
        post(
            "derived/decrypt/c",
            r#"{"ciphertext":"${same}","context":"AAAA"}"#,
        ),
    ],
};

/// Keys that are made when they are first used.
pub(super) const UPSERT: Script = Script {
    name: "transit upsert",
    steps: &[
        mount("sys/mounts/upsert"),
        post("upsert/encrypt/a", r#"{"plaintext":"AAAA"}"#),
        get("upsert/keys/a"),
        post(
            "upsert/encrypt/b",
            r#"{"plaintext":"AAAA","type":"chacha20-poly1305"}"#,
        ),
        post(
            "upsert/encrypt/c",
            r#"{"plaintext":"AAAA","type":"rsa-2048"}"#,
        ),
        post("upsert/encrypt/c", r#"{"plaintext":"AAAA","type":"foo"}"#),
        post(
            "upsert/encrypt/c",
            r#"{"plaintext":"AAAA","convergent_encryption":true}"#,
        ),
        get("upsert/keys/c"),
        post(
            "upsert/encrypt/d",
            r#"{"plaintext":"AAAA","convergent_encryption":true,"context":"AAAA"}"#,
        ),
        get("upsert/keys/d"),
        post(
            "upsert/encrypt/e",
            r#"{"batch_input":[{"plaintext":"AAAA","context":"AAAA"}]}"#,
        ),
        get("upsert/keys/e"),
        post(
            "upsert/encrypt/f",
            r#"{"plaintext":"AAAA","key_version":3}"#,
        ),
        get("upsert/keys/f").but(&differences::FAILED_UPSERT, 404, r#"{"errors":[]}"#),
        post("upsert/config/keys", r#"{"disable_upsert":true}"#),
        get("upsert/config/keys"),
        post("upsert/encrypt/g", r#"{"plaintext":"AAAA"}"#),
        post("upsert/encrypt/a", r#"{"plaintext":"AAAA"}"#),
    ],
};

/// `rewrap/`.
pub(super) const REWRAP: Script = Script {
    name: "transit rewrap",
    steps: &[
        mount("sys/mounts/rewrap"),
        post("rewrap/keys/a", "{}"),
        post("rewrap/encrypt/a", r#"{"plaintext":"AAAA"}"#).saves("old", "/data/ciphertext"),
        post("rewrap/keys/a/rotate", "{}"),
        post("rewrap/rewrap/a", r#"{"ciphertext":"${old}"}"#).saves("new", "/data/ciphertext"),
        post("rewrap/decrypt/a", r#"{"ciphertext":"${new}"}"#),
        post(
            "rewrap/rewrap/a",
            r#"{"ciphertext":"${old}","key_version":1}"#,
        ),
        post(
            "rewrap/rewrap/a",
            r#"{"ciphertext":"${old}","key_version":9}"#,
        ),
        post("rewrap/rewrap/a", "{}"),
        post("rewrap/rewrap/a", r#"{"ciphertext":"x"}"#),
        post("rewrap/rewrap/none", r#"{"ciphertext":"${old}"}"#),
        post("rewrap/rewrap/a", r#"{"batch_input":[]}"#),
        post(
            "rewrap/rewrap/a",
            r#"{"batch_input":[{"ciphertext":"${old}","reference":"z"},{"ciphertext":"x"},{}]}"#,
        ),
        post("rewrap/rewrap/a", r#"{"batch_input":[{"ciphertext":"x"}]}"#),
        post(
            "rewrap/rewrap/a",
            r#"{"batch_input":[{"ciphertext":"${old}","key_version":4}]}"#,
        ),
    ],
};

/// `datakey/`.
pub(super) const DATA_KEYS: Script = Script {
    name: "transit data keys",
    steps: &[
        mount("sys/mounts/datakeys"),
        post("datakeys/datakey/plaintext/none", "{}"),
        post("datakeys/keys/a", "{}"),
        post("datakeys/datakey/plaintext/a", "{}")
            .hides(&["plaintext"])
            .saves("key", "/data/plaintext"),
        post("datakeys/datakey/plaintext/a", r#"{"bits":128}"#).hides(&["plaintext"]),
        post("datakeys/datakey/plaintext/a", r#"{"bits":512}"#).hides(&["plaintext"]),
        post("datakeys/datakey/wrapped/a", "{}"),
        post("datakeys/datakey/plaintext/a", r#"{"bits":64}"#),
        post("datakeys/datakey/plaintext/a", r#"{"bits":"x"}"#),
        post("datakeys/datakey/plaintext/a", r#"{"key_version":5}"#),
        post("datakeys/datakey/foo/a", "{}"),
        post(
            "datakeys/datakey/wrapped/a",
            r#"{"associated_data":"AAAA"}"#,
        )
        .saves("sealed", "/data/ciphertext"),
        post(
            "datakeys/decrypt/a",
            r#"{"ciphertext":"${sealed}","associated_data":"AAAA"}"#,
        )
        .hides(&["plaintext"]),
        post("datakeys/decrypt/a", r#"{"ciphertext":"${sealed}"}"#),
    ],
};
