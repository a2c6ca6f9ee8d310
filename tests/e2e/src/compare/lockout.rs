//! Requests of users who are locked out.

use super::{Script, differences, get, list, post};

/// All scripts; each makes a mount of its own, but for who is locked out of the whole server.
pub const SCRIPTS: &[Script] = &[TUNING, LOCKED, MACHINES];

const USERPASS: &str = r#"{"type":"userpass"}"#;

/// What holds for a mount.
const TUNING: Script = Script {
    name: "tuning",
    steps: &[
        post("sys/auth/tuned", USERPASS),
        post("sys/auth/tuned/tune", r#"{"user_lockout_config":{}}"#),
        get("sys/auth/tuned/tune"),
        post(
            "sys/auth/tuned/tune",
            r#"{"user_lockout_config":{"lockout_threshold":"7"}}"#,
        ),
        get("sys/auth/tuned/tune"),
        post(
            "sys/auth/tuned/tune",
            r#"{"user_lockout_config":{"lockout_threshold":3,"lockout_duration":"90m","lockout_counter_reset_duration":60,"lockout_disable":true,"foo":1}}"#,
        ),
        get("sys/auth/tuned/tune"),
        post(
            "sys/auth/tuned/tune",
            r#"{"user_lockout_config":{"lockout_threshold":"x"}}"#,
        ),
        post(
            "sys/auth/tuned/tune",
            r#"{"user_lockout_config":{"lockout_threshold":"-1"}}"#,
        ),
        post(
            "sys/auth/tuned/tune",
            r#"{"user_lockout_config":{"lockout_threshold":2.5}}"#,
        ),
        post(
            "sys/auth/tuned/tune",
            r#"{"user_lockout_config":{"lockout_threshold":true}}"#,
        ),
        post(
            "sys/auth/tuned/tune",
            r#"{"user_lockout_config":{"lockout_duration":"x"}}"#,
        ),
        post(
            "sys/auth/tuned/tune",
            r#"{"user_lockout_config":{"lockout_duration":""}}"#,
        ),
        post(
            "sys/auth/tuned/tune",
            r#"{"user_lockout_config":{"lockout_disable":"yes"}}"#,
        ),
        get("sys/auth/tuned/tune"),
        post(
            "sys/auth/token/tune",
            r#"{"user_lockout_config":{"lockout_threshold":"3"}}"#,
        ),
        post("sys/mounts/tuned", r#"{"type":"kv"}"#),
        post(
            "sys/mounts/tuned/tune",
            r#"{"user_lockout_config":{"lockout_threshold":"3"}}"#,
        ),
    ],
};

/// Three wrong passwords.
const LOCKED: Script = Script {
    name: "locked",
    steps: &[
        get("sys/locked-users"),
        post("sys/auth/locked", USERPASS),
        get("sys/auth/locked")
            .saves("accessor", "/data/accessor")
            .only_prepares(),
        post(
            "sys/auth/locked/tune",
            r#"{"user_lockout_config":{"lockout_threshold":3}}"#,
        ),
        post("auth/locked/users/ann", r#"{"password":"pw"}"#),
        post("auth/locked/users/bob", r#"{"password":"pw"}"#),
        post("auth/locked/login/ann", r#"{"password":"x"}"#),
        post("auth/locked/login/Ann", r#"{"password":"y"}"#),
        post("auth/locked/login/ann", r#"{"password":"pw"}"#).only_prepares(),
        post("auth/locked/login/ann", r#"{"password":"x"}"#),
        post("auth/locked/login/ann", r#"{"password":"y"}"#),
        post("auth/locked/login/ann", r#"{"password":"z"}"#),
        post("auth/locked/login/ann", r#"{"password":"pw"}"#),
        post("auth/locked/login/ANN", r#"{"password":"pw"}"#),
        post("auth/locked/login/bob", "{}").only_prepares(),
        post("auth/locked/login/bob", "{}").only_prepares(),
        post("auth/locked/login/bob", "{}").only_prepares(),
        post("auth/locked/login/bob", r#"{"password":"pw"}"#).hides(&[
            "client_token",
            "accessor",
            "entity_id",
        ]),
        get("sys/locked-users"),
        get("sys/locked-users?mount_accessor=${accessor}"),
        get("sys/locked-users?mount_accessor=none"),
        list("sys/locked-users"),
        post("sys/locked-users/none/unlock/ann", "{}"),
        post("sys/locked-users/${accessor}/unlock/none", "{}"),
        post("auth/locked/login/ann", r#"{"password":"pw"}"#),
        post("sys/locked-users/${accessor}/unlock/ann", "{}"),
        get("sys/locked-users"),
        post("auth/locked/login/ann", r#"{"password":"pw"}"#).hides(&[
            "client_token",
            "accessor",
            "entity_id",
        ]),
        post("auth/locked/login/nobody", r#"{"password":"x"}"#),
        post("auth/locked/login/nobody", r#"{"password":"x"}"#),
        post("auth/locked/login/nobody", r#"{"password":"x"}"#),
        post("auth/locked/login/nobody", r#"{"password":"x"}"#).but(
            &differences::UNKNOWN_USERS_LOCKED,
            403,
            r#"{"errors":["permission denied"]}"#,
        ),
        post("sys/locked-users/${accessor}/unlock/nobody", "{}"),
    ],
};

/// Roles are locked by their ids.
const MACHINES: Script = Script {
    name: "machines",
    steps: &[
        post("sys/auth/machines", r#"{"type":"approle"}"#),
        get("sys/auth/machines")
            .saves("machines", "/data/accessor")
            .only_prepares(),
        post(
            "sys/auth/machines/tune",
            r#"{"user_lockout_config":{"lockout_threshold":"2"}}"#,
        ),
        post("auth/machines/role/r", "{}"),
        get("auth/machines/role/r/role-id").saves("role", "/data/role_id"),
        post(
            "auth/machines/login",
            r#"{"role_id":"${role}","secret_id":"x"}"#,
        ),
        post(
            "auth/machines/login",
            r#"{"role_id":"${role}","secret_id":"x"}"#,
        ),
        post(
            "auth/machines/login",
            r#"{"role_id":"${role}","secret_id":"x"}"#,
        ),
        get("sys/locked-users"),
        post("sys/locked-users/${machines}/unlock/${role}", "{}"),
        get("sys/locked-users"),
    ],
};
