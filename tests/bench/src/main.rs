//! Measures Casemate beside `bao server`, both durable, in one run on one machine, and prints
//! ratios. Run by `cargo xtask bench`; nothing here is a test.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measuring program: it reads clocks, prints, and stops at the first surprise"
)]

mod bare;
mod load;
mod memory;
mod stages;

use e2e::{Durable, binary};
use load::{Load, Measured};
use serde_json::json;
use std::time::Instant;

/// Connections that are kept busy.
const CONNECTIONS: usize = 64;
/// Secrets that reads are spread over.
const SECRETS: usize = 1000;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let runtime = runtime.expect("a runtime");
    let casemate = measure("casemate", &runtime);
    let bao = measure("bao", &runtime);
    println!("{:<24} {:>14} {:>14} {:>8}", "", "casemate", "bao", "ratio");
    for (ours, theirs) in casemate.iter().zip(&bao) {
        let ratio = ours.value / theirs.value;
        println!(
            "{:<24} {:>14.1} {:>14.1} {ratio:>8.2}",
            ours.what, ours.value, theirs.value
        );
    }
    let bare = runtime.block_on(bare::measure(CONNECTIONS));
    println!("{:<24} {:>14.1}", "bare hyper reads/s", bare.per_second);
    let component = std::env::var_os("CASEMATE_COMPONENTS").expect("set by cargo xtask bench");
    let component = std::fs::read(std::path::Path::new(&component).join("kv.wasm"));
    runtime.block_on(stages::print(component.expect("the component kv").leak()));
}

/// One figure of one server.
struct Row {
    what: &'static str,
    value: f64,
}

fn measure(name: &str, runtime: &tokio::runtime::Runtime) -> Vec<Row> {
    let started = Instant::now();
    let server = Durable::started_of(&binary(name));
    let start = started.elapsed();
    let client = server.client();
    let enabled = client.write("sys/mounts/kv", &json!({ "type": "kv-v2" }));
    assert!(enabled.status < 300, "{}", enabled.body);
    let idle = memory::resident_mib(server.id());
    let body = json!({ "data": { "user": "app", "password": "0123456789abcdef0123456789abcdef" } });
    let body = body.to_string();
    let write = Load::new(
        &server,
        |n| ("POST", format!("kv/data/app/{}", n % SECRETS)),
        body,
    );
    let written = runtime.block_on(write.run(CONNECTIONS, 20_000));
    let read = Load::new(
        &server,
        |n| ("GET", format!("kv/data/app/{}", n % SECRETS)),
        String::new(),
    );
    runtime.block_on(read.run(CONNECTIONS, 5_000));
    let first = runtime.block_on(read.run(CONNECTIONS, 60_000));
    let own = Load::new(
        &server,
        |_| ("GET", "auth/token/lookup-self".into()),
        String::new(),
    );
    let own = runtime.block_on(own.run(CONNECTIONS, 30_000));
    let row = |what, value| Row { what, value };
    vec![
        row("start, init, unseal s", start.as_secs_f64()),
        row("kv2 writes/s", written.per_second),
        row("kv2 write p99 ms", ms(&written)),
        row("kv2 reads/s", first.per_second),
        row("kv2 read p99 ms", ms(&first)),
        row("token lookup-self/s", own.per_second),
        row("token lookup p99 ms", ms(&own)),
        row("resident idle MiB", idle),
        row("resident after MiB", memory::resident_mib(server.id())),
    ]
}

fn ms(measured: &Measured) -> f64 {
    measured.p99.as_secs_f64() * 1e3
}
