//! `identity/oidc`, as far as it needs no entity that has logged in.

use crate::compare::{Script, delete, differences, get, list, post};

/// Issuer and named keys.
pub(super) const KEYS: Script = Script {
    name: "keys of identity tokens",
    steps: &[
        get("identity/oidc/config"),
        post("identity/oidc/config", "{}"),
        post(
            "identity/oidc/config",
            r#"{"issuer":"https://example.com/x"}"#,
        ),
        post("identity/oidc/config", r#"{"issuer":"example.com"}"#),
        post(
            "identity/oidc/config",
            r#"{"issuer":"https://example.com:8200"}"#,
        ),
        get("identity/oidc/config"),
        get("identity/oidc/.well-known/openid-configuration"),
        list("identity/oidc/key"),
        get("identity/oidc/key/default"),
        get("identity/oidc/key/none"),
        post("identity/oidc/key/k", r#"{"algorithm":"HS256"}"#),
        post("identity/oidc/key/k", r#"{"algorithm":""}"#),
        post("identity/oidc/key/k", r#"{"rotation_period":"10s"}"#),
        post(
            "identity/oidc/key/k",
            r#"{"rotation_period":"1m","verification_ttl":"2h"}"#,
        ),
        post("identity/oidc/key/k", r#"{"algorithm":"ES256"}"#),
        get("identity/oidc/key/k"),
        post(
            "identity/oidc/key/k",
            r#"{"rotation_period":"1h","verification_ttl":"2h","allowed_client_ids":"a,b"}"#,
        ),
        get("identity/oidc/key/k"),
        post("identity/oidc/key/k", r#"{"algorithm":"EdDSA"}"#),
        get("identity/oidc/key/k"),
        list("identity/oidc/key"),
        post("identity/oidc/key/k/rotate", "{}"),
        post("identity/oidc/key/k/rotate", r#"{"verification_ttl":"1h"}"#),
        post("identity/oidc/key/none/rotate", "{}"),
        delete("identity/oidc/key/none"),
        delete("identity/oidc/key/default"),
        delete("identity/oidc/key/k"),
        get("identity/oidc/key/k"),
    ],
};

/// Roles, and what is told of tokens that are none.
pub(super) const ROLES: Script = Script {
    name: "roles of identity tokens",
    steps: &[
        list("identity/oidc/role"),
        post(
            "identity/oidc/key/k",
            r#"{"algorithm":"ES256","rotation_period":"1h","verification_ttl":"2h"}"#,
        ),
        post("identity/oidc/role/r", "{}"),
        post("identity/oidc/role/r", r#"{"key":"none"}"#),
        post("identity/oidc/role/r", r#"{"key":"k"}"#),
        post("identity/oidc/role/r", r#"{"key":"k","ttl":"3h"}"#),
        post("identity/oidc/role/r", r#"{"key":"k","ttl":"1h","client_id":"app"}"#),
        get("identity/oidc/role/r"),
        post("identity/oidc/role/r", r#"{"template":"{bad"}"#).but(
            &differences::TEMPLATE_FAULTS,
            400,
            r#"{"errors":["error parsing template JSON: key must be a string at line 1 column 2"]}"#,
        ),
        post("identity/oidc/role/r", r#"{"template":"{\"a\": {{identity.entity.name}"}"#),
        post("identity/oidc/role/r", r#"{"template":"{\"a\": {{identity.nothing}}}"}"#),
        post("identity/oidc/role/r", r#"{"template":"{\"aud\": {{identity.entity.name}}}"}"#),
        post("identity/oidc/role/r", r#"{"template":"eyJhIjogMX0="}"#),
        get("identity/oidc/role/r"),
        post("identity/oidc/key/k", r#"{"verification_ttl":"1m"}"#),
        get("identity/oidc/role/none"),
        list("identity/oidc/role"),
        delete("identity/oidc/key/k"),
        get("identity/oidc/token/none"),
        get("identity/oidc/token/r"),
        post("identity/oidc/key/k", r#"{"allowed_client_ids":"*"}"#),
        get("identity/oidc/token/r"),
        post("identity/oidc/introspect", r#"{"token":"zz"}"#).but(
            &differences::TOKEN_FAULTS,
            200,
            r#"{"active":false,"error":"error parsing token: compact JWS format must have three parts"}"#,
        ),
        delete("identity/oidc/role/r"),
        delete("identity/oidc/role/none"),
        delete("identity/oidc/key/k"),
        list("identity/oidc/role"),
    ],
};
