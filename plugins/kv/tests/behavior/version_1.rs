//! Version 1 from outside.

use core::time::Duration;
use sdk::testing::TestMount;
use sdk::{FailureKind, Json, Operation, Raw, Reply, Result, json, not_found};

fn mount() -> TestMount {
    TestMount::new(kv::engine())
}

fn exact(text: &str) -> Json {
    serde_json::from_str(text).unwrap()
}

fn data(reply: Result<Reply>) -> (Raw, u64) {
    match reply {
        Ok(Reply::Perishable(data, ttl)) => (data, ttl.as_secs()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_secret_comes_back_as_it_was_written() {
    let kv = mount();
    let text = r#"{"a":12345678901234567890,"b":1.50,"c":{"d":[null,true,"<é>"]},"path":"x"}"#;
    assert_eq!(kv.update("team/db", exact(text)), Ok(Reply::Empty));
    assert_eq!(data(kv.read("team/db")).0.as_str(), text);
    assert_eq!(kv.warnings(), [""; 0]);
    assert_eq!(kv.delete("team/db"), Ok(Reply::Empty));
    assert_eq!(kv.read("team/db"), Err(not_found()));
    assert_eq!(kv.stored().len(), 0);
}

#[test]
fn a_read_asks_storage_once() {
    let kv = mount();
    kv.update("a", json!({"x": "y"})).unwrap();
    kv.read("a").unwrap();
    assert_eq!(kv.storage_calls(), 1);
}

#[test]
fn nothing_is_no_secret() {
    let kv = mount();
    let failure = kv.update("a", json!({})).unwrap_err();
    assert_eq!(failure.message, "missing data fields");
    let failure = kv.patch("a", json!({"x": "y"})).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unsupported);
    for path in ["", "a/", "a/b"] {
        assert_eq!(kv.read(path), Err(not_found()), "{path}");
        assert_eq!(kv.delete(path), Ok(Reply::Empty), "{path}");
    }
    let long = "x".repeat(4001);
    let failure = kv.update(&long, json!({"x": "y"})).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Invalid);
    assert_eq!(kv.read(&long), Err(not_found()));
}

#[test]
fn paths_of_version_2_are_paths_like_others() {
    let kv = mount();
    for path in [
        "data/x",
        "metadata/x",
        "config",
        "delete/x",
        "data",
        "subkeys/x",
    ] {
        let secret = json!({"data": "y", "versions": "x", "max_versions": "x"});
        kv.update(path, secret.clone()).unwrap();
        assert_eq!(data(kv.read(path)).0.to_value(), secret, "{path}");
        assert_eq!(kv.warnings(), [""; 0], "{path}");
    }
}

#[test]
fn ttl_is_advice() {
    let kv = mount();
    kv.with_ttl(Duration::from_secs(777), Duration::from_secs(888));
    for (ttl, seconds) in [
        (r#""30""#, 30),
        ("30", 30),
        (r#""1h30m""#, 5400),
        (r#""1.5h""#, 5400),
        (r#""2d""#, 172_800),
        (r#""100000h""#, 360_000_000),
        ("0", 0),
        ("null", 0),
        (r#""""#, 0),
        ("-5", 777),
        (r#""-5s""#, 777),
        ("1.5", 777),
        ("30.0", 777),
        ("1e2", 777),
        ("true", 777),
        ("[]", 777),
        (r#""x""#, 777),
        (r#"" 30 ""#, 777),
        ("99999999999", 777),
        ("99999999999999999999999", 777),
    ] {
        kv.update("a", exact(&format!(r#"{{"ttl":{ttl}}}"#)))
            .unwrap();
        assert_eq!(data(kv.read("a")).1, seconds, "{ttl}");
    }
    kv.update("a", json!({"lease": "30"})).unwrap();
    assert_eq!(data(kv.read("a")).1, 30);
    kv.update("a", json!({"lease": "30", "ttl": "bad"}))
        .unwrap();
    assert_eq!(data(kv.read("a")).1, 777);
    kv.update("a", json!({"x": 1})).unwrap();
    assert_eq!(data(kv.read("a")).1, 777);
}

#[test]
fn names_are_listed_by_folder_and_scanned_below() {
    let kv = mount();
    let keys = |reply: Result<Reply>| reply.unwrap().to_value()["keys"].clone();
    assert_eq!(kv.list(""), Err(not_found()));
    assert_eq!(kv.scan(""), Ok(Reply::data(&json!({})).unwrap()));
    for path in ["a", "b/c/d", "b/e", "f", "f/g", "Z", "h/i", "h/j/k"] {
        kv.update(path, json!({"x": 1})).unwrap();
    }
    assert_eq!(keys(kv.list("")), json!(["Z", "a", "b/", "f", "f/", "h/"]));
    assert_eq!(keys(kv.list("b")), json!(["c/", "e"]));
    assert_eq!(keys(kv.list("b/")), json!(["c/", "e"]));
    assert_eq!(kv.list("b/e"), Err(not_found()));
    assert_eq!(
        keys(kv.scan("")),
        json!(["Z", "a", "f", "h/i", "h/j/k", "f/g", "b/e", "b/c/d"])
    );
    assert_eq!(keys(kv.scan("b")), json!(["e", "c/d"]));
    assert_eq!(kv.scan("none"), Ok(Reply::data(&json!({})).unwrap()));
}

#[test]
fn policies_can_tell_create_from_update() {
    let kv = mount();
    let exists = |path| kv.exists(Operation::Update, path, json!({"x": 1})).unwrap();
    assert_eq!(exists("a"), Some(false));
    kv.update("a", json!({"x": 1})).unwrap();
    assert_eq!(exists("a"), Some(true));
}
