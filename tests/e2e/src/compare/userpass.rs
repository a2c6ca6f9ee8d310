//! Requests to the userpass method.

use super::{CLIENT_TOKEN, Script, delete, differences, get, list, post};

/// All scripts; each makes a mount of its own.
pub const SCRIPTS: &[Script] = &[USERS, TOKENS, OLDER, PARTS, LOGINS, RENEWALS];

const MOUNT: &str = r#"{"type":"userpass"}"#;
/// Of the password "a".
const HASH: &str =
    r#"{"password_hash":"$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe"}"#;

/// Who there is.
const USERS: Script = Script {
    name: "users",
    steps: &[
        post("sys/auth/users", MOUNT),
        get("auth/users/users/u"),
        list("auth/users/users"),
        post("auth/users/users/u", "{}"),
        post("auth/users/users/u", r#"{"password":""}"#),
        post("auth/users/users/u", r#"{"token_ttl":5}"#),
        post("auth/users/users/u", r#"{"password":["a"]}"#),
        post("auth/users/users/u", r#"{"password":"pw"}"#),
        get("auth/users/users/u"),
        post("auth/users/users/U2", r#"{"password":12,"foo":1}"#),
        get("auth/users/users/u2"),
        get("auth/users/users/U2"),
        post("auth/users/users/u3", HASH),
        get("auth/users/users/u3"),
        post("auth/users/users/u4", r#"{"password_hash":"x"}"#),
        post("auth/users/users/u4", r#"{"password":"x","password_hash":"y"}"#),
        list("auth/users/users"),
        list("auth/users/users?after=u&limit=1"),
        list("auth/users/users?limit=2"),
        list("auth/users/users?limit=-1"),
        list("auth/users/users?after=zz"),
        delete("auth/users/users/U3"),
        delete("auth/users/users/none"),
        list("auth/users/users"),
        post("auth/users/users/_x", r#"{"password":"x"}"#),
        post("auth/users/users/a@b.c", r#"{"password":"x"}"#),
        post("auth/users/users/-ab", r#"{"password":"x"}"#),
        post("auth/users/users/a/b/c", "{}"),
        post("auth/users/users", r#"{"password":"x"}"#),
        post("auth/users/users/", r#"{"password":"x"}"#),
        get("auth/users/foo"),
        post(
            "auth/users/users/long",
            r#"{"password":"0123456789012345678901234567890123456789012345678901234567890123456789012"}"#,
        )
        .but(&differences::LONG_PASSWORDS, 204, ""),
    ],
};

/// The fields that every method has.
const TOKENS: Script = Script {
    name: "token fields",
    steps: &[
        post("sys/auth/tokens", MOUNT),
        post("auth/tokens/users/u", r#"{"password":"pw"}"#),
        post(
            "auth/tokens/users/u",
            r#"{"token_ttl":60,"token_policies":["z"],"token_bound_cidrs":"::1","token_max_ttl":"2m","token_num_uses":3}"#,
        ),
        get("auth/tokens/users/u"),
        post("auth/tokens/users/u", r#"{"token_type":"batch"}"#),
        post("auth/tokens/users/u", r#"{"token_type":"batch","token_num_uses":0}"#),
        get("auth/tokens/users/u"),
        post("auth/tokens/users/u", r#"{"token_period":5}"#),
        post("auth/tokens/users/u", r#"{"token_strictly_bind_ip":true}"#),
        post(
            "auth/tokens/users/u",
            r#"{"token_type":"service","token_period":5,"token_explicit_max_ttl":"7m","token_no_default_policy":true,"token_strictly_bind_ip":true,"token_bound_cidrs":[]}"#,
        ),
        get("auth/tokens/users/u"),
        post("auth/tokens/users/u", r#"{"token_type":"zz"}"#),
        post("auth/tokens/users/u", r#"{"token_type":"default-service"}"#),
        post("auth/tokens/users/u", r#"{"token_type":"default"}"#),
        post("auth/tokens/users/u", r#"{"token_type":""}"#),
        post("auth/tokens/users/u", r#"{"token_ttl":100,"token_max_ttl":50}"#),
        post("auth/tokens/users/u", r#"{"token_ttl":-1}"#),
        post("auth/tokens/users/u", r#"{"token_ttl":"x"}"#),
        post("auth/tokens/users/u", r#"{"token_num_uses":-1}"#),
        post("auth/tokens/users/u", r#"{"token_strictly_bind_ip":false,"token_bound_cidrs":"x"}"#),
        post(
            "auth/tokens/users/u",
            r#"{"token_strictly_bind_ip":false,"token_bound_cidrs":["127.0.0.1/8","10.0.0.1/32","fe80::/10"]}"#,
        ),
        get("auth/tokens/users/u"),
        post("auth/tokens/users/u", r#"{"token_policies":["a b","x,y"," Q ","Q"]}"#),
        get("auth/tokens/users/u"),
        post("auth/tokens/users/u", r#"{"token_policies":"","token_bound_cidrs":""}"#),
        get("auth/tokens/users/u"),
        post("auth/tokens/users/u", r#"{"token_bound_cidrs":"/tmp/socket"}"#).but(
            &differences::UNIX_SOCKETS,
            400,
            r#"{"errors":["error parsing address \"/tmp/socket\": Unable to convert \"/tmp/socket\" to an IPv4 or IPv6 address, or a UNIX Socket"]}"#,
        ),
    ],
};

/// Fields under their older names.
const OLDER: Script = Script {
    name: "older names",
    steps: &[
        post("sys/auth/older", MOUNT),
        post(
            "auth/older/users/u",
            r#"{"password":"pw","policies":"a, B,a,default","ttl":"1h","max_ttl":"2h","bound_cidrs":"127.0.0.1/8,10.0.0.1"}"#,
        ),
        get("auth/older/users/u"),
        post(
            "auth/older/users/u",
            r#"{"ttl":5,"token_ttl":6,"policies":"aa","token_policies":"bb"}"#,
        ),
        get("auth/older/users/u"),
        post("auth/older/users/u", r#"{"ttl":7}"#),
        get("auth/older/users/u"),
        post("auth/older/users/u", r#"{"token_ttl":8}"#),
        get("auth/older/users/u"),
        post("auth/older/users/u", r#"{"policies":"root,a"}"#),
        get("auth/older/users/u"),
        post(
            "auth/older/users/u",
            r#"{"policies":[],"bound_cidrs":[],"max_ttl":0}"#,
        ),
        get("auth/older/users/u"),
    ],
};

/// Password and policies alone.
const PARTS: Script = Script {
    name: "parts of users",
    steps: &[
        post("sys/auth/parts", MOUNT),
        post("auth/parts/users/u", r#"{"password":"x"}"#),
        post("auth/parts/users/u/password", r#"{"password":"y"}"#),
        post("auth/parts/users/u/password", "{}"),
        post("auth/parts/users/u/password", r#"{"password":""}"#),
        post(
            "auth/parts/users/u/password",
            r#"{"password":"y","password_hash":"z"}"#,
        ),
        post("auth/parts/users/u/password", r#"{"password_hash":"z"}"#),
        post("auth/parts/users/none/password", r#"{"password":"y"}"#).but(
            &differences::CALLERS_FAULT,
            400,
            r#"{"errors":["username does not exist"]}"#,
        ),
        post("auth/parts/users/none/policies", r#"{"policies":"y"}"#).but(
            &differences::CALLERS_FAULT,
            400,
            r#"{"errors":["username does not exist"]}"#,
        ),
        post("auth/parts/users/u/policies", r#"{"policies":"y"}"#),
        get("auth/parts/users/u"),
        post("auth/parts/users/u/policies", r#"{"token_policies":"z"}"#),
        get("auth/parts/users/u"),
        post("auth/parts/users/u/policies", "{}"),
        get("auth/parts/users/u"),
        post(
            "auth/parts/users/u/policies",
            r#"{"policies":"y","token_policies":"w"}"#,
        ),
        get("auth/parts/users/u"),
        get("auth/parts/users/u/password"),
        get("auth/parts/users/u/policies"),
    ],
};

/// Who it is.
const LOGINS: Script = Script {
    name: "userpass logins",
    steps: &[
        post("sys/auth/logins", MOUNT),
        post(
            "auth/logins/users/u",
            r#"{"password":"pw","token_policies":"p,q","token_ttl":60}"#,
        ),
        post("auth/logins/login/u", "{}").but(
            &differences::CALLERS_FAULT,
            400,
            r#"{"errors":["missing password"]}"#,
        ),
        post("auth/logins/login/nobody", r#"{"password":""}"#).but(
            &differences::CALLERS_FAULT,
            400,
            r#"{"errors":["missing password"]}"#,
        ),
        post("auth/logins/login/nobody", r#"{"password":"x"}"#),
        post("auth/logins/login/u", r#"{"password":"x"}"#),
        post("auth/logins/login/u", r#"{"password":"pw"}"#),
        post("auth/logins/login/U", r#"{"password":"pw"}"#).saves("u", CLIENT_TOKEN),
        post("auth/logins/users/h", HASH),
        post("auth/logins/login/h", r#"{"password":"wrong"}"#),
        post("auth/logins/login/h", r#"{"password":"a"}"#),
        post("auth/logins/users/h/password", r#"{"password":"new"}"#),
        post("auth/logins/login/h", r#"{"password":"new"}"#),
        post(
            "auth/logins/users/away",
            r#"{"password":"x","token_bound_cidrs":"10.0.0.1"}"#,
        ),
        post("auth/logins/login/away", r#"{"password":"x"}"#),
        post("auth/logins/login/away", r#"{"password":"wrong"}"#),
        post(
            "auth/logins/users/root",
            r#"{"password":"x","token_policies":"root"}"#,
        ),
        post("auth/logins/login/root", r#"{"password":"x"}"#),
        post(
            "auth/logins/users/no",
            r#"{"password":"x","token_no_default_policy":true,"token_policies":"p","token_num_uses":2}"#,
        ),
        post("auth/logins/login/no", r#"{"password":"x"}"#),
    ],
};

/// Whether a token may live on.
const RENEWALS: Script = Script {
    name: "userpass renewals",
    steps: &[
        post("sys/auth/renewals", MOUNT),
        post(
            "auth/renewals/users/u",
            r#"{"password":"pw","token_policies":"p,q","token_ttl":60}"#,
        ),
        post("auth/renewals/login/u", r#"{"password":"pw"}"#).saves("u", CLIENT_TOKEN),
        post("auth/token/renew-self", "{}").by("u"),
        post(
            "auth/renewals/users/u",
            r#"{"token_policies":"q,p","token_ttl":30,"token_max_ttl":90}"#,
        ),
        post("auth/token/renew-self", "{}").by("u"),
        post("auth/renewals/users/u", r#"{"token_policies":"p"}"#),
        post("auth/token/renew-self", "{}").by("u").but(
            &differences::CALLERS_FAULT,
            400,
            r#"{"errors":["policies have changed, not renewing"]}"#,
        ),
        post("auth/renewals/users/u", r#"{"token_policies":"p,q"}"#),
        post("auth/token/renew-self", "{}").by("u"),
        delete("auth/renewals/users/u"),
        post("auth/token/renew-self", "{}").by("u").but(
            &differences::UNKNOWN_USER_RENEWAL,
            400,
            r#"{"errors":["the user no longer exists, not renewing"]}"#,
        ),
    ],
};
