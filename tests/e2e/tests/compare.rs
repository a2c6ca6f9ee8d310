//! What is served answers as OpenBao's does, but where it is meant to differ.

use e2e::Server;
use e2e::compare::{
    self, approle, cert, differences, identity, jwt, kv, lockout, mfa, namespaces, plugins,
    policies, quotas, sealed, settings, tokens, tools, totp, transit, userpass,
};
use serde_json::{Value, json};

#[test]
fn the_key_value_engine() {
    compare::with_openbao(kv::SCRIPTS);
    compare::openbao_with_itself(kv::SCRIPTS);
}

#[test]
fn the_transit_engine() {
    compare::with_openbao(transit::SCRIPTS);
    compare::openbao_with_itself(transit::SCRIPTS);
}

#[test]
fn one_time_codes() {
    compare::with_openbao(totp::SCRIPTS);
    compare::openbao_with_itself(totp::SCRIPTS);
}

#[test]
fn logins_with_passwords() {
    compare::with_openbao(userpass::SCRIPTS);
    compare::openbao_with_itself(userpass::SCRIPTS);
}

#[test]
fn logins_of_machines() {
    compare::with_openbao(approle::SCRIPTS);
    compare::openbao_with_itself(approle::SCRIPTS);
}

#[test]
fn logins_with_signed_tokens() {
    compare::with_openbao(jwt::SCRIPTS);
    compare::openbao_with_itself(jwt::SCRIPTS);
}

#[test]
fn logins_with_certificates() {
    compare::with_openbao(cert::SCRIPTS);
    compare::openbao_with_itself(cert::SCRIPTS);
}

#[test]
fn the_identity_store() {
    compare::with_openbao(identity::SCRIPTS);
    compare::openbao_with_itself(identity::SCRIPTS);
}

#[test]
fn what_the_server_is_told_at_run_time() {
    compare::with_openbao(settings::SCRIPTS);
    compare::openbao_with_itself(settings::SCRIPTS);
}

#[test]
fn namespaces() {
    compare::with_openbao(namespaces::SCRIPTS);
    compare::openbao_with_itself(namespaces::SCRIPTS);
}

#[test]
fn policies_of_paths_and_of_passwords() {
    compare::with_openbao(policies::SCRIPTS);
    compare::openbao_with_itself(policies::SCRIPTS);
}

#[test]
fn the_plugin_catalog() {
    compare::with_openbao(plugins::SCRIPTS);
    compare::openbao_with_itself(plugins::SCRIPTS);
}

#[test]
fn tokens_leases_and_wrapping() {
    compare::with_openbao(tokens::SCRIPTS);
    compare::openbao_with_itself(tokens::SCRIPTS);
}

#[test]
fn small_services() {
    compare::with_openbao(tools::SCRIPTS);
    compare::openbao_with_itself(tools::SCRIPTS);
}

#[test]
fn limits_on_requests() {
    compare::with_openbao(quotas::SCRIPTS);
    compare::openbao_with_itself(quotas::SCRIPTS);
}

#[test]
fn users_who_are_locked_out() {
    compare::with_openbao(lockout::SCRIPTS);
    compare::openbao_with_itself(lockout::SCRIPTS);
}

#[test]
fn second_factors_of_logins() {
    compare::with_openbao(mfa::SCRIPTS);
    compare::openbao_with_itself(mfa::SCRIPTS);
}

/// Each script needs what the ones before it left, and a server of its own at first.
#[test]
fn seals_shares_and_what_is_done_with_them() {
    compare::sealed_with_openbao(sealed::SCRIPTS);
    compare::sealed_openbao_with_itself(sealed::SCRIPTS);
}

#[test]
fn every_meant_difference_is_documented_and_shown() {
    let many = [
        kv::SCRIPTS,
        userpass::SCRIPTS,
        approle::SCRIPTS,
        quotas::SCRIPTS,
        mfa::SCRIPTS,
        lockout::SCRIPTS,
        totp::SCRIPTS,
        identity::SCRIPTS,
    ];
    compare::differences_are_told(differences::ALL, &many);
    compare::differences_are_told(transit::differences::ALL, &[transit::SCRIPTS]);
    compare::differences_are_told(namespaces::differences::ALL, &[namespaces::SCRIPTS]);
    compare::differences_are_told(jwt::differences::ALL, &[jwt::SCRIPTS]);
    compare::differences_are_told(tokens::ALL, &[tokens::SCRIPTS]);
    compare::differences_are_told(plugins::ALL, &[plugins::SCRIPTS]);
    compare::differences_are_told(policies::ALL, &[policies::SCRIPTS]);
    compare::differences_are_told(sealed::differences::ALL, &[sealed::SCRIPTS]);
    compare::differences_are_told(cert::differences::ALL, &[cert::SCRIPTS]);
}

/// What both show of their configuration is of the same kind: each has settings of its own.
#[test]
fn the_configuration_is_shown_in_the_same_form() {
    let [theirs, ours] = [Server::start_bao(), Server::start_casemate()]
        .map(|server| server.client().read("sys/config/state/sanitized").json());
    let members = |value: &Value| value.as_object().cloned().unwrap_or_default();
    let [theirs, ours] = [theirs, ours].map(|answer| members(&answer["data"]));
    let only_ours: Vec<&String> = ours
        .keys()
        .filter(|name| !theirs.contains_key(*name))
        .collect();
    assert_eq!(only_ours, ["log_file"]);
    for (name, value) in &ours {
        let kind = |value: &Value| std::mem::discriminant(value);
        let same = theirs
            .get(name)
            .is_none_or(|other| kind(other) == kind(value));
        assert!(same, "{name}: {value} and {:?}", theirs.get(name));
    }
    for name in ["listeners", "seals"] {
        let of_first = |of: &serde_json::Map<String, Value>| {
            let names = members(&of[name][0]);
            names.keys().cloned().collect::<Vec<_>>()
        };
        assert_eq!(of_first(&theirs), of_first(&ours), "{name}");
    }
}

/// The document itself is each server's own, its frame is not.
#[test]
fn the_description_of_the_api_has_the_same_frame() {
    let servers = [Server::start_bao(), Server::start_casemate()];
    let frame = |server: &Server, token: &str| {
        let client = server.client().with_token(token);
        let answer = client.read("sys/internal/specs/openapi");
        let document = answer.json();
        let names = |value: &Value| {
            let members = value.as_object().cloned().unwrap_or_default();
            members.keys().cloned().collect::<Vec<_>>()
        };
        // Without a token OpenBao shows no path.
        let leader = document.pointer("/paths/~1sys~1leader").cloned();
        let leader = leader.filter(|_| !token.is_empty());
        (
            answer.status,
            document["openapi"].clone(),
            names(&document),
            names(&document["info"]),
            names(&document["components"]),
            leader.map(|leader| names(&leader)),
        )
    };
    for token in ["root", ""] {
        let [theirs, ours] = servers.each_ref().map(|server| frame(server, token));
        assert_eq!(theirs, ours, "{token:?}");
    }
}

/// What tokens say of themselves has times and ids in it, so that the comparison leaves it out.
#[test]
fn machines_have_the_name_of_their_method_and_people_their_own() {
    for server in [Server::start_bao(), Server::start_casemate()] {
        let client = server.client();
        let name_of = |login: &str, body: &serde_json::Value| {
            let answer = client.write(login, body).json();
            let token = answer["auth"]["client_token"].as_str().unwrap_or_default();
            let token = client.with_token(token).read("auth/token/lookup-self");
            token.json()["data"]["display_name"].clone()
        };
        client.write("sys/auth/approle", &json!({ "type": "approle" }));
        let role = json!({ "role_id": "id" });
        client.write("auth/approle/role/r", &role);
        let secret_id = json!({ "secret_id": "secret" });
        client.write("auth/approle/role/r/custom-secret-id", &secret_id);
        let both = json!({ "role_id": "id", "secret_id": "secret" });
        assert_eq!(name_of("auth/approle/login", &both), "approle");

        client.write("sys/auth/people", &json!({ "type": "userpass" }));
        let password = json!({ "password": "pw" });
        client.write("auth/people/users/ann", &password);
        assert_eq!(name_of("auth/people/login/ann", &password), "people-ann");
    }
}

/// Vault tells the key that signs wrapping tokens, and OpenBao does not.
#[test]
fn the_key_of_wrapping_tokens() {
    let (bao, casemate) = (Server::start_bao(), Server::start_casemate());
    let theirs = bao.client().read("sys/wrapping/pubkey");
    assert_eq!(theirs.status, 404, "{theirs:?}");
    // Nobody needs a token for it: whoever is handed a wrapping token may look at it first.
    let ours = casemate.client().with_token("").read("sys/wrapping/pubkey");
    let key = ours.json()["data"].clone();
    assert_eq!(key["jwt_curve"], "p521", "{ours:?}");
    for coordinate in ["jwt_x", "jwt_y"] {
        let digits = key[coordinate].as_str().unwrap();
        let are_digits = digits.chars().all(|c| c.is_ascii_digit());
        assert!(are_digits && digits.len() > 140, "{key}");
    }
}
