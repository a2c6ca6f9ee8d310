//! Whatever was answered is there after `kill -9`.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use e2e::{Client, Durable};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

const WRITERS: usize = 16;
const KILLS: u64 = 20;
/// Acknowledged writes before each kill.
const WRITES_PER_ROUND: u64 = 60;

/// What one writer knows: the last value that was acknowledged, and the one that was on its way.
#[derive(Clone, Copy, Default)]
struct Known {
    acknowledged: u64,
    tried: u64,
}

#[test]
fn every_acknowledged_write_survives_twenty_kills() {
    let mut server = Durable::started();
    let enabled = server
        .client()
        .write("sys/mounts/kv", &json!({ "type": "kv" }));
    assert_eq!(enabled.status, 204, "{}", enabled.body);
    let mut known = vec![Known::default(); WRITERS];
    for round in 0..KILLS {
        known = write_until_killed(&mut server, known, WRITES_PER_ROUND + round * 7 % 31);
        server.start();
        server.unseal();
        check(&server.client(), &known, round);
    }
}

/// Each writer counts its own key up, without a pause, until the server is gone.
fn write_until_killed(server: &mut Durable, known: Vec<Known>, writes: u64) -> Vec<Known> {
    let acknowledged = Arc::new(AtomicU64::new(0));
    let dead = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = known
        .into_iter()
        .enumerate()
        .map(|(writer, mut known)| {
            let (client, acknowledged, dead) = (
                server.client(),
                Arc::clone(&acknowledged),
                Arc::clone(&dead),
            );
            thread::spawn(move || {
                known.tried = known.tried.max(known.acknowledged);
                loop {
                    known.tried += 1;
                    let body = json!({ "n": known.tried }).to_string();
                    let path = format!("kv/writer/{writer}");
                    match client.try_send("POST", &path, &[], Some(&body)) {
                        Ok(answer) if answer.status == 204 => {
                            known.acknowledged = known.tried;
                            acknowledged.fetch_add(1, Ordering::SeqCst);
                        }
                        Ok(answer) => panic!("{}: {}", answer.status, answer.body),
                        Err(_) if dead.load(Ordering::SeqCst) => return known,
                        Err(error) => {
                            // The connection can break a moment before the flag is seen.
                            while !dead.load(Ordering::SeqCst) {
                                thread::yield_now();
                            }
                            drop(error);
                            return known;
                        }
                    }
                }
            })
        })
        .collect();
    while acknowledged.load(Ordering::SeqCst) < writes {
        thread::yield_now();
        assert!(
            !writers.iter().any(thread::JoinHandle::is_finished),
            "a writer failed"
        );
    }
    server.kill();
    dead.store(true, Ordering::SeqCst);
    writers
        .into_iter()
        .map(|writer| writer.join().expect("a writer"))
        .collect()
}

/// A key holds what was acknowledged last, or what was on its way when the server died.
fn check(client: &Client, known: &[Known], round: u64) {
    for (writer, known) in known.iter().enumerate() {
        let answer = client.read(&format!("kv/writer/{writer}"));
        if answer.status == 404 && known.acknowledged == 0 {
            continue;
        }
        assert_eq!(
            answer.status, 200,
            "round {round}, writer {writer}: {}",
            answer.body
        );
        let value = answer.json()["data"]["n"].as_u64().expect("a number");
        assert!(
            (known.acknowledged..=known.tried).contains(&value),
            "round {round}, writer {writer}: {value} is not in {}..={}",
            known.acknowledged,
            known.tried
        );
    }
}
