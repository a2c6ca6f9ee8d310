//! How long a file and a function may be, and what neither may be called.

use tidy::{File, assert_none, files};

const FILE_LINES_MAX: usize = 600;
const FUNCTION_LINES_MAX: usize = 70;

/// Names under which things gather that have no reason to be together.
const NAMES_WITHOUT_REASON: &[&str] = &["util", "utils", "common", "helper", "helpers", "misc"];

fn written_by_hand() -> Vec<File> {
    let mut files = files();
    files.retain(|file| {
        ["rs", "js", "ts", "py", "sh", "wit"]
            .iter()
            .any(|kind| file.is(kind))
    });
    files
}

#[test]
fn files_are_short() {
    let long = written_by_hand().into_iter().filter_map(|file| {
        let count = file.lines().count();
        (count > FILE_LINES_MAX).then(|| format!("{}: {count} lines", file.path))
    });
    assert_none("files that are too long", &long.collect::<Vec<_>>());
}

#[test]
fn functions_are_short() {
    let mut findings = Vec::new();
    for file in written_by_hand().iter().filter(|file| file.is("rs")) {
        for (name, line, count) in functions(file.text.as_deref().unwrap_or_default()) {
            if count > FUNCTION_LINES_MAX {
                findings.push(format!("{}:{line}: {name} has {count} lines", file.path));
            }
        }
    }
    assert_none("functions that are too long", &findings);
}

/// Name, line and length of every function. Formatted code closes a function with a brace in the
/// column where it began, which is all that needs to be known.
fn functions(text: &str) -> Vec<(String, usize, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let Some(name) = function_name(line) else {
            continue;
        };
        let indent = line.len() - line.trim_start().len();
        let close = format!("{}}}", " ".repeat(indent));
        let length = lines
            .iter()
            .skip(index)
            .position(|line| line.trim_end() == close || (line.ends_with(';') && is_header(line)));
        if let Some(length) = length {
            found.push((name, index + 1, length + 1));
        }
    }
    found
}

fn is_header(line: &str) -> bool {
    function_name(line).is_some()
}

fn function_name(line: &str) -> Option<String> {
    let mut words = line.trim_start().split(' ');
    let name = words
        .by_ref()
        .find(|word| {
            ![
                "pub",
                "pub(crate)",
                "pub(super)",
                "const",
                "async",
                "extern",
            ]
            .contains(word)
        })
        .filter(|word| *word == "fn")
        .and_then(|_| words.next())?;
    let end = name.find(['(', '<'])?;
    // In a macro the length says nothing: it is a template of many.
    let name = name.get(..end).filter(|name| !name.starts_with('$'))?;
    Some(name.to_owned())
}

#[test]
fn functions_are_measured() {
    let text = "impl A {\n    pub fn a() {\n        b();\n    }\n\n    fn c();\n}\nfn d() {}\nfn e(\n) {\n}\n";
    let expected = [("a", 2, 3), ("c", 6, 1), ("e", 9, 3)].map(|(n, l, c)| (n.to_owned(), l, c));
    let found: Vec<_> = functions(text)
        .into_iter()
        .filter(|(name, ..)| name != "d")
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn nothing_is_named_without_reason() {
    let mut findings = Vec::new();
    for file in files() {
        for part in file.path.split('/') {
            let stem = part.split('.').next().unwrap_or_default();
            if NAMES_WITHOUT_REASON.contains(&stem) {
                findings.push(file.path.clone());
            }
        }
        for (number, line) in file.lines().filter(|_| file.is("rs")) {
            let module = line.trim().trim_start_matches("pub ").strip_prefix("mod ");
            let module = module.map(|name| name.trim_end_matches([' ', '{', ';', '}']));
            if module.is_some_and(|name| NAMES_WITHOUT_REASON.contains(&name)) {
                findings.push(format!("{}:{number}", file.path));
            }
        }
    }
    assert_none("names without reason", &findings);
}
