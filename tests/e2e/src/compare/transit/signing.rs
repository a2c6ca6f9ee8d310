//! `sign/`, `verify/` and `hmac/`.

use super::{differences, mistake, mount};
use crate::compare::{Script, post};

/// Every type signs, and what it signed verifies.
pub(super) const SIGN: Script = Script {
    name: "transit sign",
    steps: &[
        mount("sys/mounts/sign"),
        post("sign/sign/none", r#"{"input":"AAAA"}"#),
        post("sign/keys/a", "{}"),
        post("sign/sign/a", r#"{"input":"AAAA"}"#),
        post(
            "sign/verify/a",
            r#"{"input":"AAAA","signature":"vault:v1:AAAA"}"#,
        ),
        post("sign/keys/h", r#"{"type":"hmac","key_size":32}"#),
        post("sign/sign/h", r#"{"input":"AAAA"}"#),
        post("sign/keys/e", r#"{"type":"ed25519"}"#).hides(&["public_key"]),
        post("sign/sign/e", "{}"),
        post("sign/sign/e", r#"{"input":"!"}"#),
        post("sign/sign/e", r#"{"input":"dGV4dA=="}"#).saves("e", "/data/signature"),
        post(
            "sign/verify/e",
            r#"{"input":"dGV4dA==","signature":"${e}"}"#,
        ),
        post("sign/verify/e", r#"{"input":"AAAA","signature":"${e}"}"#),
        post(
            "sign/verify/e",
            r#"{"input":"dGV4dA==","signature":"${e}","prehashed":true}"#,
        ),
        post(
            "sign/verify/e",
            r#"{"input":"dGV4dA==","signature":"${e}","hash_algorithm":"none"}"#,
        ),
        mistake!(
            post("sign/sign/e", r#"{"input":"AAAA","key_version":2}"#),
            "requested version for signing is higher than the latest key version"
        ),
        mistake!(
            post("sign/sign/e", r#"{"input":"AAAA","key_version":-1}"#),
            "requested version for signing is negative"
        ),
        post("sign/keys/p", r#"{"type":"ecdsa-p256"}"#),
        post("sign/sign/p", r#"{"input":"dGV4dA=="}"#).saves("p", "/data/signature"),
        post(
            "sign/verify/p",
            r#"{"input":"dGV4dA==","signature":"${p}"}"#,
        ),
        post("sign/verify/p", r#"{"input":"AAAA","signature":"${p}"}"#),
        post("sign/keys/q", r#"{"type":"ecdsa-p384"}"#),
        post(
            "sign/sign/q/sha3-256",
            r#"{"input":"dGV4dA==","marshaling_algorithm":"jws"}"#,
        )
        .saves("q", "/data/signature"),
        post(
            "sign/verify/q",
            r#"{"input":"dGV4dA==","signature":"${q}","marshaling_algorithm":"jws","hash_algorithm":"sha3-256"}"#,
        ),
        post("sign/keys/s", r#"{"type":"ecdsa-p521"}"#),
        post("sign/sign/s", r#"{"input":"dGV4dA==","algorithm":"sha1"}"#)
            .saves("s", "/data/signature"),
        post(
            "sign/verify/s/sha1",
            r#"{"input":"dGV4dA==","signature":"${s}"}"#,
        ),
        post(
            "sign/verify/s",
            r#"{"input":"dGV4dA==","signature":"${s}"}"#,
        ),
        post("sign/keys/r", r#"{"type":"rsa-2048"}"#),
        post("sign/sign/r", r#"{"input":"dGV4dA=="}"#).saves("r", "/data/signature"),
        post(
            "sign/verify/r",
            r#"{"input":"dGV4dA==","signature":"${r}"}"#,
        ),
        post(
            "sign/verify/r",
            r#"{"input":"dGV4dA==","signature":"${r}","salt_length":"hash"}"#,
        ),
        post(
            "sign/verify/r",
            r#"{"input":"dGV4dA==","signature":"${r}","signature_algorithm":"pkcs1v15"}"#,
        ),
        post(
            "sign/sign/r/sha2-512",
            r#"{"input":"dGV4dA==","signature_algorithm":"pkcs1v15"}"#,
        )
        .saves("r15", "/data/signature"),
        post(
            "sign/verify/r/sha2-512",
            r#"{"input":"dGV4dA==","signature":"${r15}","signature_algorithm":"pkcs1v15"}"#,
        ),
        post("sign/keys/d", r#"{"type":"ed25519","derived":true}"#),
        post("sign/sign/d", r#"{"input":"AAAA","context":"AAAA"}"#)
            .hides(&["public_key"])
            .saves("d", "/data/signature"),
        post(
            "sign/verify/d",
            r#"{"input":"AAAA","context":"AAAA","signature":"${d}"}"#,
        ),
        post(
            "sign/verify/d",
            r#"{"input":"AAAA","context":"AAAB","signature":"${d}"}"#,
        ),
        post("sign/sign/d", r#"{"input":"AAAA","context":"!"}"#),
        mistake!(
            post("sign/sign/d", r#"{"input":"AAAA"}"#),
            "error deriving key: missing 'context' for key derivation; the key was created using a derived key, which means additional, per-request information must be included in order to perform operations with the key"
        ),
    ],
};

/// How signatures can be wished for.
pub(super) const SCHEMES: Script = Script {
    name: "transit schemes",
    steps: &[
        mount("sys/mounts/schemes"),
        post("schemes/keys/e", r#"{"type":"ed25519"}"#).hides(&["public_key"]),
        post("schemes/keys/p", r#"{"type":"ecdsa-p256"}"#),
        post("schemes/keys/r", r#"{"type":"rsa-2048"}"#),
        post(
            "schemes/sign/e",
            r#"{"input":"AAAA","hash_algorithm":"foo"}"#,
        ),
        post(
            "schemes/sign/e",
            r#"{"input":"AAAA","marshaling_algorithm":"foo"}"#,
        ),
        post(
            "schemes/sign/e",
            r#"{"input":"AAAA","marshaling_algorithm":"jws"}"#,
        ),
        post(
            "schemes/sign/e",
            r#"{"input":"AAAA","signature_algorithm":"foo"}"#,
        ),
        post("schemes/sign/e", r#"{"input":"AAAA","salt_length":"foo"}"#),
        post("schemes/sign/e", r#"{"input":"AAAA","salt_length":"-5"}"#),
        post(
            "schemes/sign/p",
            r#"{"input":"AAAA","hash_algorithm":"none"}"#,
        ),
        post(
            "schemes/sign/p",
            r#"{"input":"AAAA","hash_algorithm":"none","prehashed":true}"#,
        ),
        post(
            "schemes/sign/p",
            r#"{"input":"AAAA","hash_algorithm":"foo"}"#,
        ),
        post("schemes/sign/p", r#"{"input":"AAAA","hash_algorithm":""}"#),
        post(
            "schemes/sign/p/sha2-512",
            r#"{"input":"AAAA","hash_algorithm":"foo"}"#,
        ),
        post("schemes/sign/p/foo", r#"{"input":"AAAA"}"#),
        post(
            "schemes/sign/p",
            r#"{"input":"AAAA","algorithm":"foo","hash_algorithm":"sha2-256"}"#,
        ),
        post(
            "schemes/sign/p",
            r#"{"input":"AAAA","marshaling_algorithm":"foo"}"#,
        ),
        post("schemes/sign/p", r#"{"input":"AAAA","salt_length":"foo"}"#),
        post("schemes/sign/p", r#"{"input":"AAAA","prehashed":true}"#).but(
            &differences::DIGEST_LENGTH,
            400,
            r#"{"errors":["malformed: a sha2-256 digest has 32 bytes, not 3"]}"#,
        ),
        post(
            "schemes/sign/p",
            r#"{"input":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","prehashed":true}"#,
        )
        .saves("prehashed", "/data/signature"),
        post(
            "schemes/verify/p",
            r#"{"input":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","prehashed":true,"signature":"${prehashed}"}"#,
        ),
        post(
            "schemes/sign/p",
            r#"{"input":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","prehashed":true,"hash_algorithm":"none","signature_algorithm":"pkcs1v15"}"#,
        ),
        post(
            "schemes/sign/r",
            r#"{"input":"AAAA","hash_algorithm":"none"}"#,
        ),
        post("schemes/sign/r", r#"{"input":"AAAA","salt_length":"20"}"#),
        post("schemes/sign/r", r#"{"input":"AAAA","salt_length":"0"}"#),
        post("schemes/sign/r", r#"{"input":"AAAA","salt_length":"hash"}"#)
            .saves("salted", "/data/signature"),
        post(
            "schemes/verify/r",
            r#"{"input":"AAAA","salt_length":"hash","signature":"${salted}"}"#,
        ),
        post(
            "schemes/sign/r",
            r#"{"input":"AAAA","marshaling_algorithm":"jws"}"#,
        ),
        mistake!(
            post(
                "schemes/sign/r",
                r#"{"input":"AAAA","signature_algorithm":"foo"}"#
            ),
            "unsupported rsa signature algorithm foo"
        ),
        mistake!(
            post("schemes/sign/r", r#"{"input":"AAAA","prehashed":true}"#),
            "malformed: a sha2-256 digest has 32 bytes, not 3"
        ),
        post(
            "schemes/sign/r",
            r#"{"input":"AAAA","hash_algorithm":"sha3-256"}"#,
        )
        .but(
            &differences::RSA_HASHES,
            400,
            r#"{"errors":["PSS with sha3-256 is not supported"]}"#,
        ),
    ],
};

/// What is taken to verify.
pub(super) const VERIFY: Script = Script {
    name: "transit verify",
    steps: &[
        mount("sys/mounts/verify"),
        post(
            "verify/verify/none",
            r#"{"input":"AAAA","signature":"vault:v1:AAAA"}"#,
        ),
        post("verify/verify/none", r#"{"input":"AAAA"}"#),
        post("verify/keys/e", r#"{"type":"ed25519"}"#).hides(&["public_key"]),
        post("verify/verify/e", "{}"),
        post("verify/verify/e", r#"{"signature":"x"}"#),
        post("verify/verify/e", r#"{"input":"!","signature":"x"}"#),
        post("verify/verify/e", r#"{"input":"AAAA","signature":""}"#),
        post(
            "verify/verify/e",
            r#"{"input":"AAAA","signature":"vault:v1"}"#,
        ),
        post(
            "verify/verify/e",
            r#"{"input":"AAAA","signature":"vault:v1:AAAA"}"#,
        ),
        post(
            "verify/verify/e",
            r#"{"input":"AAAA","signature":"vault:v1:!"}"#,
        ),
        post(
            "verify/verify/e",
            r#"{"input":"AAAA","signature":"vault:v2:AAAA"}"#,
        ),
        post(
            "verify/verify/e",
            r#"{"input":"AAAA","signature":"vault:v0:AAAA"}"#,
        ),
        post(
            "verify/verify/e",
            r#"{"input":"AAAA","signature":"vault:vx:AAAA"}"#,
        ),
        post(
            "verify/verify/e",
            r#"{"input":"AAAA","signature":"vault:v1:AAAA","hmac":"x"}"#,
        ),
        post(
            "verify/verify/e",
            r#"{"input":"AAAA","signature":"vault:v1:AAAA","hash_algorithm":"foo"}"#,
        ),
        post(
            "verify/verify/e",
            r#"{"input":"AAAA","signature":"vault:v1:AAAA","marshaling_algorithm":"foo"}"#,
        ),
        post(
            "verify/verify/e",
            r#"{"input":"AAAA","signature":"vault:v1:AAAA","salt_length":"foo"}"#,
        ),
        post("verify/keys/p", r#"{"type":"ecdsa-p256"}"#),
        post(
            "verify/verify/p",
            r#"{"input":"AAAA","signature":"vault:v1:AAAA"}"#,
        )
        .but(
            &differences::NO_SIGNATURE,
            200,
            r#"{"data":{"valid":false}}"#,
        ),
    ],
};

/// Many at once.
pub(super) const BATCHES: Script = Script {
    name: "transit signed batches",
    steps: &[
        mount("sys/mounts/signed"),
        post("signed/keys/p", r#"{"type":"ecdsa-p256"}"#),
        post("signed/sign/p", r#"{"batch_input":[]}"#),
        post(
            "signed/sign/p",
            r#"{"batch_input":[{"input":"AAAA","reference":"r"},{"input":"!"},{}]}"#,
        )
        .saves("one", "/data/batch_results/0/signature"),
        post("signed/sign/p", r#"{"batch_input":[{"input":"!"}]}"#),
        post("signed/sign/p", r#"{"batch_input":[{"input":"AAAA"}],"key_version":3}"#),
        post("signed/verify/p", r#"{"batch_input":[]}"#),
        post(
            "signed/verify/p",
            r#"{"batch_input":[{"input":"AAAA","signature":"${one}","reference":"z"},{"input":"dGV4dA==","signature":"${one}"},{"input":"AAAA","signature":"x"},{"signature":"${one}"}]}"#,
        ),
        post("signed/verify/p", r#"{"batch_input":[{"input":"AAAA"}]}"#),
        post(
            "signed/verify/p",
            r#"{"batch_input":[{"input":"AAAA","signature":"${one}"},{"input":"AAAA"}]}"#,
        ),
        post("signed/verify/p", r#"{"batch_input":[{"input":"AAAA","hmac":"x"},{"input":"AAAA"}]}"#),
        post(
            "signed/verify/p",
            r#"{"batch_input":[{"input":"AAAA","signature":"x"},{"input":"AAAA","hmac":"x"}]}"#,
        ),
        post("signed/keys/d", r#"{"type":"ed25519","derived":true}"#),
        post(
            "signed/sign/d",
            r#"{"batch_input":[{"input":"AAAA","context":"AAAA"},{"input":"AAAA"},{"input":"AAAA","context":"!"}]}"#,
        )
        .hides(&["publickey"]),
    ],
};

/// HMACs.
pub(super) const HMAC: Script = Script {
    name: "transit hmac",
    steps: &[
        mount("sys/mounts/hmac"),
        post("hmac/hmac/none", r#"{"input":"AAAA"}"#),
        post("hmac/keys/a", "{}"),
        post("hmac/hmac/a", "{}"),
        post("hmac/hmac/a", r#"{"input":""}"#),
        post("hmac/hmac/a", r#"{"input":"!"}"#),
        post("hmac/hmac/a", r#"{"input":"AAAA"}"#).saves("mac", "/data/hmac"),
        post("hmac/verify/a", r#"{"input":"AAAA","hmac":"${mac}"}"#),
        post("hmac/verify/a", r#"{"input":"dGV4dA==","hmac":"${mac}"}"#),
        post(
            "hmac/verify/a",
            r#"{"input":"AAAA","hmac":"${mac}","hash_algorithm":"sha2-512"}"#,
        ),
        post(
            "hmac/verify/a/sha2-512",
            r#"{"input":"AAAA","hmac":"${mac}"}"#,
        ),
        post(
            "hmac/verify/a",
            r#"{"input":"AAAA","hmac":"${mac}","algorithm":"foo"}"#,
        ),
        post("hmac/hmac/a/sha3-512", r#"{"input":"AAAA"}"#).saves("sha3", "/data/hmac"),
        post(
            "hmac/verify/a/sha3-512",
            r#"{"input":"AAAA","hmac":"${sha3}"}"#,
        ),
        post("hmac/hmac/a", r#"{"input":"AAAA","algorithm":"sha1"}"#),
        post("hmac/hmac/a", r#"{"input":"AAAA","algorithm":"none"}"#),
        post("hmac/hmac/a", r#"{"input":"AAAA","algorithm":"foo"}"#).but(
            &differences::UNKNOWN_MAC_HASH,
            400,
            r#"{"errors":["unsupported algorithm \"foo\""]}"#,
        ),
        post("hmac/hmac/a", r#"{"input":"AAAA","key_version":2}"#),
        post("hmac/hmac/a", r#"{"input":"AAAA","key_version":-1}"#),
        post("hmac/hmac/a", r#"{"batch_input":[]}"#),
        post(
            "hmac/hmac/a",
            r#"{"batch_input":[{"input":"AAAA","reference":"r"},{"input":"!"},{}]}"#,
        ),
        post("hmac/verify/a", r#"{"hmac":"x"}"#),
        post("hmac/verify/a", r#"{"input":"AAAA","hmac":""}"#),
        post("hmac/verify/a", r#"{"input":"AAAA","hmac":"vault:v1"}"#),
        post(
            "hmac/verify/a",
            r#"{"input":"AAAA","hmac":"vault:v1:AAAA"}"#,
        ),
        post("hmac/verify/a", r#"{"input":"AAAA","hmac":"vault:v1:!"}"#),
        post(
            "hmac/verify/a",
            r#"{"input":"AAAA","hmac":"vault:v2:AAAA"}"#,
        ),
        post(
            "hmac/verify/a",
            r#"{"input":"AAAA","hmac":"vault:v0:AAAA"}"#,
        ),
        post(
            "hmac/verify/a",
            r#"{"input":"AAAA","hmac":"vault:vx:AAAA"}"#,
        ),
        post("hmac/keys/h", r#"{"type":"hmac","key_size":64}"#),
        post("hmac/hmac/h", r#"{"input":"AAAA"}"#).saves("own", "/data/hmac"),
        post(
            "hmac/verify/h",
            r#"{"batch_input":[{"input":"AAAA","hmac":"${own}"},{"input":"dGV4dA==","hmac":"${own}"},{"input":"AAAA","hmac":"x"}]}"#,
        )
        .but(
            &differences::FALSE_HMACS,
            200,
            r#"{"data":{"batch_results":[{"reference":"","valid":true},{"reference":"","valid":false},{"error":"invalid HMAC to verify: no prefix","reference":"","valid":false}]}}"#,
        ),
    ],
};
