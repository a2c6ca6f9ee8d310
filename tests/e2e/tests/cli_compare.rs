//! The command line answers as OpenBao's client does, but where it is meant to differ.

use e2e::cli::{Kind, Script, compare, differences, lines};
use std::collections::BTreeSet;

/// Runs the scripts and complains of all at once.
fn check(scripts: &[&Script], kind: Kind) {
    let mut complaints = Vec::new();
    for script in scripts {
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
    let scripts: Vec<&Script> = lines::EVERYWHERE.iter().collect();
    check(&scripts, Kind::Casemate);
}

#[test]
fn both_clients_see_the_same_of_openbao() {
    let scripts: Vec<&Script> = lines::EVERYWHERE.iter().chain(lines::WIDER).collect();
    check(&scripts, Kind::Bao);
}

#[test]
fn every_meant_difference_is_documented_and_shown() {
    let page = include_str!("../../../docs/reference/compatibility.md");
    let shown: BTreeSet<&str> = lines::EVERYWHERE
        .iter()
        .chain(lines::WIDER)
        .flat_map(|script| script.lines)
        .filter_map(|line| Some(line.differs?.name))
        .collect();
    for difference in differences::ALL {
        let row = format!("| {} |", difference.name);
        assert!(page.contains(&row), "{row}");
        assert!(shown.contains(difference.name), "{}", difference.name);
    }
}

#[test]
fn the_table_is_of_many_commands() {
    let all = lines::EVERYWHERE.iter().chain(lines::WIDER);
    let words: BTreeSet<&str> = all
        .flat_map(|script| script.lines)
        .map(|line| line.words)
        .collect();
    assert!(words.len() >= 400, "{}", words.len());
    let ours = lines::EVERYWHERE.iter().flat_map(|script| script.lines);
    assert!(ours.count() >= 200);
}
