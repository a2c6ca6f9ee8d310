//! What the command asks on a terminal, and whom it trusts.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use e2e::{Client, Server, binary};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::json;
use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Command, Output, Stdio};

/// A terminal: the side of the person, and that of the command.
struct Terminal {
    person: File,
    command: File,
}

impl Terminal {
    fn open() -> Self {
        let person = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&person).unwrap();
        unlockpt(&person).unwrap();
        let name = ptsname(&person, Vec::new()).unwrap();
        let noctty = i32::try_from(OpenptFlags::NOCTTY.bits()).unwrap();
        let command = File::options()
            .read(true)
            .write(true)
            .custom_flags(noctty)
            .open(name.to_str().unwrap())
            .unwrap();
        Self {
            person: File::from(person),
            command,
        }
    }
}

/// A command with nothing in its environment but a home and an address.
fn casemate(address: &str, home: &tempfile::TempDir) -> Command {
    let mut command = Command::new(binary("casemate"));
    command
        .env_clear()
        .env("HOME", home.path())
        .env("VAULT_ADDR", address);
    command
}

/// Runs a command on a terminal, and types a line once it asks. What the person sees of it is given
/// as well: the terminal would show what is typed, if the command did not forbid it.
fn typed(mut command: Command, question: &str, line: &str) -> (Output, String) {
    let mut terminal = Terminal::open();
    let mut child = command
        .stdin(terminal.command.try_clone().unwrap())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut errors = child.stderr.take().unwrap();
    let mut asked = String::new();
    while !asked.ends_with(question) {
        let mut byte = [0];
        assert_eq!(errors.read(&mut byte).unwrap(), 1, "it asked {asked:?}");
        asked.push(char::from(byte[0]));
    }
    // The question comes before the terminal is made quiet: wait until it is.
    while !is_quiet(&terminal.command) {
        std::thread::yield_now();
    }
    writeln!(terminal.person, "{line}").unwrap();
    let mut output = child.wait_with_output().unwrap();
    errors.read_to_end(&mut output.stderr).unwrap();
    // An end, so that reading what was shown ends.
    writeln!(terminal.command, "END").unwrap();
    let mut shown = String::new();
    while !shown.contains("END") {
        let mut bytes = [0; 256];
        let count = terminal.person.read(&mut bytes).unwrap();
        shown.push_str(&String::from_utf8_lossy(&bytes[..count]));
    }
    (output, shown)
}

fn is_quiet(terminal: &File) -> bool {
    let modes = rustix::termios::tcgetattr(terminal).unwrap();
    !modes
        .local_modes
        .contains(rustix::termios::LocalModes::ECHO)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_token_that_is_asked_for_is_not_shown() {
    let server = Server::start_casemate();
    let home = tempfile::tempdir().unwrap();
    let address = format!("http://{}", server.address());
    let mut command = casemate(&address, &home);
    command.arg("login");
    let (output, shown) = typed(command, "Token (will be hidden): ", "root");
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("You are now authenticated"));
    assert!(!shown.contains("root"), "{shown}");
    // The commands after it have the token.
    let looked = casemate(&address, &home).args(["token", "lookup"]).output();
    assert!(looked.unwrap().status.success());
}

/// A user whose logins wait for a one-time code, which the server's own engine can tell.
fn with_second_factor(client: &Client) {
    client.write("sys/auth/people", &json!({ "type": "userpass" }));
    client.write("auth/people/users/ann", &json!({ "password": "p" }));
    let method = json!({ "issuer": "C" });
    let made = client.write("identity/mfa/method/totp", &method).json();
    let method = made["data"]["method_id"].as_str().unwrap().to_owned();
    let login = client.write("auth/people/login/ann", &json!({ "password": "p" }));
    let entity = login.json()["auth"]["entity_id"].clone();
    let key = json!({ "method_id": method, "entity_id": entity });
    let key = client.write("identity/mfa/method/totp/admin-generate", &key);
    let url = key.json()["data"]["url"].clone();
    client.write("sys/mounts/totp", &json!({ "type": "totp" }));
    let known = client.write("totp/keys/ann", &json!({ "url": url }));
    assert_eq!(known.status, 204, "{known:?}");
    let wanted = json!({ "mfa_method_ids": [method], "auth_method_types": ["userpass"] });
    client.write("identity/mfa/login-enforcement/all", &wanted);
}

#[test]
fn a_passcode_that_is_asked_for_is_not_shown() {
    let server = Server::start_casemate();
    let client = server.client();
    with_second_factor(&client);
    let home = tempfile::tempdir().unwrap();
    let address = format!("http://{}", server.address());
    let login = |home| {
        let mut command = casemate(&address, home);
        command.args([
            "login",
            "-method=userpass",
            "-path=people",
            "username=ann",
            "password=p",
        ]);
        command
    };
    let question = "Passcode (will be hidden): ";
    let (output, shown) = typed(login(&home), question, "000000x");
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stdout));
    assert!(!shown.contains("000000x"), "{shown}");
    let code = client.read("totp/code/ann").json();
    let code = code["data"]["code"].as_str().unwrap().to_owned();
    let (output, shown) = typed(login(&home), question, &code);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("You are now authenticated"));
    assert!(!shown.contains(&code), "{shown}");
    let looked = casemate(&address, &home).args(["token", "lookup"]).output();
    assert!(text(&looked.unwrap().stdout).contains("people-ann"));
}

#[test]
fn a_share_that_is_asked_for_is_not_shown() {
    let mut server = e2e::Durable::new("");
    server.start();
    server.initialize(1, 1);
    let home = tempfile::tempdir().unwrap();
    let share = server.shares()[0].clone();
    let mut command = casemate(&server.url(), &home);
    command.args(["operator", "unseal"]);
    let (output, shown) = typed(command, "Unseal Key (will be hidden): ", &share);
    let said = text(&output.stdout);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(said.contains("Sealed ") && said.contains("false"), "{said}");
    assert!(!shown.contains(&share), "{shown}");
}

#[test]
fn nobody_is_asked_without_a_terminal_or_with_non_interactive() {
    let home = tempfile::tempdir().unwrap();
    let check = |words: &[&str], code: i32, part: &str| {
        let output = casemate("http://127.0.0.1:1", &home)
            .args(words)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{words:?}: {said}");
        assert!(said.contains(part), "{words:?}: {said}");
    };
    check(&["login"], 2, "descriptor 0 is not a terminal");
    check(
        &["login", "-non-interactive"],
        2,
        "refusing to pull from stdin",
    );
    check(&["operator", "unseal"], 1, "descriptor 0 is not a terminal");
    check(
        &["operator", "unseal", "-non-interactive"],
        1,
        "Refusing to read from stdin",
    );
}

#[test]
fn a_server_is_trusted_by_its_certificate_only() {
    let folder = tempfile::tempdir().unwrap();
    let port = e2e::free_port();
    let mut server = Command::new(binary("casemate"))
        .args(["server", "-dev", "-dev-tls", "-dev-root-token-id=root"])
        .arg(format!("-dev-listen-address=127.0.0.1:{port}"))
        .arg(format!("-dev-tls-cert-dir={}", folder.path().display()))
        .env("HOME", folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let address = format!("https://127.0.0.1:{port}");
    let status = |name: &str, value: &str, words: &[&str]| {
        let mut command = casemate(&address, &folder);
        command.arg("status").args(words);
        if !name.is_empty() {
            command.env(name, value);
        }
        command.output().unwrap()
    };
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while !status("", "", &["-tls-skip-verify"]).status.success() {
        assert!(
            std::time::Instant::now() < deadline,
            "the server did not answer"
        );
    }
    let authority = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.to_string_lossy().contains("ca.pem"))
        .expect("the authority's certificate");
    let file = authority.to_str().unwrap();
    let check = |name: &str, value: &str, words: &[&str], trusted: bool| {
        let output = status(name, value, words);
        let said = text(&output.stderr);
        assert_eq!(output.status.success(), trusted, "{name} {words:?}: {said}");
    };
    check("", "", &[], false);
    for name in ["CASEMATE_CACERT", "BAO_CACERT", "VAULT_CACERT"] {
        check(name, file, &[], true);
    }
    check("VAULT_SKIP_VERIFY", "true", &[], true);
    check("", "", &["-ca-cert", file], true);
    check(
        "",
        "",
        &["-ca-cert", file, "-tls-server-name=localhost"],
        true,
    );
    check(
        "",
        "",
        &["-ca-cert", file, "-tls-server-name=elsewhere.example"],
        false,
    );
    check("", "", &["-client-cert", file], false);
    server.kill().unwrap();
    server.wait().unwrap();
}
