//! Answers that are wrapped into a token.

use super::{CUBBYHOLE, prepare};
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
