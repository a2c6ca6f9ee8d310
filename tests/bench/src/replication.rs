//! How long it takes to become a secondary, and how far one is behind.

use crate::CONNECTIONS;
use crate::load::{Load, Pace, Paced};
use crate::process::resident_mib;
use crate::relation::{entry, follow, primary, set, status, wait};
use e2e::{Client, Durable};
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// Secrets of a first synchronization, a storage entry each.
const ENTRIES: usize = 1_000_000;
/// Writes while the lag is looked at.
const PACE: Pace = Pace {
    per_second: 2_000,
    at_once: 8,
};
/// How often the lag is looked at.
const PROBES: usize = 300;
/// Entries of the mount that a filter takes away and gives back.
const DIFFERENT: usize = 100;

pub(crate) fn print(runtime: &Runtime) {
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
        "lag at {} writes/s, with the read that finds it: p50 {:.2} ms, p99 {:.2} ms",
        PACE.per_second,
        at(50),
        at(99)
    );
}
