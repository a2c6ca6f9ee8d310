//! Clients that mean harm, on real sockets: each is answered or dropped within bounds, and the next
//! one is served.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use e2e::{Durable, free_port};
use serde_json::json;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

/// Of the listener that is attacked.
const BODY_BYTES_MAX: usize = 64 << 10;
/// Of the listener that is attacked, for headers and for bodies, in seconds.
const PATIENCE: u64 = 1;
/// No client is held longer than this, on a busy machine.
const HELD_MAX: Duration = Duration::from_secs(20);

/// A server with a second listener that has little patience.
struct Target {
    server: Durable,
    address: String,
}

impl Target {
    fn started() -> Self {
        let address = format!("127.0.0.1:{}", free_port());
        let mut server = Durable::new(&format!(
            "listener \"tcp\" {{\n  address = {address:?}\n  tls_disable = true\n  \
             max_request_size = {BODY_BYTES_MAX}\n  http_read_header_timeout = \"{PATIENCE}s\"\n  \
             http_read_timeout = \"{PATIENCE}s\"\n}}\n"
        ));
        server.start();
        server.initialize(1, 1);
        server.unseal();
        let enabled = server
            .client()
            .write("sys/mounts/kv", &json!({ "type": "kv" }));
        assert_eq!(enabled.status, 204, "{}", enabled.body);
        let target = Self { server, address };
        target.still_serves();
        target
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(HELD_MAX)).unwrap();
        stream.set_write_timeout(Some(HELD_MAX)).unwrap();
        stream
    }

    /// Sends bytes, and gives all that comes back until the server closes.
    fn talk(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        // A server that has heard enough need not listen to the end.
        let _ = stream.write_all(bytes);
        answer(stream)
    }

    fn status(&self, bytes: &[u8]) -> u16 {
        status_of(&self.talk(bytes))
    }

    fn token(&self) -> &str {
        self.server.token()
    }

    fn get(&self, path: &str) -> Vec<u8> {
        self.with_verb("GET", path)
    }

    fn with_verb(&self, verb: &str, path: &str) -> Vec<u8> {
        format!(
            "{verb} {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\nx-vault-token: {}\r\n\r\n",
            self.token()
        )
        .into_bytes()
    }

    fn post(&self, path: &str, body: &[u8]) -> Vec<u8> {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\nx-vault-token: {}\r\n\
             content-length: {}\r\n\r\n",
            self.token(),
            body.len()
        );
        [head.as_bytes(), body].concat()
    }

    /// A normal client is served, and nothing has gone wrong inside.
    fn still_serves(&self) {
        let (client, body) = (self.server.client(), json!({ "value": "here" }));
        let written = client.write("kv/normal", &body);
        assert_eq!(written.status, 204, "{}", written.body);
        let read = client.read("kv/normal");
        assert_eq!(read.json()["data"], body, "{}", read.body);
        let log = self.server.log();
        assert!(!log.contains("panicked"), "{log}");
    }
}

/// What comes until the other side closes.
fn answer(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    loop {
        match stream.read(&mut part) {
            Ok(0) => break,
            Ok(count) => bytes.extend(&part[..count]),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => break,
            Err(error) => panic!("held too long: {error}"),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// 0 where the connection was dropped without a word.
fn status_of(answer: &str) -> u16 {
    let word = answer.split(' ').nth(1).unwrap_or_default();
    word.parse().unwrap_or_default()
}

#[test]
fn bodies() {
    let target = Target::started();
    let check = |name: &str, body: &[u8], expected: u16| {
        let said = target.talk(&target.post("/v1/kv/a", body));
        assert_eq!(status_of(&said), expected, "{name}: {said}");
    };
    check("cut off", b"{\"a\":", 400);
    check("no object", b"[1]", 400);
    check("two values", b"{}{}", 400);
    check("not JSON", b"a=b", 400);
    check("invalid UTF-8", b"{\"a\":\"\xff\xfe\"}", 400);
    check("half a surrogate", br#"{"a":"\ud800"}"#, 400);
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(5000), "]".repeat(5000));
    check("deep", deep.as_bytes(), 400);
    let deep = format!("{}1{}", "{\"a\":".repeat(5000), "}".repeat(5000));
    check("deep objects", deep.as_bytes(), 400);
    let fits = format!("{{\"a\":\"{}\"}}", "x".repeat(BODY_BYTES_MAX - 8));
    assert_eq!(fits.len(), BODY_BYTES_MAX);
    check("just as long as it may be", fits.as_bytes(), 204);
    check("longer by one", format!("{fits} ").as_bytes(), 413);
    check("much longer", &vec![b'x'; BODY_BYTES_MAX * 8], 413);
    let lie = format!(
        "POST /v1/kv/a HTTP/1.1\r\nhost: a\r\nx-vault-token: {}\r\ncontent-length: 99999999999999999999\r\n\r\n",
        target.token()
    );
    assert_eq!(target.status(lie.as_bytes()), 400);
    let both = format!(
        "POST /v1/kv/a HTTP/1.1\r\nhost: a\r\nconnection: close\r\nx-vault-token: {}\r\n\
         content-length: 2\r\ncontent-length: 3\r\n\r\n{{}}",
        target.token()
    );
    assert_eq!(target.status(both.as_bytes()), 400);
    target.still_serves();
}

#[test]
fn paths_and_verbs() {
    let target = Target::started();
    let check = |path: &str, expected: u16| {
        let said = target.talk(&target.get(path));
        assert_eq!(status_of(&said), expected, "{path}: {said}");
    };
    check("/v1//kv///normal", 200);
    check("/v1/kv%2fnormal", 200);
    check("/v1/./kv/normal", 200);
    for path in [
        "/v1/kv/../sys/mounts",
        "/v1/kv/..%2fsys",
        "/v1/kv/%2e%2e/sys/mounts",
        "/v1/..",
        "/v1/kv/a%00b",
        "/v1/kv/a%0d%0ab",
        "/v1/kv/%ff",
        "/v1/kv/%zz",
        "/v1/kv/a%",
    ] {
        check(path, 400);
    }
    check(&format!("/v1/kv/{}", "a".repeat(5000)), 400);
    for path in ["/", "//", "/v2/kv/normal", "/etc/passwd", "*", "/v1"] {
        let status = target.status(&target.get(path));
        assert!((300..500).contains(&status), "{path}: {status}");
    }
    for verb in ["FROB", "TRACE", "CONNECT", "PROPFIND", "get"] {
        let status = target.status(&target.with_verb(verb, "/v1/kv/normal"));
        assert!((400..500).contains(&status), "{verb}: {status}");
    }
    target.still_serves();
}

#[test]
fn heads() {
    let target = Target::started();
    let with = |headers: &str| {
        let head =
            format!("GET /v1/kv/normal HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{headers}\r\n");
        target.status(head.as_bytes())
    };
    assert_eq!(with(&format!("x-a: {}\r\n", "a".repeat(200_000))), 431);
    assert_eq!(with(&"x-a: 1\r\n".repeat(500)), 431);
    assert_eq!(
        with(&format!("x-vault-token: {}\r\n", "a".repeat(9000))),
        403
    );
    assert_eq!(with("x-vault-token: \u{1}\r\n"), 400);
    assert_eq!(with("no colon\r\n"), 400);
    assert_eq!(with("x-a: \0\r\n"), 400);
    assert_eq!(with("x-vault-namespace: ../..\r\n") / 100, 4);
    assert_eq!(with("x-vault-wrap-ttl: soon\r\n") / 100, 4);
    for bytes in [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".as_slice(),
        b"GET\r\n\r\n",
        b"GET /v1/kv/normal HTTP/9.9\r\n\r\n",
        b"\0\0\0\0\r\n\r\n",
        b"\xff\xff\xff\xff\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff",
    ] {
        let said = target.talk(bytes);
        assert!(!said.starts_with("HTTP/1.1 2"), "{bytes:?}: {said}");
    }
    target.still_serves();
}

#[test]
fn slow_and_half_open_clients() {
    let target = Target::started();
    // Says nothing, and stays.
    let silent: Vec<TcpStream> = (0..20).map(|_| target.connect()).collect();
    // Will say no more, with half a head sent.
    let mut half = target.connect();
    half.write_all(b"GET /v1/kv/normal HTTP/1.1\r\nhost:")
        .unwrap();
    half.shutdown(Shutdown::Write).unwrap();
    // Leaves in the middle of its body.
    let mut gone = target.connect();
    let begun = target.post("/v1/kv/gone", &[b' '; 100]);
    gone.write_all(&begun[..begun.len() - 50]).unwrap();
    drop(gone);
    // Stays in the middle of its body.
    let mut stuck = target.connect();
    stuck.write_all(&begun[..begun.len() - 50]).unwrap();
    target.still_serves();
    // A head in single bytes, for longer than there is patience.
    let began = Instant::now();
    let mut slow = target.connect();
    slow.set_read_timeout(Some(Duration::from_millis(50)))
        .unwrap();
    slow.set_nodelay(true).unwrap();
    let mut said = Vec::new();
    for byte in b"GET /v1/kv/normal HTTP/1.1\r\nx-a: "
        .iter()
        .chain(core::iter::repeat(&b'a'))
    {
        assert!(began.elapsed() < HELD_MAX, "it still listens");
        if slow.write_all(&[*byte]).is_err() {
            break;
        }
        // The pause between two bytes is the wait for an answer.
        let mut part = [0; 1024];
        match slow.read(&mut part) {
            Ok(0) => break,
            Ok(count) => said.extend(&part[..count]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => break,
        }
    }
    assert!(!said.starts_with(b"HTTP/1.1 2"), "{said:?}");
    assert!(began.elapsed() >= Duration::from_millis(PATIENCE * 500));
    for stream in silent.into_iter().chain([half]) {
        assert_ne!(status_of(&answer(stream)) / 100, 2);
    }
    assert_eq!(status_of(&answer(stuck)), 408);
    assert_eq!(target.server.client().read("kv/gone").status, 404);
    target.still_serves();
}

#[test]
fn wrong_shares() {
    let mut server = Durable::new("");
    server.start();
    server.initialize(3, 2);
    let client = server.client().with_token("");
    let offer = |key: &str| client.write("sys/unseal", &json!({ "key": key }));
    for key in [
        "",
        "?",
        "00",
        "AAAA",
        &"A".repeat(44),
        &"ff".repeat(33),
        &"A".repeat(60_000),
    ] {
        let answer = offer(key);
        assert!(
            answer.status == 400 || answer.json()["sealed"] == true,
            "{key}: {}",
            answer.body
        );
    }
    for body in [
        "{}",
        "[]",
        "{\"key\":1}",
        "{\"key\":null}",
        "{\"key\":{\"a\":1}}",
    ] {
        let answer = client.send("POST", "sys/unseal", &[], Some(body));
        assert_eq!(answer.status, 400, "{body}: {}", answer.body);
    }
    let reset = client.write("sys/unseal", &json!({ "reset": true }));
    assert_eq!(reset.json()["progress"], 0, "{}", reset.body);
    // A share of the right form, of no use: the attempt fails, the next one begins at nothing.
    let mut wrong = server.shares()[0].clone();
    let changed = if wrong.starts_with('A') { "B" } else { "A" };
    wrong.replace_range(..1, changed);
    assert_eq!(offer(&wrong).json()["progress"], 1);
    let failed = offer(&server.shares()[1]);
    assert_eq!(failed.status, 400, "{}", failed.body);
    assert_eq!(client.read("sys/seal-status").json()["sealed"], true);
    assert_eq!(client.read("sys/seal-status").json()["progress"], 0);
    server.unseal();
    assert_eq!(server.client().read("sys/mounts").status, 200);
    let log = server.log();
    assert!(!log.contains("panicked"), "{log}");
}
