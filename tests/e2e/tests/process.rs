//! The server as a process: what signals do to it, and a damaged data folder.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use e2e::{Client, Durable, Server, binary, free_port};
use serde_json::json;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// No condition takes longer, on a busy machine.
const WITHIN: Duration = Duration::from_secs(20);

fn wait_for(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + WITHIN;
    while !condition() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn sigterm_answers_what_has_begun() {
    let mut server = Durable::started();
    let client = server.client();
    let enabled = client.write("sys/mounts/kv", &json!({ "type": "kv" }));
    assert_eq!(enabled.status, 204, "{}", enabled.body);
    let body = br#"{"value":"in time"}"#;
    let head = format!(
        "POST /v1/kv/a HTTP/1.1\r\nhost: a\r\nx-vault-token: {}\r\ncontent-length: {}\r\n\
         expect: 100-continue\r\n\r\n",
        server.token(),
        body.len()
    );
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(WITHIN)).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    // The server has read the head and asks for the body: the request is under way.
    let mut asked = [0; 25];
    stream.read_exact(&mut asked).unwrap();
    assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
    server.signal("TERM");
    wait_for("it says that it stops", || {
        server.log().contains("stopping")
    });
    wait_for("nobody new is let in", || {
        TcpStream::connect(server.address()).is_err()
    });
    stream.write_all(body).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    assert!(server.ended_well(), "{}", server.log());
    assert!(!server.log().contains("panicked"), "{}", server.log());
    server.start();
    server.unseal();
    let read = server.client().read("kv/a");
    assert_eq!(read.json()["data"]["value"], "in time", "{}", read.body);
}

/// Certificates as development mode makes them, each below an authority of its own.
fn certificates(folder: &Path) {
    fs::create_dir(folder).unwrap();
    let argument = format!("-dev-tls-cert-dir={}", folder.display());
    let mut made = Command::new(binary("casemate"))
        .args(["server", "-dev", "-dev-tls", &argument])
        .arg(format!("-dev-listen-address=127.0.0.1:{}", free_port()))
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .env("HOME", folder)
        .spawn()
        .unwrap();
    wait_for("certificates are made", || {
        let is_whole = |name: &str| {
            fs::read_to_string(folder.join(name)).is_ok_and(|text| text.contains("-----END"))
        };
        ["casemate-ca.pem", "casemate-cert.pem", "casemate-key.pem"]
            .into_iter()
            .all(is_whole)
    });
    made.kill().unwrap();
    made.wait().unwrap();
}

#[test]
fn sighup_reloads_certificates() {
    let folder = tempfile::tempdir().unwrap();
    let [old, new, used] = ["old", "new", "used"].map(|name| folder.path().join(name));
    certificates(&old);
    certificates(&new);
    fs::create_dir(&used).unwrap();
    let install = |from: &Path| {
        for name in ["casemate-cert.pem", "casemate-key.pem"] {
            fs::copy(from.join(name), used.join(name)).unwrap();
        }
    };
    install(&old);
    let address = format!("127.0.0.1:{}", free_port());
    let mut server = Durable::new(&format!(
        "listener \"tcp\" {{\n  address = {address:?}\n  tls_cert_file = {:?}\n  \
         tls_key_file = {:?}\n}}\n",
        used.join("casemate-cert.pem"),
        used.join("casemate-key.pem")
    ));
    server.start();
    let trusts = |authority: &Path| {
        let output = Command::new(binary("casemate"))
            .args(["read", "-format=json", "sys/seal-status"])
            .env_clear()
            .env("HOME", folder.path())
            .env("VAULT_ADDR", format!("https://{address}"))
            .env("VAULT_CACERT", authority.join("casemate-ca.pem"))
            .output()
            .unwrap();
        output.status.success()
    };
    assert!(trusts(&old));
    assert!(!trusts(&new));
    // Files that are no certificate: the old one stays.
    fs::write(used.join("casemate-cert.pem"), "junk").unwrap();
    server.signal("HUP");
    wait_for("the reload is told", || server.log().contains("reloaded"));
    assert!(server.log().contains("the certificates stay as they were"));
    assert!(trusts(&old));
    install(&new);
    server.signal("HUP");
    wait_for("the new certificate is served", || trusts(&new));
    assert!(!trusts(&old));
    server.signal("TERM");
    assert!(server.ended_well(), "{}", server.log());
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

#[test]
fn what_a_configuration_says_is_so() {
    let folder = tempfile::tempdir().unwrap();
    let audit = folder.path().join("audit.log");
    let behind_proxies = format!("127.0.0.1:{}", free_port());
    let mut server = Durable::new(&format!(
        "cluster_name = \"odd-name\"\n\
         default_lease_ttl = \"1234s\"\n\
         max_lease_ttl = \"5678s\"\n\
         listener \"tcp\" {{\n  address = {behind_proxies:?}\n  tls_disable = true\n  \
         x_forwarded_for_authorized_addrs = \"127.0.0.0/8\"\n  x_forwarded_for_hop_skips = 1\n}}\n\
         audit \"file\" \"all\" {{\n  options {{\n    file_path = {audit:?}\n  }}\n}}\n"
    ));
    server.start();
    server.initialize(1, 1);
    server.unseal();
    let read = |path: &str| {
        let answer = server.client().read(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.json()
    };
    assert_eq!(read("sys/seal-status")["cluster_name"], "odd-name");
    let leader = read("sys/leader");
    let api = format!("http://{}", server.address());
    assert_eq!(leader["leader_address"], api);
    let cluster = format!("https://{}", server.cluster_address());
    assert_eq!(leader["leader_cluster_address"], cluster);
    let tuned = read("sys/mounts/cubbyhole/tune");
    assert_eq!(tuned["data"]["default_lease_ttl"], 1_234);
    assert_eq!(tuned["data"]["max_lease_ttl"], 5_678);

    let client = Client::new(&format!("http://{behind_proxies}"), server.token());
    let hops = [("x-forwarded-for", "203.0.113.7, 203.0.113.8")];
    let answer = client.send("GET", "sys/policies/acl/default", &hops, None);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let recorded = fs::read_to_string(&audit).unwrap();
    let line = recorded.lines().last().unwrap();
    assert!(
        line.contains("\"remote_address\":\"203.0.113.7\""),
        "{line}"
    );
}

#[test]
fn a_second_server_on_the_same_folder_is_refused() {
    let server = Durable::started();
    let config = server.folder().join("config.hcl");
    let text = fs::read_to_string(&config).unwrap();
    let other = format!("127.0.0.1:{}", free_port());
    let second = server.folder().join("second.hcl");
    fs::write(&second, text.replace(server.address(), &other)).unwrap();
    let output = start_once(&second);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("casemate server: "), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    assert!(server.client().read("sys/mounts").status == 200);
}

/// Starts a server that is expected to end by itself.
fn start_once(config: &Path) -> std::process::Output {
    Command::new(binary("casemate"))
        .arg("server")
        .arg(format!("-config={}", config.display()))
        .output()
        .unwrap()
}

#[test]
fn a_development_server_ends_well() {
    let server = Server::start_casemate();
    let id = server.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
    wait_for("it stops", || server.log().contains("stopped"));
}

/// What a run on a damaged folder came to.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// It did not start, and said why.
    NotStarted,
    /// It runs, and refuses what it cannot vouch for.
    Refused,
    /// Nothing that is still read was hit.
    Whole,
}

/// Values that are written before the damage.
const VALUES: usize = 40;

#[test]
fn damage_is_an_error_and_never_a_value() {
    let mut server = Durable::started();
    let client = server.client();
    let enabled = client.write("sys/mounts/kv", &json!({ "type": "kv" }));
    assert_eq!(enabled.status, 204, "{}", enabled.body);
    for n in 0..VALUES {
        let written = client.write(
            &format!("kv/{n}"),
            &json!({ "n": n, "text": "x".repeat(200) }),
        );
        assert_eq!(written.status, 204, "{}", written.body);
    }
    server.signal("TERM");
    assert!(server.ended_well(), "{}", server.log());
    let data = server.folder().join("data");
    let kept = tempfile::tempdir().unwrap();
    copy(&data, kept.path());
    let mut outcomes = Vec::new();
    for (file, at) in places(kept.path()) {
        fs::remove_dir_all(&data).unwrap();
        copy(kept.path(), &data);
        flip(&data.join(&file), at);
        let outcome = run_on_damage(&mut server);
        let log = server.log();
        assert!(!log.contains("panicked"), "{}+{at}:\n{log}", file.display());
        outcomes.push((file, at, outcome));
    }
    let is_seen = |(_, _, outcome): &(PathBuf, u64, Outcome)| *outcome != Outcome::Whole;
    assert!(outcomes.iter().any(is_seen), "{outcomes:?}");
    // Without damage the same folder is as it was.
    fs::remove_dir_all(&data).unwrap();
    copy(kept.path(), &data);
    assert_eq!(run_on_damage(&mut server), Outcome::Whole);
}

/// Every file that has content is hit: the large ones in the middle of what is written in them.
fn places(folder: &Path) -> Vec<(PathBuf, u64)> {
    let mut places = Vec::new();
    for file in files(folder) {
        let bytes = fs::read(&file).unwrap();
        let Some(last) = bytes.iter().rposition(|byte| *byte != 0) else {
            continue;
        };
        let name = file.strip_prefix(folder).unwrap().to_owned();
        let last = last as u64;
        if last > 4096 {
            places.extend([last / 4, last / 2, last - 16].map(|at| (name.clone(), at)));
        } else if name.file_name().is_some_and(|name| name != "v0") {
            places.push((name, last / 2));
        }
    }
    places
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found.sort();
    found
}

fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp")
        .args(["-a", "--sparse=always"])
        .arg(from.join("."))
        .arg(to)
        .status();
    assert!(status.unwrap().success());
}

fn flip(file: &Path, at: u64) {
    use std::os::unix::fs::FileExt as _;
    let file = fs::File::options()
        .read(true)
        .write(true)
        .open(file)
        .unwrap();
    let mut bytes = [0; 8];
    let count = file.read_at(&mut bytes, at).unwrap();
    let flipped = bytes.map(|byte| !byte);
    file.write_all_at(&flipped[..count], at).unwrap();
}

fn run_on_damage(server: &mut Durable) -> Outcome {
    if server.try_start().is_err() {
        let log = server.log();
        let last = log.lines().last().unwrap_or_default();
        assert!(last.starts_with("casemate server: "), "{log}");
        return Outcome::NotStarted;
    }
    let mut outcome = Outcome::Whole;
    let client = server.client();
    let offered = client.write("sys/unseal", &json!({ "key": server.shares()[0] }));
    if offered.status == 200 && offered.json()["sealed"] == false {
        server.unseal();
        for n in 0..VALUES {
            let read = client.read(&format!("kv/{n}"));
            match read.status {
                200 => assert_eq!(read.json()["data"]["n"], n, "{}", read.body),
                _ => outcome = Outcome::Refused,
            }
        }
    } else {
        outcome = Outcome::Refused;
    }
    server.kill();
    outcome
}
