//! The key-value engine answers as OpenBao's does, but where it is meant to differ.

use e2e::Server;
use e2e::compare::{self, approle, differences, identity, kv, totp, userpass};

#[test]
fn the_key_value_engine_answers_as_openbao_does() {
    let bao = Server::start_bao();
    let casemate = Server::start_casemate();
    let mut complaints = Vec::new();
    for script in kv::SCRIPTS {
        complaints.extend(compare::run(script, &bao.client(), &casemate.client()));
    }
    assert!(
        complaints.is_empty(),
        "{} answers differ:\n\n{}\n",
        complaints.len(),
        complaints.join("\n\n")
    );
}

/// The comparison itself: against its own like, OpenBao shows none of the differences that are meant,
/// and no others.
#[test]
fn openbao_differs_from_itself_nowhere() {
    let (one, other) = (Server::start_bao(), Server::start_bao());
    for script in kv::SCRIPTS {
        let complaints = compare::run(script, &one.client(), &other.client());
        let meant = script.steps.iter().filter(|step| step.differs.is_some());
        assert_eq!(complaints.len(), meant.count(), "{complaints:#?}");
        let all_agree = complaints
            .iter()
            .all(|line| line.contains("no longer differs"));
        assert!(all_agree, "{complaints:#?}");
    }
}

#[test]
fn every_meant_difference_is_documented_and_shown() {
    let page = include_str!("../../../docs/reference/compatibility.md");
    let scripts = [
        kv::SCRIPTS,
        userpass::SCRIPTS,
        approle::SCRIPTS,
        totp::SCRIPTS,
        identity::SCRIPTS,
    ];
    for difference in differences::ALL {
        assert!(page.contains(difference.name), "{}", difference.name);
        let shown = scripts.iter().copied().flatten().any(|script| {
            let mut listed = script.steps.iter().filter_map(|step| step.differs);
            listed.any(|(shown, ..)| shown.name == difference.name)
        });
        assert!(shown, "no step shows `{}`", difference.name);
    }
}
