//! What lies at the top, how crates are set up, and on which terms others' code is used.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeSet;
use tidy::{assert_none, files, packages, packages_with_dependencies, root};

/// What may lie at the top, beside names that begin with a dot.
const TOP: &[&str] = &[
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "clippy.toml",
    "deny.toml",
    "docs",
    "host",
    "plugins",
    "rustfmt.toml",
    "sdk",
    "tests",
    "wit",
];

#[test]
fn the_top_holds_what_readers_look_for() {
    let names: BTreeSet<String> = files()
        .iter()
        .filter_map(|file| file.path.split('/').next().map(str::to_owned))
        .filter(|name| !name.starts_with('.') && !TOP.contains(&name.as_str()))
        .collect();
    let names: Vec<String> = names.into_iter().collect();
    assert_none("names that do not belong at the top", &names);
}

/// The lines of a table of a manifest, without comments.
fn table<'text>(manifest: &'text str, header: &str) -> Vec<&'text str> {
    manifest
        .lines()
        .skip_while(|line| *line != header)
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .map(|line| line.split(" #").next().unwrap_or_default().trim())
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect()
}

/// A crate that needs `unsafe` at one place restates the tables, since they are inherited as a
/// whole or not at all; nothing else in them may differ. Components that tests attack us with are
/// as ugly as they need to be.
#[test]
fn every_crate_has_the_workspaces_lints() {
    let workspace = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let mut findings = Vec::new();
    for package in packages() {
        let manifest = std::fs::read_to_string(&package.manifest_path).unwrap();
        let hostile = package.folder().contains("/components/");
        if hostile || table(&manifest, "[lints]") == ["workspace = true"] {
            continue;
        }
        for part in ["rust", "clippy"] {
            let ours = table(&manifest, &format!("[lints.{part}]"));
            let shared = table(&workspace, &format!("[workspace.lints.{part}]"));
            let missing = shared
                .iter()
                .filter(|line| !ours.contains(line) && !line.starts_with("unsafe_code"));
            findings.extend(missing.map(|line| format!("{}: {line}", package.name)));
        }
    }
    assert_none("crates without the workspace's lints", &findings);
}

#[test]
fn every_crate_inherits_version_and_license() {
    let mut findings = Vec::new();
    for package in packages() {
        let manifest = std::fs::read_to_string(&package.manifest_path).unwrap();
        for key in ["edition", "license", "publish", "rust-version", "version"] {
            if !manifest
                .lines()
                .any(|line| line == format!("{key}.workspace = true"))
            {
                findings.push(format!("{}: {key}", package.name));
            }
        }
    }
    assert_none("crates with keys of their own", &findings);
}

/// The page names every outside crate that a manifest may name, and no other.
#[test]
fn every_dependency_has_its_reason() {
    let page = std::fs::read_to_string(root().join("docs/decisions/dependencies.md")).unwrap();
    let explained: BTreeSet<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| "))
        .filter_map(|row| row.split_once(" |"))
        .flat_map(|(names, _)| names.split(", "))
        .filter(|name| *name != "crate")
        .collect();
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let shared: BTreeSet<&str> = table(&manifest, "[workspace.dependencies]")
        .into_iter()
        .filter(|line| !line.contains("path = "))
        .filter_map(|line| line.split_once(" = "))
        .map(|(name, _)| name)
        .collect();
    let differing = shared.symmetric_difference(&explained);
    let findings: Vec<String> = differing.map(|name| (*name).to_owned()).collect();
    assert_none("crates without their line in dependencies.md", &findings);
}

/// Whether an SPDX expression can be satisfied with `allowed`. AND binds closer than OR.
fn is_satisfied(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    any_of(&mut rest, allowed) && rest.is_empty()
}

fn any_of(words: &mut &[&str], allowed: &[String]) -> bool {
    let mut satisfied = all_of(words, allowed);
    while let ["OR", rest @ ..] = words {
        *words = rest;
        satisfied |= all_of(words, allowed);
    }
    satisfied
}

fn all_of(words: &mut &[&str], allowed: &[String]) -> bool {
    let mut satisfied = term(words, allowed);
    while let ["AND", rest @ ..] = words {
        *words = rest;
        satisfied &= term(words, allowed);
    }
    satisfied
}

fn term(words: &mut &[&str], allowed: &[String]) -> bool {
    match *words {
        ["(", rest @ ..] => {
            *words = rest;
            let satisfied = any_of(words, allowed);
            if let [")", rest @ ..] = words {
                *words = rest;
            }
            satisfied
        }
        [license, "WITH", exception, rest @ ..] => {
            *words = rest;
            allowed.contains(&format!("{license} WITH {exception}"))
        }
        [license, rest @ ..] => {
            *words = rest;
            allowed.iter().any(|known| known == license)
        }
        [] => false,
    }
}

/// The licenses of `deny.toml`.
fn allowed_licenses() -> Vec<String> {
    let deny = std::fs::read_to_string(root().join("deny.toml")).unwrap();
    deny.lines()
        .skip_while(|line| *line != "allow = [")
        .skip(1)
        .take_while(|line| *line != "]")
        .map(|line| line.trim().trim_matches([',', '"']).to_owned())
        .collect()
}

#[test]
fn licenses_are_ones_we_may_use() {
    let allowed = allowed_licenses();
    assert!(allowed.contains(&String::from("MIT")), "deny.toml is read");
    let mut findings = Vec::new();
    for package in packages_with_dependencies() {
        let license = package.license.unwrap_or_default();
        if !is_satisfied(&license, &allowed) {
            findings.push(format!("{} {}: {license:?}", package.name, package.version));
        }
        let known = |source: &String| source.starts_with("registry+");
        if !package.source.as_ref().is_none_or(known) {
            findings.push(format!("{} is not from a registry", package.name));
        }
    }
    assert_none("terms that were not agreed to", &findings);
}

#[test]
fn expressions_are_understood() {
    let allowed = ["MIT".to_owned(), "A WITH B".to_owned()];
    for (expression, expected) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("GPL-3.0 OR MIT", true),
        ("GPL-3.0/MIT", true),
        ("GPL-3.0 AND MIT", false),
        ("MIT AND (X OR A WITH B)", true),
        ("(MIT AND X) OR X", false),
        ("A", false),
        ("", false),
    ] {
        assert_eq!(is_satisfied(expression, &allowed), expected, "{expression}");
    }
}
