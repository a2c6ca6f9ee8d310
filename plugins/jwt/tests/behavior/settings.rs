//! Configuration and roles: what is taken, what is shown, what is refused.

use super::world::*;
use sdk::testing::TestMount;
use sdk::{FailureKind, Json, Reply, json};

fn refused(mount: &TestMount, path: &str, body: Json) -> String {
    let failure = mount.update(path, body.clone()).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Invalid, "{body}");
    failure.message
}

#[test]
fn configurations_that_are_refused() {
    let mount = bare_mount();
    let keys = pem(&RSA);
    let with = |more: Json| {
        let mut config = json!({ "jwt_validation_pubkeys": keys });
        for (name, value) in more.as_object().unwrap() {
            config[name] = value.clone();
        }
        config
    };
    let one = "exactly one of 'jwt_validation_pubkeys', 'jwks_url', 'jwks_pairs', 'oidc_discovery_url', or 'provider_config' must be set";
    let no_key = "error parsing public key: data does not contain any valid public keys";
    for (config, message) in [
        (json!({}), one),
        (
            json!({"oidc_client_id": "a", "oidc_client_secret": "b"}),
            one,
        ),
        (with(json!({"jwks_url": "https://keys"})), one),
        (
            json!({"jwks_url": "https://keys", "oidc_discovery_url": "https://idp"}),
            one,
        ),
        (json!({"provider_config": {"provider": "azure"}}), one),
        (json!({"jwt_validation_pubkeys": "abc"}), no_key),
        (json!({"jwt_validation_pubkeys": [keys, "x"]}), no_key),
        (
            json!({"jwt_validation_pubkeys": format!("{keys}\n{keys}")}),
            no_key,
        ),
        (
            json!({"jwt_validation_pubkeys": keys.replace("PUBLIC", "PRIVATE")}),
            no_key,
        ),
        (
            with(json!({"oidc_client_id": "a", "oidc_client_secret": "b"})),
            "'oidc_discovery_url' must be set for OIDC",
        ),
        (
            json!({"oidc_discovery_url": "https://idp", "oidc_client_id": "a"}),
            "both 'oidc_client_id' and 'oidc_client_secret' must be set for OIDC",
        ),
        (
            with(json!({"jwks_ca_pem": "abc"})),
            "error checking jwks_ca_pem",
        ),
        (
            with(json!({"oidc_discovery_ca_pem": keys})),
            "error checking oidc discovery URL: could not parse CA PEM value successfully",
        ),
        (
            with(json!({"jwt_supported_algs": "RS256,HS256"})),
            "invalid jwt_supported_algs: unsupported signing algorithm \"HS256\"",
        ),
        (
            with(json!({"jwt_supported_algs": "none"})),
            "invalid jwt_supported_algs: unsupported signing algorithm \"none\"",
        ),
        (
            with(json!({"oidc_response_mode": "xx"})),
            "invalid response_mode: \"xx\"",
        ),
        (
            with(json!({"oidc_response_types": "xx"})),
            "invalid response_types [xx]. 'code' and 'id_token' are allowed",
        ),
        (
            with(json!({"oidc_response_types": "id_token"})),
            "query response_mode may not be used with an id_token response_type",
        ),
        (
            with(json!({"provider_config": {"a": "b"}})),
            "invalid provider_config: 'provider' field not found in provider_config",
        ),
        (
            with(json!({"provider_config": {"provider": "x"}})),
            "invalid provider_config: provider \"x\" not found in custom providers",
        ),
    ] {
        assert_eq!(
            refused(&mount, "config", config.clone()),
            message,
            "{config}"
        );
        assert_eq!(
            mount.read("config").unwrap_err().kind,
            FailureKind::NotFound
        );
    }
}

#[test]
fn a_configuration_is_replaced_as_a_whole() {
    let mount = bare_mount();
    let first = json!({
        "jwt_validation_pubkeys": format!("{}\n", pem(&RSA)), "bound_issuer": "i", "default_role": "Foo",
        "jwt_supported_algs": "RS256", "namespace_in_state": false, "provider_config": {"provider": "azure"},
    });
    mount.update("config", first).unwrap();
    let read = mount.read("config").unwrap().to_value();
    assert_eq!(
        read,
        json!({
            "bound_issuer": "i", "default_role": "foo", "jwks_ca_pem": "", "jwks_url": "",
            "jwt_supported_algs": ["RS256"], "jwt_validation_pubkeys": [pem(&RSA)],
            "namespace_in_state": false, "oidc_client_id": "", "oidc_discovery_ca_pem": "",
            "oidc_discovery_url": "", "oidc_response_mode": "", "oidc_response_types": [],
            "override_allowed_server_names": [], "provider_config": {"provider": "azure"},
            "status": "valid",
        })
    );
    mount
        .update("config", json!({ "jwt_validation_pubkeys": pem(&P256) }))
        .unwrap();
    let read = mount.read("config").unwrap().to_value();
    assert_eq!(
        (&read["bound_issuer"], &read["namespace_in_state"]),
        (&json!(""), &json!(false))
    );
    assert_eq!(read["provider_config"], json!({}));
}

/// A certificate stands for its key.
#[test]
fn a_certificate_for_a_key() {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let parameters = rcgen::CertificateParams::new(vec!["a".to_owned()]).unwrap();
    let certificate = parameters.self_signed(&key).unwrap().pem();
    let mount = bare_mount();
    mount
        .update("config", json!({ "jwt_validation_pubkeys": certificate }))
        .unwrap();
    let cut = certificate.replace("\nMII", "\nMIJ");
    let refused = refused(&mount, "config", json!({ "jwt_validation_pubkeys": cut }));
    assert!(refused.starts_with("error parsing public key"), "{refused}");
}

#[test]
fn roles_that_are_refused() {
    let mount = bare_mount();
    let jwt = |more: Json| {
        let mut role = json!({"user_claim": "sub", "role_type": "jwt", "bound_subject": "x"});
        for (name, value) in more.as_object().unwrap() {
            role[name] = value.clone();
        }
        role
    };
    let no_uris = "'allowed_redirect_uris' must be set if 'role_type' is 'oidc' or unspecified.";
    for (role, message) in [
        (json!({}), "a user claim must be defined on the role"),
        (json!({"user_claim": "sub"}), no_uris),
        (
            json!({"user_claim": "sub", "bound_audiences": "a"}),
            no_uris,
        ),
        (
            json!({"user_claim": "sub", "role_type": "x"}),
            "invalid 'role_type': x",
        ),
        (
            json!({"user_claim": "sub", "role_type": "jwt"}),
            "must have at least one bound constraint when creating/updating a role",
        ),
        (
            json!({"user_claim": "sub", "role_type": "jwt", "bound_claims": {}, "bound_audiences": ""}),
            "must have at least one bound constraint when creating/updating a role",
        ),
        (
            jwt(json!({"bound_claims_type": "xx"})),
            "invalid 'bound_claims_type': xx",
        ),
        (
            jwt(json!({"bound_claims": {"a": [1]}, "bound_claims_type": "glob"})),
            "claim is not a string: 1",
        ),
        (
            jwt(json!({"claim_mappings": {"a": "b", "c": "b"}})),
            "multiple keys are mapped to metadata key \"b\"",
        ),
        (
            jwt(json!({"claim_mappings": {"a": "role"}})),
            "metadata key \"role\" is reserved and may not be a mapping destination",
        ),
        (
            jwt(json!({"callback_mode": "xx"})),
            "invalid 'callback_mode': xx",
        ),
        (
            jwt(json!({"oauth2_metadata": "yyy"})),
            "Unrecognized oauth2 metadata name yyy",
        ),
        (
            jwt(json!({"token_ttl": 60, "token_max_ttl": 30})),
            "'token_ttl' cannot be greater than 'token_max_ttl'",
        ),
        (
            jwt(json!({"token_policies_template_claims": true})),
            "token_policies_template_claims is not supported",
        ),
    ] {
        assert_eq!(refused(&mount, "role/r", role.clone()), message, "{role}");
    }
    assert_eq!(mount.list("role").unwrap_err().kind, FailureKind::NotFound);
}

#[test]
fn a_role_is_shown_as_it_was_written() {
    let mount = bare_mount();
    let role = json!({
        "user_claim": "sub", "role_type": "jwt", "bound_subject": "x", "groups_claim": "/g",
        "clock_skew_leeway": 5, "expiration_leeway": "1m", "not_before_leeway": -1,
        "max_age": "1h", "policies": "a,b", "num_uses": 3, "period": 5, "ttl": 60, "max_ttl": 100,
        "bound_cidrs": "1.2.3.4", "verbose_oidc_logging": true,
    });
    assert_eq!(mount.update("role/R", role), Ok(Reply::Empty));
    assert!(mount.warnings()[0].starts_with("verbose_oidc_logging has been enabled"));
    assert_eq!(mount.list("role"), Ok(Reply::Keys(vec!["r".into()])));
    assert_eq!(
        mount.read("role/r").unwrap().to_value(),
        json!({
            "allowed_redirect_uris": null, "bound_audiences": null, "bound_cidrs": ["1.2.3.4"],
            "bound_claims": null, "bound_claims_type": "string", "bound_subject": "x",
            "callback_mode": "client", "claim_mappings": null, "clock_skew_leeway": 5,
            "expiration_leeway": 60, "groups_claim": "/g", "max_age": 3600, "max_ttl": 100,
            "not_before_leeway": -1, "num_uses": 3, "oauth2_metadata": null,
            "oidc_disable_confirmation": false, "oidc_scopes": null, "period": 5,
            "policies": ["a", "b"], "role_type": "jwt", "token_bound_cidrs": ["1.2.3.4"],
            "token_explicit_max_ttl": 0, "token_max_ttl": 100, "token_no_default_policy": false,
            "token_num_uses": 3, "token_period": 5, "token_policies": ["a", "b"],
            "token_policies_template_claims": false, "token_strictly_bind_ip": false,
            "token_ttl": 60, "token_type": "default", "ttl": 60, "user_claim": "sub",
            "user_claim_json_pointer": false, "verbose_oidc_logging": true,
        })
    );
    // What is left out stays, but for the type of the role.
    let no_uris = refused(&mount, "role/r", json!({"groups_claim": ""}));
    assert!(no_uris.contains("allowed_redirect_uris"));
    mount
        .update("role/r", json!({"role_type": "jwt", "groups_claim": ""}))
        .unwrap();
    let read = mount.read("role/r").unwrap().to_value();
    assert_eq!(
        (&read["groups_claim"], &read["bound_subject"]),
        (&json!(""), &json!("x"))
    );
    assert_eq!(mount.delete("role/r"), Ok(Reply::Empty));
    assert_eq!(mount.delete("role/r"), Ok(Reply::Empty));
    assert_eq!(
        mount.read("role/r").unwrap_err().kind,
        FailureKind::NotFound
    );
}
