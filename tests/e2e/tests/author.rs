//! The road of an engine's author, with the binary that operators have: from an empty folder to a
//! mounted engine, and to its second version.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use e2e::{Server, binary};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// How the repository builds its dependencies: with the same profile, the author's crate finds them
/// built.
const PROFILE: [&str; 3] = [
    "profile.dev.debug='line-tables-only'",
    "profile.dev.package.'*'.opt-level=1",
    "profile.dev.package.'*'.debug=false",
];

/// Names under which the environment could lead a command elsewhere.
const NAMES: [&str; 4] = ["ADDR", "TOKEN", "NAMESPACE", "FORMAT"];

/// One author, in a folder of their own, before a server.
struct Author {
    folder: PathBuf,
    server: Server,
}

impl Author {
    /// The folder is always the same one, so that cargo replaces what it built before.
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        fs::create_dir_all(&folder).unwrap();
        let server = Server::start_casemate();
        Self { folder, server }
    }

    fn command(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        for name in NAMES {
            for prefix in ["CASEMATE_", "BAO_"] {
                command.env_remove(format!("{prefix}{name}"));
            }
        }
        command
            .args(arguments)
            .current_dir(&self.folder)
            .env("VAULT_ADDR", format!("http://{}", self.server.address()))
            .env("VAULT_TOKEN", "root")
            .env_remove("VAULT_NAMESPACE")
            .env_remove("VAULT_FORMAT")
            .env("CARGO_TARGET_DIR", target());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(&binary("casemate"), arguments)
            .output()
            .unwrap()
    }

    /// A command that must succeed; what it printed.
    fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert!(
            output.status.success(),
            "casemate {arguments:?}: {}\n{out}\n{err}",
            output.status
        );
        out
    }

    /// A command that must fail with 2; what it said.
    fn refused(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        text(&output.stderr)
    }

    fn make(&self, name: &str) -> PathBuf {
        self.ok(&["plugin", "new", name]);
        let made = self.folder.join(name);
        // The versions that are here already, so that nothing is fetched.
        let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.lock");
        fs::copy(lock, made.join("Cargo.lock")).unwrap();
        made
    }

    /// The digest that `plugin build` prints.
    fn build(&self, name: &str, output: &str) -> String {
        let said = self.ok(&["plugin", "build", name, "--output", output]);
        assert!(said.ends_with(&format!("written to {output}\n")), "{said}");
        digest_in(&said)
    }

    fn register(&self, file: &str, name: &str) {
        let said = self.ok(&["plugin", "register", "--file", file, "secret", name]);
        assert_eq!(said, format!("Success! Registered plugin: {name}\n"));
    }

    fn mounts(&self) -> Value {
        let listed = self.ok(&["secrets", "list", "-detailed", "-format=json"]);
        serde_json::from_str(&listed).unwrap()
    }

    fn note(&self, path: &str) -> Value {
        let said = self.ok(&["read", "-format=json", path]);
        let answer: Value = serde_json::from_str(&said).unwrap();
        answer["data"].clone()
    }
}

/// Where this test was built: target/debug/deps/author-0123 -> target.
fn target() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(3).unwrap().to_owned()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn digest_in(said: &str) -> String {
    let mut digests = said
        .lines()
        .filter_map(|line| line.strip_prefix("sha256   "));
    let digest = digests.next().unwrap_or_else(|| panic!("{said}"));
    assert_eq!(digest.len(), 64, "{said}");
    digest.to_owned()
}

/// Changes a file in place; what is replaced must be there.
fn change(file: &Path, from: &str, to: &str) {
    let before = fs::read_to_string(file).unwrap();
    assert!(before.contains(from), "{from:?} in {}", file.display());
    fs::write(file, before.replacen(from, to, 1)).unwrap();
}

#[test]
fn from_an_empty_folder_to_a_second_version() {
    let author = Author::new("author");
    let made = author.make("my-engine");
    its_own_tests_pass(&author, &made);
    let first = author.build("my-engine", "my-engine.wasm");
    let checked = author.ok(&["plugin", "check", "my-engine.wasm"]);
    assert_eq!(digest_in(&checked), first);
    for line in [
        "my-engine 0.1.0 (secret): Keeps notes.",
        "import   storage",
        "storage  \"notes/\": Replicated",
        "route    List notes (Token): Lists the notes.",
    ] {
        assert!(
            checked.lines().any(|one| one == line),
            "{line} in {checked}"
        );
    }
    it_compiles_apart(&author);
    author.register("my-engine.wasm", "my-engine");
    author.ok(&["secrets", "enable", "my-engine"]);
    assert_eq!(author.mounts()["my-engine/"]["running_sha256"], first);
    it_serves(&author);
    what_is_not_it_is_refused(&author, &first);
    the_second_version_is_for_who_asks(&author, &made, &first);
    assert!(
        !author.server.log().contains("panicked"),
        "{}",
        author.server.log()
    );
}

fn its_own_tests_pass(author: &Author, made: &Path) {
    let mut cargo = author.command(Path::new("cargo"), &["test", "--offline", "--quiet"]);
    cargo.args(PROFILE.iter().flat_map(|line| ["--config", line]));
    let output = cargo.current_dir(made).output().unwrap();
    let said = text(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(text(&output.stdout).contains("3 passed"), "{said}");
}

/// The server calls itself to compile, with nothing but the bytes.
fn it_compiles_apart(author: &Author) {
    let compile = |file: &str| {
        let input = fs::File::open(author.folder.join(file)).unwrap();
        let mut compiler = author.command(&binary("casemate"), &["compile-component"]);
        compiler.env_clear().stdin(input).output().unwrap()
    };
    let made = compile("my-engine.wasm");
    assert!(made.status.success(), "{}", text(&made.stderr));
    assert!(made.stdout.starts_with(b"\x7fELF"));
    fs::write(author.folder.join("empty"), "").unwrap();
    let refused = compile("empty");
    assert_eq!(refused.status.code(), Some(3));
    assert!(refused.stdout.is_empty() && !refused.stderr.is_empty());
}

fn it_serves(author: &Author) {
    let written = author.ok(&["write", "my-engine/notes/a", "text=hello"]);
    assert_eq!(written, "Success! Data written to: my-engine/notes/a\n");
    author.ok(&["write", "my-engine/notes/b", "text=there"]);
    let note = author.note("my-engine/notes/a");
    assert_eq!(note["text"], "hello");
    assert!(note["written_at_ms"].as_u64().is_some_and(|at| at > 0));
    assert_eq!(
        author.ok(&["list", "my-engine/notes"]),
        "Keys\n----\na\nb\n"
    );
    author.ok(&["delete", "my-engine/notes/b"]);
    let gone = author.refused(&["read", "my-engine/notes/b"]);
    assert_eq!(gone, "No value found at my-engine/notes/b\n");
    // What the table of routes says holds: nothing else is served, and a field is asked for.
    let client = author.server.client();
    let bare = client.write("my-engine/notes/c", &json!({}));
    assert_eq!(bare.status, 400, "{}", bare.body);
    let elsewhere = client.read("my-engine/elsewhere");
    assert_eq!(elsewhere.status, 404, "{}", elsewhere.body);
    let merge = [("Content-Type", "application/merge-patch+json")];
    let verb = client.send("PATCH", "my-engine/notes/a", &merge, Some("{}"));
    assert_eq!(verb.status, 405, "{}", verb.body);
}

fn what_is_not_it_is_refused(author: &Author, digest: &str) {
    let refused = |file: &str, more: &[&str], reason: &str| {
        let mut arguments = vec!["plugin", "register", "--file", file];
        arguments.extend(more);
        arguments.extend(["secret", "another"]);
        let said = author.refused(&arguments);
        assert!(said.contains("Code: 400."), "{said}");
        assert!(said.contains(reason), "{reason} in {said}");
    };
    let other = "0".repeat(64);
    let reason = format!("component has the digest {digest}, expected {other}");
    refused("my-engine.wasm", &["--sha256", &other], &reason);
    fs::write(author.folder.join("junk"), "junk").unwrap();
    refused("junk", &[], "not a WebAssembly component");
    let core = target().join("wasm32-unknown-unknown/plugin/my_engine.wasm");
    fs::copy(core, author.folder.join("core.wasm")).unwrap();
    refused("core.wasm", &[], "a core module, not a component");
    let whole = fs::read(author.folder.join("my-engine.wasm")).unwrap();
    let half = whole.get(..whole.len() / 2).unwrap();
    fs::write(author.folder.join("half.wasm"), half).unwrap();
    refused("half.wasm", &[], "component");
    fs::write(author.folder.join("later.wasm"), on_another_track(&whole)).unwrap();
    refused("later.wasm", &[], "made for track");
    let missing = author.refused(&["secrets", "enable", "another"]);
    assert!(missing.contains("Code: 400."), "{missing}");
}

/// The same component, made for a contract that this host does not serve.
fn on_another_track(component: &[u8]) -> Vec<u8> {
    let (own, other) = (b"@0.1.0", b"@7.1.0");
    let mut bytes = component.to_vec();
    let named = bytes
        .windows(own.len())
        .enumerate()
        .filter(|(_, window)| window == own)
        .map(|(at, _)| at)
        .collect::<Vec<_>>();
    assert!(!named.is_empty());
    for at in named {
        bytes[at..at + other.len()].copy_from_slice(other);
    }
    bytes
}

/// A mount runs the bytes it was made with, whatever the catalog learns later.
fn the_second_version_is_for_who_asks(author: &Author, made: &Path, first: &str) {
    change(&made.join("Cargo.toml"), "\"0.1.0\"", "\"0.2.0\"");
    let lib = made.join("src/lib.rs");
    change(
        &lib,
        "Reply::data(&note)",
        "Reply::data(&json!({ \"text\": note.text, \"edition\": 2 }))",
    );
    let second = author.build("my-engine", "second.wasm");
    assert_ne!(first, second);
    author.register("second.wasm", "my-engine");
    let note = author.note("my-engine/notes/a");
    assert_eq!(note["text"], "hello");
    assert_eq!(note["edition"], Value::Null, "{note}");
    author.ok(&["secrets", "enable", "-path=newer", "my-engine"]);
    let older = json!({ "type": "my-engine", "plugin_version": "v0.1.0" });
    let enabled = author.server.client().write("sys/mounts/older", &older);
    assert_eq!(enabled.status, 204, "{}", enabled.body);
    let mounts = author.mounts();
    for (path, version, digest) in [
        ("my-engine/", "v0.1.0", first),
        ("newer/", "v0.2.0", &second),
        ("older/", "v0.1.0", first),
    ] {
        assert_eq!(mounts[path]["running_plugin_version"], version, "{path}");
        assert_eq!(mounts[path]["running_sha256"], digest, "{path}");
    }
    author.ok(&["write", "newer/notes/a", "text=new"]);
    assert_eq!(
        author.note("newer/notes/a"),
        json!({ "text": "new", "edition": 2 })
    );
    // Gone from the catalog, it still serves those who run it.
    author.ok(&[
        "plugin",
        "deregister",
        "secret",
        "my-engine",
        "--version",
        "v0.1.0",
    ]);
    assert_eq!(author.note("my-engine/notes/a")["text"], "hello");
}
