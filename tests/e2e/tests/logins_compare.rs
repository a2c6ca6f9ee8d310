//! Auth methods, and the engine of one-time codes, answer as OpenBao's do, but where they are meant to
//! differ.

use e2e::Server;
use e2e::compare::{self, Script, approle, totp, userpass};
use serde_json::json;

fn answers_as_openbao(scripts: &[Script]) {
    let bao = Server::start_bao();
    let casemate = Server::start_casemate();
    let mut complaints = Vec::new();
    for script in scripts {
        complaints.extend(compare::run(script, &bao.client(), &casemate.client()));
    }
    assert!(
        complaints.is_empty(),
        "{} answers differ:\n\n{}\n",
        complaints.len(),
        complaints.join("\n\n")
    );
}

#[test]
fn userpass_answers_as_openbao_does() {
    answers_as_openbao(userpass::SCRIPTS);
}

#[test]
fn approle_answers_as_openbao_does() {
    answers_as_openbao(approle::SCRIPTS);
}

#[test]
fn one_time_codes_are_as_openbao_makes_them() {
    answers_as_openbao(totp::SCRIPTS);
}

/// The comparison itself: against its own like, OpenBao shows none of the differences that are meant,
/// and no others.
#[test]
fn openbao_differs_from_itself_nowhere() {
    let (one, other) = (Server::start_bao(), Server::start_bao());
    let scripts = [userpass::SCRIPTS, approle::SCRIPTS, totp::SCRIPTS];
    for script in scripts.into_iter().flatten() {
        let complaints = compare::run(script, &one.client(), &other.client());
        let meant = script.steps.iter().filter(|step| step.differs.is_some());
        assert_eq!(complaints.len(), meant.count(), "{complaints:#?}");
        let all_agree = complaints
            .iter()
            .all(|line| line.contains("no longer differs"));
        assert!(all_agree, "{complaints:#?}");
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
