//! Answers that are wrapped into a token.

use super::{CUBBYHOLE, SIGNED_BY_OTHERS, prepare};
use crate::compare::{CLIENT_TOKEN, Script, Step, delete, get, list, post, put};

const FOR_A_MINUTE: &[(&str, &str)] = &[("X-Vault-Wrap-TTL", "60")];

/// What is told of a wrapped answer has ids of each server's own.
const fn wrapped(step: Step, name: &'static str) -> Step {
    step.headers(FOR_A_MINUTE)
        .saves(name, "/wrap_info/token")
        .hides(&["token", "wrapped_accessor"])
}

pub(super) const WRAP: Script = Script {
    name: "wrapped answers",
    steps: &[
        wrapped(post("sys/wrapping/wrap", r#"{"a":1,"b":{"c":"d"}}"#), "one"),
        post("sys/wrapping/lookup", r#"{"token":"${one}"}"#),
        post("sys/wrapping/unwrap", r#"{"token":"${one}"}"#),
        post("sys/wrapping/unwrap", r#"{"token":"${one}"}"#),
        post("sys/wrapping/lookup", r#"{"token":"${one}"}"#),
        wrapped(post("sys/wrapping/wrap", r#"{"a":"b"}"#), "two"),
        post("sys/wrapping/unwrap", "{}").by("two"),
        post("sys/wrapping/unwrap", "{}").by("two"),
        wrapped(post("sys/wrapping/wrap", r#"{"a":"b"}"#), "three"),
        post("sys/wrapping/rewrap", r#"{"token":"${three}"}"#)
            .saves("four", "/wrap_info/token")
            .hides(&["token"]),
        post("sys/wrapping/unwrap", r#"{"token":"${three}"}"#),
        get("sys/wrapping/lookup").by("four"),
        get("cubbyhole/response").by("four").only_prepares(),
        post("sys/wrapping/unwrap", r#"{"token":"${four}"}"#),
        wrapped(
            post(
                "auth/token/create",
                r#"{"policies":["default"],"ttl":"1h"}"#,
            ),
            "five",
        ),
        post("sys/wrapping/lookup", r#"{"token":"${five}"}"#),
        post("sys/wrapping/unwrap", r#"{"token":"${five}"}"#).saves("inside", CLIENT_TOKEN),
        get("auth/token/lookup-self").by("inside"),
        wrapped(get("sys/policies/acl/root"), "six"),
        post("sys/wrapping/unwrap", r#"{"token":"${six}"}"#),
        wrapped(post("sys/wrapping/wrap", r#"{"a":"b"}"#), "seven"),
        post("auth/token/revoke", r#"{"token":"${seven}"}"#),
        post("sys/wrapping/unwrap", r#"{"token":"${seven}"}"#),
    ],
};

const AS_JWT: &[(&str, &str)] = &[("X-Vault-Wrap-TTL", "60"), ("X-Vault-Wrap-Format", "jwt")];

/// A wrapping token as a signed token. It is as good as the token in it, and each server has a key of its
/// own.
pub(super) const SIGNED: Script = Script {
    name: "wrapping tokens that are signed",
    steps: &[
        post("sys/wrapping/wrap", r#"{"a":"b"}"#)
            .headers(AS_JWT)
            .saves("one", "/wrap_info/token")
            .hides(&["token"]),
        post("sys/wrapping/lookup", r#"{"token":"${one}"}"#),
        post("sys/wrapping/unwrap", r#"{"token":"${one}"}"#),
        post("sys/wrapping/unwrap", r#"{"token":"${one}"}"#),
        post("sys/wrapping/wrap", r#"{"a":"b"}"#)
            .headers(AS_JWT)
            .saves("two", "/wrap_info/token")
            .hides(&["token"]),
        post("sys/wrapping/unwrap", "{}").by("two"),
        post("sys/wrapping/wrap", r#"{"a":"b"}"#)
            .headers(AS_JWT)
            .saves("three", "/wrap_info/token")
            .hides(&["token"]),
        post("sys/wrapping/rewrap", r#"{"token":"${three}"}"#)
            .saves("four", "/wrap_info/token")
            .hides(&["token"]),
        post("sys/wrapping/unwrap", r#"{"token":"${three}"}"#),
        post("sys/wrapping/unwrap", r#"{"token":"${four}"}"#),
        // Nothing is read of one that somebody else has signed.
        post(
            "sys/wrapping/unwrap",
            r#"{"token":"eyJhbGciOiJFUzUxMiJ9.eyJqdGkiOiJ4In0.AAAA"}"#,
        )
        .but(
            &SIGNED_BY_OTHERS,
            400,
            r#"{"errors":["wrapping token is not valid or does not exist"]}"#,
        ),
    ],
};

pub(super) const REFUSALS: Script = Script {
    name: "what is not wrapped",
    steps: &[
        post("sys/wrapping/wrap", r#"{"a":"b"}"#),
        post("sys/wrapping/wrap", r#"{"a":"b"}"#).headers(&[("X-Vault-Wrap-TTL", "zz")]),
        post("sys/wrapping/wrap", r#"{"a":"b"}"#).headers(&[("X-Vault-Wrap-TTL", "-5")]),
        post("sys/wrapping/wrap", r#"{"a":"b"}"#).headers(&[("X-Vault-Wrap-TTL", "0")]),
        get("sys/policies/acl/none").headers(FOR_A_MINUTE),
        put("sys/policies/acl/some", r#"{"policy":"path \"a\" {}"}"#).headers(FOR_A_MINUTE),
        post("sys/wrapping/unwrap", r#"{"token":"none"}"#),
        post("sys/wrapping/lookup", r#"{"token":"none"}"#),
        post("sys/wrapping/rewrap", r#"{"token":"none"}"#),
        post("sys/wrapping/lookup", "{}"),
        post("sys/wrapping/unwrap", "{}"),
        prepare("plain", r#"{"policies":["default"]}"#),
        post("sys/wrapping/unwrap", r#"{"token":"${plain}"}"#),
        post("sys/wrapping/lookup", r#"{"token":"${plain}"}"#),
        post("sys/wrapping/unwrap", "{}").by("plain"),
        put("cubbyhole/a", r#"{"k":"v"}"#).by("plain"),
        get("cubbyhole/a").by("plain"),
        list("cubbyhole").by("plain"),
        put("cubbyhole/b", "{}").by("plain").but(
            &CUBBYHOLE,
            400,
            r#"{"errors":["missing data fields"]}"#,
        ),
        delete("cubbyhole/a").by("plain"),
        get("cubbyhole/a").by("plain"),
    ],
};
