//! A root token from shares.

use super::differences::{
    ATTEMPTS, BAD_KEYS, ONE_ATTEMPT, SHARE_LENGTH, STATUSES, STRANGERS, TOKEN_LENGTH,
};
use crate::compare::{Script, Step, delete, get, put};

const ATTEMPT: &str = "sys/generate-root/attempt";
const UPDATE: &str = "sys/generate-root/update";

/// Passwords and tokens are as long as each server's tokens.
const AS_LONG_AS_A_TOKEN: &[&str] = &["otp", "otp_length", "encoded_token", "encoded_root_token"];

const fn read() -> Step {
    get(ATTEMPT).forms(AS_LONG_AS_A_TOKEN)
}

const fn begin(body: &'static str) -> Step {
    put(ATTEMPT, body).forms(AS_LONG_AS_A_TOKEN)
}

const fn update(body: &'static str) -> Step {
    put(UPDATE, body).forms(AS_LONG_AS_A_TOKEN)
}

/// Without a token.
pub(super) const OPEN: Script = Script {
    name: "root token",
    steps: &[
        get(ATTEMPT).but(
            &TOKEN_LENGTH,
            200,
            r#"{"complete":false,"encoded_root_token":"","encoded_token":"","nonce":"","otp":"",
                "otp_length":40,"pgp_fingerprint":"","progress":0,"required":2,"started":false}"#,
        ),
        update(r#"{"key":"${share0}","nonce":"x"}"#),
        delete(ATTEMPT),
        begin(r#"{"otp":"short"}"#),
        begin(r#"{"pgp_key":"x"}"#).but(
            &BAD_KEYS,
            400,
            r#"{"errors":["error parsing PGP key: error decoding given PGP key: the key is neither Base64 nor ASCII-armored"]}"#,
        ),
        begin(r#"{"a"#),
        begin(r#"{"foo":1}"#)
            .saves("nonce", "/nonce")
            .saves("otp", "/otp"),
        read(),
        begin("{}").but(
            &ONE_ATTEMPT,
            400,
            r#"{"errors":["root generation already in progress"]}"#,
        ),
        update("{}"),
        update(r#"{"key":"${share0}"}"#),
        update(r#"{"nonce":"${nonce}"}"#),
        update(r#"{"key":"${share0}","nonce":"x"}"#),
        update(r#"{"key":"zz!","nonce":"${nonce}"}"#),
        update(r#"{"key":"AAAA","nonce":"${nonce}"}"#).but(
            &SHARE_LENGTH,
            400,
            r#"{"errors":["invalid key: key is shorter than minimum 33 bytes"]}"#,
        ),
        update(r#"{"key":"${share0}","nonce":"${nonce}"}"#),
        update(r#"{"key":"${share0}","nonce":"${nonce}"}"#),
        read(),
        update(wrong_share!(r#","nonce":"${nonce}""#)),
        read(),
        delete("sys/generate-root/attempt?nonce=${nonce}"),
        read(),
        begin("{}").saves("nonce", "/nonce").saves("otp", "/otp"),
        update(r#"{"key":"${share1}","nonce":"${nonce}"}"#),
        update(r#"{"key":"${share2}","nonce":"${nonce}"}"#).saves("encoded", "/encoded_token"),
        read(),
        put("sys/decode-token", "{}"),
        put("sys/decode-token", r#"{"encoded_token":"${encoded}"}"#),
        put("sys/decode-token", r#"{"otp":"${otp}"}"#),
        put("sys/decode-token", r#"{"encoded_token":"!","otp":"${otp}"}"#),
        put(
            "sys/decode-token",
            r#"{"encoded_token":"${encoded}","otp":"short"}"#,
        )
        .but(
            &TOKEN_LENGTH,
            400,
            r#"{"errors":["error xoring token: length of byte slices is not equivalent: 40 != 5"]}"#,
        ),
        put(
            "sys/decode-token",
            r#"{"encoded_token":"${encoded}","otp":"${otp}"}"#,
        )
        .saves("made", "/data/token"),
        get("sys/rotate/root/init").by("made"),
        put("auth/token/revoke-self", "{}").by("made"),
        get("sys/rotate/root/init").by("made"),
    ],
};

const OF_A_CALLER: &str = "sys/generate-root-token/attempt";
const BY_A_CALLER: &str = "sys/generate-root-token/update";

/// An answer of the family that needs a token, with what OpenBao leaves out of it.
const fn caller(step: Step, left_out: &'static [&'static str]) -> Step {
    let step = step.by("root").forms(AS_LONG_AS_A_TOKEN);
    match left_out.is_empty() {
        true => step,
        false => step.members(&ATTEMPTS, left_out, &[]),
    }
}

const AT_FIRST: &[&str] = &["encoded_token", "nonce", "pgp_fingerprint"];
const BEGUN: &[&str] = &["encoded_token"];
const UNDER_WAY: &[&str] = &["otp", "otp_length"];

/// With one.
pub(super) const WITH_A_TOKEN: Script = Script {
    name: "root token by a caller",
    steps: &[
        caller(get(OF_A_CALLER), AT_FIRST),
        caller(put(BY_A_CALLER, r#"{"key":"${share0}","nonce":"x"}"#), &[]).but(
            &STATUSES,
            400,
            r#"{"errors":["no root generation in progress"]}"#,
        ),
        caller(delete(OF_A_CALLER), &[]),
        caller(put(OF_A_CALLER, r#"{"otp":"short"}"#), &[]),
        caller(put(OF_A_CALLER, "{}"), BEGUN)
            .saves("nonce", "/data/nonce")
            .saves("otp", "/data/otp"),
        caller(get(OF_A_CALLER), BEGUN),
        caller(put(BY_A_CALLER, "{}"), &[]),
        caller(put(BY_A_CALLER, r#"{"key":"${share0}"}"#), &[]),
        caller(put(BY_A_CALLER, r#"{"nonce":"${nonce}"}"#), &[]),
        caller(put(BY_A_CALLER, r#"{"key":"zz!","nonce":"${nonce}"}"#), &[]).but(
            &STATUSES,
            400,
            r#"{"errors":["'key' must be a valid hex or base64 string"]}"#,
        ),
        caller(
            put(BY_A_CALLER, r#"{"key":"${share0}","nonce":"${nonce}"}"#),
            UNDER_WAY,
        ),
        caller(
            put(BY_A_CALLER, wrong_share!(r#","nonce":"${nonce}""#)),
            &[],
        )
        .but(
            &STATUSES,
            400,
            r#"{"errors":["root generation aborted: unable to authenticate: unable to retrieve stored keys: invalid key: failed to decrypt keys from storage: cipher: message authentication failed"]}"#,
        ),
        // Nobody without a token ends or sees it.
        get(ATTEMPT).but(
            &STRANGERS,
            200,
            r#"{"complete":false,"encoded_root_token":"","encoded_token":"","nonce":"","otp":"",
                "otp_length":40,"pgp_fingerprint":"","progress":0,"required":2,"started":false}"#,
        ),
        caller(delete(OF_A_CALLER), &[]),
        caller(get(OF_A_CALLER), AT_FIRST),
        caller(put(OF_A_CALLER, "{}"), BEGUN)
            .saves("nonce", "/data/nonce")
            .saves("otp", "/data/otp"),
        caller(
            put(BY_A_CALLER, r#"{"key":"${share2}","nonce":"${nonce}"}"#),
            UNDER_WAY,
        ),
        caller(
            put(BY_A_CALLER, r#"{"key":"${share0}","nonce":"${nonce}"}"#),
            UNDER_WAY,
        )
        .saves("encoded", "/data/encoded_token"),
        put(
            "sys/decode-token",
            r#"{"encoded_token":"${encoded}","otp":"${otp}"}"#,
        )
        .saves("made", "/data/token"),
        get("sys/rotate/root/init").by("made"),
    ],
};
