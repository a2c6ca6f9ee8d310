//! Storage that fails at any call: the request fails, and nothing of it is kept.

use sdk::testing::TestMount;
use sdk::{Operation, Reply, Result, json};

/// A request, and what it is about.
type Case = (&'static str, fn(&TestMount) -> Result<Reply>);

/// Runs the case again and again, with the first storage call failing, then the second, until it
/// makes fewer calls than that.
fn fails_whole(prepare: &dyn Fn() -> TestMount, (what, request): Case) {
    for n in 1_u32.. {
        let kv = prepare();
        let before = kv.stored();
        kv.failing_storage_at(n);
        let outcome = request(&kv);
        if outcome.is_ok() {
            assert!(
                kv.storage_calls() < n,
                "{what} overlooks that call {n} failed"
            );
            assert!(n > 1, "{what} asks nothing of storage");
            return;
        }
        assert_eq!(kv.stored(), before, "{what}, call {n}");
    }
}

#[test]
fn version_1_does_nothing_by_halves() {
    let prepare = || {
        let kv = TestMount::new(kv::engine());
        kv.update("a/b", json!({"x": 1})).unwrap();
        kv
    };
    let cases: [Case; 6] = [
        ("read", |kv| kv.read("a/b")),
        ("write", |kv| kv.update("a/b", json!({"x": 2}))),
        ("write anew", |kv| kv.update("c", json!({"x": 2}))),
        ("delete", |kv| kv.delete("a/b")),
        ("list", |kv| kv.list("a")),
        ("scan", |kv| kv.scan("")),
    ];
    for case in cases {
        fails_whole(&prepare, case);
    }
}

const VERSION_2: [Case; 18] = [
    ("read", |kv| kv.read("data/a")),
    ("subkeys", |kv| kv.read("subkeys/a")),
    ("write", |kv| kv.update("data/a", json!({"data": {"x": 2}}))),
    ("write anew", |kv| {
        kv.update("data/new", json!({"data": {"x": 2}}))
    }),
    ("patch", |kv| kv.patch("data/a", json!({"data": {"x": 2}}))),
    ("delete", |kv| kv.delete("data/a")),
    ("delete versions", |kv| {
        kv.update("delete/a", json!({"versions": [1]}))
    }),
    ("undelete", |kv| {
        kv.update("undelete/gone", json!({"versions": [1]}))
    }),
    ("destroy", |kv| {
        kv.update("destroy/a", json!({"versions": [1]}))
    }),
    ("read metadata", |kv| kv.read("metadata/a")),
    ("write metadata", |kv| {
        kv.update("metadata/a", json!({"max_versions": 2}))
    }),
    ("patch metadata", |kv| {
        kv.patch("metadata/a", json!({"max_versions": 2}))
    }),
    ("erase", |kv| kv.delete("metadata/a")),
    ("list", |kv| kv.list("metadata")),
    ("scan", |kv| kv.scan("metadata")),
    ("details", |kv| kv.list("detailed-metadata")),
    ("read config", |kv| kv.read("config")),
    ("write config", |kv| {
        kv.update("config", json!({"max_versions": 2}))
    }),
];

#[test]
fn version_2_does_nothing_by_halves() {
    let prepare = || {
        let kv = TestMount::with_options(kv::engine(), &[("version", "2")]);
        kv.at_time(1000);
        kv.update("config", json!({"max_versions": 1})).unwrap();
        for path in ["data/a", "data/gone"] {
            kv.update(path, json!({"data": {"x": 1}})).unwrap();
        }
        kv.delete("data/gone").unwrap();
        kv
    };
    for case in VERSION_2 {
        fails_whole(&prepare, case);
    }
}

#[test]
fn an_upgrade_does_nothing_by_halves() {
    let prepare = || {
        let kv = TestMount::new(kv::engine());
        kv.at_time(1000);
        for path in ["a", "gone"] {
            kv.update(path, json!({"x": 1})).unwrap();
        }
        kv.with_option("version", "2").unwrap();
        kv.update("config", json!({"max_versions": 1})).unwrap();
        kv.delete("data/gone").unwrap();
        kv
    };
    for case in VERSION_2 {
        fails_whole(&prepare, case);
    }
}

#[test]
fn asking_whether_something_is_there_fails_when_storage_does() {
    let kv = TestMount::with_options(kv::engine(), &[("version", "2")]);
    for path in ["data/a", "metadata/a"] {
        kv.failing_storage_at(1);
        assert!(
            kv.exists(Operation::Update, path, json!({})).is_err(),
            "{path}"
        );
    }
}
