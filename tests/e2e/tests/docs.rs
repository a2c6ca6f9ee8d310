//! The commands in the documentation do what it says they do.
//!
//! | fence | what happens here |
//! |---|---|
//! | `sh run` | run, against a server that this test starts; a document is one session |
//! | `text printed`, after it | is what the block printed; `…` stands for anything |
//! | `sh` | its `casemate` lines must be commands with flags that exist |
//!
//! A document that speaks of a second server gets one.
//!
//! `cargo xtask` lines are not run: they must be tasks that exist.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use e2e::{Server, binary};
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where documents say that the server is.
const USUAL_ADDRESS: &str = "127.0.0.1:8200";
/// Where those that need a second server say that it is.
const SECOND_ADDRESS: &str = "127.0.0.1:8300";
/// Makes cargo find what this repository has built: the same versions, with the same profile.
const CARGO: &str = r#"cargo() {
  [ -e Cargo.lock ] || cp "$USUAL_LOCK" Cargo.lock
  command cargo "$@" --config "profile.dev.debug='line-tables-only'" \
    --config "profile.dev.package.'*'.opt-level=1" --config "profile.dev.package.'*'.debug=false"
}"#;
/// Begins the output of a block, so that blocks can be told apart.
const MARK: &str = "=== block ";

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// All documents with commands in them.
fn documents() -> Vec<PathBuf> {
    let root = repository();
    let mut found = vec![root.join("README.md"), root.join("docs/start.md")];
    let guides = fs::read_dir(root.join("docs/guides")).unwrap();
    found.extend(guides.map(|entry| entry.unwrap().path()));
    found.sort();
    found
}

/// A fenced block.
struct Block {
    /// What stands behind the fence.
    info: String,
    text: String,
    /// Of its first line, counted from one.
    line: usize,
}

fn blocks(document: &str) -> Vec<Block> {
    let mut found: Vec<Block> = Vec::new();
    let mut is_inside = false;
    for (at, line) in document.lines().enumerate() {
        match (line.strip_prefix("```"), is_inside) {
            (Some(info), false) => {
                found.push(Block {
                    info: info.to_owned(),
                    text: String::new(),
                    line: at + 2,
                });
                is_inside = true;
            }
            (Some(_), true) => is_inside = false,
            (None, true) => writeln!(found.last_mut().unwrap().text, "{line}").unwrap(),
            (None, false) => {}
        }
    }
    assert!(!is_inside, "a block without an end");
    found
}

/// Commands, without what is printed and without notes.
fn commands(block: &Block) -> impl Iterator<Item = &str> {
    let lines = block.text.lines().map(|line| {
        let line = line.split(" #").next().unwrap_or_default();
        line.trim()
    });
    lines.filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// The task of a `cargo xtask` line.
fn task(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("cargo xtask")?;
    Some(rest.split_whitespace().next().unwrap_or_default())
}

/// As the task runner's own usage text has them.
fn tasks() -> Vec<String> {
    let source = fs::read_to_string(repository().join("host/xtask/src/main.rs")).unwrap();
    let (_, usage) = source.split_once("usage: cargo xtask TASK").unwrap();
    let (usage, _) = usage.split_once("\";").unwrap();
    let lines = usage.lines().filter_map(|line| line.strip_prefix("  "));
    let first = |line: &str| line.split(' ').next().map(str::to_owned);
    lines.filter_map(first).collect()
}

#[test]
fn commands_run_and_print_what_is_shown() {
    for path in documents() {
        let text = fs::read_to_string(&path).unwrap();
        let blocks = blocks(&text);
        if blocks.iter().any(|block| block.info == "sh run") {
            run(&path, &blocks);
        }
    }
}

fn run(document: &Path, blocks: &[Block]) {
    let server = Server::start_casemate();
    let ran = || blocks.iter().filter(|block| block.info == "sh run");
    let needs_second = ran().any(|block| block.text.contains(SECOND_ADDRESS));
    let second = needs_second.then(Server::start_casemate);
    let folder = session(document);
    let mut script = format!("set -eu\n{CARGO}\n");
    for block in ran() {
        writeln!(script, "echo '{MARK}{}'", block.line).unwrap();
        for line in block.text.lines() {
            if task(line).is_none() {
                let mut line = line.replace(USUAL_ADDRESS, server.address());
                if let Some(second) = &second {
                    line = line.replace(SECOND_ADDRESS, second.address());
                }
                writeln!(script, "{line}").unwrap();
            }
        }
    }
    let output = Command::new("sh")
        .args(["-c", &script])
        .current_dir(&folder)
        .envs(surroundings(&folder, &server))
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    let said = String::from_utf8_lossy(&output.stderr);
    let name = document.display();
    assert!(output.status.success(), "{name}:\n{printed}\n{said}");
    compare(document, blocks, &printed);
    for server in core::iter::once(&server).chain(&second) {
        let log = server.log();
        assert!(!log.contains("panicked"), "{name}: {log}");
    }
}

/// A folder in which `casemate` and `target/debug/casemate` are the binary under test. It is always
/// the same one for a document, so that cargo replaces what it built there before.
fn session(document: &Path) -> PathBuf {
    let name = document.file_stem().unwrap();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("docs")
        .join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    for place in ["bin", "target/debug"] {
        fs::create_dir_all(folder.join(place)).unwrap();
        symlink(binary("casemate"), folder.join(place).join("casemate")).unwrap();
    }
    folder
}

/// What an author or operator has in their environment. Cargo fetches nothing.
fn surroundings(folder: &Path, server: &Server) -> Vec<(String, String)> {
    let test = std::env::current_exe().unwrap();
    let target = test.ancestors().nth(3).unwrap();
    let path = std::env::var("PATH").unwrap();
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    [
        ("PATH", format!("{}:{path}", text(&folder.join("bin")))),
        ("VAULT_ADDR", format!("http://{}", server.address())),
        ("VAULT_TOKEN", String::from("root")),
        ("CARGO_TARGET_DIR", text(target)),
        ("CARGO_NET_OFFLINE", String::from("true")),
        ("USUAL_LOCK", text(&repository().join("Cargo.lock"))),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// Holds what was printed to the `text printed` blocks.
fn compare(document: &Path, blocks: &[Block], printed: &str) {
    for pair in blocks.windows(2) {
        let [before, block] = pair else { continue };
        if block.info != "text printed" {
            continue;
        }
        assert_eq!(before.info, "sh run", "line {}", block.line);
        let mark = format!("{MARK}{}\n", before.line);
        let (_, rest) = printed.split_once(&mark).unwrap();
        let own = rest.split(MARK).next().unwrap_or_default();
        assert!(
            is_as_shown(own, &block.text),
            "{}, line {}: it prints\n{own}",
            document.display(),
            block.line
        );
    }
}

/// Did it print what is shown?
fn is_as_shown(printed: &str, shown: &str) -> bool {
    let printed: Vec<&str> = printed.lines().map(str::trim_end).collect();
    let shown: Vec<&str> = shown.lines().map(str::trim_end).collect();
    fits(&printed, &shown)
}

/// A line that is `…` alone stands for any number of lines.
fn fits(lines: &[&str], patterns: &[&str]) -> bool {
    match (lines, patterns) {
        ([], []) => true,
        (_, ["…", rest @ ..]) => (0..=lines.len()).any(|skip| fits(&lines[skip..], rest)),
        ([line, lines @ ..], [pattern, rest @ ..]) => line_fits(line, pattern) && fits(lines, rest),
        _ => false,
    }
}

fn line_fits(line: &str, pattern: &str) -> bool {
    let Some((begin, rest)) = pattern.split_once('…') else {
        return line == pattern;
    };
    let Some(line) = line.strip_prefix(begin) else {
        return false;
    };
    line.char_indices()
        .map(|(at, _)| at)
        .chain([line.len()])
        .any(|at| line_fits(&line[at..], rest))
}

#[test]
fn other_commands_exist() {
    let tasks = tasks();
    for path in documents() {
        let text = fs::read_to_string(&path).unwrap();
        for block in blocks(&text) {
            let name = format!("{}, line {}", path.display(), block.line);
            match block.info.as_str() {
                "sh" => commands(&block).for_each(|line| exists(line, &name)),
                "sh run" | "text printed" | "rust" | "hcl" | "text" => {}
                info => panic!("{name}: {info:?} is no fence of these documents"),
            }
            if block.info.starts_with("sh") {
                for task in commands(&block).filter_map(task) {
                    assert!(tasks.iter().any(|one| one == task), "{name}: {task}");
                }
            }
        }
    }
}

/// Asks for the help of a command line, which comes only when all before it is known.
fn exists(line: &str, name: &str) {
    let mut words = line.split_whitespace();
    if words.next() != Some("casemate") {
        return;
    }
    let output = Command::new(binary("casemate"))
        .args(words)
        .arg("-h")
        .env_clear()
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {line}: {said}");
}

#[test]
fn what_is_shown_is_matched() {
    let check = |printed: &str, shown: &str, expected: bool| {
        let found = is_as_shown(printed, shown);
        assert_eq!(found, expected, "{printed:?} against {shown:?}");
    };
    check("a\nb\n", "a\nb\n", true);
    check("a\nb\n", "a\n", false);
    check("a b c\n", "a … c\n", true);
    check("a b c\n", "a … d\n", false);
    check("a\nb\nc\n", "a\n…\n", true);
    check("a\nb\nc\n", "…\nb\n", false);
    check("", "", true);
}
