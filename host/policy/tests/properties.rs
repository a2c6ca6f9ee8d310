//! The compiled decision against one that follows the definition word by word.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

use base::{Map, Timestamp};
use policy::{Acl, Ask, Capability, Operation, Policy};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::sync::Arc;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// A pattern and the names of its capabilities.
type Rules = Vec<(String, Vec<&'static str>)>;

fn is_wild(pattern: &str) -> bool {
    pattern.ends_with('*') || pattern.split('/').any(|segment| segment == "+")
}

/// Whether a pattern covers a path: letter by letter, trying both ways wherever there are two.
fn covers(pattern: &[u8], path: &[u8], at_segment: bool) -> bool {
    match (pattern, path) {
        (b"*", _) => true,
        ([b'+', rest @ ..], _) if at_segment && rest.first().is_none_or(|next| *next == b'/') => {
            let end = path.iter().position(|byte| *byte == b'/');
            covers(rest, &path[end.unwrap_or(path.len())..], false)
        }
        ([p, pattern @ ..], [c, path @ ..]) => p == c && covers(pattern, path, *p == b'/'),
        ([], []) => true,
        _ => false,
    }
}

/// Whether `one` counts for more than `other`.
fn beats(one: &str, other: &str) -> bool {
    let wild_at = |pattern: &str| {
        (0..pattern.len())
            .find(|at| {
                is_wild(&pattern[..=*at]) && !is_wild(&pattern[..*at]) && {
                    // A plus is a wildcard only if its segment ends with it.
                    pattern.as_bytes()[*at] == b'*'
                        || pattern
                            .as_bytes()
                            .get(at + 1)
                            .is_none_or(|next| *next == b'/')
                }
            })
            .unwrap()
    };
    let plus = |pattern: &str| pattern.split('/').filter(|segment| *segment == "+").count();
    let rank = |pattern: &str| {
        let closed = !pattern.ends_with('*');
        let fewer = usize::MAX - plus(pattern);
        (
            wild_at(pattern),
            closed,
            fewer,
            pattern.len(),
            pattern.to_owned(),
        )
    };
    rank(one) > rank(other)
}

/// All names granted at `path`, by the definition in the head of the crate.
fn naive(rules: &Rules, path: &str, listing: bool) -> BTreeSet<&'static str> {
    let of = |pattern: &str| -> BTreeSet<&'static str> {
        let same = rules.iter().filter(|(other, _)| other == pattern);
        same.flat_map(|(_, names)| names.iter().copied()).collect()
    };
    let best = |path: &str| {
        rules
            .iter()
            .map(|(pattern, _)| pattern.as_str())
            .filter(|pattern| is_wild(pattern) && covers(pattern.as_bytes(), path.as_bytes(), true))
            .reduce(|one, other| if beats(other, one) { other } else { one })
    };
    let exact = |path: &str| {
        let mut found = rules.iter().map(|(pattern, _)| pattern.as_str());
        found.find(|pattern| !is_wild(pattern) && *pattern == path)
    };
    let entry = path.strip_suffix('/').filter(|_| listing);
    exact(path)
        .or_else(|| entry.and_then(exact))
        .or_else(|| best(path))
        .or_else(|| entry.and_then(best))
        .map(of)
        .filter(|names| !names.contains("deny"))
        .unwrap_or_default()
}

fn any_pattern() -> impl Strategy<Value = String> {
    let segment =
        prop_oneof![3 => "[ab]{1,2}", 2 => Just(String::from("+")), 1 => Just(String::new())];
    (prop::collection::vec(segment, 1..4), 0..4_u8)
        .prop_map(|(segments, end)| {
            let text = segments.join("/");
            match end {
                0 if !text.ends_with('+') => format!("{text}*"),
                1 => format!("{text}/*"),
                2 => format!("{text}/"),
                _ => text,
            }
        })
        .prop_map(|text| text.trim_start_matches('/').to_owned())
}

fn any_rules() -> impl Strategy<Value = Rules> {
    let names = prop::sample::subsequence(
        vec![
            "create", "read", "update", "patch", "delete", "list", "scan", "sudo",
        ],
        0..4,
    );
    let names = (names, prop::bool::weighted(0.1)).prop_map(|(mut names, deny)| {
        if deny {
            names.push("deny");
        }
        names
    });
    prop::collection::vec((any_pattern(), names), 0..8)
}

fn text_of(rules: &[(String, Vec<&'static str>)]) -> String {
    let rule = |(pattern, names): &(String, Vec<&'static str>)| {
        format!("path \"{pattern}\" {{ capabilities = {names:?} }}\n")
    };
    rules.iter().map(rule).collect()
}

/// The rules, spread over two policies.
fn acl_of(rules: &Rules) -> Acl {
    let (one, two) = rules.split_at(rules.len() / 2);
    let parse = |name, rules| Arc::new(Policy::parse(name, &text_of(rules)).unwrap());
    Acl::new(&[parse("one", one), parse("two", two)])
}

fn decide(acl: &Acl, path: &str, operation: Operation) -> policy::Decision {
    acl.decide(&Ask {
        path,
        operation,
        data: &Map::new(),
        wrap_ttl: None,
        now: NOW,
    })
}

const OPERATIONS: [(Operation, &str); 7] = [
    (Operation::Create, "create"),
    (Operation::Read, "read"),
    (Operation::Update, "update"),
    (Operation::Patch, "patch"),
    (Operation::Delete, "delete"),
    (Operation::List, "list"),
    (Operation::Scan, "scan"),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn decides_as_the_definition_says(rules in any_rules(), path in "[ab]{1,2}(/[ab]{0,2}){0,3}") {
        let acl = acl_of(&rules);
        for (operation, name) in OPERATIONS {
            let listing = matches!(operation, Operation::List | Operation::Scan);
            let expected = naive(&rules, &path, listing);
            let decision = decide(&acl, &path, operation);
            prop_assert_eq!(decision.allowed, expected.contains(name), "{} {}", name, text_of(&rules));
            prop_assert_eq!(decision.sudo, expected.contains("sudo"));
            prop_assert_eq!(decision.granting_policies().is_empty(), !decision.allowed);
        }
        let expected = naive(&rules, &path, path.ends_with('/'));
        let mut expected: Vec<&str> = expected.into_iter().collect();
        if expected.is_empty() {
            expected.push("deny");
        }
        prop_assert_eq!(acl.capabilities(&path, NOW), expected);
    }

    #[test]
    fn a_folder_that_grants_nothing_holds_nothing(rules in any_rules(), path in "[ab]{1,2}(/[ab]{1,2}){1,3}") {
        let acl = acl_of(&rules);
        let folder = &path[..=path.find('/').unwrap()];
        if acl.capabilities(&path, NOW) != ["deny"] {
            prop_assert!(acl.grants_below(folder, NOW), "{}", text_of(&rules));
        }
    }

    #[test]
    fn order_does_not_matter(rules in any_rules(), path in "[ab]{1,2}(/[ab]{0,2}){0,2}") {
        let mut turned = rules.clone();
        turned.reverse();
        prop_assert_eq!(
            acl_of(&rules).capabilities(&path, NOW),
            acl_of(&turned).capabilities(&path, NOW)
        );
    }

    #[test]
    fn a_denied_pattern_stays_denied_whatever_is_added(rules in any_rules(), more in any_rules(), pattern in "[ab]{1,2}(/[ab]{1,2}){0,2}") {
        let mut all = rules;
        all.push((pattern.clone(), vec!["deny"]));
        all.extend(more);
        prop_assert_eq!(acl_of(&all).capabilities(&pattern, NOW), ["deny"]);
    }

    #[test]
    fn no_text_panics(text in "(path|name|\"[a+*{}/]{0,6}\"|capabilities|[{}=\\[\\],]|\"read\"|[0-9]| |\n){0,24}") {
        if let Ok(policy) = Policy::parse("p", &text) {
            decide(&Acl::new(&[Arc::new(policy)]), "a/b", Operation::Read);
        }
    }
}

#[test]
fn every_operation_needs_its_own_capability() {
    for (operation, name) in OPERATIONS {
        let capability = Capability::parse(name).unwrap();
        assert_eq!(operation.capability(), Some(capability));
    }
}
