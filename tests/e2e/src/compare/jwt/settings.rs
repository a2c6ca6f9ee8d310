//! Configuration and roles.

use super::tokens::{p256_key, rsa_key};
use super::{MOUNT, differences};
use crate::compare::{Script, Step, delete, get, list, patch, post, send};

/// A configuration with one key and these members.
macro_rules! config {
    ($at:literal, $more:literal) => {
        post(
            concat!("auth/", $at, "/config"),
            concat!(
                r#"{"jwt_validation_pubkeys":""#,
                p256_key!(),
                r#"""#,
                $more,
                "}"
            ),
        )
    };
}

/// A role of the type "jwt" with these members.
macro_rules! role {
    ($at:literal, $more:literal) => {
        post(
            concat!("auth/", $at, "/role/r"),
            concat!(r#"{"role_type":"jwt","user_claim":"sub""#, $more, "}"),
        )
    };
}

const CONFIG_AT: &str = "auth/config/config";

const fn refused(body: &'static str) -> Step {
    post(CONFIG_AT, body)
}

/// Whose tokens are believed.
pub(super) const CONFIG: Script = Script {
    name: "jwt config",
    steps: &[
        post("sys/auth/config", MOUNT),
        get(CONFIG_AT),
        send("POST", CONFIG_AT),
        refused("{}"),
        refused(r#"{"oidc_client_id":"a"}"#),
        refused(r#"{"jwt_validation_pubkeys":"abc"}"#),
        refused(r#"{"jwt_validation_pubkeys":["abc"],"jwks_url":"http://127.0.0.1:1/x"}"#),
        refused(r#"{"jwks_url":"http://127.0.0.1:1/x","oidc_discovery_url":"http://127.0.0.1:1"}"#),
        refused(r#"{"jwks_url":"http://127.0.0.1:1/x"}"#),
        refused(r#"{"jwks_url":"http://127.0.0.1:1/x","jwks_ca_pem":"abc"}"#),
        refused(r#"{"oidc_discovery_url":"http://127.0.0.1:1","oidc_discovery_ca_pem":"abc"}"#),
        refused(r#"{"oidc_discovery_url":"http://127.0.0.1:1","oidc_client_id":"a"}"#),
        refused(r#"{"oidc_discovery_url":"http://127.0.0.1:1","oidc_client_secret":"a"}"#),
        get(CONFIG_AT),
        config!("config", ""),
        get(CONFIG_AT),
        config!("config", r#","bound_issuer":"i","default_role":"Foo","foo":1"#),
        get(CONFIG_AT),
        config!("config", r#","jwt_supported_algs":"ES256,RS256""#),
        get(CONFIG_AT),
        config!("config", r#","jwt_supported_algs":["ES256","HS256"]"#),
        config!("config", r#","jwt_supported_algs":"none""#),
        config!("config", r#","jwt_supported_algs":"es256""#),
        config!("config", r#","oidc_client_id":"a","oidc_client_secret":"b""#),
        config!("config", r#","oidc_response_mode":"xx""#),
        config!("config", r#","oidc_response_types":"xx,code""#),
        config!("config", r#","oidc_response_types":"id_token""#),
        config!("config", r#","oidc_response_types":"id_token","oidc_response_mode":"query""#),
        config!("config", r#","oidc_response_types":"id_token","oidc_response_mode":"form_post""#),
        get(CONFIG_AT),
        config!("config", r#","provider_config":{"a":"b"}"#),
        config!("config", r#","provider_config":{"provider":"xx"}"#),
        config!("config", r#","provider_config":"x""#),
        config!("config", r#","provider_config":{"provider":"azure"}"#),
        get(CONFIG_AT),
        config!("config", r#","provider_config":{"provider":"kubernetes"}"#).but(
            &differences::GSUITE,
            400,
            r#"{"errors":["invalid provider_config: provider \"kubernetes\" not found in custom providers"]}"#,
        ),
        config!("config", r#","namespace_in_state":false,"override_allowed_server_names":"a""#),
        config!("config", ""),
        get(CONFIG_AT),
        post(
            CONFIG_AT,
            concat!(r#"{"jwt_validation_pubkeys":[""#, p256_key!(), r#"",""#, rsa_key!(), r#""]}"#),
        ),
        get(CONFIG_AT),
        delete(CONFIG_AT),
        list(CONFIG_AT),
    ],
};

/// What a token must say.
pub(super) const ROLES: Script = Script {
    name: "jwt roles",
    steps: &[
        post("sys/auth/roles", MOUNT),
        get("auth/roles/role/r"),
        list("auth/roles/role"),
        get("auth/roles/role"),
        post("auth/roles/role/r", "{}"),
        post("auth/roles/role/r", r#"{"role_type":"jwt"}"#),
        post("auth/roles/role/r", r#"{"user_claim":"sub"}"#),
        post(
            "auth/roles/role/r",
            r#"{"user_claim":"sub","role_type":"x"}"#,
        ),
        role!("roles", ""),
        role!("roles", r#","bound_claims_type":"xx","bound_subject":"x""#),
        role!(
            "roles",
            r#","bound_claims":{"a":[1]},"bound_claims_type":"glob""#
        ),
        role!(
            "roles",
            r#","bound_subject":"x","claim_mappings":{"a":"b","c":"b"}"#
        ),
        role!(
            "roles",
            r#","bound_subject":"x","claim_mappings":{"a":"role"}"#
        ),
        role!("roles", r#","bound_subject":"x","callback_mode":"xx""#),
        role!("roles", r#","bound_subject":"x","oauth2_metadata":"yyy""#),
        role!("roles", r#","bound_subject":"x","max_age":-1"#),
        role!("roles", r#","bound_subject":"x","bound_claims":"x""#),
        role!(
            "roles",
            r#","bound_subject":"x","token_ttl":60,"token_max_ttl":30"#
        ),
        role!(
            "roles",
            r#","bound_subject":"x","token_type":"batch","token_num_uses":1"#
        ),
        role!("roles", r#","bound_subject":"x","token_type":"xx""#),
        role!(
            "roles",
            r#","bound_subject":"x","token_policies_template_claims":true"#
        )
        .but(
            &differences::TEMPLATES,
            400,
            r#"{"errors":["token_policies_template_claims is not supported"]}"#,
        ),
        delete("auth/roles/role/r"),
        role!("roles", r#","bound_audiences":"a,b""#),
        get("auth/roles/role/r"),
        role!(
            "roles",
            r#","bound_claims":{"a":1,"b":["c",true],"d":{"e":1}}"#
        ),
        get("auth/roles/role/r"),
        role!(
            "roles",
            r#","bound_subject":"x","user_claim_json_pointer":true,"groups_claim":"/g","clock_skew_leeway":5,"expiration_leeway":"1m","not_before_leeway":-1,"verbose_oidc_logging":true,"max_age":"1h""#
        ),
        get("auth/roles/role/r"),
        role!(
            "roles",
            r#","claim_mappings":["a=b"],"policies":"A,b","num_uses":3,"period":5,"ttl":60,"max_ttl":100,"bound_cidrs":"1.2.3.4""#
        ),
        get("auth/roles/role/r"),
        post("auth/roles/role/r", r#"{"groups_claim":""}"#),
        post(
            "auth/roles/role/R",
            r#"{"allowed_redirect_uris":"http://x,not a uri","oidc_scopes":"a","callback_mode":"direct","poll_interval":5,"oauth2_metadata":"access_token","oidc_disable_confirmation":true}"#,
        ),
        get("auth/roles/role/r"),
        post(
            "auth/roles/role/r",
            r#"{"callback_mode":"device","token_policies":["x"]}"#,
        ),
        get("auth/roles/role/r"),
        post(
            "auth/roles/role/a-b.c",
            r#"{"role_type":"jwt","user_claim":"sub","bound_subject":"x"}"#,
        ),
        post(
            "auth/roles/role/-b",
            r#"{"role_type":"jwt","user_claim":"sub","bound_subject":"x"}"#,
        ),
        list("auth/roles/role"),
        list("auth/roles/role?limit=1"),
        list("auth/roles/role?after=a-b.c"),
        patch("auth/roles/role/r", "{}"),
        delete("auth/roles/role/R"),
        delete("auth/roles/role/none"),
        list("auth/roles/role"),
    ],
};

/// Logins with a browser, as far as one gets without a provider.
pub(super) const BROWSER: Script = Script {
    name: "jwt browser",
    steps: &[
        post("sys/auth/browser", r#"{"type":"oidc"}"#),
        post("auth/browser/oidc/auth_url", "{}"),
        get("auth/browser/oidc/callback").but(
            &differences::LOGIN_FAILED,
            400,
            r#"{"errors":["Vault login failed. Could not load configuration"]}"#,
        ),
        config!("browser", ""),
        post("auth/browser/oidc/auth_url", "{}"),
        post(
            "auth/browser/oidc/auth_url",
            r#"{"role":"r","redirect_uri":"x"}"#,
        ),
        get("auth/browser/oidc/callback?state=x&code=y").but(
            &differences::LOGIN_FAILED,
            400,
            r#"{"errors":["Vault login failed. Expired or missing OAuth state."]}"#,
        ),
        post(
            "auth/browser/oidc/poll",
            r#"{"state":"x","client_nonce":"y"}"#,
        )
        .but(
            &differences::LOGIN_FAILED,
            400,
            r#"{"errors":["Vault login failed. Expired or missing OAuth state."]}"#,
        ),
        post(
            "auth/browser/role/o",
            r#"{"user_claim":"sub","allowed_redirect_uris":"https://h/cb"}"#,
        ),
        post("auth/browser/login", r#"{"role":"o","jwt":"x"}"#),
    ],
};
