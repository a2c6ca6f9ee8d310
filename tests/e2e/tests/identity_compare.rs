//! The identity store answers as OpenBao's does, but where it is meant to differ.

use e2e::Server;
use e2e::compare::{self, identity};

#[test]
fn the_identity_store_answers_as_openbao_does() {
    let bao = Server::start_bao();
    let casemate = Server::start_casemate();
    let mut complaints = Vec::new();
    for script in identity::SCRIPTS {
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
    for script in identity::SCRIPTS {
        let complaints = compare::run(script, &one.client(), &other.client());
        let meant = script.steps.iter().filter(|step| step.differs.is_some());
        assert_eq!(complaints.len(), meant.count(), "{complaints:#?}");
    }
}
