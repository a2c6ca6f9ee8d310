//! `debug`: what is in a bundle, and what it says of what is not.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use e2e::{Server, binary};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

fn debug(server: &Server, token: &str, arguments: &[&str]) -> Output {
    Command::new(binary("casemate"))
        .env_clear()
        .env("HOME", server.folder())
        .env("VAULT_ADDR", format!("http://{}", server.address()))
        .env("VAULT_TOKEN", token)
        .arg("debug")
        .args(arguments)
        .output()
        .unwrap()
}

/// The files of a packed bundle, by their names below its folder.
fn unpacked(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let file = std::fs::File::open(path).unwrap();
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(file));
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().to_string_lossy().into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        let (_, name) = name.split_once('/').unwrap();
        (name.to_owned(), bytes)
    });
    entries.collect()
}

fn json_of(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

#[test]
fn a_bundle_has_what_the_server_shows() {
    let server = Server::start_casemate();
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("bundle");
    let path = output.to_str().unwrap();
    let arguments = ["-duration=1s", "-interval=1s", "-output", path];
    let ran = debug(&server, "root", &arguments);
    assert!(ran.status.success(), "{ran:?}");
    let packed = folder.path().join("bundle.tar.gz");
    let mode = std::fs::metadata(&packed).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let files = unpacked(&packed);
    let index = json_of(&files["index.json"]);
    // A server that replicates nothing may have no status of it.
    let errors = index["errors"].as_array().unwrap();
    let is_other = |error: &&Value| error["target"] != "replication-status";
    assert_eq!(errors.iter().find(is_other), None);
    assert_eq!(index["targets"].as_array().unwrap().len(), 8);
    for (file, count, pointer) in [
        ("config.json", 1, "/0/seen/storage/type"),
        ("host_info.json", 2, "/1/seen/memory"),
        ("metrics.json", 2, "/0/seen/Gauges/0/Name"),
        ("requests.json", 2, "/1/seen"),
        ("server_status.json", 2, "/0/seen/initialized"),
    ] {
        let looks = json_of(&files[file]);
        assert_eq!(looks.as_array().unwrap().len(), count, "{file} {looks}");
        assert!(looks.pointer(pointer).is_some(), "{file} {looks}");
    }
    let count = |name: &str| files.keys().filter(|file| file.ends_with(name)).count();
    assert_eq!(count("/heap.txt"), 2, "{:?}", files.keys());
    assert_eq!(count("/goroutine.txt"), 2);
    assert_eq!(count("/profile.prof"), 1);
    let listed = index["files"].as_array().unwrap().len();
    assert_eq!(listed + 1, files.len());
    // It is there now, and is not overwritten.
    let again = debug(&server, "root", &arguments);
    assert_eq!(again.status.code(), Some(1), "{again:?}");
    assert!(String::from_utf8_lossy(&again.stderr).contains("output path already exists"));
}

#[test]
fn what_is_refused_is_noted() {
    let server = Server::start_casemate();
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("bundle");
    let path = output.to_str().unwrap();
    let arguments = [
        "-duration=0s",
        "-target=host",
        "-target=server-status",
        "-compress=false",
        "-output",
        path,
    ];
    let ran = debug(&server, "nobody", &arguments);
    assert!(ran.status.success(), "{ran:?}");
    let read = |name: &str| std::fs::read(output.join(name)).unwrap();
    let index = json_of(&read("index.json"));
    assert_eq!(index["files"], json!(["server_status.json"]));
    assert_eq!(index["errors"][0]["target"], "host");
    let error = index["errors"][0]["error"].as_str().unwrap();
    assert!(error.contains("permission denied"), "{error}");
    assert!(!output.join("host_info.json").exists());
}

#[test]
fn what_cannot_be_asked_for() {
    let server = Server::start_casemate();
    for (argument, told) in [
        ("-target=nothing", "nothing is an unknown target"),
        ("-interval=0s", "-interval must be at least a second"),
        ("-duration=x", "invalid value \"x\" for flag -duration"),
        ("-duration=100000h", "more than 10000 intervals"),
    ] {
        let ran = debug(&server, "root", &[argument]);
        assert_eq!(ran.status.code(), Some(1), "{argument} {ran:?}");
        let errors = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert!(errors.contains(told), "{errors}");
    }
}
