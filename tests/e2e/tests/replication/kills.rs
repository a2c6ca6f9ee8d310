//! Either side is killed while it is written to.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use e2e::clusters::{Cluster, Pair, until};
use e2e::{Client, clusters::fine};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

const WRITERS: usize = 4;
/// Writes that are answered before each kill.
const WRITES: u64 = 60;

/// Clients that count up one key each, until they are told to end.
struct Writers {
    threads: Vec<JoinHandle<(String, u64, u64)>>,
    done: Arc<AtomicU64>,
    ends: Arc<AtomicBool>,
}

impl Writers {
    fn begin(client: &Client, name: &str) -> Self {
        let (done, ends) = (
            Arc::new(AtomicU64::new(0)),
            Arc::new(AtomicBool::new(false)),
        );
        let threads = (0..WRITERS).map(|writer| {
            let path = format!("kv/{name}/{writer}");
            let (client, done, ends) = (client.clone(), Arc::clone(&done), Arc::clone(&ends));
            thread::spawn(move || count_up(&client, path, &done, &ends))
        });
        Self {
            threads: threads.collect(),
            done,
            ends,
        }
    }

    fn until_some_are_done(&self) {
        let before = self.done.load(Ordering::SeqCst);
        until("writes", || {
            (self.done.load(Ordering::SeqCst) >= before + WRITES).then_some(())
        });
    }

    /// For each key the last value that was acknowledged, and the last that was tried.
    fn end(self) -> BTreeMap<String, (u64, u64)> {
        self.ends.store(true, Ordering::SeqCst);
        let ended = self
            .threads
            .into_iter()
            .map(|thread| thread.join().unwrap());
        ended
            .map(|(path, acknowledged, tried)| (path, (acknowledged, tried)))
            .collect()
    }
}

fn count_up(
    client: &Client,
    path: String,
    done: &AtomicU64,
    ends: &AtomicBool,
) -> (String, u64, u64) {
    let (mut acknowledged, mut tried) = (0, 0);
    while !ends.load(Ordering::SeqCst) {
        tried += 1;
        let body = json!({ "n": tried }).to_string();
        // While nobody is there, or cannot ask the primary, nothing is acknowledged.
        if let Ok(answer) = client.try_send("POST", &path, &[], Some(&body))
            && answer.status == 204
        {
            acknowledged = tried;
            done.fetch_add(1, Ordering::SeqCst);
        }
    }
    (path, acknowledged, tried)
}

fn check(cluster: &Cluster, known: &BTreeMap<String, (u64, u64)>) {
    for (path, (acknowledged, tried)) in known {
        let stored = fine(&cluster.client().read(path))["data"]["n"]
            .as_u64()
            .unwrap();
        assert!(
            (*acknowledged..=*tried).contains(&stored),
            "{path}: {stored} is not within {acknowledged}..={tried}"
        );
    }
}

#[test]
fn kills_lose_nothing_that_was_acknowledged() {
    let Some(hosts) = e2e::hosts!() else { return };
    let mut pair = Pair::start(&hosts);
    pair.a.mount("kv");
    pair.settle();
    for round in 0..3 {
        let on_a = Writers::begin(&pair.a.client(), &format!("a{round}"));
        let on_c = Writers::begin(&pair.c.client(), &format!("c{round}"));
        on_a.until_some_are_done();
        on_c.until_some_are_done();
        let killed = if round % 2 == 0 {
            &mut pair.a
        } else {
            &mut pair.c
        };
        killed.restart();
        // Both sides are written to again, without anybody's help.
        on_a.until_some_are_done();
        on_c.until_some_are_done();
        let mut known = on_a.end();
        known.extend(on_c.end());
        pair.settle();
        check(&pair.a, &known);
        check(&pair.c, &known);
        pair.a.until_equal(&pair.c);
    }
}

fn opens(cluster: &Cluster, shares: &[String]) -> bool {
    let client = cluster.client_as("");
    let mut answers = shares
        .iter()
        .map(|share| client.write("sys/unseal", &json!({ "key": share })));
    answers.any(|answer| answer.status == 200 && answer.json()["sealed"] == false)
}

#[test]
fn a_secondary_that_is_killed_while_it_begins_goes_on() {
    let Some(hosts) = e2e::hosts!() else { return };
    let mut pair = Pair::apart(&hosts, "", "");
    let a = &pair.a;
    a.mount("kv");
    for number in 0..100 {
        let body = json!({ "v": number, "more": "x".repeat(10_000) });
        a.write(&format!("kv/{number}"), &body);
    }
    pair.c.mount("old");
    pair.c.put("old/x", "goes");
    let token = a.activation("c", &json!({}));
    // Slow, so that it is killed in the middle.
    a.relay.slow_down(core::time::Duration::from_millis(20));
    pair.c.enable_secondary(&token, &json!({}));
    for _ in 0..3 {
        pair.c.until_status("it is a secondary", |status| {
            status["mode"] == "bootstrapping" || status["mode"] == "secondary"
        });
        pair.c.server.kill();
        pair.c.server.start();
        // Which shares unseal it depends on how far it was.
        if !opens(&pair.c, &pair.c.shares) {
            assert!(opens(&pair.c, &pair.a.shares));
        }
    }
    pair.a.relay.slow_down(core::time::Duration::ZERO);
    pair.joined();
    pair.a.until_equal(&pair.c);
    pair.c.has("kv/99", 99);
    pair.c.lacks("old/x");
}
