//! Keys that come and go: export, import, agreement, backup, certificates.

use super::{differences, mistake, mount};
use crate::compare::{Script, get, post};

/// `export/`.
pub(super) const EXPORT: Script = Script {
    name: "transit export",
    steps: &[
        mount("sys/mounts/export"),
        get("export/export/encryption-key/none"),
        get("export/export/foo/none"),
        post("export/keys/a", r#"{"exportable":true}"#),
        get("export/export/encryption-key/a").hides(&["keys"]),
        get("export/export/signing-key/a"),
        get("export/export/hmac-key/a").hides(&["keys"]),
        mistake!(
            get("export/export/public-key/a"),
            "unknown key type aes256-gcm96 for export type public-key"
        ),
        get("export/export/certificate-chain/a"),
        post("export/keys/a/rotate", "{}"),
        get("export/export/encryption-key/a").hides(&["keys"]),
        get("export/export/encryption-key/a/1").hides(&["keys"]),
        get("export/export/encryption-key/a/latest").hides(&["keys"]),
        get("export/export/encryption-key/a/3"),
        get("export/export/encryption-key/a/0"),
        get("export/export/encryption-key/a/-1"),
        get("export/export/encryption-key/a/x"),
        post("export/keys/e", r#"{"type":"ed25519","exportable":true}"#).hides(&["public_key"]),
        get("export/export/encryption-key/e"),
        get("export/export/signing-key/e").hides(&["keys"]),
        get("export/export/public-key/e").hides(&["keys"]),
        post(
            "export/keys/p",
            r#"{"type":"ecdsa-p256","exportable":true}"#,
        ),
        get("export/export/signing-key/p"),
        get("export/export/public-key/p"),
        mistake!(
            get("export/export/certificate-chain/p"),
            "selected key version does not have a certificate chain imported"
        ),
        post("export/keys/r", r#"{"type":"rsa-2048","exportable":true}"#),
        get("export/export/encryption-key/r"),
        get("export/export/signing-key/r"),
        get("export/export/public-key/r"),
        post(
            "export/keys/h",
            r#"{"type":"hmac","key_size":32,"exportable":true}"#,
        ),
        get("export/export/hmac-key/h").hides(&["keys"]),
        get("export/export/signing-key/h"),
        mistake!(
            get("export/export/public-key/h"),
            "unknown key type hmac for export type public-key"
        ),
        post("export/keys/i", r#"{"type":"ecdsa-p384"}"#),
        get("export/export/signing-key/i"),
        get("export/export/hmac-key/i"),
        get("export/export/public-key/i"),
        post("export/keys/l", "{}"),
        post("export/keys/l/rotate", "{}"),
    ],
};

/// Public keys, and what is no import.
pub(super) const IMPORT: Script = Script {
    name: "transit import",
    steps: &[
        mount("sys/mounts/import"),
        post("import/keys/p", r#"{"type":"ecdsa-p256"}"#)
            .saves("public", "/data/keys/1/public_key"),
        post(
            "import/keys/i/import",
            r#"{"type":"ecdsa-p256","public_key":"${public}"}"#,
        ),
        get("import/keys/i"),
        post("import/sign/p", r#"{"input":"AAAA"}"#).saves("signed", "/data/signature"),
        post(
            "import/verify/i",
            r#"{"input":"AAAA","signature":"${signed}"}"#,
        ),
        mistake!(
            post("import/sign/i", r#"{"input":"AAAA"}"#),
            "requested version for signing does not contain a private part"
        ),
        post("import/hmac/i", r#"{"input":"AAAA"}"#),
        mistake!(
            post("import/keys/i/rotate", "{}"),
            "imported key i does not allow rotation within Vault"
        ),
        mistake!(
            post(
                "import/keys/i/import",
                r#"{"type":"ecdsa-p256","public_key":"${public}"}"#
            ),
            "the import path cannot be used with an existing key; use import-version to rotate an existing imported key"
        ),
        post(
            "import/keys/i/import_version",
            r#"{"public_key":"${public}"}"#,
        ),
        get("import/keys/i"),
        mistake!(
            post(
                "import/keys/p/import_version",
                r#"{"public_key":"${public}"}"#
            ),
            "the import_version endpoint can only be used with an imported key"
        ),
        mistake!(
            post("import/keys/none/import_version", "{}"),
            "no key found with name none; to import a new key, use the import/ endpoint"
        ),
        post(
            "import/keys/n/import",
            r#"{"ciphertext":"AAAA","type":"x"}"#,
        ),
        post(
            "import/keys/n/import",
            r#"{"ciphertext":"AAAA","hash_function":"x"}"#,
        ),
        mistake!(
            post("import/keys/n/import", "{}"),
            "provided type does not support public_key import"
        ),
        mistake!(
            post("import/keys/n/import", r#"{"ciphertext":"!"}"#),
            "illegal base64 data at input byte 0"
        ),
        mistake!(
            post("import/keys/n/import", r#"{"ciphertext":"AAAA"}"#),
            "provided ciphertext is too short"
        ),
        mistake!(
            post(
                "import/keys/n/import",
                r#"{"ciphertext":"AAAA","auto_rotate_period":"2h"}"#
            ),
            "allow_rotation must be set to true if auto-rotation is enabled"
        ),
        mistake!(
            post(
                "import/keys/n/import",
                r#"{"public_key":"AAAA","type":"rsa-2048"}"#
            ),
            "error importing key: error parsing public key: not in PEM format"
        ),
    ],
};

/// Keys that move wrapped from one key to another name.
pub(super) const WRAPPED: Script = Script {
    name: "transit wrapped",
    steps: &[
        mount("sys/mounts/wrapped"),
        get("wrapped/wrapping_key").saves("wrapping", "/data/public_key"),
        post(
            "wrapped/keys/to/import",
            r#"{"type":"rsa-4096","public_key":"${wrapping}"}"#,
        ),
        post("wrapped/keys/a", r#"{"exportable":true}"#),
        post("wrapped/encrypt/a", r#"{"plaintext":"dGV4dA=="}"#)
            .saves("sealed", "/data/ciphertext"),
        get("wrapped/byok-export/to/a")
            .hides(&["keys"])
            .saves("a", "/data/keys/1"),
        post("wrapped/keys/b/import", r#"{"ciphertext":"${a}"}"#),
        get("wrapped/keys/b"),
        post("wrapped/decrypt/b", r#"{"ciphertext":"${sealed}"}"#),
        post("wrapped/keys/b/import_version", r#"{"ciphertext":"${a}"}"#),
        mistake!(
            post(
                "wrapped/keys/b/import_version",
                r#"{"ciphertext":"${a}","version":7}"#
            ),
            "no such key version"
        ),
        mistake!(
            post(
                "wrapped/keys/b/import_version",
                r#"{"ciphertext":"${a}","version":1}"#
            ),
            "provided type does not support importing key versions"
        ),
        mistake!(
            post(
                "wrapped/keys/c/import",
                r#"{"ciphertext":"${a}","hash_function":"SHA1"}"#
            ),
            "crypto/rsa: decryption error"
        ),
        post(
            "wrapped/keys/c/import",
            r#"{"ciphertext":"${a}","allow_rotation":true,"exportable":true}"#,
        ),
        get("wrapped/keys/c"),
        post("wrapped/keys/c/rotate", "{}"),
        post(
            "wrapped/keys/p",
            r#"{"type":"ecdsa-p256","exportable":true}"#,
        )
        .saves("public", "/data/keys/1/public_key"),
        get("wrapped/byok-export/to/p")
            .hides(&["keys"])
            .saves("p", "/data/keys/1"),
        post(
            "wrapped/keys/q/import",
            r#"{"ciphertext":"${p}","type":"ecdsa-p256"}"#,
        ),
        post("wrapped/sign/q", r#"{"input":"AAAA"}"#).saves("signed", "/data/signature"),
        post(
            "wrapped/verify/p",
            r#"{"input":"AAAA","signature":"${signed}"}"#,
        ),
        post(
            "wrapped/keys/s/import",
            r#"{"public_key":"${public}","type":"ecdsa-p256"}"#,
        ),
        post("wrapped/keys/s/import_version", r#"{"ciphertext":"${p}"}"#),
        get("wrapped/keys/s"),
        post("wrapped/sign/s", r#"{"input":"AAAA"}"#),
        post("wrapped/keys/e", r#"{"type":"ed25519","exportable":true}"#).hides(&["public_key"]),
        get("wrapped/byok-export/to/e")
            .hides(&["keys"])
            .saves("e", "/data/keys/1"),
        post(
            "wrapped/keys/f/import",
            r#"{"ciphertext":"${e}","type":"ed25519"}"#,
        ),
        post("wrapped/sign/f", r#"{"input":"AAAA"}"#).saves("signed", "/data/signature"),
        post(
            "wrapped/verify/e",
            r#"{"input":"AAAA","signature":"${signed}"}"#,
        ),
        get("wrapped/byok-export/to/a/9"),
        get("wrapped/byok-export/to/b"),
        mistake!(
            get("wrapped/byok-export/none/a"),
            "no such destination key to export to"
        ),
        mistake!(
            get("wrapped/byok-export/to/none"),
            "no such source key for export"
        ),
        mistake!(
            get("wrapped/byok-export/e/a"),
            "unsupported key type in use; must be a rsa key"
        ),
    ],
};

/// `derive-key/`.
pub(super) const AGREEMENT: Script = Script {
    name: "transit agreement",
    steps: &[
        mount("sys/mounts/agreement"),
        post("agreement/keys/p", r#"{"type":"ecdsa-p256"}"#).saves("p", "/data/keys/1/public_key"),
        post("agreement/keys/q", r#"{"type":"ecdsa-p256"}"#).saves("q", "/data/keys/1/public_key"),
        post(
            "agreement/derive-key/here",
            r#"{"base_key_name":"p","peer_public_key":"${q}"}"#,
        ),
        post(
            "agreement/derive-key/there",
            r#"{"base_key_name":"q","peer_public_key":"${p}"}"#,
        ),
        get("agreement/keys/here"),
        post("agreement/encrypt/here", r#"{"plaintext":"dGV4dA=="}"#)
            .saves("sealed", "/data/ciphertext"),
        post("agreement/decrypt/there", r#"{"ciphertext":"${sealed}"}"#),
        post(
            "agreement/derive-key/here",
            r#"{"base_key_name":"p","peer_public_key":"${q}"}"#,
        ),
        get("agreement/keys/here"),
        post("agreement/derive-key/no", "{}"),
        post(
            "agreement/derive-key/no",
            r#"{"base_key_name":"none","peer_public_key":"${q}"}"#,
        ),
        post(
            "agreement/derive-key/no",
            r#"{"base_key_name":"here","peer_public_key":"${q}"}"#,
        ),
        post(
            "agreement/derive-key/no",
            r#"{"base_key_name":"p","peer_public_key":"${q}","derived_key_type":"hmac"}"#,
        ),
        post(
            "agreement/derive-key/no",
            r#"{"base_key_name":"p","peer_public_key":"${q}","key_derivation_algorithm":"x"}"#,
        ),
        mistake!(
            post(
                "agreement/derive-key/no",
                r#"{"base_key_name":"p","peer_public_key":"${q}","base_key_version":9}"#
            ),
            "requested version of the base key is higher than the latest key version"
        ),
        mistake!(
            post(
                "agreement/derive-key/no",
                r#"{"base_key_name":"p","peer_public_key":"x"}"#
            ),
            "failed to parse supplied peer public key PEM: data does not contain any valid public keys "
        ),
        post("agreement/keys/s", r#"{"type":"ecdsa-p384"}"#),
        mistake!(
            post(
                "agreement/derive-key/no",
                r#"{"base_key_name":"s","peer_public_key":"${q}"}"#
            ),
            "base private key type ecdsa-p384 does not match peer public key curve"
        ),
    ],
};

/// `backup/` and `restore/`.
pub(super) const BACKUP: Script = Script {
    name: "transit backup",
    steps: &[
        mount("sys/mounts/backup"),
        mistake!(get("backup/backup/none"), "key \\\"none\\\" not found"),
        post("backup/keys/x", r#"{"exportable":true}"#),
        mistake!(
            get("backup/backup/x"),
            "plaintext backup is disallowed on the policy"
        ),
        post("backup/keys/y", r#"{"allow_plaintext_backup":true}"#),
        mistake!(
            get("backup/backup/y"),
            "exporting is disallowed on the policy"
        ),
        post(
            "backup/keys/a",
            r#"{"exportable":true,"allow_plaintext_backup":true}"#,
        ),
        post("backup/encrypt/a", r#"{"plaintext":"dGV4dA=="}"#).saves("sealed", "/data/ciphertext"),
        get("backup/backup/a").saves("backup", "/data/backup"),
        post("backup/restore/b", r#"{"backup":"${backup}"}"#),
        get("backup/keys/b"),
        post("backup/decrypt/b", r#"{"ciphertext":"${sealed}"}"#),
        mistake!(
            post("backup/restore", r#"{"backup":"${backup}"}"#),
            "key \\\"a\\\" already exists"
        ),
        post("backup/restore", r#"{"backup":"${backup}","force":true}"#),
        post("backup/decrypt/a", r#"{"ciphertext":"${sealed}"}"#),
        post("backup/restore", "{}"),
        mount("sys/mounts/elsewhere"),
        post("elsewhere/restore", r#"{"backup":"${backup}"}"#).but(
            &differences::SEALED_BACKUPS,
            400,
            r#"{"errors":["the backup was not made by this mount"]}"#,
        ),
        mistake!(
            post("backup/restore", r#"{"backup":"!"}"#),
            "illegal base64 data at input byte 0"
        ),
        mistake!(
            post("backup/restore", r#"{"backup":"AAAA"}"#),
            "the backup was not made by this mount"
        ),
    ],
};

/// `csr` and `set-certificate`.
pub(super) const CERTIFICATES: Script = Script {
    name: "transit certificates",
    steps: &[
        mount("sys/mounts/certificates"),
        post("certificates/keys/none/csr", "{}"),
        post("certificates/keys/none/set-certificate", "{}"),
        post("certificates/keys/a", "{}"),
        post("certificates/keys/a/csr", "{}"),
        post("certificates/keys/a/set-certificate", "{}"),
        post("certificates/keys/p", r#"{"type":"ecdsa-p256"}"#),
        post("certificates/keys/p/csr", "{}").saves("csr", "/data/csr"),
        post("certificates/keys/p/csr", r#"{"csr":"${csr}"}"#),
        post("certificates/keys/p/csr", r#"{"csr":"x"}"#),
        post("certificates/keys/p/csr", r#"{"version":2}"#),
        post("certificates/keys/p/set-certificate", "{}"),
        post(
            "certificates/keys/p/set-certificate",
            r#"{"certificate_chain":"x"}"#,
        ),
        post(
            "certificates/keys/p/set-certificate",
            r#"{"certificate_chain":"${csr}"}"#,
        ),
        post(
            "certificates/keys/d",
            r#"{"type":"ed25519","derived":true}"#,
        ),
        post("certificates/keys/d/csr", "{}"),
    ],
};
