//! Running a script with one client.

use super::{Line, Script};
use crate::{Server, binary};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// A client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// OpenBao's.
    Bao,
    /// Ours.
    Casemate,
}

impl Program {
    const fn name(self) -> &'static str {
        match self {
            Self::Bao => "bao",
            Self::Casemate => "casemate",
        }
    }
}

/// The kind of server that the clients talk to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// OpenBao's.
    Bao,
    /// Ours.
    Casemate,
}

impl Kind {
    fn start(self) -> Server {
        match self {
            Self::Bao => Server::start_bao(),
            Self::Casemate => Server::start_casemate(),
        }
    }
}

/// What one run of a line gave.
#[derive(Debug)]
pub struct Outcome {
    /// Which line of the script.
    pub line: usize,
    /// The format, or the field asked for.
    pub form: String,
    /// The words as they were given.
    pub shown: String,
    /// Exit code; `None` after a signal.
    pub code: Option<i32>,
    /// Standard output.
    pub output: String,
    /// Error output.
    pub errors: String,
    /// Whether the lines of the output come in any order.
    pub unordered: bool,
    /// What stands in these texts only because of the place: text and stand-in.
    pub places: Vec<(String, &'static str)>,
}

/// Runs all lines of a script with one client against a fresh server.
///
/// # Panics
/// When the client cannot be run.
pub fn outcomes(script: &Script, program: Program, kind: Kind) -> Vec<Outcome> {
    let server = kind.start();
    let home = tempfile::tempdir().expect("a home");
    let mut side = Side {
        program,
        server: &server,
        home: home.path(),
        kept: BTreeMap::new(),
    };
    let mut all = Vec::new();
    for (at, line) in script.lines.iter().enumerate() {
        for format in line.formats {
            all.push(side.run(at, line, Form::Format(format)));
        }
        for field in line.fields {
            all.push(side.run(at, line, Form::Field(field)));
        }
    }
    all
}

#[derive(Clone, Copy)]
enum Form {
    Format(&'static str),
    Field(&'static str),
}

struct Side<'a> {
    program: Program,
    server: &'a Server,
    home: &'a Path,
    kept: BTreeMap<&'static str, String>,
}

impl Side<'_> {
    fn run(&mut self, at: usize, line: &Line, form: Form) -> Outcome {
        let (name, format) = match form {
            Form::Format(format) => (format.to_owned(), format),
            Form::Field(field) => (format!("-field={field}"), "table"),
        };
        let short = name.trim_start_matches("-field=");
        let mut words: Vec<String> = split(line.words)
            .iter()
            .map(|word| self.filled(word, short))
            .collect();
        if let Form::Field(field) = form {
            words.insert(command_words(&words), format!("-field={field}"));
        }
        let mut command = Command::new(binary(self.program.name()));
        command
            .args(&words)
            .current_dir(self.home)
            .env_clear()
            .env("HOME", self.home)
            .env("BAO_ADDR", format!("http://{}", self.server.address()))
            .env("BAO_TOKEN", "root")
            .env("BAO_FORMAT", format);
        for (name, value) in line.environment {
            match self.filled(value, short).as_str() {
                "" => command.env_remove(name),
                value => command.env(name, value),
            };
        }
        let input = self.filled(line.input, short);
        let (code, output, errors) = finish(&mut command, &input);
        if let Some(name) = line.keeps {
            self.kept.insert(name, output.trim().to_owned());
        }
        Outcome {
            line: at,
            form: name,
            shown: words.join(" "),
            code,
            output,
            errors,
            unordered: line.unordered,
            places: vec![
                (self.server.address().to_owned(), "<address>"),
                (self.home.display().to_string(), "<home>"),
            ],
        }
    }

    fn filled(&self, word: &str, form: &str) -> String {
        let mut text = word.replace("{form}", form);
        text = text.replace("{home}", &self.home.display().to_string());
        text = text.replace("{url}", &format!("http://{}", self.server.address()));
        for (name, value) in &self.kept {
            text = text.replace(&format!("{{{name}}}"), value);
        }
        text
    }
}

fn finish(command: &mut Command, input: &str) -> (Option<i32>, String, String) {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    // A command that does not read its input may be gone already.
    let mut pipe = child.stdin.take().expect("a pipe");
    let _ = pipe.write_all(input.as_bytes());
    drop(pipe);
    let output = child.wait_with_output().expect("its end");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

/// Commands whose second word is a command too.
const GROUPS: [&str; 12] = [
    "audit",
    "auth",
    "kv",
    "lease",
    "namespace",
    "operator",
    "plugin",
    "policy",
    "print",
    "secrets",
    "token",
    "transit",
];

/// How many words name the command.
fn command_words(words: &[String]) -> usize {
    let word = |at: usize| words.get(at).map(String::as_str).unwrap_or_default();
    match (word(0), word(1)) {
        ("kv", "metadata") | ("operator", "raft") => 3,
        (group, _) if GROUPS.contains(&group) => 2,
        _ => 1,
    }
}

/// Splits at spaces, but not within single quotes.
fn split(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            ' ' if !quoted => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        assert_eq!(split("a 'b c' d='e  f' ''"), ["a", "b c", "d=e  f", ""]);
        let count = |line: &str| command_words(&split(line));
        assert_eq!(count("read a"), 1);
        assert_eq!(count("kv get a"), 2);
        assert_eq!(count("kv metadata get a"), 3);
    }
}
