//! A component that misbehaves, as a client sees it: a status and a text over HTTP, the reason in the
//! log, and the mount beside it served all the while.

use crate::house::House;
use crate::journal::Journal;
use crate::street::Street;
use core::sync::atomic::{AtomicUsize, Ordering};
use serde_json::{Value, json};

/// What the component tries to leave behind.
const LEFT: [&str; 7] = [
    "data/half",
    "data/flood/0",
    "data/exists",
    "data/x",
    "secret",
    "dat",
    "data//x",
];

async fn open() -> Street {
    let house = House::open().await;
    house.mount("neighbor", json!({})).await;
    let value = json!({ "value": "kept" });
    house.write("neighbor/data/a", value).await.unwrap();
    Street::of(house).await
}

impl Street {
    async fn mount(&self, path: &str, kind: &str, config: Value) {
        let body = json!({ "type": kind, "config": config });
        self.house.write(path, body).await.unwrap();
    }

    /// Runs a route while the neighbor is read, which must be served each time.
    async fn run(&self, path: &str) -> (u16, Value) {
        let reads = AtomicUsize::new(0);
        let neighbor = async {
            loop {
                let (status, body) = self.send("GET", "neighbor/data/a", "").await;
                assert_eq!(
                    (status, &body["data"]["value"]),
                    (200, &json!("kept")),
                    "beside {path}"
                );
                reads.fetch_add(1, Ordering::SeqCst);
            }
        };
        let answer = tokio::select! {
            answer = self.send("POST", path, r#"{"key":"value"}"#) => answer,
            () = neighbor => unreachable!(),
        };
        // Most end before anybody could have read.
        let is_long = path.ends_with("loops");
        assert!(
            !is_long || reads.load(Ordering::SeqCst) > 0,
            "beside {path}"
        );
        let after = self.house.value("neighbor/data/a").await;
        assert_eq!(after, Some(json!("kept")), "after {path}");
        answer
    }

    fn clean(&self, path: &str) {
        for key in LEFT {
            assert!(self.house.stored(key).is_empty(), "{path} left {key}");
        }
    }

    /// Runs a route for which the component is stopped, and nothing of it stays.
    async fn stopped(&self, path: &str, message: &str, reason: &str) {
        let journal = Journal::begin();
        let (status, body) = self.run(path).await;
        assert_eq!(status, 500, "{path}: {body}");
        assert_eq!(body, json!({ "errors": [message] }), "{path}");
        let mount = path.rsplit_once('/').unwrap().0;
        let line = ["WARN", "component stopped", mount, reason];
        assert!(journal.has(&line), "{path}: {}", journal.text());
        self.clean(path);
    }
}

const CRASHED: &str = "plugin crashed";
const PAST_A_LIMIT: &str = "plugin was stopped: it went past one of its limits";
const BAD_ANSWER: &str = "plugin gave an answer that it may not give";

#[tokio::test(flavor = "current_thread")]
async fn each_end_reaches_the_client_and_nobody_else() {
    let street = open().await;
    street
        .mount("sys/mounts/hostile", "hostile", json!({}))
        .await;
    let brief = json!({ "plugin_deadline": "1s" });
    street.mount("sys/mounts/brief", "hostile", brief).await;
    for (path, message, reason) in [
        (
            "hostile/memory",
            "plugin was stopped: it wanted too much memory",
            "bytes of memory",
        ),
        ("hostile/recursion", CRASHED, "call stack exhausted"),
        ("hostile/frames", CRASHED, "out of bounds memory access"),
        ("hostile/trap", CRASHED, "unreachable"),
        ("hostile/huge", PAST_A_LIMIT, "bytes in its answer"),
        ("hostile/huge-keys", PAST_A_LIMIT, "bytes in its answer"),
        ("hostile/floods", PAST_A_LIMIT, "written bytes"),
        ("hostile/calls", PAST_A_LIMIT, "storage calls"),
        ("hostile/bad-json", BAD_ANSWER, "data is not JSON"),
        ("hostile/bad-raw", BAD_ANSWER, "status 100"),
        ("hostile/bad-header", BAD_ANSWER, "malformed header"),
        ("hostile/bad-kind", BAD_ANSWER, "undeclared kind"),
        ("hostile/entropy", PAST_A_LIMIT, "random bytes at once"),
        ("hostile/hoards", CRASHED, "resource"),
        (
            "hostile/mails",
            PAST_A_LIMIT,
            "bytes of HTTP requests in the making",
        ),
        (
            "brief/loops",
            "plugin was stopped: it ran for too long",
            "ran longer than 1s",
        ),
    ] {
        street.stopped(path, message, reason).await;
    }
    // The mount itself still serves.
    assert_eq!(street.run("hostile/write").await.0, 204);
    assert_eq!(street.run("hostile/read").await.0, 200);
}

#[tokio::test]
async fn a_token_is_granted_by_a_login_only() {
    let street = open().await;
    street
        .mount("sys/auth/hostile", "hostile-method", json!({}))
        .await;
    let before = street.house.entries();
    for (path, reason) in [
        ("auth/hostile/config", "granted a token on route 1"),
        ("auth/hostile/nameless", "bad answer"),
    ] {
        street.stopped(path, BAD_ANSWER, reason).await;
    }
    // No token, no lease.
    assert_eq!(street.house.entries(), before);
}

#[tokio::test]
async fn storage_outside_its_prefix_is_closed_and_its_own_refusals_are_told() {
    let street = open().await;
    street
        .mount("sys/mounts/hostile", "hostile", json!({}))
        .await;
    let journal = Journal::begin();
    let (status, body) = street.run("hostile/outside").await;
    // It lists each way that was open.
    assert_eq!((status, &body["data"]), (404, &Value::Null), "{body}");
    let line = [
        "WARN",
        "outside every declared prefix",
        "secret",
        "hostile/",
    ];
    assert!(journal.has(&line), "{}", journal.text());
    let (status, body) = street.run("hostile/fails").await;
    assert_eq!(status, 400);
    assert_eq!(body, json!({ "errors": ["check-and-set failed"] }));
    street.clean("fails");
}
