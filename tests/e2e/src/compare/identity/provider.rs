//! OpenID providers, as far as they need no entity that has logged in.

use crate::compare::{Script, delete, get, list, post};

/// What providers are made of.
pub(super) const PARTS: Script = Script {
    name: "parts of OpenID providers",
    steps: &[
        list("identity/oidc/scope"),
        post("identity/oidc/scope/openid", "{}"),
        post(
            "identity/oidc/scope/s",
            r#"{"description":"d","template":"{\"username\": {{identity.entity.name}}}"}"#,
        ),
        post(
            "identity/oidc/scope/t",
            r#"{"template":"{\"aud\": {{identity.entity.name}}}"}"#,
        ),
        post(
            "identity/oidc/scope/t",
            r#"{"template":"{\"username\": {{identity.entity.id}}}"}"#,
        ),
        get("identity/oidc/scope/s"),
        get("identity/oidc/scope/none"),
        list("identity/oidc/scope"),
        list("identity/oidc/assignment"),
        get("identity/oidc/assignment/allow_all"),
        post(
            "identity/oidc/assignment/allow_all",
            r#"{"entity_ids":["x"]}"#,
        ),
        delete("identity/oidc/assignment/allow_all"),
        post("identity/oidc/assignment/a", r#"{"entity_ids":["x"]}"#),
        get("identity/oidc/assignment/a"),
        get("identity/oidc/assignment/none"),
        post("identity/oidc/client/c", r#"{"key":"none"}"#),
        post("identity/oidc/client/c", r#"{"assignments":["none"]}"#),
        post("identity/oidc/client/c", r#"{"client_type":"odd"}"#),
        post("identity/oidc/client/c", r#"{"id_token_ttl":"72h"}"#),
        post(
            "identity/oidc/client/c",
            r#"{"redirect_uris":["http://127.0.0.1/cb"],"assignments":["a"]}"#,
        ),
        get("identity/oidc/client/c")
            .saves("client", "/data/client_id")
            .only_prepares(),
        get("identity/oidc/client/c")
            .saves("secret", "/data/client_secret")
            .only_prepares(),
        get("identity/oidc/client/c"),
        list("identity/oidc/client"),
        post("identity/oidc/client/c", r#"{"client_type":"public"}"#),
        post("identity/oidc/client/c", r#"{"key":"other"}"#),
        get("identity/oidc/client/none"),
        list("identity/oidc/provider").only_prepares(),
        post(
            "identity/oidc/provider/p",
            r#"{"issuer":"https://example.com/x"}"#,
        ),
        post(
            "identity/oidc/provider/p",
            r#"{"scopes_supported":["none"]}"#,
        ),
        post(
            "identity/oidc/provider/p",
            r#"{"issuer":"https://example.com","scopes_supported":["s"],"allowed_client_ids":["${client}"]}"#,
        ),
        get("identity/oidc/provider/p"),
        get("identity/oidc/provider/p/.well-known/openid-configuration"),
        get("identity/oidc/provider/none"),
        get("identity/oidc/provider/none/.well-known/openid-configuration"),
        delete("identity/oidc/provider/default"),
        delete("identity/oidc/scope/s"),
        delete("identity/oidc/assignment/a"),
        delete("identity/oidc/provider/p"),
        delete("identity/oidc/client/c"),
        delete("identity/oidc/scope/s"),
        delete("identity/oidc/scope/t"),
        delete("identity/oidc/assignment/a"),
        list("identity/oidc/client"),
    ],
};

/// What is said to sign-ins that lead nowhere.
pub(super) const SIGN_IN: Script = Script {
    name: "sign-ins at OpenID providers",
    steps: &[
        post(
            "identity/oidc/client/c",
            r#"{"redirect_uris":["http://127.0.0.1/cb"],"assignments":["allow_all"]}"#,
        ),
        get("identity/oidc/client/c")
            .saves("client", "/data/client_id")
            .only_prepares(),
        get("identity/oidc/client/c")
            .saves("secret", "/data/client_secret")
            .only_prepares(),
        post(
            "identity/oidc/provider/p",
            r#"{"allowed_client_ids":["${client}"]}"#,
        ),
        post("identity/oidc/provider/q", r#"{"allowed_client_ids":[]}"#),
        get("identity/oidc/provider/p/authorize"),
        get("identity/oidc/provider/p/authorize?client_id=none&state=st"),
        get("identity/oidc/provider/q/authorize?client_id=${client}"),
        get("identity/oidc/provider/p/authorize?client_id=${client}"),
        get("identity/oidc/provider/p/authorize?client_id=${client}&redirect_uri=http://x/"),
        get(
            "identity/oidc/provider/p/authorize?client_id=${client}&redirect_uri=http://127.0.0.1:99/cb&scope=s",
        ),
        get(
            "identity/oidc/provider/p/authorize?client_id=${client}&redirect_uri=http://127.0.0.1/cb&scope=openid&response_type=token",
        ),
        get(
            "identity/oidc/provider/p/authorize?client_id=${client}&redirect_uri=http://127.0.0.1/cb&scope=openid&response_type=code",
        ),
        post("identity/oidc/provider/p/token", "{}"),
        post(
            "identity/oidc/provider/p/token",
            r#"{"client_id":"${client}"}"#,
        ),
        post(
            "identity/oidc/provider/p/token",
            r#"{"client_id":"${client}","client_secret":"${secret}"}"#,
        ),
        post(
            "identity/oidc/provider/p/token",
            r#"{"client_id":"${client}","client_secret":"${secret}","grant_type":"authorization_code"}"#,
        ),
        post(
            "identity/oidc/provider/p/token",
            r#"{"client_id":"${client}","client_secret":"${secret}","grant_type":"authorization_code","code":"x"}"#,
        ),
        post(
            "identity/oidc/provider/p/token",
            r#"{"client_id":"${client}","client_secret":"${secret}","grant_type":"authorization_code","code":"x","redirect_uri":"http://127.0.0.1/cb"}"#,
        ),
        delete("identity/oidc/provider/p"),
        delete("identity/oidc/provider/q"),
        delete("identity/oidc/client/c"),
    ],
};
