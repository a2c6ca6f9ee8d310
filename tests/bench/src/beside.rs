//! The same work on both servers, and its ratio.

use crate::CONNECTIONS;
use crate::load::{Load, Measured, Request};
use crate::process::resident_mib;
use e2e::{Durable, binary};
use serde_json::{Value, json};
use std::time::Instant;
use tokio::runtime::Runtime;

/// Secrets that reads are spread over.
const SECRETS: usize = 1000;

/// One figure of one server.
struct Row {
    what: String,
    value: f64,
}

/// Something that clients do all day.
struct Work {
    name: &'static str,
    total: usize,
    request: Request,
    body: String,
}

pub(crate) fn print(runtime: &Runtime) {
    let casemate = measure("casemate", runtime);
    let bao = measure("bao", runtime);
    println!("{:<28} {:>12} {:>12} {:>8}", "", "casemate", "bao", "ratio");
    for (ours, theirs) in casemate.iter().zip(&bao) {
        let ratio = ours.value / theirs.value;
        println!(
            "{:<28} {:>12.2} {:>12.2} {ratio:>8.2}",
            ours.what, ours.value, theirs.value
        );
    }
}

fn measure(name: &str, runtime: &Runtime) -> Vec<Row> {
    let row = |what: &str, value| Row {
        what: what.to_owned(),
        value,
    };
    let started = Instant::now();
    let mut server = Durable::started_of(&binary(name));
    let mut rows = vec![row(
        "start, init, unseal s",
        started.elapsed().as_secs_f64(),
    )];
    set_up(&server, "sys/mounts/kv", &json!({ "type": "kv-v2" }));
    rows.push(row("resident idle MiB", resident_mib(server.id())));
    server.kill();
    server.start();
    server.unseal();
    rows.push(row("resident after restart MiB", resident_mib(server.id())));
    for work in works(&server) {
        let load = Load::new(&server, work.request, work.body);
        runtime.block_on(load.run(CONNECTIONS, work.total / 10));
        let Measured { per_second, p99 } = runtime.block_on(load.run(CONNECTIONS, work.total));
        rows.push(row(&format!("{}/s", work.name), per_second));
        rows.push(row(
            &format!("{} p99 ms", work.name),
            p99.as_secs_f64() * 1e3,
        ));
    }
    rows.push(row("resident after all MiB", resident_mib(server.id())));
    rows
}

/// Prepares a server for the work, and says what it is.
fn works(server: &Durable) -> Vec<Work> {
    let secret =
        json!({ "data": { "user": "app", "password": "0123456789abcdef0123456789abcdef" } });
    let plaintext = json!({ "plaintext": "MDEyMzQ1Njc4OWFiY2RlZg==" });
    set_up(server, "sys/mounts/transit", &json!({ "type": "transit" }));
    set_up(server, "transit/keys/aes", &json!({}));
    set_up(
        server,
        "transit/keys/p256",
        &json!({ "type": "ecdsa-p256" }),
    );
    let sealed = set_up(server, "transit/encrypt/aes", &plaintext);
    let sealed = json!({ "ciphertext": sealed["data"]["ciphertext"] });
    vec![
        Work {
            name: "kv2 write",
            total: 20_000,
            request: |n| ("POST", format!("kv/data/app/{}", n % SECRETS)),
            body: secret.to_string(),
        },
        get("kv2 read", 60_000, |n| {
            ("GET", format!("kv/data/app/{}", n % SECRETS))
        }),
        get("token lookup-self", 30_000, |_| {
            ("GET", "auth/token/lookup-self".into())
        }),
        Work {
            name: "capabilities-self",
            total: 30_000,
            request: |_| ("POST", "sys/capabilities-self".into()),
            body: json!({ "paths": ["kv/data/app/1"] }).to_string(),
        },
        Work {
            name: "transit encrypt",
            total: 30_000,
            request: |_| ("POST", "transit/encrypt/aes".into()),
            body: plaintext.to_string(),
        },
        Work {
            name: "transit decrypt",
            total: 30_000,
            request: |_| ("POST", "transit/decrypt/aes".into()),
            body: sealed.to_string(),
        },
        Work {
            name: "transit sign p256",
            total: 20_000,
            request: |_| ("POST", "transit/sign/p256".into()),
            body: json!({ "input": "MDEyMzQ1Njc4OWFiY2RlZg==" }).to_string(),
        },
        Work {
            name: "approle login",
            total: 20_000,
            request: |_| ("POST", "auth/approle/login".into()),
            body: app_role(server).to_string(),
        },
    ]
}

fn get(name: &'static str, total: usize, request: Request) -> Work {
    Work {
        name,
        total,
        request,
        body: String::new(),
    }
}

/// Makes a role; gives what logs in with it.
fn app_role(server: &Durable) -> Value {
    set_up(server, "sys/auth/approle", &json!({ "type": "approle" }));
    set_up(
        server,
        "auth/approle/role/app",
        &json!({ "token_ttl": "1h" }),
    );
    let role = server.client().read("auth/approle/role/app/role-id").json();
    let secret = set_up(server, "auth/approle/role/app/secret-id", &json!({}));
    json!({ "role_id": role["data"]["role_id"], "secret_id": secret["data"]["secret_id"] })
}

/// Writes what must succeed; gives the answer, if there is one.
fn set_up(server: &Durable, path: &str, body: &Value) -> Value {
    let answer = server.client().write(path, body);
    assert!(answer.status < 300, "{path}: {}", answer.body);
    serde_json::from_str(&answer.body).unwrap_or_default()
}
