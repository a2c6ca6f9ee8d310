//! Requests that bring their login with them.

use super::differences;
use super::{Script, Step, get, post, put};

/// All scripts.
pub const SCRIPTS: &[Script] = &[INLINE, WRONG, ITSELF];

type Headers = &'static [(&'static str, &'static str)];

const PATH: (&str, &str) = ("X-Vault-Inline-Auth-Path", "auth/inline/login/ann");
const FIELD: &str = "X-Vault-Inline-Auth-Parameter-A";
/// `{"key":"password","value":"pw"}`.
const RIGHT: (&str, &str) = (FIELD, "eyJrZXkiOiJwYXNzd29yZCIsInZhbHVlIjoicHcifQ");
/// `{"key":"password","value":"bad"}`.
const BAD: (&str, &str) = (FIELD, "eyJrZXkiOiJwYXNzd29yZCIsInZhbHVlIjoiYmFkIn0");

const ANN: Headers = &[PATH, RIGHT];

/// Without a token, as whoever logs in by these headers.
const fn by(headers: Headers, step: Step) -> Step {
    step.by("none").headers(headers)
}

/// A request that is refused for its headers, which OpenBao answers with 500.
const fn wrong(headers: Headers, text: &'static str) -> Step {
    by(headers, get("inline-kv/a")).but(&differences::CALLERS_FAULT, 400, text)
}

const INLINE: Script = Script {
    name: "inline logins",
    steps: &[
        // No token at all.
        get("sys/health").only_prepares().saves("none", "/nothing"),
        post("sys/auth/inline", r#"{"type":"userpass"}"#),
        post("sys/mounts/inline-kv", r#"{"type":"kv"}"#),
        post(
            "sys/policies/acl/inline",
            r#"{"policy":"path \"inline-kv/*\" { capabilities = [\"create\", \"read\", \"update\"] } path \"auth/token/create\" { capabilities = [\"update\"] }"}"#,
        ),
        post(
            "auth/inline/users/ann",
            r#"{"password":"pw","policies":"inline"}"#,
        ),
        by(ANN, put("inline-kv/a", r#"{"a":1}"#)),
        by(ANN, get("inline-kv/a")),
        by(ANN, get("inline-kv/none")),
        by(ANN, get("sys/mounts")),
        by(
            &[PATH, RIGHT, ("X-Vault-Wrap-TTL", "60")],
            get("inline-kv/a"),
        )
        .forms(&["token"]),
        by(&[PATH, BAD], get("inline-kv/a")),
        by(
            &[PATH, RIGHT, ("X-Vault-Inline-Auth-Operation", "update")],
            get("inline-kv/a"),
        ),
        by(
            &[PATH, RIGHT, ("X-Vault-Inline-Auth-Operation", "create")],
            get("inline-kv/a"),
        ),
        by(
            &[PATH, RIGHT, ("X-Vault-Inline-Auth-Operation", "read")],
            get("inline-kv/a"),
        ),
        by(
            &[PATH, RIGHT, ("X-Vault-Inline-Auth-Namespace", "root")],
            get("inline-kv/a"),
        ),
        // Who needs no token logs in nowhere.
        by(&[PATH, BAD], get("sys/init")),
        // The login is in one namespace, the request in another.
        post("sys/namespaces/inline", "{}").only_prepares(),
        by(
            &[
                PATH,
                RIGHT,
                ("X-Vault-Namespace", "inline"),
                ("X-Vault-Inline-Auth-Namespace", "root"),
            ],
            get("sys/mounts"),
        ),
        by(
            &[PATH, RIGHT, ("X-Vault-Inline-Auth-Namespace", "inline")],
            get("inline-kv/a"),
        ),
    ],
};

const WRONG: Script = Script {
    name: "wrong inline logins",
    steps: &[
        get("sys/health").only_prepares().saves("none", "/nothing"),
        get("inline-kv/a").headers(ANN).but(
            &differences::CALLERS_FAULT,
            400,
            r#"{"errors":["failed to perform inline authentication: cannot layer inline authentication with token authentication"]}"#,
        ),
        wrong(
            &[PATH, RIGHT, ("X-Vault-Inline-Auth-Operation", "delete")],
            r#"{"errors":["failed to perform inline authentication: expected a valid login operation in X-Vault-Inline-Auth-Operation"]}"#,
        ),
        wrong(
            &[PATH, RIGHT, ("X-Vault-Inline-Auth-Namespace", "nothing")],
            r#"{"errors":["failed to perform inline authentication: inline auth namespace was not found"]}"#,
        ),
        wrong(
            &[PATH, (FIELD, "cHc=")],
            r#"{"errors":["failed to perform inline authentication: failed raw url-safe base64 decoding header value"]}"#,
        ),
        wrong(
            &[PATH, (FIELD, "W10")],
            r#"{"errors":["failed to perform inline authentication: failed json decoding header value"]}"#,
        ),
        wrong(
            &[PATH, (FIELD, "eyJ2YWx1ZSI6InB3In0")],
            r#"{"errors":["failed to perform inline authentication: decoded header lacked `key` field"]}"#,
        ),
        wrong(
            &[PATH, (FIELD, "eyJrZXkiOiJwYXNzd29yZCJ9")],
            r#"{"errors":["failed to perform inline authentication: decoded header lacked `value` field"]}"#,
        ),
        wrong(
            &[
                PATH,
                (FIELD, "eyJrZXkiOiJwYXNzd29yZCIsInZhbHVlIjoicHciLCJtb3JlIjoxfQ"),
            ],
            r#"{"errors":["failed to perform inline authentication: unexpected field in decoded request parameter"]}"#,
        ),
        // Where nobody logs in.
        by(&[RIGHT], get("inline-kv/a")),
        by(&[("X-Vault-Inline-Auth-Path", ""), RIGHT], get("inline-kv/a")),
        by(
            &[("X-Vault-Inline-Auth-Path", "inline/login/ann"), RIGHT],
            get("inline-kv/a"),
        ),
        by(
            &[("X-Vault-Inline-Auth-Path", "auth/inline/users/ann"), RIGHT],
            get("inline-kv/a"),
        ),
        by(
            &[("X-Vault-Inline-Auth-Path", "auth/none/login/ann"), RIGHT],
            get("inline-kv/a"),
        ),
        by(
            &[("X-Vault-Inline-Auth-Path", "auth/token/create"), RIGHT],
            get("inline-kv/a"),
        ),
        by(
            &[("X-Vault-Inline-Auth-Path", "sys/tools/random"), RIGHT],
            get("inline-kv/a"),
        ),
    ],
};

differences::differences! {
    OWN_TOKEN: "`X-Vault-Inline-Auth-Path` and its like",
        "The token is one of a batch that nobody is told; what it could do with itself is refused.";
}

const ITSELF: Script = Script {
    name: "what an inline login does with itself",
    steps: &[
        get("sys/health").only_prepares().saves("none", "/nothing"),
        by(ANN, get("auth/token/lookup-self")),
        by(ANN, put("auth/token/renew-self", "{}")).but(
            &OWN_TOKEN,
            403,
            r#"{"errors":["bad token"]}"#,
        ),
        by(ANN, put("auth/token/revoke-self", "{}")).but(
            &OWN_TOKEN,
            403,
            r#"{"errors":["bad token"]}"#,
        ),
        by(ANN, put("auth/token/create", "{}")).but(
            &OWN_TOKEN,
            400,
            r#"{"errors":["batch tokens cannot create more tokens"]}"#,
        ),
        by(ANN, put("cubbyhole/a", r#"{"a":1}"#)).but(
            &OWN_TOKEN,
            400,
            r#"{"errors":["cubbyhole operations are only supported by 'service' type tokens"]}"#,
        ),
        // A login by hand is one, whatever its headers say.
        put("auth/inline/login/ann", r#"{"password":"pw"}"#)
            .by("none")
            .headers(ANN),
    ],
};
