//! OpenBao's own client drives the server: a program that was written for another one must not
//! notice.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use e2e::{Durable, binary};
use serde_json::{Value, json};
use std::fs;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// The client, with an address and a token.
struct Bao {
    url: String,
    token: String,
    home: tempfile::TempDir,
}

impl Bao {
    fn new(server: &Durable, token: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        Self {
            url: server.url(),
            token: token.to_owned(),
            home,
        }
    }

    fn run_with(&self, arguments: &[&str], input: &str) -> Output {
        self.run_as("table", arguments, input)
    }

    fn run_as(&self, format: &str, arguments: &[&str], input: &str) -> Output {
        let mut child = Command::new(binary("bao"))
            .args(arguments)
            .env_clear()
            .env("HOME", self.home.path())
            .env("BAO_ADDR", &self.url)
            .env("BAO_TOKEN", &self.token)
            .env("BAO_FORMAT", format)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        child.wait_with_output().unwrap()
    }

    /// Runs a command that must succeed; what it printed.
    fn ok(&self, arguments: &[&str]) -> String {
        self.ok_with(arguments, "")
    }

    fn ok_with(&self, arguments: &[&str], input: &str) -> String {
        let output = self.run_with(arguments, input);
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert!(
            output.status.success(),
            "bao {arguments:?}: {}\n{out}\n{err}",
            output.status
        );
        out
    }

    /// As `ok`, asking for JSON.
    fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run_as("json", arguments, "");
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert!(
            output.status.success(),
            "bao {arguments:?}: {}\n{out}\n{err}",
            output.status
        );
        serde_json::from_str(&out)
            .unwrap_or_else(|error| panic!("bao {arguments:?}: {error}\n{out}"))
    }

    /// Runs a command that must fail; what it complained.
    fn fails(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.run_with(arguments, "");
        let all = format!("{}\n{}", text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(code), "bao {arguments:?}\n{all}");
        all
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn init_unseal_status_and_seal() {
    let mut server = Durable::new("");
    server.start();
    let bao = Bao::new(&server, "");
    bao.fails(2, &["status"]);
    bao.fails(2, &["operator", "init", "-status"]);
    let made = bao.json(&["operator", "init", "-key-shares=3", "-key-threshold=2"]);
    let keys: Vec<&str> = made["unseal_keys_b64"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key.as_str().unwrap())
        .collect();
    assert_eq!(keys.len(), 3);
    let wrong = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    bao.ok(&["operator", "unseal", keys[0]]);
    assert!(
        bao.fails(2, &["operator", "unseal", wrong])
            .contains("Code: 400")
    );
    bao.ok(&["operator", "unseal", keys[1]]);
    assert!(bao.ok(&["operator", "unseal", keys[2]]).contains("false"));
    bao.ok(&["status"]);

    let root = Bao::new(&server, made["root_token"].as_str().unwrap());
    root.ok(&["token", "lookup"]);
    root.ok(&["operator", "seal"]);
    bao.fails(2, &["status"]);
}

#[test]
fn key_value_version_2() {
    let server = Durable::started();
    let bao = Bao::new(&server, server.token());
    bao.ok(&["secrets", "enable", "-path=kv", "-version=2", "kv"]);
    bao.ok(&["kv", "put", "kv/app/x", "user=a", "password=one"]);
    bao.ok(&["kv", "put", "-cas=1", "kv/app/x", "user=a", "password=two"]);
    bao.fails(2, &["kv", "put", "-cas=1", "kv/app/x", "user=a"]);
    assert_eq!(
        bao.ok(&["kv", "get", "-field=password", "kv/app/x"]).trim(),
        "two"
    );
    assert_eq!(
        bao.ok(&["kv", "get", "-field=password", "-version=1", "kv/app/x"])
            .trim(),
        "one"
    );
    assert_eq!(
        bao.ok(&["kv", "get", "-mount=kv", "-field=user", "app/x"])
            .trim(),
        "a"
    );
    bao.ok(&["kv", "patch", "kv/app/x", "password=three"]);
    bao.ok(&["kv", "patch", "-method=rw", "kv/app/x", "more=yes"]);
    let got = bao.json(&["kv", "get", "kv/app/x"]);
    let expected = json!({ "user": "a", "password": "three", "more": "yes" });
    assert_eq!(got["data"]["data"], expected);
    assert_eq!(got["data"]["metadata"]["version"], 4);
    assert_eq!(bao.json(&["kv", "list", "kv/app/"]), json!(["x"]));

    bao.ok(&[
        "kv",
        "metadata",
        "put",
        "-max-versions=5",
        "-custom-metadata=owner=me",
        "kv/app/x",
    ]);
    bao.ok(&[
        "kv",
        "metadata",
        "patch",
        "-custom-metadata=team=us",
        "kv/app/x",
    ]);
    let metadata = bao.json(&["kv", "metadata", "get", "kv/app/x"]);
    assert_eq!(
        metadata["data"]["custom_metadata"],
        json!({ "owner": "me", "team": "us" })
    );

    bao.ok(&["kv", "delete", "kv/app/x"]);
    // The client shows what there is to tell of a deleted version.
    let deleted = bao.ok(&["kv", "get", "kv/app/x"]);
    assert!(
        deleted.contains("deletion_time") && !deleted.contains("three"),
        "{deleted}"
    );
    bao.ok(&["kv", "undelete", "-versions=4", "kv/app/x"]);
    bao.ok(&["kv", "delete", "-versions=1,2", "kv/app/x"]);
    bao.ok(&["kv", "destroy", "-versions=1", "kv/app/x"]);
    bao.ok(&["kv", "rollback", "-version=3", "kv/app/x"]);
    assert_eq!(
        bao.json(&["kv", "get", "kv/app/x"])["data"]["metadata"]["version"],
        5
    );
    bao.ok(&["kv", "metadata", "delete", "kv/app/x"]);
    bao.fails(2, &["kv", "get", "kv/app/x"]);
}

#[test]
fn key_value_version_1_and_its_upgrade() {
    let server = Durable::started();
    let bao = Bao::new(&server, server.token());
    bao.ok(&["secrets", "enable", "-path=old", "-version=1", "kv"]);
    bao.ok(&["kv", "put", "old/a/b", "k=v"]);
    assert_eq!(bao.ok(&["kv", "get", "-field=k", "old/a/b"]).trim(), "v");
    bao.ok(&["write", "old/a/c", "k=w", "ttl=1h"]);
    assert_eq!(bao.json(&["read", "old/a/c"])["lease_duration"], 3600);
    assert_eq!(bao.json(&["list", "old/a/"]), json!(["b", "c"]));
    bao.ok(&["delete", "old/a/c"]);
    bao.fails(2, &["read", "old/a/c"]);
    bao.ok(&["kv", "enable-versioning", "old"]);
    assert_eq!(bao.ok(&["kv", "get", "-field=k", "old/a/b"]).trim(), "v");
    assert_eq!(
        bao.json(&["kv", "get", "old/a/b"])["data"]["metadata"]["version"],
        1
    );
}

#[test]
fn mounts() {
    let server = Durable::started();
    let bao = Bao::new(&server, server.token());
    bao.ok(&[
        "secrets",
        "enable",
        "-path=one",
        "-description=first",
        "kv-v2",
    ]);
    bao.fails(2, &["secrets", "enable", "-path=one", "kv"]);
    assert!(
        bao.fails(2, &["secrets", "enable", "-path=two", "zz"])
            .contains("plugin not found")
    );
    let listed = bao.json(&["secrets", "list", "-detailed"]);
    assert_eq!(listed["one/"]["description"], "first");
    assert_eq!(listed["one/"]["options"], json!({ "version": "2" }));
    assert_eq!(listed["one/"]["running_sha256"].as_str().unwrap().len(), 64);
    bao.ok(&[
        "secrets",
        "tune",
        "-description=second",
        "-default-lease-ttl=1h",
        "one",
    ]);
    let tuned = bao.json(&["read", "sys/mounts/one/tune"]);
    assert_eq!(tuned["data"]["default_lease_ttl"], 3600);
    bao.ok(&["kv", "put", "one/x", "k=v"]);
    bao.ok(&["secrets", "move", "one", "two"]);
    assert_eq!(bao.ok(&["kv", "get", "-field=k", "two/x"]).trim(), "v");
    bao.ok(&["secrets", "disable", "two"]);
    bao.ok(&["secrets", "disable", "two"]);
    bao.ok(&["secrets", "enable", "-path=two", "kv-v2"]);
    bao.fails(2, &["kv", "get", "two/x"]);
    bao.ok(&["auth", "list"]);
}

#[test]
fn policies_deny() {
    let server = Durable::started();
    let bao = Bao::new(&server, server.token());
    bao.ok(&["secrets", "enable", "-path=kv", "-version=1", "kv"]);
    let policy = r#"path "kv/mine/*" { capabilities = ["create", "read", "list"] }
                    path "kv/+/shared" { capabilities = ["read"] }"#;
    bao.ok_with(&["policy", "write", "mine", "-"], policy);
    assert!(bao.ok(&["policy", "list"]).contains("mine"));
    assert!(bao.ok(&["policy", "read", "mine"]).contains("kv/mine/*"));
    let token = bao.ok(&["token", "create", "-policy=mine", "-ttl=1h", "-field=token"]);
    let mine = Bao::new(&server, token.trim());
    mine.ok(&["write", "kv/mine/a", "k=v"]);
    // It may make what is not there, and not change what is.
    mine.fails(2, &["write", "kv/mine/a", "k=w"]);
    mine.ok(&["read", "kv/mine/a"]);
    mine.ok(&["list", "kv/mine"]);
    let denied = mine.fails(2, &["read", "kv/theirs"]);
    assert!(
        denied.contains("Code: 403") && denied.contains("permission denied"),
        "{denied}"
    );
    mine.fails(2, &["delete", "kv/mine/a"]);
    mine.fails(2, &["secrets", "list"]);
    bao.ok(&["write", "kv/any/shared", "k=v"]);
    mine.ok(&["read", "kv/any/shared"]);
    assert_eq!(
        mine.ok(&["token", "capabilities", "kv/mine/a"]).trim(),
        "create, list, read"
    );
    assert!(
        bao.fails(2, &["policy", "write", "bad", "/dev/null"])
            .contains("400")
    );
}

#[test]
fn tokens() {
    let server = Durable::started();
    let bao = Bao::new(&server, server.token());
    let made = bao.json(&[
        "token",
        "create",
        "-policy=default",
        "-ttl=1h",
        "-metadata=who=me",
    ]);
    let (token, accessor) = (
        made["auth"]["client_token"].as_str().unwrap(),
        made["auth"]["accessor"].as_str().unwrap(),
    );
    assert!(token.starts_with("hvs."));
    assert_eq!(
        bao.json(&["token", "lookup", token])["data"]["meta"],
        json!({ "who": "me" })
    );
    bao.ok(&["token", "lookup", "-accessor", accessor]);
    bao.ok(&["token", "renew", token]);
    bao.ok(&["token", "renew", "-accessor", accessor]);
    bao.ok(&["list", "auth/token/accessors"]);
    let own = Bao::new(&server, token);
    own.ok(&["token", "lookup"]);
    own.ok(&["token", "renew", "-increment=30m"]);
    own.ok(&["login", "-no-store", token]);
    own.ok(&["token", "revoke", "-self"]);
    own.fails(2, &["token", "lookup"]);
    let orphan = bao.json(&["token", "create", "-orphan", "-policy=default"]);
    let accessor = orphan["auth"]["accessor"].as_str().unwrap();
    bao.ok(&["token", "revoke", "-accessor", accessor]);
}

#[test]
fn audit_lines_tell_everything_and_betray_nothing() {
    let server = Durable::started();
    let bao = Bao::new(&server, server.token());
    let file = server.folder().join("audit.log");
    bao.ok(&[
        "audit",
        "enable",
        "file",
        &format!("file_path={}", file.display()),
    ]);
    assert!(bao.ok(&["audit", "list"]).contains("file/"));
    bao.ok(&["secrets", "enable", "-path=kv", "-version=2", "kv"]);
    bao.ok(&["kv", "put", "kv/app", "password=canary-4711"]);
    bao.ok(&["kv", "get", "kv/app"]);
    Bao::new(&server, "hvs.wrong").fails(2, &["read", "kv/data/app"]);

    let lines = fs::read_to_string(&file).unwrap();
    assert!(!lines.contains("canary-4711") && !lines.contains(server.token()));
    let records: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let of = |kind: &str, path: &str| {
        records
            .iter()
            .filter(|one| one["type"] == kind && one["request"]["path"] == path)
            .count()
    };
    for kind in ["request", "response"] {
        assert_eq!(of(kind, "kv/data/app"), 3, "{kind}");
        assert_eq!(of(kind, "sys/mounts/kv"), 1, "{kind}");
    }
    let denied = records
        .iter()
        .find(|one| one["error"] == "permission denied")
        .unwrap();
    assert_eq!(denied["request"]["operation"], "read");
    let put = records
        .iter()
        .find(|one| one["request"]["data"]["data"]["password"].is_string());
    let hash = put.unwrap()["request"]["data"]["data"]["password"]
        .as_str()
        .unwrap();
    let asked = server
        .client()
        .write("sys/audit-hash/file", &json!({ "input": "canary-4711" }));
    assert_eq!(asked.json()["data"]["hash"], hash);
}

#[test]
fn a_request_that_cannot_be_recorded_does_not_run() {
    let server = Durable::started();
    let client = server.client();
    let full = json!({ "type": "file", "options": { "file_path": "/dev/full" } });
    let refused = client.write("sys/audit/full", &full);
    assert_eq!(refused.status, 400, "{}", refused.body);
    let file = server.folder().join("audit.log");
    let device = json!({ "type": "file", "options": { "file_path": file } });
    assert_eq!(client.write("sys/audit/file", &device).status, 204);

    // The disk fills up: what is written from the next rotation on has no room.
    fs::rename(&file, server.folder().join("audit.log.1")).unwrap();
    std::os::unix::fs::symlink("/dev/full", &file).unwrap();
    server.signal("HUP");
    let deadline = Instant::now() + Duration::from_secs(30);
    while client.read("sys/mounts").status != 500 {
        assert!(
            Instant::now() < deadline,
            "requests pass unrecorded\n{}",
            server.log()
        );
    }
    let refused = client.write("sys/mounts/kv", &json!({ "type": "kv" }));
    assert_eq!(refused.status, 500);

    // There is room again.
    fs::remove_file(&file).unwrap();
    server.signal("HUP");
    while client.read("sys/mounts").status != 200 {
        assert!(Instant::now() < deadline, "{}", server.log());
    }
    assert!(client.read("sys/mounts").json()["data"]["kv/"].is_null());
}

#[test]
fn paths_tell_what_they_are_for() {
    let server = Durable::started();
    let bao = Bao::new(&server, server.token());
    bao.ok(&["secrets", "enable", "-path=kv", "-version=2", "kv"]);
    assert!(bao.ok(&["path-help", "kv"]).contains("data/{path..}"));
    assert!(bao.ok(&["path-help", "kv/data/app"]).contains("## READ"));
    assert!(
        bao.ok(&["path-help", "sys/policies/acl/x"])
            .contains("policy (text)")
    );
    bao.fails(2, &["path-help", "nowhere/x"]);
}

/// A server with three shares, two of them needed, and the shares.
fn server_of_three(more: &str) -> (Durable, Vec<String>) {
    let mut server = Durable::new(more);
    server.start();
    server.initialize(3, 2);
    server.unseal();
    let shares = server.shares().to_vec();
    (server, shares)
}

fn keys_of(answer: &Value) -> Vec<String> {
    let keys = answer["keys_base64"].as_array().unwrap();
    keys.iter()
        .map(|key| key.as_str().unwrap().to_owned())
        .collect()
}

/// Kills the server, starts it again and unseals it with these.
fn start_again_with(server: &mut Durable, bao: &Bao, shares: &[String]) {
    server.kill();
    server.start();
    for share in shares {
        bao.ok(&["operator", "unseal", share]);
    }
    bao.ok(&["status"]);
}

#[test]
fn other_unseal_keys() {
    let (mut server, old) = server_of_three("");
    let bao = Bao::new(&server, server.token());
    bao.ok(&["secrets", "enable", "-path=kv", "kv"]);
    bao.ok(&["kv", "put", "kv/a", "b=c"]);
    let begun = bao.json(&[
        "operator",
        "rekey",
        "-init",
        "-key-shares=5",
        "-key-threshold=3",
    ]);
    let nonce = format!("-nonce={}", begun["nonce"].as_str().unwrap());
    assert_eq!(
        bao.json(&["operator", "rekey", "-status"])["required"],
        2,
        "of the old ones"
    );
    bao.ok(&["operator", "rekey", &nonce, &old[0]]);
    let done = bao.json(&["operator", "rekey", &nonce, &old[1]]);
    let new = keys_of(&done);
    assert_eq!(new.len(), 5);
    start_again_with(&mut server, &bao, &new[1..4]);

    // With a verification, in the other family.
    let rotate = |more: &[&str]| {
        let arguments = [&["operator", "rotate-keys"], more].concat();
        bao.json(&arguments)
    };
    let begun = rotate(&["-init", "-verify", "-key-shares=1", "-key-threshold=1"]);
    let nonce = format!("-nonce={}", begun["nonce"].as_str().unwrap());
    rotate(&[&nonce, &new[0]]);
    rotate(&[&nonce, &new[1]]);
    let made = rotate(&[&nonce, &new[2]]);
    let nonce = format!("-nonce={}", made["verification_nonce"].as_str().unwrap());
    let last = keys_of(&made);
    rotate(&["-verify", "-status"]);
    rotate(&["-verify", &nonce, &last[0]]);
    start_again_with(&mut server, &bao, &last);
    assert_eq!(bao.ok(&["kv", "get", "-field=b", "kv/a"]).trim(), "c");

    rotate(&["-init", "-key-shares=1", "-key-threshold=1"]);
    bao.ok(&["operator", "rotate-keys", "-cancel"]);
    bao.ok(&["operator", "rekey", "-cancel"]);
}

#[test]
fn a_root_token_from_shares() {
    let (server, shares) = server_of_three("");
    let bao = Bao::new(&server, server.token());
    let password = bao.ok(&["operator", "generate-root", "-generate-otp"]);
    let password = format!("-otp={}", password.trim());
    let begun = bao.json(&["operator", "generate-root", "-init", &password]);
    let nonce = format!("-nonce={}", begun["nonce"].as_str().unwrap());
    bao.ok(&["operator", "generate-root", &nonce, &shares[0]]);
    let done = bao.json(&["operator", "generate-root", &nonce, &shares[2]]);
    let decode = format!("-decode={}", done["encoded_token"].as_str().unwrap());
    let token = bao.ok(&["operator", "generate-root", &decode, &password]);
    let root = Bao::new(&server, token.trim());
    let own = root.json(&["token", "lookup"]);
    assert_eq!(own["data"]["policies"], json!(["root"]));
    bao.json(&["operator", "generate-root", "-init", &password]);
    bao.ok(&["operator", "generate-root", "-cancel"]);
}

#[test]
fn other_encryption_keys() {
    let mut server = Durable::started();
    let bao = Bao::new(&server, server.token());
    bao.ok(&["secrets", "enable", "-path=kv", "kv"]);
    bao.ok(&["kv", "put", "kv/a", "b=c"]);
    assert_eq!(bao.json(&["operator", "rotate"])["term"], 2);
    bao.ok(&["write", "-f", "sys/rotate/root"]);
    bao.ok(&["write", "sys/rotate/config", "interval=24h"]);
    let members = bao.json(&["operator", "members"]);
    assert_eq!(members["Nodes"][0]["active_node"], true);
    bao.ok(&["operator", "step-down"]);
    let shares = server.shares().to_vec();
    start_again_with(&mut server, &bao, &shares);
    assert_eq!(bao.json(&["operator", "key-status"])["term"], 2);
    let policy = bao.json(&["read", "sys/rotate/config"]);
    assert_eq!(policy["data"]["interval"], "24h0m0s");
    assert_eq!(bao.ok(&["kv", "get", "-field=b", "kv/a"]).trim(), "c");
}

#[test]
fn without_a_token_where_a_listener_says_so() {
    let port = e2e::free_port();
    let more = format!(
        "listener \"tcp\" {{\n  address = \"127.0.0.1:{port}\"\n  tls_disable = true\n  \
         disable_unauthed_rekey_endpoints = false\n  \
         disable_unauthed_generate_root_endpoints = false\n}}\n"
    );
    let (server, _) = server_of_three(&more);
    let closed = e2e::Client::new(&server.url(), "");
    let open = e2e::Client::new(&format!("http://127.0.0.1:{port}"), "");
    for (path, body) in [
        (
            "sys/rekey/init",
            json!({ "secret_shares": 1, "secret_threshold": 1 }),
        ),
        ("sys/generate-root/attempt", json!({})),
    ] {
        assert_eq!(closed.write(path, &body).status, 403, "{path}");
        let begun = open.write(path, &body);
        assert_eq!(begun.status, 200, "{path} {}", begun.body);
        let nonce = json!({ "nonce": begun.json()["nonce"] }).to_string();
        let end = |body| open.send("DELETE", path, &[], body);
        assert_eq!(end(None).status, 400, "{path}");
        assert_eq!(end(Some(nonce.as_str())).status, 204, "{path}");
    }
    let rotate = json!({ "secret_shares": 1, "secret_threshold": 1 });
    assert_eq!(open.write("sys/rotate/root/init", &rotate).status, 403);
}
