//! Providers that are asked for what they publish: each server is its own, and some are not there.

use super::tokens::good;
use super::{MOUNT, differences};
use crate::compare::{Script, Step, get, post};

const CONFIG_AT: &str = "auth/provider/config";

const fn config(body: &'static str) -> Step {
    post(CONFIG_AT, body)
}

/// What is fetched when it is configured, and when somebody logs in.
pub(super) const PROVIDERS: Script = Script {
    name: "jwt providers",
    steps: &[
        post("sys/auth/provider", MOUNT),
        // Here a mount is granted whom it may ask.
        post(
            "sys/mounts/auth/provider/tune",
            r#"{"outbound_hosts":["127.0.0.1"]}"#,
        )
        .only_prepares(),
        get("identity/oidc/.well-known/openid-configuration")
            .saves("issuer", "/issuer")
            .only_prepares(),
        // Discovered: nobody there, another name for the same, nothing there, and as it should be.
        config(r#"{"oidc_discovery_url":"http://127.0.0.1:1/x"}"#).but(
            &differences::PROVIDERS,
            400,
            r#"{"errors":["error checking oidc discovery URL: http://127.0.0.1:1/x/.well-known/openid-configuration: unreachable: 127.0.0.1: Connection refused (os error 111)"]}"#,
        ),
        config(r#"{"oidc_discovery_url":"${issuer}/"}"#),
        config(r#"{"oidc_discovery_url":"${issuer}/provider/none"}"#).but(
            &differences::PROVIDERS,
            400,
            r#"{"errors":["error checking oidc discovery URL: ${issuer}/provider/none/.well-known/openid-configuration: status 404"]}"#,
        ),
        get(CONFIG_AT),
        config(r#"{"oidc_discovery_url":"${issuer}"}"#),
        get(CONFIG_AT),
        config(r#"{"oidc_discovery_url":"http://127.0.0.1:1/x","skip_jwks_validation":true}"#),
        // Sets of keys, in the same order.
        config(r#"{"jwks_url":"http://127.0.0.1:1/x"}"#),
        config(r#"{"jwks_url":"${issuer}/none"}"#),
        config(r#"{"jwks_url":"${issuer}/.well-known/openid-configuration"}"#).but(
            &differences::NO_SETS,
            400,
            r#"{"errors":["error checking jwks URL"]}"#,
        ),
        config(r#"{"jwks_url":"${issuer}/.well-known/keys"}"#),
        get(CONFIG_AT),
        config(r#"{"jwks_url":"http://127.0.0.1:1/x","skip_jwks_validation":true}"#),
        get(CONFIG_AT),
        post(
            "auth/provider/role/r",
            r#"{"role_type":"jwt","user_claim":"sub","bound_audiences":"here"}"#,
        ),
        // The keys have to be asked for, and nobody is there.
        post(
            "auth/provider/login",
            concat!(r#"{"role":"r","jwt":""#, good!(), r#""}"#),
        )
        .but(
            &differences::PROVIDERS_AWAY,
            503,
            r#"{"errors":["fetching keys: http://127.0.0.1:1/x: unreachable: 127.0.0.1: Connection refused (os error 111)"]}"#,
        ),
    ],
};
