//! Locking and unlocking.

use super::differences::{NO_SEAL, OTHERS};
use super::{NOBODY, within};
use crate::compare::{CLIENT_TOKEN, Script, delete, get, post, send};

const LOCKED_A: &[(&str, &str)] = &[("X-Vault-Namespace", "locked")];
const CHILD: &[(&str, &str)] = &[("X-Vault-Namespace", "locked/child")];

pub(super) const LOCKED: Script = Script {
    name: "locked",
    steps: &[
        NOBODY,
        send("POST", "sys/namespaces/locked"),
        within(send("POST", "sys/namespaces/child"), LOCKED_A),
        post(
            "locked/sys/policies/acl/locker",
            r#"{"policy":"path \"sys/namespaces/api-lock/*\" { capabilities = [\"update\"] }"}"#,
        ),
        post("locked/auth/token/create", r#"{"policies":"locker"}"#)
            .saves("locker", CLIENT_TOKEN)
            .only_prepares(),
        send("POST", "sys/namespaces/api-lock/lock"),
        send("POST", "sys/namespaces/api-lock/unlock"),
        send("POST", "sys/namespaces/api-lock/lock/none"),
        send("POST", "sys/namespaces/api-lock/lock/locked")
            .saves("key", "/data/unlock_key")
            .hides(&["unlock_key"]),
        send("POST", "sys/namespaces/api-lock/lock/locked"),
        send("POST", "sys/namespaces/api-lock/lock/locked/child"),
        get("sys/namespaces/locked"),
        within(get("sys/mounts"), LOCKED_A),
        within(get("sys/mounts"), CHILD),
        within(get("no/such/mount"), LOCKED_A).by("nobody"),
        within(get("sys/audit"), LOCKED_A),
        within(get("sys/health"), LOCKED_A),
        get("locked/sys/mounts"),
        within(
            send("POST", "sys/namespaces/api-lock/unlock/child"),
            LOCKED_A,
        ),
        within(
            post("sys/namespaces/api-lock/unlock", r#"{"unlock_key":"x"}"#),
            LOCKED_A,
        ),
        within(post("sys/namespaces/api-lock/unlock", "{}"), LOCKED_A)
            .by("locker")
            .but(
                &OTHERS,
                400,
                r#"{"errors":["1 error occurred:\n\t* provided empty key\n\n"]}"#,
            ),
        within(send("POST", "sys/namespaces/api-lock/unlock"), LOCKED_A).by("nobody"),
        within(
            post(
                "sys/namespaces/api-lock/unlock",
                r#"{"unlock_key":"${key}"}"#,
            ),
            LOCKED_A,
        )
        .by("locker"),
        within(get("sys/namespaces/child"), LOCKED_A),
        send("POST", "sys/namespaces/api-lock/unlock/locked"),
        post(
            "sys/namespaces/api-lock/lock/locked/child",
            r#"{"path":"x"}"#,
        )
        .hides(&["unlock_key"]),
        within(get("sys/mounts"), CHILD),
        within(get("sys/namespaces/child"), LOCKED_A),
        send("POST", "sys/namespaces/api-lock/lock/locked").hides(&["unlock_key"]),
        send("POST", "sys/namespaces/api-lock/unlock/locked"),
        within(get("sys/mounts"), CHILD),
        post("sys/namespaces/locked", "{}"),
        send("POST", "sys/namespaces/api-lock/unlock/locked/child"),
    ],
};

pub(super) const SEALING: Script = Script {
    name: "sealing",
    steps: &[
        send("POST", "sys/namespaces/sealing"),
        get("sys/namespaces/sealing/seal-status"),
        delete("sys/namespaces/sealing/delete-sealed").but(
            &NO_SEAL,
            400,
            r#"{"errors":["namespace is not sealable"]}"#,
        ),
        post("sys/namespaces/sealed", r#"{"seal":"x"}"#).but(
            &NO_SEAL,
            400,
            r#"{"errors":["namespace is not sealable"]}"#,
        ),
        post("sys/namespaces/sealing/unseal", r#"{"key":"x"}"#).but(
            &NO_SEAL,
            400,
            r#"{"errors":["namespace is not sealable"]}"#,
        ),
    ],
};
