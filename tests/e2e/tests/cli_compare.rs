//! The command line answers as OpenBao's does, but where it is meant to differ.

use e2e::cli::{Kind, compare, lines};

fn check(scripts: &[&e2e::cli::Script], kind: Kind) {
    let wanted = std::env::var("CLI_SCRIPT").unwrap_or_default();
    let mut complaints = Vec::new();
    for script in scripts.iter().filter(|script| script.name.contains(&wanted)) {
        complaints.extend(compare(script, kind));
    }
    assert!(
        complaints.is_empty(),
        "{} runs differ:\n\n{}\n",
        complaints.len(),
        complaints.join("\n\n")
    );
}

#[test]
fn both_clients_see_the_same_of_our_server() {
    let all: Vec<&e2e::cli::Script> = lines::EVERYWHERE.iter().collect();
    check(&all, Kind::Casemate);
}

#[test]
fn both_clients_see_the_same_of_openbao() {
    let all: Vec<&e2e::cli::Script> = lines::EVERYWHERE.iter().chain(lines::WIDER).collect();
    check(&all, Kind::Bao);
}
