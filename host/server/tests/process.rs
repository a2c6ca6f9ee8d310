//! The binary as its operator sees it: starts, answers, reloads, stops.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed, in its helpers too"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

struct Server {
    child: Child,
    output: BufReader<ChildStdout>,
    address: String,
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_casemate"));
    command.arg("server").args(arguments).env_clear();
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

impl Server {
    /// Starts one in development mode, with more arguments.
    fn developing(more: &[&str]) -> Self {
        let flags = [
            "-dev",
            "-dev-root-token-id=root",
            "-dev-listen-address=127.0.0.1:0",
            "-dev-no-store-token",
        ];
        Self::start(&[&flags, more].concat())
    }

    /// Starts one and waits until it says that it listens.
    fn start(arguments: &[&str]) -> Self {
        let mut child = command(arguments).spawn().unwrap();
        let mut server = Self {
            output: BufReader::new(child.stdout.take().unwrap()),
            child,
            address: String::new(),
        };
        let line = server.line("Api Address: http");
        server.address = line.rsplit_once("//").unwrap().1.to_owned();
        server.line("==> Casemate server started!");
        server
    }

    /// Reads on to the line that holds `text`.
    fn line(&mut self, text: &str) -> String {
        let mut seen = String::new();
        loop {
            let mut line = String::new();
            let length = self.output.read_line(&mut line).unwrap();
            assert!(length > 0, "the server ended before {text:?}: {seen}");
            if line.contains(text) {
                return line.trim().to_owned();
            }
            seen.push_str(&line);
        }
    }

    fn get(&self, path: &str, token: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let head = format!(
            "GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\nx-vault-token: {token}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn signal(&self, name: &str) {
        let process = self.child.id().to_string();
        let sent = Command::new("kill")
            .args([name, &process])
            .status()
            .unwrap();
        assert!(sent.success());
    }

    fn end(mut self, signal: &str) -> (ExitStatus, String) {
        self.signal(signal);
        let mut log = String::new();
        let mut errors = self.child.stderr.take().unwrap();
        errors.read_to_string(&mut log).unwrap();
        (self.child.wait().unwrap(), log)
    }
}

#[test]
fn development_mode_begins_reloads_and_ends() {
    let mut server = Server::developing(&[]);
    assert!(server.line("Unseal Key: ").len() > 50);
    assert_eq!(server.line("Root Token: "), "Root Token: root");
    let health = server.get("/v1/sys/health", "");
    assert!(health.starts_with("HTTP/1.1 200 "), "{health}");
    let own = server.get("/v1/auth/token/lookup-self", "root");
    assert!(own.contains("\"policies\":[\"root\"]"), "{own}");
    server.signal("-HUP");
    assert!(server.get("/v1/sys/health", "").contains(" 200 "));
    let (status, log) = server.end("-TERM");
    assert!(status.success(), "{status} {log}");
    assert!(log.trim_end().ends_with("server: stopped"), "{log}");
}

#[test]
fn an_audit_device_of_the_configuration_is_there_from_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("audit.log");
    let config = folder.path().join("a.hcl");
    let text =
        format!("audit \"file\" \"all\" {{\n  options {{\n    file_path = {log:?}\n  }}\n}}\n");
    std::fs::write(&config, text).unwrap();
    let mut server = Server::developing(&[&format!("-config={}", config.display())]);
    server.line("Root Token: ");
    let listed = server.get("/v1/sys/audit", "root");
    assert!(listed.contains("\"all/\":{"), "{listed}");
    let written = std::fs::read_to_string(&log).unwrap();
    assert!(written.contains("\"path\":\"sys/audit\""), "{written}");
    server.end("-TERM");
}

/// Whatever a start did not come to, the next one does.
#[test]
fn a_development_folder_outlives_a_start_that_was_cut_short() {
    let folder = tempfile::tempdir().unwrap();
    let flag = format!("-dev-folder={}", folder.path().display());
    let keys = folder.path().join("development-keys.json");
    let server = Server::developing(&[&flag]);
    let whole = std::fs::read_to_string(&keys).unwrap();
    server.end("-KILL");

    // Cut short after everything was stored, before the keys' file says so.
    let begun = whole.replace("\"is_set_up\": true", "\"is_set_up\": false");
    assert_ne!(whole, begun);
    std::fs::write(&keys, &begun).unwrap();
    let server = Server::developing(&[&flag]);
    let own = server.get("/v1/auth/token/lookup-self", "root");
    assert!(own.contains("\"policies\":[\"root\"]"), "{own}");
    assert_eq!(std::fs::read_to_string(&keys).unwrap(), whole);
    server.end("-KILL");

    // Cut short before anything was stored.
    std::fs::remove_dir_all(folder.path().join("storage")).unwrap();
    std::fs::write(&keys, &begun).unwrap();
    let server = Server::developing(&[&flag]);
    let mounts = server.get("/v1/sys/mounts", "root");
    assert!(mounts.contains("secret/"), "{mounts}");
    assert_eq!(std::fs::read_to_string(&keys).unwrap(), whole);
    server.end("-TERM");
}

#[test]
fn a_configuration_is_served_sealed() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let text = format!(
        "storage \"raft\" {{ path = {:?} }}\n\
         listener \"tcp\" {{\n  address = \"127.0.0.1:0\"\n  tls_disable = true\n}}\n\
         pid_file = {:?}\ndisable_mlock = true\n",
        at("data"),
        at("pid")
    );
    std::fs::write(at("a.hcl"), text).unwrap();
    let flag = format!("-config={}", at("a.hcl"));
    let server = Server::start(&[&flag]);
    let process = std::fs::read_to_string(at("pid")).unwrap();
    assert_eq!(process.trim(), server.child.id().to_string());
    let health = server.get("/v1/sys/health", "");
    assert!(health.starts_with("HTTP/1.1 501 "), "{health}");
    let second = command(&[&flag]).output().unwrap();
    assert!(!second.status.success(), "one folder, two servers");
    let (status, log) = server.end("-INT");
    assert!(status.success(), "{status} {log}");
    assert!(log.contains("\"disable_mlock\" has no effect"), "{log}");
    assert!(!Path::new(&at("pid")).exists());
}

#[test]
fn what_cannot_be_served_is_said_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.hcl");
    std::fs::write(&file, "ui = true\nlistner \"tcp\" {}\n").unwrap();
    let flag = format!("-config={}", file.display());
    let output = command(&[&flag]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8(output.stderr).unwrap();
    let expected = "a.hcl:2: unknown key \"listner\"; did you mean \"listener\"?\n";
    assert!(message.ends_with(expected), "{message}");
    let nothing = command(&[]).output().unwrap();
    assert_eq!(nothing.status.code(), Some(1));
}

/// A request that takes its time holds the server up for seconds; who asks twice does not want that.
#[test]
fn a_second_signal_stops_at_once() {
    let mut server = Server::developing(&[]);
    server.line("Root Token: ");
    // Its body never comes.
    let mut stream = TcpStream::connect(&server.address).unwrap();
    let head = "POST /v1/secret/data/a HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    // An answer on another connection shows that the first one was taken.
    assert!(server.get("/v1/sys/health", "").contains(" 200 "));
    let begun = std::time::Instant::now();
    let mut log = BufReader::new(server.child.stderr.take().unwrap());
    server.signal("-TERM");
    let mut text = String::new();
    while !text.contains("server: stopping\n") {
        assert!(log.read_line(&mut text).unwrap() > 0, "{text}");
    }
    server.signal("-TERM");
    log.read_to_string(&mut text).unwrap();
    let status = server.child.wait().unwrap();
    assert!(text.contains("stopping at once"), "{text}");
    assert!(status.success(), "{status} {text}");
    assert!(
        begun.elapsed() < std::time::Duration::from_secs(8),
        "{text}"
    );
}

#[test]
fn the_log_goes_to_a_file_and_to_who_monitors() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let text = format!("log_file = {:?}\nlog_format = \"json\"\n", at("logs/a.log"));
    std::fs::write(at("a.hcl"), text).unwrap();
    let flag = format!("-config={}", at("a.hcl"));
    let mut server = Server::developing(&[&flag]);
    server.line("Root Token: ");
    let mut stream = TcpStream::connect(&server.address).unwrap();
    let head = "GET /v1/sys/monitor HTTP/1.1\r\nhost: a\r\nx-vault-token: root\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut lines = BufReader::new(stream).lines();
    let mut read_on = |text: &str| loop {
        let line = lines.next().unwrap().unwrap();
        if line.contains(text) {
            return line;
        }
    };
    read_on("HTTP/1.1 200 OK");
    read_on("[INFO]  server: the log is monitored");
    std::fs::rename(at("logs/a.log"), at("logs/b.log")).unwrap();
    server.signal("-HUP");
    read_on("[INFO]  server: reloaded");
    let (status, _) = server.end("-TERM");
    assert!(status.success(), "{status}");
    // The stream ends with the server, before its time to drain is over.
    read_on("0");
    let before = std::fs::read_to_string(at("logs/b.log")).unwrap();
    assert!(
        before.contains("the log is monitored") && !before.contains("stopped"),
        "{before}"
    );
    let after = std::fs::read_to_string(at("logs/a.log")).unwrap();
    assert!(after.contains("stopped"), "{after}");
}

#[test]
fn the_level_and_the_format_of_the_log_are_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    for (format, debug, info) in [
        ("json", "\"level\":\"DEBUG\"", "\"level\":\"INFO\""),
        ("standard", "[DEBUG]", "[INFO]"),
    ] {
        let log = at(&format!("{format}.log"));
        let write = |level: &str| {
            let text =
                format!("log_file = {log:?}\nlog_format = \"{format}\"\nlog_level = \"{level}\"\n");
            std::fs::write(at("a.hcl"), text).unwrap();
        };
        write("info");
        let flag = format!("-config={}", at("a.hcl"));
        let mut server = Server::developing(&[&flag]);
        server.line("Root Token: ");
        let lines = |word: &str| {
            let text = std::fs::read_to_string(&log).unwrap();
            text.lines().filter(|line| line.contains(word)).count()
        };
        // No HTTP, which is worth a line of that level.
        let break_off = || {
            let mut stream = TcpStream::connect(&server.address).unwrap();
            stream.write_all(b"\0\r\n\r\n").unwrap();
            let _ = stream.read_to_end(&mut Vec::new());
        };
        break_off();
        assert!(server.get("/v1/sys/health", "").contains(" 200 "));
        assert_eq!(lines(debug), 0, "{format}");
        assert!(lines(info) > 0, "{format}");
        write("debug");
        server.signal("-HUP");
        let begun = std::time::Instant::now();
        while lines(debug) == 0 {
            let waited = begun.elapsed();
            assert!(waited < std::time::Duration::from_secs(60), "{format}");
            break_off();
        }
        let (status, _) = server.end("-TERM");
        assert!(status.success(), "{status}");
        let text = std::fs::read_to_string(&log).unwrap();
        let is_json = |line: &str| line.starts_with('{') && line.ends_with('}');
        let all = text.lines().all(|line| is_json(line) == (format == "json"));
        assert!(all, "{text}");
    }
}
