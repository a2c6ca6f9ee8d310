//! What audit devices are given, and what happens where they take nothing.

use crate::house::{House, request};
use base::Operation;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};

fn lines(file: &Path) -> Vec<Value> {
    let text = fs::read_to_string(file).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    lines.collect()
}

async fn enable(house: &House, name: &str, kind: &str, options: Value) -> Result<Value, String> {
    let device = json!({ "type": kind, "options": options });
    let done = house.write(&format!("sys/audit/{name}"), device).await;
    done.map_err(|refusal| refusal.message)
}

/// A house whose requests are recorded in a file.
async fn recorded() -> (tempfile::TempDir, PathBuf, House) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("log");
    let house = House::open().await;
    enable(&house, "a", "file", json!({ "file_path": file }))
        .await
        .unwrap();
    (folder, file, house)
}

#[tokio::test]
async fn a_request_that_policies_refuse_says_so() {
    let (_folder, file, house) = recorded().await;
    let token = house.token_with(&["default"]).await;
    let refused = house
        .ask_as(&token, Operation::Read, "sys/mounts", json!({}))
        .await;
    assert!(refused.is_err());
    let lines = lines(&file);
    let [request, response] = &lines[lines.len() - 2..] else {
        panic!("two lines")
    };
    for line in [request, response] {
        assert_eq!(line["auth"]["policy_results"], json!({ "allowed": false }));
        assert_eq!(line["auth"]["policies"], json!(["default"]));
        assert_eq!(
            line["error"],
            "1 error occurred:\n\t* permission denied\n\n"
        );
    }
    assert_eq!(
        (&request["type"], &response["type"]),
        (&json!("request"), &json!("response"))
    );
}

#[tokio::test]
async fn a_mount_is_tuned_to_show_members_of_requests_or_of_answers() {
    let (_folder, file, house) = recorded().await;
    for (asked, answered) in [(false, false), (true, false), (false, true)] {
        let keys = |shown: bool| match shown {
            true => json!(["path_suffix"]),
            false => json!([]),
        };
        let tuned = json!({
            "audit_non_hmac_request_keys": keys(asked),
            "audit_non_hmac_response_keys": keys(answered),
        });
        house
            .write("sys/mounts/auth/token/tune", tuned)
            .await
            .unwrap();
        let role = json!({ "path_suffix": "clear" });
        house.write("auth/token/roles/r", role).await.unwrap();
        house.read("auth/token/roles/r").await.unwrap();
        let lines = lines(&file);
        let [.., written, _, _, read] = lines.as_slice() else {
            panic!("lines of two requests")
        };
        let shown = |member: &Value| member["data"]["path_suffix"] == "clear";
        assert!(written["request"]["data"]["path_suffix"].is_string());
        assert_eq!(shown(&written["request"]), asked);
        assert!(read["response"]["data"]["path_suffix"].is_string());
        assert_eq!(shown(&read["response"]), answered);
    }
}

#[tokio::test]
async fn headers_are_recorded_as_they_were_asked_for() {
    let (_folder, file, house) = recorded().await;
    let at = |name: &str| format!("sys/config/auditing/request-headers/{name}");
    house.write(&at("X-Clear"), json!({})).await.unwrap();
    house
        .write(&at("X-Hashed"), json!({ "hmac": true }))
        .await
        .unwrap();
    let all = house
        .read("sys/config/auditing/request-headers")
        .await
        .unwrap();
    assert_eq!(
        all,
        json!({ "headers": { "x-clear": { "hmac": false }, "x-hashed": { "hmac": true } } })
    );
    let one = house.read(&at("X-CLEAR")).await.unwrap();
    assert_eq!(one, json!({ "X-CLEAR": { "hmac": false } }));

    let ask = async |house: &House| {
        let data = serde_json::Map::new();
        let mut request = request(&house.token, Operation::Read, "sys/mounts", data);
        request.headers = ["x-clear", "x-hashed", "x-other"]
            .map(|name| (name.to_owned(), String::from("value")))
            .into();
        house.node.handle(request).await.outcome.unwrap();
    };
    ask(&house).await;
    let hash = house
        .write("sys/audit-hash/a", json!({ "input": "value" }))
        .await
        .unwrap();
    let recorded = |lines: &[Value]| {
        let of_mounts = |line: &&Value| line["request"]["path"] == "sys/mounts";
        lines.iter().rfind(of_mounts).unwrap()["request"]["headers"].clone()
    };
    assert_eq!(
        recorded(&lines(&file)),
        json!({ "x-clear": ["value"], "x-hashed": [hash["hash"]] })
    );

    house
        .ask(Operation::Delete, &at("x-HASHED"), json!({}))
        .await
        .unwrap();
    ask(&house).await;
    assert_eq!(recorded(&lines(&file)), json!({ "x-clear": ["value"] }));
    let gone = house.read(&at("x-hashed")).await.unwrap_err();
    assert_eq!(gone.message, "Could not find header in config");
}

#[tokio::test]
async fn sockets_and_the_systems_log_get_lines() {
    let folder = tempfile::tempdir().unwrap();
    let [socket, log] = ["socket", "log"].map(|name| folder.path().join(name));
    let house = House::open().await;
    let options = json!({ "address": socket, "socket_type": "unixgram", "write_timeout": "1s" });
    let refused = enable(&house, "s", "socket", options).await.unwrap_err();
    assert!(
        refused.starts_with("audit backend failed test message"),
        "{refused}"
    );

    let receivers = [&socket, &log].map(|path| UnixDatagram::bind(path).unwrap());
    let options = json!({ "address": socket, "socket_type": "unixgram" });
    enable(&house, "s", "socket", options).await.unwrap();
    let options = json!({ "socket_path": log, "facility": "LOCAL0", "tag": "here" });
    enable(&house, "l", "syslog", options).await.unwrap();
    house.read("sys/mounts").await.unwrap();
    let hash = async |device: &str| {
        let path = format!("sys/audit-hash/{device}");
        let hashed = house.write(&path, json!({ "input": house.token })).await;
        hashed.unwrap()["hash"].as_str().unwrap().to_owned()
    };
    let (hashed, other) = (hash("s").await, hash("l").await);
    assert_ne!(hashed, other);
    let id = std::process::id();
    let begins = [
        "{\"time\":".to_owned(),
        format!("<134>Nov 14 22:13:20 here[{id}]: {{\"time\":"),
    ];
    for ((receiver, begin), hash) in receivers.iter().zip(&begins).zip([hashed, other]) {
        receiver.set_nonblocking(true).unwrap();
        let mut buffer = vec![0; 1 << 16];
        let mut found = Vec::new();
        while let Ok(length) = receiver.recv(&mut buffer) {
            found.push(String::from_utf8(buffer[..length].to_vec()).unwrap());
        }
        let mounts = found
            .iter()
            .filter(|line| line.contains("\"path\":\"sys/mounts\""));
        let mounts: Vec<&String> = mounts.collect();
        assert_eq!(mounts.len(), 2, "{found:#?}");
        for line in mounts {
            assert!(line.starts_with(begin) && line.ends_with('\n'), "{line}");
            assert!(line.contains(&hash), "{line}");
        }
    }
}

#[tokio::test]
async fn what_cannot_be_a_device_is_refused() {
    let house = House::open().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("log");
    let refused =
        async |kind: &str, options: Value| enable(&house, "x", kind, options).await.unwrap_err();
    assert_eq!(
        refused("zz", json!({})).await,
        "unknown backend type: \"zz\""
    );
    assert_eq!(refused("socket", json!({})).await, "address is required");
    assert_eq!(refused("file", json!({})).await, "file_path is required");
    let given = json!({ "file_path": file, "filter": "mount_kind == kv" });
    let text = refused("file", given).await;
    assert!(text.starts_with("filter expected mount_point"), "{text}");
    let fallback = json!({ "file_path": file, "fallback": true });
    enable(&house, "first", "file", fallback.clone())
        .await
        .unwrap();
    assert_eq!(
        refused("file", fallback).await,
        "there is a fallback device already: \"first/\""
    );
    let empty = house.write("sys/audit-hash/first", json!({})).await;
    assert_eq!(
        empty.unwrap_err().message,
        "the \"input\" parameter is empty"
    );
}

#[tokio::test]
async fn a_filtered_device_is_filtered_after_a_restart_too() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("log");
    let (house, share) = House::open_with_share().await;
    let options = json!({ "file_path": file, "filter": "path == sys/policy" });
    enable(&house, "a", "file", options).await.unwrap();
    house.write("sys/seal", json!({})).await.unwrap();
    house.submit(&share).await.unwrap();
    house.read("sys/mounts").await.unwrap();
    house.read("sys/policy").await.unwrap();
    let paths: Vec<Value> = lines(&file)
        .iter()
        .map(|line| line["request"]["path"].clone())
        .collect();
    assert_eq!(paths, ["sys/audit/test", "sys/policy", "sys/policy"]);
}

/// Fails closed: the one device is a socket that nobody listens at any more.
#[tokio::test]
async fn a_dead_socket_alone_stops_requests_and_beside_a_file_it_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let [socket, file] = ["socket", "log"].map(|name| folder.path().join(name));
    let receiver = UnixDatagram::bind(&socket).unwrap();
    let house = House::open().await;
    let options = json!({ "address": socket, "socket_type": "unixgram" });
    enable(&house, "s", "socket", options).await.unwrap();
    house.read("sys/mounts").await.unwrap();
    drop(receiver);
    fs::remove_file(&socket).unwrap();
    let refused = house.read("sys/mounts").await.unwrap_err();
    assert_eq!(refused.kind, base::RefusalKind::Internal);

    let _receiver = UnixDatagram::bind(&socket).unwrap();
    let house = House::open().await;
    let options = json!({ "address": socket, "socket_type": "unixgram" });
    enable(&house, "s", "socket", options).await.unwrap();
    enable(&house, "f", "file", json!({ "file_path": file }))
        .await
        .unwrap();
    fs::remove_file(&socket).unwrap();
    drop(_receiver);
    house.read("sys/policy").await.unwrap();
    assert_eq!(
        lines(&file).last().unwrap()["request"]["path"],
        "sys/policy"
    );
}
