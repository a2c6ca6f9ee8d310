//! What a secondary costs its primary, how far it is behind, and how long it takes to become one.

use crate::CONNECTIONS;
use crate::load::{Load, Paced};
use crate::process::{processor_seconds, resident_mib};
use e2e::{Client, Durable};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// Secrets of a first synchronization, a storage entry each.
const ENTRIES: usize = 1_000_000;
/// Writes in each second while the lag is looked at.
const PACE: u32 = 2_000;
/// How often the lag is looked at.
const PROBES: usize = 300;
/// Entries of the mount that a filter takes away and gives back.
const DIFFERENT: usize = 100;
/// Writes by which the cost for the primary is measured.
const WRITES: usize = 20_000;
/// Writes in each second while it is looked at what one costs on idle processors, and for how long.
const CALM_PACE: u32 = 1_000;
const CALM: Duration = Duration::from_secs(10);

const ALL: &str = r#"path "*" { capabilities = ["create", "read", "update", "delete", "list"] }"#;

pub(crate) fn print(runtime: &Runtime) {
    cost(runtime);
    let (primary, token) = primary();
    println!("one kv1 entry of 512 bytes each, on one machine");
    fill(runtime, &primary, "kv", ENTRIES);
    fill(runtime, &primary, "few", DIFFERENT);
    let secondary = Durable::started();
    let idle = resident_mib(secondary.id());
    let began = Instant::now();
    follow(&primary, &secondary, "s");
    wait(&secondary, |status| status["state"] == "stream-wals");
    println!(
        "bootstrap of {ENTRIES} entries {:>8.2} s, resident {:>6.1} MiB above idle",
        began.elapsed().as_secs_f64(),
        resident_mib(secondary.id()) - idle
    );
    compare(&primary, &secondary, &token);
    reads(runtime, &primary, &secondary, &token);
    lag(runtime, &primary, &secondary, &token);
}

/// A primary, and a token that is good on all of its clusters.
fn primary() -> (Durable, String) {
    let primary = Durable::started();
    set(&primary, "sys/policies/acl/all", &json!({ "policy": ALL }));
    for path in ["kv", "few"] {
        set(
            &primary,
            &format!("sys/mounts/{path}"),
            &json!({ "type": "kv" }),
        );
    }
    set(
        &primary,
        "sys/replication/performance/primary/enable",
        &json!({}),
    );
    let asked = json!({ "type": "batch", "no_parent": true, "policies": ["all"], "ttl": "24h" });
    let made = set(&primary, "auth/token/create", &asked);
    let token = made["auth"]["client_token"].as_str().expect("a token");
    (primary, token.to_owned())
}

fn set(server: &Durable, path: &str, body: &Value) -> Value {
    let answer = server.client().write(path, body);
    assert!(answer.status < 300, "{path}: {}", answer.body);
    serde_json::from_str(&answer.body).unwrap_or_default()
}

/// Makes a server a secondary.
fn follow(primary: &Durable, secondary: &Durable, id: &str) {
    let path = "sys/replication/performance/secondary/generate-public-key";
    let key = set(secondary, path, &json!({}));
    let asked = json!({ "id": id, "secondary_public_key": key["data"]["secondary_public_key"] });
    let path = "sys/replication/performance/primary/secondary-token";
    let made = set(primary, path, &asked);
    let path = "sys/replication/performance/secondary/enable";
    set(secondary, path, &json!({ "token": made["data"]["token"] }));
}

fn status(server: &Durable) -> Value {
    let anybody = Client::new(&server.url(), "");
    let answer = anybody.read("sys/replication/performance/status");
    serde_json::from_str::<Value>(&answer.body).unwrap_or_default()["data"].take()
}

fn wait(server: &Durable, is_so: impl Fn(&Value) -> bool) {
    let began = Instant::now();
    while !is_so(&status(server)) {
        assert!(
            began.elapsed() < Duration::from_secs(600),
            "{:#}",
            status(server)
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn fill(runtime: &Runtime, server: &Durable, mount: &str, entries: usize) {
    let request = match mount {
        "kv" => |n: usize| ("POST", format!("kv/app/{n}")),
        _ => |n: usize| ("POST", format!("few/app/{n}")),
    };
    let load = Load::to(server.address(), server.token(), request, entry());
    runtime.block_on(load.run(CONNECTIONS, entries));
}

/// Takes a small mount away from a secondary with many entries, and gives it back.
fn compare(primary: &Durable, secondary: &Durable, token: &str) {
    let there = |expected: u16| {
        let client = Client::new(&secondary.url(), token);
        let began = Instant::now();
        while client.read("few/app/1").status != expected {
            assert!(
                began.elapsed() < Duration::from_secs(60),
                "{:#}",
                status(secondary)
            );
        }
    };
    let path = "sys/replication/performance/primary/paths-filter/s";
    for (paths, expected) in [(json!(["few"]), 404), (json!([]), 200)] {
        let began = Instant::now();
        set(primary, path, &json!({ "mode": "deny", "paths": paths }));
        there(expected);
        println!(
            "comparison of {ENTRIES} entries with {DIFFERENT} differences {:>8.3} s",
            began.elapsed().as_secs_f64()
        );
        wait(secondary, |status| status["state"] == "stream-wals");
    }
}

fn reads(runtime: &Runtime, primary: &Durable, secondary: &Durable, token: &str) {
    for (name, server) in [("primary", primary), ("secondary", secondary)] {
        let request = |n: usize| ("GET", format!("kv/app/{}", n % 1000));
        let load = Load::to(server.address(), token, request, String::new());
        runtime.block_on(load.run(CONNECTIONS, 3_000));
        let measured = runtime.block_on(load.run(CONNECTIONS, 30_000));
        println!(
            "reads on the {name:<10} {:>10.0}/s p99 {:>6.2} ms",
            measured.per_second,
            measured.p99.as_secs_f64() * 1e3
        );
    }
}

/// From the answer to a write on the primary until a secondary reads it.
fn lag(runtime: &Runtime, primary: &Durable, secondary: &Durable, token: &str) {
    let request = |n: usize| ("POST", format!("kv/paced/{n}"));
    let load = Load::to(primary.address(), token, request, entry());
    let pacing = Paced::new(runtime, &load, PACE);
    let (writes, reads) = (
        Client::new(&primary.url(), token),
        Client::new(&secondary.url(), token),
    );
    let mut lags: Vec<Duration> = (0..PROBES)
        .map(|n| {
            let path = format!("kv/probe/{n}");
            let answer = writes.write(&path, &json!({ "v": n }));
            assert!(answer.status < 300, "{}", answer.body);
            let began = Instant::now();
            while reads.read(&path).status != 200 {}
            began.elapsed()
        })
        .collect();
    pacing.end(runtime);
    lags.sort_unstable();
    let at = |part: usize| lags[lags.len() * part / 100].as_secs_f64() * 1e3;
    println!(
        "lag at {PACE} writes/s, with the read that finds it: p50 {:.2} ms, p99 {:.2} ms",
        at(50),
        at(99)
    );
}

/// Writes on a primary with none, one and eight secondaries, all on this machine: as many as it can,
/// where its secondaries take the processors from it, and at a pace that leaves the processors free,
/// where what it spends is for its own work.
fn cost(runtime: &Runtime) {
    let (primary, _) = primary();
    let mut secondaries = Vec::new();
    for count in [0, 1, 8] {
        while secondaries.len() < count {
            let secondary = Durable::started();
            follow(&primary, &secondary, &format!("s{}", secondaries.len()));
            secondaries.push(secondary);
        }
        for secondary in &secondaries {
            wait(secondary, |status| status["state"] == "stream-wals");
        }
        let request = |n: usize| ("POST", format!("kv/app/{}", n % 1000));
        let load = Load::to(primary.address(), primary.token(), request, entry());
        runtime.block_on(load.run(CONNECTIONS, WRITES / 10));
        let before = processor_seconds(primary.id());
        let measured = runtime.block_on(load.run(CONNECTIONS, WRITES));
        let spent = processor_seconds(primary.id()) - before;
        println!(
            "writes with {count} secondaries {:>10.0}/s p99 {:>6.2} ms, on the primary {:>6.1} us of a processor each, resident {:>6.1} MiB",
            measured.per_second,
            measured.p99.as_secs_f64() * 1e3,
            spent * 1e6 / WRITES as f64,
            resident_mib(primary.id())
        );
        calm(runtime, &primary, &load);
    }
}

/// What a write costs the primary while the processors have time for everybody.
fn calm(runtime: &Runtime, primary: &Durable, load: &Arc<Load>) {
    let pacing = Paced::new(runtime, load, CALM_PACE);
    let (sent, before) = (pacing.sent(), processor_seconds(primary.id()));
    std::thread::sleep(CALM);
    let spent = processor_seconds(primary.id()) - before;
    let writes = pacing.sent() - sent;
    pacing.end(runtime);
    println!(
        "at {:.0} writes/s, on the primary {:>6.1} us of a processor each",
        writes as f64 / CALM.as_secs_f64(),
        spent * 1e6 / writes as f64,
    );
}

/// What is written.
fn entry() -> String {
    json!({ "v": "x".repeat(460) }).to_string()
}
