//! From the flags that Vault's users type to the flags that clap knows.
//!
//! Vault's flags are Go's: one dash before a long name, and a switch may carry its value
//! (`-local=false`). Pure: takes words, gives words.

use crate::environment::{is_false, is_true};
use std::collections::BTreeSet;

/// Rewrites the words of a command line. `switches` are the names of the flags without a value.
pub(crate) fn normalize(words: Vec<String>, switches: &BTreeSet<String>) -> Vec<String> {
    let mut plain_from_here = false;
    words
        .into_iter()
        .filter_map(|word| {
            if plain_from_here {
                return Some(word);
            }
            if word == "--" {
                plain_from_here = true;
                return Some(word);
            }
            flag(word, switches)
        })
        .collect()
}

fn flag(word: String, switches: &BTreeSet<String>) -> Option<String> {
    let Some(body) = word.strip_prefix("--").or_else(|| word.strip_prefix('-')) else {
        return Some(word);
    };
    if body.is_empty() {
        return Some(word);
    }
    let (name, value) = match body.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (body, None),
    };
    let name = match name {
        "h" => "help",
        "f" => "force",
        "ns" => "namespace",
        "v" => "verbose",
        "i" => "interactive",
        "n" => "key-shares",
        "t" => "key-threshold",
        other => other,
    };
    match value {
        Some(text) if switches.contains(name) && is_true(text) => Some(format!("--{name}")),
        Some(text) if switches.contains(name) && is_false(text) => None,
        Some(text) => Some(format!("--{name}={text}")),
        None => Some(format!("--{name}")),
    }
}

/// The names of all flags in a clap tree that take no value.
pub(crate) fn switches(tree: &clap::Command) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = tree
        .get_arguments()
        .filter(|argument| matches!(argument.get_action(), clap::ArgAction::SetTrue))
        .filter_map(|argument| argument.get_long().map(str::to_owned))
        .collect();
    for command in tree.get_subcommands() {
        names.extend(switches(command));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        let known: BTreeSet<String> = ["force", "local"].map(str::to_owned).into();
        let check = |words: &[&str], expected: &[&str]| {
            let words = words.iter().map(|word| (*word).to_owned()).collect();
            assert_eq!(normalize(words, &known), expected);
        };
        check(
            &["read", "-format=json", "a"],
            &["read", "--format=json", "a"],
        );
        check(
            &["read", "a", "-format", "json"],
            &["read", "a", "--format", "json"],
        );
        check(&["read", "--format=json"], &["read", "--format=json"]);
        check(&["write", "-f", "a"], &["write", "--force", "a"]);
        check(&["write", "-force=false", "a"], &["write", "a"]);
        check(&["write", "-force=1", "a"], &["write", "--force", "a"]);
        check(&["write", "-force=maybe"], &["write", "--force=maybe"]);
        check(&["write", "a", "-"], &["write", "a", "-"]);
        check(&["write", "a", "k=-"], &["write", "a", "k=-"]);
        check(&["write", "a", "--", "-x"], &["write", "a", "--", "-x"]);
        check(&["-h"], &["--help"]);
        check(&["kv", "list", "-ns=a/"], &["kv", "list", "--namespace=a/"]);
        check(&["x", "-options=a=b"], &["x", "--options=a=b"]);
    }
}
