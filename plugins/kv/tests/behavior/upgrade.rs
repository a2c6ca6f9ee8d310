//! A mount that was of version 1 and becomes one of version 2, while people use it.

use sdk::testing::TestMount;
use sdk::{Json, Operation, Reply, Result, json, not_found};

fn upgraded() -> TestMount {
    let kv = TestMount::new(kv::engine());
    kv.at_time(5000);
    for path in ["a", "b/c", "b/d", "data/x", "config"] {
        kv.update(path, json!({"was": path, "ttl": "1h"})).unwrap();
    }
    kv.at_time(9000).with_option("version", "2").unwrap();
    kv
}

fn value(reply: Result<Reply>) -> Json {
    match reply {
        Ok(Reply::Data(data) | Reply::Missing(data)) => data.to_value(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_secret_is_its_own_first_version_at_once() {
    let kv = upgraded();
    let before = kv.stored();
    for path in ["a", "b/c", "data/x", "config"] {
        let answer = value(kv.read(&format!("data/{path}")));
        assert_eq!(answer["data"], json!({"was": path, "ttl": "1h"}));
        assert_eq!(answer["metadata"]["version"], json!(1));
        assert_eq!(answer["metadata"]["created_time"], "1970-01-01T00:00:05Z");
    }
    assert_eq!(value(kv.read("metadata/a"))["oldest_version"], json!(1));
    assert_eq!(
        value(kv.read("subkeys/a"))["subkeys"],
        json!({"ttl": null, "was": null})
    );
    assert_eq!(kv.stored(), before, "reading moves nothing");
}

#[test]
fn names_are_listed_wherever_they_lie() {
    let kv = upgraded();
    let keys = |reply: Result<Reply>| reply.unwrap().to_value()["keys"].clone();
    kv.update("data/b/c", json!({"data": {}})).unwrap();
    kv.update("data/b/new", json!({"data": {}})).unwrap();
    assert_eq!(
        keys(kv.list("metadata")),
        json!(["a", "b/", "config", "data/"])
    );
    assert_eq!(keys(kv.list("metadata/b")), json!(["c", "d", "new"]));
    let page = kv.call(
        Operation::List,
        "metadata/b/",
        json!({"after": "c", "limit": 1}),
    );
    assert_eq!(keys(page), json!(["d"]));
    assert_eq!(keys(kv.scan("metadata/b")), json!(["c", "d", "new"]));
}

#[test]
fn a_change_moves_the_secret() {
    let moves = |what: &str, change: &dyn Fn(&TestMount) -> Result<Reply>, first_stays: bool| {
        let kv = upgraded();
        change(&kv).unwrap();
        let stored = kv.stored();
        assert!(!stored.contains_key("plain/a"), "{what}");
        assert!(stored.contains_key("meta/a"), "{what}");
        assert_eq!(stored.contains_key("data/a/1"), first_stays, "{what}");
    };
    moves(
        "write",
        &|kv| kv.update("data/a", json!({"data": {}})),
        true,
    );
    moves(
        "patch",
        &|kv| kv.patch("data/a", json!({"data": {"x": 1}})),
        true,
    );
    moves("delete", &|kv| kv.delete("data/a"), true);
    moves(
        "metadata",
        &|kv| kv.update("metadata/a", json!({"max_versions": 1})),
        true,
    );
    moves(
        "destroy",
        &|kv| kv.update("destroy/a", json!({"versions": [1]})),
        false,
    );
    let prune = |kv: &TestMount| {
        kv.update("config", json!({"max_versions": 1}))?;
        kv.update("data/a", json!({"data": {}}))
    };
    moves("prune", &prune, false);
}

#[test]
fn what_is_removed_stays_removed() {
    let kv = upgraded();
    kv.delete("metadata/a").unwrap();
    assert_eq!(kv.read("data/a"), Err(not_found()));
    kv.update("data/a", json!({"data": {"new": true}})).unwrap();
    let answer = value(kv.read("data/a"));
    assert_eq!(answer["metadata"]["version"], json!(1));
    assert_eq!(answer["data"], json!({"new": true}));
}

#[test]
fn a_secret_that_moved_keeps_its_first_version() {
    let kv = upgraded();
    let stale = kv.update("data/a", json!({"data": {}, "options": {"cas": 0}}));
    assert!(stale.unwrap_err().message.contains("did not match"));
    kv.update("data/a", json!({"data": {"n": 2}, "options": {"cas": 1}}))
        .unwrap();
    let first = value(kv.call(Operation::Read, "data/a", json!({"version": 1})));
    assert_eq!(first["data"], json!({"was": "a", "ttl": "1h"}));
    assert_eq!(first["metadata"]["created_time"], "1970-01-01T00:00:05Z");
    assert_eq!(value(kv.read("data/a"))["data"], json!({"n": 2}));
}
