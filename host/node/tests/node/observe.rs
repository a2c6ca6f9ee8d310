//! What a node shows of itself.

use crate::house::House;
use base::{
    Answer, LogLevel, ManualClock, Map, Operation, Pieces, RefusalKind, Timestamp, WithoutToken,
};
use core::task::{Context, Poll};
use core::time::Duration;
use node::{LogFault, LogShape, Process};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use telemetry::Metric;

/// A process that remembers what it was asked.
#[derive(Default)]
struct Fake {
    own: Mutex<BTreeMap<String, LogLevel>>,
}

struct OneLine(Option<Vec<u8>>);

impl Pieces for OneLine {
    fn poll_next(&mut self, _: &mut Context<'_>) -> Poll<Option<Vec<u8>>> {
        Poll::Ready(self.0.take())
    }
}

impl Process for Fake {
    fn loggers(&self) -> BTreeMap<String, LogLevel> {
        let own = self.own.lock().unwrap();
        ["api", "node"]
            .map(|name| {
                let level = own.get(name).copied().unwrap_or(LogLevel::Info);
                (name.to_owned(), level)
            })
            .into()
    }

    fn set_logger(&self, name: Option<&str>, level: Option<LogLevel>) -> Result<(), LogFault> {
        let mut own = self.own.lock().unwrap();
        for logger in ["api", "node"] {
            match level {
                Some(level) if name.is_none_or(|name| name == logger) => {
                    own.insert(logger.to_owned(), level);
                }
                None if name.is_none_or(|name| name == logger) => drop(own.remove(logger)),
                _ => {}
            }
        }
        match name {
            None | Some("api" | "node") => Ok(()),
            Some(_) => Err(LogFault::NoSuchLogger),
        }
    }

    fn monitor(&self, level: LogLevel, shape: LogShape) -> Result<Box<dyn Pieces>, LogFault> {
        match level {
            LogLevel::Error => Err(LogFault::TooManyReaders),
            _ => Ok(Box::new(OneLine(Some(
                format!("{level:?} {shape:?}").into(),
            )))),
        }
    }

    fn host(&self) -> Map {
        [(String::from("host"), json!({ "os": "linux" }))]
            .into_iter()
            .collect()
    }

    fn metrics(&self) -> Vec<Metric> {
        vec![Metric::gauge("runtime.sys_bytes", 5.0)]
    }

    fn prometheus(&self) -> String {
        String::from("process_open_fds 3\n")
    }

    fn configuration(&self) -> Map {
        [(String::from("log_level"), json!("info"))]
            .into_iter()
            .collect()
    }

    fn command(&self) -> Vec<String> {
        node::Alone.command()
    }

    fn memory(&self) -> String {
        node::Alone.memory()
    }

    fn threads(&self) -> String {
        node::Alone.threads()
    }

    fn profile(&self, length: core::time::Duration) -> node::Profiling {
        node::Alone.profile(length)
    }

    fn certificates(&self, _: &str, _: &str) -> Result<Vec<Vec<u8>>, String> {
        Ok(Vec::new())
    }

    fn reload(&self, part: &str) -> bool {
        part == "tls"
    }
}

fn in_a_process(storage: Arc<storage::Memory>, version: &str) -> House {
    let clock = Arc::new(ManualClock::new(Timestamp::from_millis(1_700_000_000_000)));
    let settings = node::Settings {
        version: version.to_owned(),
        build_date: String::from("2026-01-01T00:00:00Z"),
        ..node::Settings::default()
    };
    House::with(storage, clock, settings, Arc::new(Fake::default()))
}

async fn open() -> (House, seal::Share) {
    let mut house = in_a_process(Arc::new(storage::Memory::with_faults()), "1.0.0");
    let mut made = house.initialize(1, 1).await.unwrap();
    house.submit(&made.shares[0]).await.unwrap();
    house.token = made.root_token.expose().clone();
    (house, made.shares.remove(0))
}

/// Asks without a token, where the listener shows metrics to everybody, or does not.
async fn metrics(house: &House, token: &str, is_open: bool, format: &str) -> (u16, String) {
    let data = json!({ "format": format });
    let Value::Object(data) = data else {
        panic!("an object")
    };
    let mut request = crate::house::request(token, Operation::Read, "sys/metrics", data);
    request.without_token = WithoutToken {
        metrics: is_open,
        ..WithoutToken::default()
    };
    match house.node.handle(request).await.outcome {
        Ok(Answer::Raw(raw)) => (raw.status, String::from_utf8(raw.body).unwrap()),
        Ok(other) => panic!("{other:?}"),
        Err(refusal) => (0, format!("{:?}", refusal.kind)),
    }
}

fn value<'a>(shown: &'a Value, list: &str, name: &str, label: (&str, &str)) -> &'a Value {
    let found = shown[list].as_array().unwrap().iter().find(|metric| {
        metric["Name"] == name && (label.0.is_empty() || metric["Labels"][label.0] == label.1)
    });
    found.unwrap_or_else(|| panic!("no {name} in {shown:#}"))
}

#[tokio::test]
async fn metrics_have_the_names_that_dashboards_know() {
    let (house, _) = open().await;
    house
        .write("auth/token/create", json!({ "ttl": "1h" }))
        .await
        .unwrap();
    house.read("sys/mounts").await.unwrap();
    house.read("nowhere/x").await.unwrap_err();
    let (status, text) = metrics(&house, &house.token, false, "").await;
    assert_eq!(status, 200);
    let shown: Value = serde_json::from_str(&text).unwrap();
    let gauge = |name, label| value(&shown, "Gauges", name, label)["Value"].clone();
    assert_eq!(gauge("vault.core.unsealed", ("cluster", "casemate")), 1);
    assert_eq!(gauge("vault.core.in_flight_requests", ("", "")), 1);
    assert_eq!(gauge("vault.expire.num_leases", ("", "")), 1);
    assert_eq!(gauge("vault.expire.num_irrevocable_leases", ("", "")), 0);
    assert_eq!(
        gauge("vault.core.mount_table.num_entries", ("type", "auth")),
        1
    );
    assert_eq!(gauge("vault.runtime.sys_bytes", ("", "")), 5);
    assert!(gauge("vault.raft_storage.stats.applied_index", ("", "")).as_u64() > Some(0));
    let made = value(
        &shown,
        "Counters",
        "vault.token.creation",
        ("auth_method", "token"),
    );
    assert_eq!(made["Count"], 1);
    assert_eq!(
        made["Labels"],
        json!({
            "auth_method": "token", "cluster": "casemate", "creation_ttl": "1h",
            "mount_point": "auth/token/", "namespace": "root", "token_type": "service",
        })
    );
    let count = |name| value(&shown, "Samples", name, ("", ""))["Count"].clone();
    assert_eq!(count("vault.core.handle_request"), 3);
    assert_eq!(count("vault.route.read.sys-"), 1);
    assert_eq!(count("vault.route.update.auth-token-"), 1);
    assert!(count("vault.raft.commitTime").as_u64() > Some(0));

    let (status, text) = metrics(&house, &house.token, false, "prometheus").await;
    assert_eq!(status, 200);
    for line in [
        "vault_core_unsealed{cluster=\"casemate\"} 1",
        // The look at the JSON counts as well.
        "vault_route_read_sys__count 2",
        "vault_core_handle_request_count 4",
        "process_open_fds 3",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}: {text}");
    }
    let unknown = metrics(&house, &house.token, false, "zz").await;
    assert_eq!(
        unknown,
        (400, String::from("metric response format \"zz\" unknown"))
    );
}

#[tokio::test]
async fn metrics_need_a_token_unless_the_listener_says_otherwise() {
    let (house, share) = open().await;
    assert_eq!(
        metrics(&house, "", false, "").await,
        (0, String::from("Denied"))
    );
    let (_, text) = metrics(&house, "", true, "prometheus").await;
    assert!(text.contains("vault_core_unsealed{cluster=\"casemate\"} 1"));
    house.write("sys/seal", json!({})).await.unwrap();
    assert_eq!(
        metrics(&house, "", false, "").await,
        (0, String::from("Sealed"))
    );
    let (_, text) = metrics(&house, "", true, "prometheus").await;
    assert!(text.contains("vault_core_unsealed{cluster=\"casemate\"} 0"));
    house.submit(&share).await.unwrap();
    let (_, text) = metrics(&house, "", true, "prometheus").await;
    assert!(text.contains("vault_core_unsealed{cluster=\"casemate\"} 1"));
}

#[tokio::test]
async fn requests_in_flight_are_listed() {
    let (house, _) = open().await;
    let listed = house.read("sys/in-flight-req").await.unwrap();
    let own = listed.as_object().unwrap().values().next().unwrap();
    assert_eq!(own["request_path"], "/v1/sys/in-flight-req");
    assert_eq!(own["request_method"], "GET");
    assert_eq!(own["client_remote_address"], "127.0.0.1:1");
    assert_eq!(own["start_time"], "2023-11-14T22:13:20Z");
    let anybody = house
        .ask_as("", Operation::Read, "sys/in-flight-req", json!({}))
        .await;
    assert_eq!(anybody.unwrap_err().kind, RefusalKind::Denied);
    let anybody = house
        .ask_anybody(Operation::Read, "sys/in-flight-req", json!({}))
        .await;
    assert_eq!(anybody.unwrap().as_object().unwrap().len(), 1);
}

#[tokio::test]
async fn loggers_are_set_and_go_back() {
    let (house, _) = open().await;
    let read = async |path: &str| house.read(path).await.unwrap();
    assert_eq!(
        read("sys/loggers").await,
        json!({ "api": "info", "node": "info" })
    );
    house
        .write("sys/loggers/node", json!({ "level": "debug" }))
        .await
        .unwrap();
    assert_eq!(read("sys/loggers/node").await, json!({ "node": "debug" }));
    assert_eq!(read("sys/loggers/api").await, json!({ "api": "info" }));
    assert_eq!(read("sys/loggers/none").await, json!({}));
    house
        .write("sys/loggers", json!({ "level": "err" }))
        .await
        .unwrap();
    assert_eq!(
        read("sys/loggers").await,
        json!({ "api": "error", "node": "error" })
    );
    let delete = async |path: &str| house.ask(Operation::Delete, path, json!({})).await;
    delete("sys/loggers/node").await.unwrap();
    assert_eq!(
        read("sys/loggers").await,
        json!({ "api": "error", "node": "info" })
    );
    delete("sys/loggers").await.unwrap();
    assert_eq!(
        read("sys/loggers").await,
        json!({ "api": "info", "node": "info" })
    );
    let refused =
        async |path: &str, data: Value| house.write(path, data).await.unwrap_err().message;
    assert_eq!(
        refused("sys/loggers/node", json!({})).await,
        "level is required"
    );
    assert_eq!(
        refused("sys/loggers", json!({ "level": "off" })).await,
        "invalid level provided: unknown log level: off"
    );
    assert_eq!(
        refused("sys/loggers/none", json!({ "level": "info" })).await,
        "logger \"none\" not found"
    );
    assert_eq!(
        delete("sys/loggers/none").await.unwrap_err().message,
        "logger \"none\" not found"
    );
}

#[tokio::test]
async fn the_log_flows() {
    let (house, _) = open().await;
    let ask = async |data: Value| {
        let Value::Object(data) = data else {
            panic!("an object")
        };
        let request = crate::house::request(&house.token, Operation::Read, "sys/monitor", data);
        match house.node.handle(request).await.outcome {
            Ok(Answer::Flow(mut flow)) => {
                let mut context = Context::from_waker(std::task::Waker::noop());
                let Poll::Ready(Some(line)) = flow.pieces.poll_next(&mut context) else {
                    panic!("a line")
                };
                Ok(String::from_utf8(line).unwrap())
            }
            Ok(other) => panic!("{other:?}"),
            Err(refusal) => Err(refusal.message),
        }
    };
    assert_eq!(ask(json!({})).await.unwrap(), "Info Standard");
    let json = json!({ "log_level": "trace", "log_format": "json" });
    assert_eq!(ask(json).await.unwrap(), "Trace Json");
    for (data, expected) in [
        (json!({ "log_level": "zz" }), "unknown log level"),
        (json!({ "log_format": "zz" }), "unknown log format"),
        (json!({ "log_level": "error" }), "too many monitors at once"),
    ] {
        assert_eq!(ask(data).await.unwrap_err(), expected);
    }
}

#[tokio::test]
async fn versions_are_remembered() {
    let (house, share) = open().await;
    let first = json!({
        "build_date": "2026-01-01T00:00:00Z",
        "previous_version": null,
        "timestamp_installed": "2023-11-14T22:13:20Z",
    });
    let list = async |house: &House| {
        let listed = house.ask(Operation::List, "sys/version-history", json!({}));
        listed.await.unwrap()
    };
    assert_eq!(
        list(&house).await,
        json!({ "keys": ["1.0.0"], "key_info": { "1.0.0": first } })
    );
    let mut later = in_a_process(Arc::new(house.storage.crash(0)), "1.1.0");
    later.token.clone_from(&house.token);
    later.clock.advance(Duration::from_secs(60));
    later.submit(&share).await.unwrap();
    let listed = list(&later).await;
    assert_eq!(listed["keys"], json!(["1.0.0", "1.1.0"]));
    assert_eq!(listed["key_info"]["1.0.0"], first);
    assert_eq!(listed["key_info"]["1.1.0"]["previous_version"], "1.0.0");
}

#[tokio::test]
async fn the_machine_and_the_configuration_are_shown() {
    let (house, _) = open().await;
    assert_eq!(
        house.read("sys/host-info").await.unwrap(),
        json!({ "host": { "os": "linux" }, "timestamp": "2023-11-14T22:13:20Z" })
    );
    let device = json!({ "type": "file", "options": { "file_path": "discard" } });
    house.write("sys/audit/a", device).await.unwrap();
    assert_eq!(
        house.read("sys/config/state/sanitized").await.unwrap(),
        json!({
            "log_level": "info",
            "audits": [{ "description": "", "path": "a/", "type": "file" }],
            "seals": [{ "disabled": false, "type": "shamir" }],
        })
    );
    for part in ["tls", "audit"] {
        let path = format!("sys/config/reload/{part}");
        house.write(&path, json!({})).await.unwrap();
    }
    let refused = house.write("sys/config/reload/license", json!({})).await;
    assert_eq!(refused.unwrap_err().kind, RefusalKind::NotFound);
}
