//! Ceremonies with PGP keys: `gpg` makes the keys and reads what comes of them, both command lines
//! ask, and OpenBao says the same.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use e2e::{Durable, binary};
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The keys of some holders, as `gpg` has them.
struct Holders {
    home: tempfile::TempDir,
}

/// One holder, by the end of its address.
struct Kind {
    name: &'static str,
    primary: &'static str,
    subkey: &'static str,
}

const KINDS: [Kind; 3] = [
    Kind {
        name: "curve",
        primary: "ed25519",
        subkey: "cv25519",
    },
    Kind {
        name: "rsa",
        primary: "rsa2048",
        subkey: "rsa2048",
    },
    Kind {
        name: "nist",
        primary: "nistp384",
        subkey: "nistp384",
    },
];

fn run(command: &mut Command, input: &[u8]) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

impl Holders {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let holders = Self { home };
        for Kind {
            name,
            primary,
            subkey,
        } in KINDS
        {
            let address = format!("{name}@example.com");
            let unlocked = ["--passphrase", "", "--pinentry-mode", "loopback"];
            let make = |words: &[&str]| holders.gpg(&[&unlocked[..], words].concat(), b"");
            make(&["--quick-gen-key", &address, primary, "cert,sign", "never"]);
            make(&[
                "--quick-add-key",
                &holders.print(name),
                subkey,
                "encr",
                "never",
            ]);
            // One of them armored, as people send them.
            let form: &[&str] = if name == "rsa" { &["--armor"] } else { &[] };
            let key = holders.gpg(&[form, &["--export", &address]].concat(), b"");
            std::fs::write(holders.file(name), key).unwrap();
        }
        holders
    }

    fn gpg(&self, words: &[&str], input: &[u8]) -> Vec<u8> {
        let mut command = Command::new(binary("gpg"));
        command.args(["--batch", "--quiet"]).args(words);
        command.env("GNUPGHOME", self.home.path());
        let done = run(&mut command, input);
        let told = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{words:?}: {told}");
        done.stdout
    }

    /// The fingerprint of a holder's key.
    fn print(&self, name: &str) -> String {
        let address = format!("{name}@example.com");
        let listed = self.gpg(&["--with-colons", "--list-keys", &address], b"");
        let listed = String::from_utf8(listed).unwrap();
        let line = listed.lines().find(|line| line.starts_with("fpr:"));
        let print = line.unwrap().split(':').nth(9).unwrap();
        print.to_lowercase()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.home.path().join(format!("{name}.key"))
    }

    fn files(&self, names: &[&str]) -> String {
        let files = names
            .iter()
            .map(|name| self.file(name).display().to_string());
        files.collect::<Vec<_>>().join(",")
    }

    /// The key as a client sends it.
    fn sent(&self, name: &str) -> String {
        let address = format!("{name}@example.com");
        STANDARD.encode(self.gpg(&["--export", &address], b""))
    }

    /// Reads what only a holder can.
    fn opens(&self, message: &Value) -> String {
        let message = STANDARD.decode(message.as_str().unwrap()).unwrap();
        String::from_utf8(self.gpg(&["--decrypt"], &message)).unwrap()
    }

    fn open_all(&self, messages: &Value) -> Vec<String> {
        let messages = messages.as_array().unwrap().iter();
        messages.map(|message| self.opens(message)).collect()
    }
}

impl Drop for Holders {
    /// The agent that `gpg` left behind ends with its folder; told so, it ends at once.
    fn drop(&mut self) {
        let _ = Command::new("gpgconf")
            .args(["--kill", "all"])
            .env("GNUPGHOME", self.home.path())
            .status();
    }
}

/// A command line of either program.
struct Line<'a> {
    program: &'a Path,
    server: &'a Durable,
    token: String,
    home: &'a Path,
}

impl Line<'_> {
    fn run(&self, words: &[&str]) -> Output {
        let mut command = Command::new(self.program);
        command.args(words).env_clear().env("HOME", self.home);
        for name in ["VAULT", "BAO"] {
            command.env(format!("{name}_ADDR"), self.server.url());
            command.env(format!("{name}_TOKEN"), &self.token);
            command.env(format!("{name}_FORMAT"), "json");
        }
        run(&mut command, b"")
    }

    fn json(&self, words: &[&str]) -> Value {
        let done = self.run(words);
        let told = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{words:?}: {told}");
        serde_json::from_slice(&done.stdout).unwrap_or_default()
    }
}

#[test]
fn gpg_reads_what_the_command_lines_are_told() {
    let holders = Holders::new();
    for program in [binary("casemate"), binary("bao")] {
        let mut server = Durable::new("");
        server.start();
        let mut line = Line {
            program: &program,
            server: &server,
            token: String::new(),
            home: holders.home.path(),
        };
        let keys = format!("-pgp-keys={}", holders.files(&["curve", "rsa", "nist"]));
        let root = format!("-root-token-pgp-key={}", holders.files(&["nist"]));
        let shape = ["-key-shares=3", "-key-threshold=2"];
        let init = [&["operator", "init", &keys, &root][..], &shape].concat();
        let made = line.json(&init);
        let shares = holders.open_all(&made["unseal_keys_b64"]);
        for share in &shares[1..] {
            line.json(&["operator", "unseal", share]);
        }
        line.token = holders.opens(&made["root_token"]);

        let keys = format!("-pgp-keys={}", holders.files(&["rsa", "rsa"]));
        let shape = ["-key-shares=2", "-key-threshold=2", "-backup", "-init"];
        let begun = line.json(&[&["operator", "rekey", &keys][..], &shape].concat());
        let print = holders.print("rsa");
        assert_eq!(begun["pgp_fingerprints"], json!([print, print]));
        let nonce = format!("-nonce={}", begun["nonce"].as_str().unwrap());
        line.json(&["operator", "rekey", &nonce, &shares[0]]);
        let done = line.json(&["operator", "rekey", &nonce, &shares[2]]);
        let kept = line.json(&["operator", "rekey", "-backup-retrieve"]);
        assert_eq!(kept["data"]["keys_base64"][&print], done["keys_base64"]);
        line.json(&["operator", "rekey", "-backup-delete"]);
        let gone = line.run(&["operator", "rekey", "-backup-retrieve"]);
        assert_eq!(gone.status.code(), Some(2));
        let shares = holders.open_all(&done["keys_base64"]);

        let key = format!("-pgp-key={}", holders.files(&["curve"]));
        let begun = line.json(&["operator", "generate-root", "-init", &key]);
        assert_eq!(begun["pgp_fingerprint"], holders.print("curve"));
        let nonce = format!("-nonce={}", begun["nonce"].as_str().unwrap());
        line.json(&["operator", "generate-root", &nonce, &shares[0]]);
        let done = line.json(&["operator", "generate-root", &nonce, &shares[1]]);
        line.token = holders.opens(&done["encoded_token"]);
        let own = line.json(&["token", "lookup"]);
        assert_eq!(own["data"]["policies"], json!(["root"]));

        let bad = line.run(&[
            "operator",
            "generate-root",
            "-init",
            "-pgp-key=keybase:nobody",
        ]);
        assert!(!bad.status.success());
    }
}

/// What an answer says, without what is bound to differ: the length of a text stands for it.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .filter(|(name, _)| *name != "mount_type")
            .map(|(name, value)| (name.clone(), shape(value)))
            .collect(),
        Value::Array(list) => list.iter().map(shape).collect(),
        Value::String(text) if text.len() > 100 && !text.contains(' ') => json!("a message"),
        Value::String(text) if text.len() == 36 => json!("an id"),
        other => other.clone(),
    }
}

/// The same requests to both, from init to the last backup; each with what it is about.
#[test]
fn openbao_answers_the_same() {
    let holders = Holders::new();
    let [theirs, ours] = ["bao", "casemate"].map(|program| answers(&holders, program));
    assert_eq!(theirs.len(), ours.len());
    for ((what, theirs), (_, ours)) in theirs.iter().zip(&ours) {
        assert_eq!(shape(theirs), shape(ours), "{what}");
    }
}

fn answers(holders: &Holders, program: &str) -> Vec<(String, Value)> {
    let mut server = Durable::of(&binary(program), "");
    server.start();
    let mut told = Vec::new();
    let [curve, rsa] = ["curve", "rsa"].map(|name| holders.sent(name));
    let asked = |verb: &str, path: &str, body: Option<Value>, token: &str| {
        let body = body.map(|body| body.to_string());
        let client = server.client().with_token(token);
        let answer = client.send(verb, path, &[], body.as_deref());
        (format!("{verb} {path}"), answer.json())
    };
    let plan = |keys: Value| json!({ "secret_shares": 2, "secret_threshold": 2, "pgp_keys": keys });
    for keys in [json!([curve]), json!([curve, rsa, rsa])] {
        told.push(asked("PUT", "sys/init", Some(plan(keys)), ""));
    }
    let mut init = plan(json!([curve, rsa]));
    init["root_token_pgp_key"] = json!(curve);
    let made = asked("PUT", "sys/init", Some(init), "");
    let mut shares = holders.open_all(&made.1["keys_base64"]);
    let token = holders.opens(&made.1["root_token"]);
    told.push(made);
    server.unseal_with(&shares);

    for verify in [false, true] {
        let mut begin = plan(json!([rsa, curve]));
        begin["backup"] = json!(true);
        begin["require_verification"] = json!(verify);
        let ask = |verb, path, body| asked(verb, path, body, &token);
        told.push(ask("GET", "sys/rotate/root/backup", None));
        let begun = ask("POST", "sys/rotate/root/init", Some(begin));
        let nonce = begun.1["data"]["nonce"].clone();
        told.push(begun);
        told.push(ask("GET", "sys/rotate/root/init", None));
        for share in &shares {
            let given = json!({ "key": share, "nonce": nonce });
            told.push(ask("POST", "sys/rotate/root/update", Some(given)));
        }
        let done = told.last().unwrap().1["data"].clone();
        let new = holders.open_all(&done["keys_base64"]);
        told.push(ask("GET", "sys/rotate/root/backup", None));
        told.push(ask("GET", "sys/rekey/backup", None));
        if verify {
            for share in &new {
                let given = json!({ "key": share, "nonce": done["verification_nonce"] });
                told.push(ask("POST", "sys/rotate/root/verify", Some(given)));
            }
        }
        told.push(ask("DELETE", "sys/rotate/root/backup", None));
        told.push(ask("GET", "sys/rotate/root/backup", None));
        shares = new;
    }
    told
}
