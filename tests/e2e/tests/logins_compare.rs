//! Auth methods, and the engine of one-time codes, answer as OpenBao's do, but where they are meant to
//! differ.

use e2e::Server;
use e2e::compare::{self, Script, approle, totp, userpass};

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
