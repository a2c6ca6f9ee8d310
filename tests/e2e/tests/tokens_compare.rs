//! Logins with signed tokens and with certificates are as OpenBao's, but where they are meant to differ.

use e2e::Server;
use e2e::compare::{self, Difference, Script, cert, jwt};

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
fn signed_tokens_are_treated_as_openbao_treats_them() {
    answers_as_openbao(jwt::SCRIPTS);
}

#[test]
fn certificates_are_treated_as_openbao_treats_them() {
    answers_as_openbao(cert::SCRIPTS);
}

#[test]
fn every_meant_difference_is_documented_and_shown() {
    let page = include_str!("../../../docs/reference/compatibility.md");
    let check = |all: &[&Difference], scripts: &[Script]| {
        for difference in all {
            assert!(page.contains(difference.name), "{}", difference.name);
            let mut steps = scripts.iter().flat_map(|script| script.steps);
            let is_shown = steps.any(|step| {
                step.differs
                    .is_some_and(|(shown, ..)| shown.name == difference.name)
            });
            assert!(is_shown, "no step shows `{}`", difference.name);
        }
    };
    check(jwt::differences::ALL, jwt::SCRIPTS);
    check(cert::differences::ALL, cert::SCRIPTS);
}
