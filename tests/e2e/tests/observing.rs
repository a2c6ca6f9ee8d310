//! What operators look at, from servers that run: audit devices with somebody at the other end, metrics,
//! browsers of other origins.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use e2e::{Server, binary};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long a line may take to arrive.
const ARRIVES_WITHIN: Duration = Duration::from_secs(20);

/// A socket, and what arrived at it: read at once, since who sends waits where many lines lie unread.
struct Collector {
    lines: Receiver<String>,
    stop: Arc<AtomicBool>,
    reading: Option<JoinHandle<()>>,
}

impl Collector {
    fn at(path: &Path) -> Self {
        let socket = UnixDatagram::bind(path).unwrap();
        let timeout = Duration::from_millis(50);
        socket.set_read_timeout(Some(timeout)).unwrap();
        let (sender, lines) = sync_channel(10_000);
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let reading = std::thread::spawn(move || {
            let mut buffer = vec![0; 1 << 18];
            while !stopped.load(Ordering::Relaxed) {
                if let Ok(length) = socket.recv(&mut buffer) {
                    let line = String::from_utf8_lossy(&buffer[..length]).into_owned();
                    // Nobody may want it any more.
                    let _ = sender.send(line);
                }
            }
        });
        Self {
            lines,
            stop,
            reading: Some(reading),
        }
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        drop(self.reading.take().map(JoinHandle::join));
    }
}

/// The next line of the kind, about the path.
fn next(collector: &Collector, kind: &str, path: &str) -> String {
    loop {
        let line = collector.lines.recv_timeout(ARRIVES_WITHIN);
        let line = line.unwrap_or_else(|_| panic!("no {kind} of {path} arrives"));
        let (_, record) = line.split_once('{').unwrap();
        let record: Value = serde_json::from_str(&format!("{{{record}")).unwrap();
        // What has no address a server asks of itself.
        let is_asked = record["request"]["remote_address"] != Value::Null;
        if is_asked && record["type"] == kind && record["request"]["path"] == path {
            return line;
        }
    }
}

fn record(receiver: &Collector, kind: &str, path: &str) -> Value {
    serde_json::from_str(&next(receiver, kind, path)).unwrap()
}

#[test]
fn lines_arrive_at_sockets_and_in_the_systems_log() {
    let server = Server::start_casemate();
    let client = server.client();
    let at = |name: &str| server.folder().join(name);
    let (socket, log) = (Collector::at(&at("socket")), Collector::at(&at("dev-log")));
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let enable = |name: &str, kind: &str, options: Value| {
        let device = json!({ "type": kind, "options": options });
        let answer = client.write(&format!("sys/audit/{name}"), &device);
        assert_eq!(answer.status, 204, "{}", answer.body);
    };
    enable(
        "u",
        "socket",
        json!({ "address": at("socket"), "socket_type": "unixgram" }),
    );
    enable(
        "t",
        "socket",
        json!({ "address": tcp.local_addr().unwrap().to_string() }),
    );
    enable(
        "l",
        "syslog",
        json!({ "socket_path": at("dev-log"), "tag": "casemate" }),
    );
    assert_eq!(client.read("sys/mounts").status, 200);

    let record = record(&socket, "response", "sys/mounts");
    assert_eq!(record["auth"]["policy_results"]["allowed"], true);
    let line = next(&log, "request", "sys/mounts");
    let tag = format!(" casemate[{}]: {{\"time\":", server.id());
    assert!(line.starts_with("<38>") && line.contains(&tag), "{line}");
    // One connection was for the attempt.
    let found = (0..2).any(|_| {
        let (stream, _) = tcp.accept().unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(2)))
            .unwrap();
        let lines = BufReader::new(stream).lines().map_while(Result::ok);
        lines
            .take(20)
            .any(|line| line.contains("\"path\":\"sys/mounts\""))
    });
    assert!(found, "nothing came over TCP");

    // The other end goes: two other devices take the record.
    drop(socket);
    fs::remove_file(at("socket")).unwrap();
    assert_eq!(client.read("sys/mounts").status, 200);
    // It comes back, and gets what comes then.
    let socket = Collector::at(&at("socket"));
    let is_heard = || {
        client.read("sys/policy");
        socket
            .lines
            .recv_timeout(Duration::from_millis(100))
            .is_ok()
    };
    let deadline = Instant::now() + ARRIVES_WITHIN;
    while !is_heard() {
        assert!(Instant::now() < deadline, "it was never heard again");
    }
}

/// The names of all members, at any depth; those of maps with names of their own left out.
fn members(value: &Value, at: &str, found: &mut BTreeSet<String>) {
    if let Value::Object(object) = value {
        for (name, value) in object {
            let at = format!("{at}.{name}");
            members(value, &at, found);
            found.insert(at);
        }
    }
}

#[test]
fn records_have_the_members_of_openbaos() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let [theirs, ours] = ["theirs", "ours"].map(|name| Collector::at(&at(name)));
    let config = format!(
        "audit \"socket\" \"s\" {{\n  options {{\n    address = {:?}\n    socket_type = \"unixgram\"\n  }}\n}}\n",
        at("theirs")
    );
    fs::write(at("bao.hcl"), config).unwrap();
    let flag = format!("-config={}", at("bao.hcl").display());
    let bao = Server::start_dev(&binary("bao"), &["-dev-no-store-token", &flag]);
    let casemate = Server::start_casemate();
    let options = json!({ "address": at("ours"), "socket_type": "unixgram" });
    let device = json!({ "type": "socket", "options": options });
    assert_eq!(casemate.client().write("sys/audit/s", &device).status, 204);

    let header = json!({ "hmac": true });
    let token = json!({ "policies": ["default"], "ttl": "1h" });
    for client in [bao.client(), casemate.client()] {
        client.write("sys/config/auditing/request-headers/X-Own", &header);
        let made = client.write("auth/token/create", &token).json();
        let lowly = client.with_token(made["auth"]["client_token"].as_str().unwrap());
        assert_eq!(lowly.read("sys/auth").status, 403);
        client.send("GET", "sys/policy", &[("x-own", "value")], None);
        client.with_token("unknown").read("sys/mounts");
    }
    // We tell the digest of what runs, and no client id where there is no entity; they keep the text of
    // an error in the data as well, as a hash.
    let is_meant = |member: &str| {
        [
            "client_id",
            "mount_running_sha256",
            "mount_running_version",
            "mount_running_plugin_version",
            ".response.data",
            ".response.data.error",
            "mount_accessor",
        ]
        .iter()
        .any(|meant| member.ends_with(meant))
    };
    for (kind, path) in [
        ("request", "auth/token/create"),
        ("request", "sys/auth"),
        ("response", "sys/auth"),
        ("request", "sys/policy"),
        ("request", "sys/mounts"),
        ("response", "sys/mounts"),
    ] {
        let [theirs, ours] = [&theirs, &ours].map(|receiver| {
            let mut found = BTreeSet::new();
            members(&record(receiver, kind, path), "", &mut found);
            found.retain(|member| !is_meant(member));
            found
        });
        assert_eq!(theirs, ours, "{kind} {path}");
    }
}

/// `vault_core_unsealed` and the like, of the text for Prometheus.
fn names(server: &Server) -> BTreeSet<String> {
    let text = server.client().read("sys/metrics?format=prometheus").body;
    let names = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    names.map(str::to_owned).collect()
}

/// What dashboards read must have the name and the kind that it has there.
#[test]
fn metrics_have_openbaos_names_and_kinds() {
    let (bao, casemate) = (Server::start_bao(), Server::start_casemate());
    let secret = json!({ "data": { "a": "b" } });
    let [theirs, ours] = [&bao, &casemate].map(|server| {
        let client = server.client();
        client.write("auth/token/create", &json!({ "ttl": "1h" }));
        client.write("sys/auth/people", &json!({ "type": "userpass" }));
        client.write("auth/people/users/ann", &json!({ "password": "pw" }));
        client.write("auth/people/login/ann", &json!({ "password": "pw" }));
        // To write for the first time is another operation there.
        client.write("secret/data/a", &secret);
        client.write("secret/data/a", &secret);
        client.read("secret/data/a");
        client.list("secret/metadata");
        client.delete("secret/data/a");
        // OpenBao sets its gauges now and then.
        let deadline = Instant::now() + ARRIVES_WITHIN;
        loop {
            let names = names(server);
            let is_complete = names.contains("vault_expire_num_leases gauge")
                && names.contains("vault_core_in_flight_requests gauge");
            if is_complete || Instant::now() > deadline {
                return names;
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    });
    // What only storage of its own has, or what OpenBao counts when it happens first.
    let own = [
        "vault_raft",
        "vault_expire_revoke",
        "vault_audit",
        "vault_route_list_secret",
        // Vault's names, of what OpenBao has not.
        "vault_core_replication_",
        "vault_replication_",
    ];
    let strange: Vec<&String> = ours
        .difference(&theirs)
        .filter(|name| !own.iter().any(|own| name.starts_with(own)))
        .collect();
    assert!(strange.is_empty(), "{strange:#?}\n{theirs:#?}");
    for name in [
        "vault_core_handle_request summary",
        "vault_core_handle_login_request summary",
        "vault_core_unsealed gauge",
        "vault_core_in_flight_requests gauge",
        "vault_expire_num_leases gauge",
        "vault_route_read_secret_ summary",
        "vault_route_update_auth_people_ summary",
        "vault_token_creation counter",
    ] {
        assert!(ours.contains(name), "{name}: {ours:#?}");
    }
}

/// Status and headers that browsers look at.
fn raw(server: &Server, request: &str) -> Vec<String> {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let mut seen: Vec<String> = head
        .lines()
        .enumerate()
        .map(|(at, line)| match line.split_once(':') {
            Some((name, value)) if at > 0 => format!("{}:{value}", name.to_lowercase()),
            _ => line.to_owned(),
        })
        .filter(|line| {
            ["http/", "access-control", "vary"]
                .iter()
                .any(|begin| line.to_lowercase().starts_with(begin))
        })
        .collect();
    seen.sort();
    if body.contains("errors") {
        seen.push(body.trim().to_owned());
    }
    seen
}

#[test]
fn browsers_are_told_what_openbao_tells_them() {
    let servers = [Server::start_bao(), Server::start_casemate()];
    let rules = [
        None,
        Some(json!({ "allowed_origins": "http://a.b", "allowed_headers": "X-Own" })),
        Some(json!({ "allowed_origins": "*", "allow_credentials": true })),
    ];
    for rules in rules {
        if let Some(rules) = &rules {
            for server in &servers {
                let answer = server.client().write("sys/config/cors", rules);
                assert_eq!(answer.status, 204, "{}", answer.body);
            }
        }
        for verb in ["OPTIONS", "GET"] {
            for origin in ["", "Origin: http://a.b\r\n", "Origin: http://c\r\n"] {
                for method in ["", "PUT", "LIST", "TRACE"] {
                    let method = match method {
                        "" => String::new(),
                        method => format!("Access-Control-Request-Method: {method}\r\n"),
                    };
                    let request = format!(
                        "{verb} /v1/sys/seal-status HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{origin}{method}\r\n"
                    );
                    let [theirs, ours] = [0, 1].map(|at| raw(&servers[at], &request));
                    assert_eq!(theirs, ours, "{rules:?} {request}");
                }
            }
        }
    }
}
