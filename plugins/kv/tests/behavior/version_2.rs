//! Version 2 from outside.

use core::time::Duration;
use sdk::testing::TestMount;
use sdk::{FailureKind, Json, Operation, Raw, Reply, Result, json, not_found};

fn mount() -> TestMount {
    let kv = TestMount::with_options(kv::engine(), &[("version", "2")]);
    kv.at_time(1_000_000);
    kv
}

fn exact(text: &str) -> Json {
    serde_json::from_str(text).unwrap()
}

fn value(reply: Result<Reply>) -> Json {
    match reply {
        Ok(Reply::Data(data)) => data.to_value(),
        other => panic!("{other:?}"),
    }
}

fn missing(reply: Result<Reply>) -> Json {
    match reply {
        Ok(Reply::Missing(data)) => data.to_value(),
        other => panic!("{other:?}"),
    }
}

fn refusal(reply: Result<Reply>) -> String {
    let failure = reply.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Invalid, "{failure}");
    failure.message
}

#[test]
fn a_secret_comes_back_as_it_was_written() {
    let kv = mount();
    let data = r#"{"a":12345678901234567890,"b":1.50,"c":{"d":[null,true,"<é>"]}}"#;
    kv.update("data/a", exact(&format!(r#"{{"data":{data}}}"#)))
        .unwrap();
    let Ok(Reply::Data(answer)) = kv.read("data/a") else {
        panic!("no data");
    };
    assert_eq!(
        answer.as_str(),
        format!(
            r#"{{"data":{data},"metadata":{{"created_time":"1970-01-01T00:16:40Z","custom_metadata":null,"deletion_time":"","destroyed":false,"version":1}}}}"#
        )
    );
}

#[test]
fn a_read_asks_storage_twice_and_a_write_four_times() {
    let kv = mount();
    kv.update("data/a", json!({"data": {"x": 1}})).unwrap();
    kv.read("data/a").unwrap();
    assert_eq!(kv.storage_calls(), 2);
    kv.update("data/a", json!({"data": {"x": 2}})).unwrap();
    assert_eq!(kv.storage_calls(), 4);
}

#[test]
fn versions_are_kept_and_named() {
    let kv = mount();
    for n in 1..=3 {
        kv.after(Duration::from_secs(1));
        let answer = value(kv.update("data/a", json!({"data": {"n": n}})));
        assert_eq!(answer["version"], json!(n));
    }
    let read = |version: Json| {
        let query = json!({ "version": version });
        kv.call(Operation::Read, "data/a", query)
    };
    assert_eq!(value(read(json!("2")))["data"], json!({"n": 2}));
    assert_eq!(value(read(json!(0)))["data"], json!({"n": 3}));
    assert_eq!(value(read(json!(-7)))["data"], json!({"n": 3}));
    assert_eq!(read(json!(4)), Err(not_found()));
    assert!(refusal(read(json!("x"))).contains("\"version\""));
    assert_eq!(
        value(kv.read("metadata/a")),
        json!({
            "cas_required": false, "created_time": "1970-01-01T00:16:41Z",
            "current_metadata_version": 0, "current_version": 3, "custom_metadata": null,
            "delete_version_after": "0s", "max_versions": 0, "metadata_cas_required": false,
            "oldest_version": 0, "updated_time": "1970-01-01T00:16:43Z",
            "versions": {
                "1": {"created_time": "1970-01-01T00:16:41Z", "deletion_time": "", "destroyed": false},
                "2": {"created_time": "1970-01-01T00:16:42Z", "deletion_time": "", "destroyed": false},
                "3": {"created_time": "1970-01-01T00:16:43Z", "deletion_time": "", "destroyed": false},
            },
        })
    );
}

#[test]
fn data_may_be_null_but_not_left_out() {
    let kv = mount();
    assert_eq!(refusal(kv.update("data/a", json!({}))), "no data provided");
    assert_eq!(refusal(kv.patch("data/a", json!({}))), "no data provided");
    assert!(refusal(kv.update("data/a", json!({"data": "x"}))).contains("\"data\""));
    kv.update("data/a", json!({"data": null})).unwrap();
    assert_eq!(value(kv.read("data/a"))["data"], Json::Null);
    assert_eq!(value(kv.read("subkeys/a"))["subkeys"], Json::Null);
    kv.patch("data/a", json!({"data": {"x": 1}})).unwrap();
    assert_eq!(value(kv.read("data/a"))["data"], json!({"x": 1}));
}

#[test]
fn check_and_set_lets_the_right_writer_through() {
    let kv = mount();
    let write = |cas: i64| kv.update("data/a", json!({"data": {}, "options": {"cas": cas}}));
    assert!(refusal(write(1)).contains("did not match"));
    write(0).unwrap();
    assert!(refusal(write(0)).contains("did not match"));
    write(1).unwrap();
    kv.update("metadata/a", json!({"cas_required": true}))
        .unwrap();
    assert!(refusal(kv.update("data/a", json!({"data": {}}))).contains("required"));
    assert!(refusal(kv.patch("data/a", json!({"data": {}}))).contains("required"));
    kv.update("metadata/a", json!({"cas_required": false}))
        .unwrap();
    kv.update("config", json!({"cas_required": true})).unwrap();
    assert!(refusal(kv.update("data/a", json!({"data": {}}))).contains("required"));
    let reply = kv.update("metadata/a", json!({"cas_required": false}));
    assert_eq!(reply, Ok(Reply::Data(Raw::null())));
    assert!(kv.warnings()[0].contains("mandated by backend config"));
}

#[test]
fn a_patch_merges_into_the_newest_version() {
    let kv = mount();
    assert_eq!(
        kv.patch("data/a", json!({"data": {"x": 1}})),
        Err(not_found())
    );
    kv.update("data/a", exact(r#"{"data":{"a":1.50,"b":{"c":2,"d":3}}}"#))
        .unwrap();
    kv.patch("data/a", json!({"data": {"b": {"c": null, "e": 4}}}))
        .unwrap();
    assert_eq!(
        value(kv.read("data/a"))["data"],
        exact(r#"{"a":1.50,"b":{"d":3,"e":4}}"#)
    );
    kv.delete("data/a").unwrap();
    let answer = missing(kv.patch("data/a", json!({"data": {"x": 1}})));
    assert_eq!(answer["version"], json!(2));
}

#[test]
fn deleted_and_destroyed_versions_say_so() {
    let kv = mount();
    for _ in 0..2 {
        kv.update("data/a", json!({"data": {"x": 1}})).unwrap();
    }
    kv.delete("data/a").unwrap();
    let answer = missing(kv.read("data/a"));
    assert_eq!(answer["data"], Json::Null);
    assert_eq!(answer["metadata"]["deletion_time"], "1970-01-01T00:16:40Z");
    assert_eq!(missing(kv.read("subkeys/a"))["subkeys"], Json::Null);
    kv.update("undelete/a", json!({"versions": "1,2"})).unwrap();
    assert_eq!(value(kv.read("data/a"))["data"], json!({"x": 1}));
    kv.update("destroy/a", json!({"versions": [2, 9]})).unwrap();
    assert_eq!(
        missing(kv.read("data/a"))["metadata"]["destroyed"],
        json!(true)
    );
    assert!(!kv.stored().contains_key("data/a/2"));
    kv.update("delete/a", json!({"versions": [1]})).unwrap();
    let first = kv.call(Operation::Read, "data/a", json!({"version": 1}));
    assert_eq!(missing(first)["metadata"]["version"], json!(1));
    for path in ["delete/a", "undelete/a", "destroy/a"] {
        for body in [
            json!({}),
            json!({"versions": []}),
            json!({"versions": null}),
        ] {
            assert!(refusal(kv.update(path, body)).ends_with("o version number provided"));
        }
    }
    kv.delete("metadata/a").unwrap();
    assert_eq!(kv.stored().len(), 0);
}

#[test]
fn what_changes_nothing_writes_nothing() {
    let kv = mount();
    kv.update("data/a", json!({"data": {"x": 1}})).unwrap();
    kv.delete("data/a").unwrap();
    let before = kv.stored();
    kv.after(Duration::from_secs(5));
    kv.delete("data/a").unwrap();
    kv.update("delete/a", json!({"versions": [1, 2]})).unwrap();
    kv.update("destroy/a", json!({"versions": [2]})).unwrap();
    kv.update("metadata/a", json!({"metadata_cas": 9})).unwrap();
    kv.update("metadata/new", json!({})).unwrap();
    kv.update("config", json!({})).unwrap();
    kv.delete("data/none").unwrap();
    assert_eq!(kv.stored(), before);
}

#[test]
fn versions_end_when_their_time_comes() {
    let kv = mount();
    kv.update("config", json!({"delete_version_after": "1m"}))
        .unwrap();
    let answer = value(kv.update("data/a", json!({"data": {"x": 1}})));
    assert_eq!(answer["deletion_time"], "1970-01-01T00:17:40Z");
    kv.after(Duration::from_millis(59_999));
    value(kv.read("data/a"));
    kv.after(Duration::from_millis(1));
    missing(kv.read("data/a"));
    kv.update("undelete/a", json!({"versions": [1]})).unwrap();
    let answer = value(kv.read("data/a"));
    assert_eq!(answer["metadata"]["deletion_time"], "1970-01-01T00:18:40Z");
    kv.update("config", json!({"delete_version_after": "-9h"}))
        .unwrap();
    assert_eq!(value(kv.read("config"))["delete_version_after"], "-1s");
}

#[test]
fn subkeys_are_names_without_values() {
    let kv = mount();
    let secret = json!({"data": {"a": "secret", "b": {"c": {"d": "secret"}}}});
    kv.update("data/a", secret).unwrap();
    let read = |depth| kv.call(Operation::Read, "subkeys/a", json!({ "depth": depth }));
    assert_eq!(
        value(read(0))["subkeys"],
        json!({"a": null, "b": {"c": {"d": null}}})
    );
    assert_eq!(
        value(read(2))["subkeys"],
        json!({"a": null, "b": {"c": null}})
    );
    assert_eq!(value(read(-1))["subkeys"], json!({"a": null, "b": null}));
}

#[test]
fn metadata_is_written_and_patched() {
    let kv = mount();
    kv.update(
        "metadata/a",
        json!({"custom_metadata": {"a": 1, "b": "2"}, "max_versions": 3}),
    )
    .unwrap();
    let custom = || value(kv.read("metadata/a"))["custom_metadata"].clone();
    assert_eq!(custom(), json!({"a": "1", "b": "2"}));
    kv.patch(
        "metadata/a",
        json!({"custom_metadata": {"a": null, "c": true}}),
    )
    .unwrap();
    assert_eq!(custom(), json!({"b": "2", "c": "1"}));
    assert_eq!(value(kv.read("metadata/a"))["max_versions"], json!(3));
    kv.patch(
        "metadata/a",
        json!({"custom_metadata": null, "max_versions": null}),
    )
    .unwrap();
    assert_eq!(custom(), Json::Null);
    assert_eq!(value(kv.read("metadata/a"))["max_versions"], json!(0));
    assert_eq!(
        value(kv.read("metadata/a"))["current_metadata_version"],
        json!(3)
    );
    assert_eq!(
        kv.patch("metadata/none", json!({"max_versions": 1})),
        Err(not_found())
    );
    assert_eq!(kv.patch("metadata/none", json!({})), Ok(Reply::Empty));
    for body in [
        json!({"max_versions": -1}),
        json!({"max_versions": 4_294_967_296_u64}),
        json!({"delete_version_after": "-1s"}),
        json!({"delete_version_after": "100000000h"}),
        json!({"delete_version_after": 99_999_999_999_u64}),
        json!({"custom_metadata": {"": "x"}}),
    ] {
        refusal(kv.update("metadata/a", body.clone()));
        refusal(kv.patch("metadata/a", body));
    }
}

#[test]
fn metadata_can_be_checked_and_set() {
    let kv = mount();
    let write = |cas: Json| {
        kv.update(
            "metadata/a",
            json!({"max_versions": 1, "metadata_cas": cas}),
        )
    };
    assert!(refusal(write(json!(1))).contains("must be 0"));
    write(json!(0)).unwrap();
    assert!(refusal(write(json!(0))).contains("does not match"));
    kv.update("config", json!({"metadata_cas_required": true}))
        .unwrap();
    assert!(refusal(kv.update("metadata/a", json!({"max_versions": 1}))).contains("required"));
    write(json!(1)).unwrap();
}

#[test]
fn names_are_listed_page_by_page() {
    let kv = mount();
    let keys = |reply: Result<Reply>| reply.unwrap().to_value()["keys"].clone();
    for path in ["l/a", "l/b", "l/b/c", "l/b-x", "l/c", "m"] {
        kv.update(&format!("data/{path}"), json!({"data": {}}))
            .unwrap();
    }
    assert_eq!(keys(kv.list("metadata")), json!(["l/", "m"]));
    assert_eq!(
        keys(kv.list("metadata/l")),
        json!(["a", "b", "b-x", "b/", "c"])
    );
    let page = |after: &str, limit: i64| {
        let query = json!({"after": after, "limit": limit});
        keys(kv.call(Operation::List, "metadata/l/", query))
    };
    assert_eq!(page("b", 2), json!(["b-x", "b/"]));
    assert_eq!(page("b/", 0), json!(["c"]));
    assert_eq!(page("", -1), json!(["a", "b", "b-x", "b/", "c"]));
    assert_eq!(
        keys(kv.scan("metadata")),
        json!(["m", "l/a", "l/b", "l/b-x", "l/c", "l/b/c"])
    );
    assert_eq!(
        kv.list("data/l").unwrap_err().kind,
        FailureKind::Unsupported
    );
    let details = kv.list("detailed-metadata/l").unwrap().to_value();
    assert_eq!(details["key_info"]["b"]["current_version"], json!(1));
    assert_eq!(details["key_info"]["b/"], json!({}));
    assert_eq!(kv.list("detailed-metadata/none"), Err(not_found()));
}

#[test]
fn paths_of_version_1_are_answered_with_advice() {
    let kv = mount();
    assert_eq!(kv.read("team/db"), Ok(Reply::Missing(Raw::null())));
    assert!(kv.warnings()[0].contains("use 'bao kv get'"));
    assert_eq!(
        kv.update("team/db", json!({"x": 1})),
        Ok(Reply::Missing(Raw::null()))
    );
    assert!(kv.warnings()[0].contains("use 'bao kv put'"));
    assert_eq!(kv.read("data"), Ok(Reply::Missing(Raw::null())));
    assert!(kv.warnings()[0].contains("root of a K/V v2 mount"));
    for path in ["delete/a", "undelete/a", "destroy/a", "detailed-metadata/a"] {
        assert_eq!(
            kv.read(path).unwrap_err().kind,
            FailureKind::Unsupported,
            "{path}"
        );
    }
    assert_eq!(kv.stored().len(), 0);
}

#[test]
fn policies_can_tell_create_from_update() {
    let kv = mount();
    let exists = |path| kv.exists(Operation::Update, path, json!({})).unwrap();
    for path in ["data/a", "metadata/a"] {
        assert_eq!(exists(path), Some(false));
    }
    kv.update("metadata/a", json!({"max_versions": 1})).unwrap();
    for path in ["data/a", "metadata/a"] {
        assert_eq!(exists(path), Some(true));
    }
    for path in ["config", "delete/a", "undelete/a", "destroy/a"] {
        assert_eq!(exists(path), None, "{path}");
    }
}
