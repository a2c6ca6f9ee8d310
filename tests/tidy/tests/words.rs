//! Words that have no place in what a reader of the project sees.

use tidy::{assert_none, files};

/// What is not written, in two halves, so that this list does not find itself; in lowercase.
const BANNED: &[(&str, &str)] = &[
    // Paths of the machine it was written on.
    ("/wor", "k/"),
    ("/roo", "t/"),
    ("/home", "/"),
    ("/tmp/ba", "sh_"),
    // How it was written.
    ("the b", "rief"),
    ("lang", "uage model"),
    ("chat", "gpt"),
    ("cla", "ude"),
    ("anthro", "pic"),
    ("open", "ai "),
    ("copi", "lot"),
    // Registries are reached through their clients.
    ("crates", ".io"),
    ("pypi", ".org"),
    ("npmjs", ".org"),
    ("npmjs", ".com"),
    ("rust-lang", ".org/dist"),
];

/// What must become something else before it lands.
const UNFINISHED: &[(&str, &str)] = &[("FIX", "ME"), ("TO", "DO"), ("XX", "X"), ("HA", "CK")];

/// Files that others write.
fn is_ours(path: &str) -> bool {
    !path.ends_with("Cargo.lock") && path != "LICENSE" && !path.ends_with(".jsonl")
}

#[test]
fn nothing_tells_how_it_was_written() {
    let mut findings = Vec::new();
    for file in files().iter().filter(|file| is_ours(&file.path)) {
        for (number, line) in file.lines() {
            let line = line.to_lowercase();
            let banned = BANNED.iter().map(|(one, two)| format!("{one}{two}"));
            for word in banned.filter(|word| holds(&line, word)) {
                findings.push(format!("{}:{number}: {word:?}", file.path));
            }
            if names_a_ticket(&line) {
                findings.push(format!("{}:{number}: a ticket's number", file.path));
            }
        }
    }
    assert_none("words that do not belong here", &findings);
}

/// A path counts where it begins: the middle of a longer one, as of an API, is something else.
fn holds(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).unwrap_or_default();
        !(word.starts_with('/') && before.ends_with(|c: char| c.is_alphanumeric()))
    })
}

#[test]
fn paths_count_where_they_begin() {
    let word = format!("/{}/", "some");
    assert!(holds(&format!("in {word}x"), &word));
    assert!(holds(&format!("\"{word}x\""), &word));
    assert!(!holds(&format!("sys/rotate{word}init"), &word));
}

/// `issue` and a number: the reader has no such list. Say what it is about.
fn names_a_ticket(line: &str) -> bool {
    line.match_indices("issue ").any(|(at, word)| {
        let after = line.get(at + word.len()..).unwrap_or_default();
        let number = after.strip_prefix('#').unwrap_or(after);
        number.starts_with(|c: char| c.is_ascii_digit())
    })
}

#[test]
fn tickets_are_found() {
    assert!(names_a_ticket(&format!("see issue {}", "#12")));
    assert!(!names_a_ticket("issue a token"));
}

#[test]
fn nothing_is_left_unfinished() {
    let mut findings = Vec::new();
    for file in files().iter().filter(|file| is_ours(&file.path)) {
        for (number, line) in file.lines() {
            let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
            let unfinished = |word: &str| {
                UNFINISHED
                    .iter()
                    .any(|(one, two)| word.strip_prefix(one) == Some(*two))
            };
            if words.any(unfinished) {
                findings.push(format!("{}:{number}", file.path));
            }
        }
    }
    assert_none("marks of unfinished work", &findings);
}
