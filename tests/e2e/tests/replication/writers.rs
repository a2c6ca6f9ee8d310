//! Clients that write while something happens to the clusters.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use e2e::clusters::{Cluster, until};
use e2e::{Client, clusters::fine};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

const WRITERS: usize = 4;
/// Writes that are answered before something happens.
const WRITES: u64 = 60;

/// Clients that count up one key each, until they are told to end.
pub(crate) struct Writers {
    threads: Vec<JoinHandle<(String, u64, u64)>>,
    done: Arc<AtomicU64>,
    ends: Arc<AtomicBool>,
}

impl Writers {
    pub(crate) fn begin(client: &Client, name: &str) -> Self {
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

    pub(crate) fn until_some_are_done(&self) {
        let before = self.done.load(Ordering::SeqCst);
        until("writes", || {
            (self.done.load(Ordering::SeqCst) >= before + WRITES).then_some(())
        });
    }

    /// For each key the last value that was acknowledged, and the last that was tried.
    pub(crate) fn end(self) -> BTreeMap<String, (u64, u64)> {
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

pub(crate) fn check(cluster: &Cluster, known: &BTreeMap<String, (u64, u64)>) {
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
