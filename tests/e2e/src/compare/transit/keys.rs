//! `keys/`: as a whole.

use super::{differences, mistake, mount};
use crate::compare::{Script, delete, get, list, post};

/// Every type, and what cannot be made.
pub(super) const CREATE: Script = Script {
    name: "transit create",
    steps: &[
        mount("sys/mounts/create"),
        get("create/keys/none"),
        list("create/keys"),
        post("create/keys/a", "{}"),
        get("create/keys/a"),
        post("create/keys/a", r#"{"type":"rsa-2048"}"#),
        post("create/keys/b", r#"{"type":"aes128-gcm96"}"#),
        post("create/keys/c", r#"{"type":"chacha20-poly1305"}"#),
        post("create/keys/d", r#"{"type":"xchacha20-poly1305"}"#),
        post("create/keys/e", r#"{"type":"ed25519"}"#).hides(&["public_key"]),
        post("create/keys/f", r#"{"type":"ecdsa-p256"}"#),
        post("create/keys/g", r#"{"type":"ecdsa-p384"}"#),
        post("create/keys/h", r#"{"type":"ecdsa-p521"}"#),
        post("create/keys/i", r#"{"type":"rsa-2048"}"#),
        post("create/keys/j", r#"{"type":"rsa-3072"}"#),
        post("create/keys/k", r#"{"type":"hmac","key_size":32}"#),
        get("create/keys/k"),
        post("create/keys/l", r#"{"derived":true}"#),
        post(
            "create/keys/m",
            r#"{"derived":true,"convergent_encryption":true,"type":"chacha20-poly1305"}"#,
        ),
        post("create/keys/n", r#"{"derived":true,"type":"ed25519"}"#),
        get("create/keys/n"),
        get("create/keys/n?context=AAAA").hides(&["public_key"]),
        get("create/keys/n?context=!"),
        post(
            "create/keys/o",
            r#"{"exportable":true,"allow_plaintext_backup":true,"auto_rotate_period":"1h"}"#,
        ),
        post("create/keys/z", r#"{"type":"foo"}"#),
        post("create/keys/z", r#"{"type":""}"#),
        post("create/keys/z", r#"{"type":"AES256-GCM96"}"#),
        post("create/keys/z", r#"{"convergent_encryption":true}"#),
        mistake!(
            post("create/keys/z", r#"{"derived":true,"type":"rsa-2048"}"#),
            "key derivation and convergent encryption not supported for keys of type rsa-2048"
        ),
        mistake!(
            post("create/keys/z", r#"{"derived":true,"type":"ecdsa-p256"}"#),
            "key derivation and convergent encryption not supported for keys of type ecdsa-p256"
        ),
        mistake!(
            post(
                "create/keys/z",
                r#"{"derived":true,"type":"ed25519","convergent_encryption":true}"#
            ),
            "convergent encryption not supported for keys of type ed25519"
        ),
        mistake!(
            post("create/keys/z", r#"{"type":"hmac"}"#),
            "invalid key size for HMAC key, must be between 32 and 512 bytes"
        ),
        post("create/keys/z", r#"{"type":"hmac","key_size":31}"#),
        post("create/keys/z", r#"{"type":"hmac","key_size":513}"#),
        post("create/keys/z", r#"{"key_size":32}"#),
        post("create/keys/z", r#"{"auto_rotate_period":"5m"}"#),
        post("create/keys/z", r#"{"auto_rotate_period":"x"}"#),
        post("create/keys/z", r#"{"foo":1}"#),
        list("create/keys"),
        get("create/keys?list=true&limit=3"),
        get("create/keys?list=true&limit=2&after=e"),
    ],
};

/// `config` and `rotate`.
pub(super) const CONFIG: Script = Script {
    name: "transit config",
    steps: &[
        mount("sys/mounts/config"),
        post("config/keys/none/config", "{}"),
        post("config/keys/none/rotate", "{}"),
        post("config/keys/a", "{}"),
        post("config/keys/a/config", "{}"),
        post("config/keys/a/config", r#"{"allow_plaintext_backup":true}"#),
        post("config/keys/a/config", r#"{"allow_plaintext_backup":false}"#),
        post("config/keys/a/config", r#"{"min_decryption_version":2}"#),
        post("config/keys/a/config", r#"{"min_decryption_version":-2}"#),
        post("config/keys/a/config", r#"{"min_decryption_version":"x"}"#),
        post("config/keys/a/config", r#"{"min_encryption_version":2}"#),
        post("config/keys/a/config", r#"{"min_encryption_version":-2}"#),
        post("config/keys/a/config", r#"{"auto_rotate_period":"30m"}"#),
        post("config/keys/a/config", r#"{"auto_rotate_period":"2h"}"#),
        post("config/keys/a/config", r#"{"auto_rotate_period":0}"#),
        post("config/keys/a/rotate", "{}"),
        post("config/keys/a/rotate", "{}"),
        post(
            "config/keys/a/config",
            r#"{"min_decryption_version":3,"min_encryption_version":2}"#,
        ),
        post(
            "config/keys/a/config",
            r#"{"min_decryption_version":2,"min_encryption_version":3}"#,
        ),
        get("config/keys/a"),
        post("config/keys/a/config", r#"{"min_decryption_version":0}"#),
        post("config/keys/a/config", r#"{"deletion_allowed":true}"#),
        post("config/keys/a/config", r#"{"deletion_allowed":false}"#),
        post("config/keys/b", r#"{"exportable":true}"#),
        post("config/keys/b/config", r#"{"exportable":false}"#),
        post("config/keys/c", "{}"),
        post("config/keys/c/config", r#"{"exportable":true}"#).but(
            &differences::EXPORTABLE_LATER,
            200,
            r#"{"data":{"allow_plaintext_backup":false,"auto_rotate_period":0,"deletion_allowed":false,"derived":false,"exportable":true,"imported_key":false,"keys":{"1":1795736468},"latest_version":1,"min_available_version":0,"min_decryption_version":1,"min_encryption_version":0,"name":"c","soft_deleted":false,"supports_decryption":true,"supports_derivation":true,"supports_encryption":true,"supports_signing":false,"type":"aes256-gcm96"},"warnings":["versions that were made before the key became exportable stay where they are; rotate the key to make one that can be exported"]}"#,
        ),
    ],
};

/// `trim`.
pub(super) const TRIM: Script = Script {
    name: "transit trim",
    steps: &[
        mount("sys/mounts/trim"),
        post("trim/keys/none/trim", r#"{"min_available_version":1}"#),
        post("trim/keys/a", "{}"),
        post("trim/keys/a/rotate", "{}"),
        post("trim/keys/a/rotate", "{}"),
        post("trim/keys/a/trim", "{}"),
        post("trim/keys/a/trim", r#"{"min_available_version":1}"#),
        post(
            "trim/keys/a/config",
            r#"{"min_decryption_version":2,"min_encryption_version":3}"#,
        ),
        post("trim/keys/a/trim", r#"{"min_available_version":0}"#),
        post("trim/keys/a/trim", r#"{"min_available_version":-1}"#),
        post("trim/keys/a/trim", r#"{"min_available_version":4}"#),
        post("trim/keys/a/trim", r#"{"min_available_version":3}"#),
        post("trim/keys/a/trim", r#"{"min_available_version":2}"#),
        post("trim/keys/a/trim", r#"{"min_available_version":1}"#),
        post("trim/keys/a/config", r#"{"min_decryption_version":1}"#),
        post("trim/keys/a/config", r#"{"min_encryption_version":0}"#),
        post("trim/keys/a/config", r#"{"min_encryption_version":1}"#),
        get("trim/keys/a"),
    ],
};

/// Deleting, and setting aside.
pub(super) const LIVES: Script = Script {
    name: "transit lives",
    steps: &[
        mount("sys/mounts/lives"),
        delete("lives/keys/none"),
        delete("lives/keys/none/soft-delete"),
        post("lives/keys/none/soft-delete-restore", "{}"),
        post("lives/keys/a", "{}"),
        delete("lives/keys/a/soft-delete"),
        delete("lives/keys/a/soft-delete"),
        get("lives/keys/a"),
        post("lives/keys/a", "{}"),
        post("lives/encrypt/a", r#"{"plaintext":"AAAA"}"#),
        post("lives/decrypt/a", r#"{"ciphertext":"vault:v1:AAAA"}"#),
        post("lives/rewrap/a", r#"{"ciphertext":"vault:v1:AAAA"}"#),
        post("lives/hmac/a", r#"{"input":"AAAA"}"#),
        post(
            "lives/verify/a",
            r#"{"input":"AAAA","hmac":"vault:v1:AAAA"}"#,
        ),
        post("lives/datakey/plaintext/a", "{}"),
        mistake!(
            post("lives/keys/a/rotate", "{}"),
            "refusing to use soft-deleted key"
        ),
        mistake!(get("lives/backup/a"), "refusing to use soft-deleted key"),
        post("lives/keys/a/soft-delete", "{}"),
        post("lives/keys/a/soft-delete-restore", "{}"),
        post("lives/keys/a/soft-delete-restore", "{}"),
        post("lives/encrypt/a", r#"{"plaintext":"AAAA"}"#),
        delete("lives/keys/a"),
        post("lives/keys/a/config", r#"{"deletion_allowed":true}"#),
        delete("lives/keys/a"),
        get("lives/keys/a"),
        list("lives/keys"),
        post("lives/keys/a", r#"{"type":"hmac","key_size":64}"#),
    ],
};
