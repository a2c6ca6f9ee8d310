//! A primary that is written to all the time is followed all the same: a comparison that takes longer
//! than its moment can be held goes on with the next one.

use crate::pair::Network;
use crate::replication::{Member, a_while, primary, secondary};
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use serde_json::json;
use std::sync::Arc;

/// Policies of this size, so that a few fill a message.
const LARGE_BYTES: usize = 300_000;

/// As much is carried between two writes.
const CARRIED_BYTES: usize = 1_500_000;

async fn write_large(a: &Member, name: &str, mark: &str) {
    let policy = format!("# {mark} {}", "x".repeat(LARGE_BYTES));
    let path = format!("sys/policies/acl/{name}");
    a.write(&path, json!({ "policy": policy })).await.unwrap();
}

/// Goes on writing until it is told to stop: new entries, those that are there, and deletions. Much
/// less than is sent meanwhile, and much more than a moment may wait for.
struct Writer {
    is_to_stop: Arc<AtomicBool>,
    written: Arc<AtomicU64>,
    task: tokio::task::JoinHandle<()>,
}

impl Writer {
    fn start(network: &Network, a: &Arc<Member>) -> Self {
        let (is_to_stop, written) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicU64::new(0)),
        );
        let (stop, count) = (Arc::clone(&is_to_stop), Arc::clone(&written));
        let (network, a) = (network.clone(), Arc::clone(a));
        let task = tokio::spawn(async move {
            network.hold_after(CARRIED_BYTES);
            while !stop.load(Ordering::Relaxed) {
                if !network.is_held() {
                    a_while().await;
                    continue;
                }
                let number = count.fetch_add(1, Ordering::Relaxed);
                let name = match number % 3 {
                    0 => format!("large{:02}", number % 40),
                    1 => format!("new{number}"),
                    _ => format!("large{:02}", 39 - number % 40),
                };
                if number % 5 == 4 {
                    let path = format!("sys/policies/acl/{name}");
                    let delete = base::Operation::Delete;
                    let deleted = a.house.ask_as(&a.token, delete, &path, json!({}));
                    deleted.await.unwrap();
                }
                write_large(&a, &name, &number.to_string()).await;
                network.hold_after(CARRIED_BYTES);
            }
            network.let_go();
        });
        Self {
            is_to_stop,
            written,
            task,
        }
    }

    /// How often it wrote.
    async fn stop(self) -> u64 {
        self.is_to_stop.store(true, Ordering::Relaxed);
        self.task.await.unwrap();
        self.written.load(Ordering::Relaxed)
    }
}

async fn are_alike(a: &Member, c: &Member) {
    c.until_it_streams().await;
    let (one, other) = (a.status().await, c.status().await);
    assert_eq!(one["merkle_root"], other["merkle_root"]);
}

#[tokio::test(start_paused = true)]
async fn a_first_synchronization_ends_while_the_primary_is_written_to() {
    let network = Network::default();
    network.set(|settings| settings.moment_bytes_max = 400_000);
    let (a, share) = primary(&network).await;
    for number in 0..40 {
        write_large(&a, &format!("large{number:02}"), "first").await;
    }
    let both = (Arc::new(a), share);
    let writer = Writer::start(&network, &both.0);
    let before = network.opened("compare");
    let c = secondary(&network, &both, "c", json!({})).await;
    let (written, opened) = (writer.stop().await, network.opened("compare") - before);
    // Each moment was given up after two or three of them.
    assert!(written >= 4, "{written} {opened}");
    assert!(opened >= 3, "{written} {opened}");
    are_alike(&both.0, &c).await;
}

#[tokio::test(start_paused = true)]
async fn a_secondary_that_was_away_comes_back_while_the_primary_is_written_to() {
    let network = Network::default();
    network.set(|settings| settings.moment_bytes_max = 400_000);
    let (a, share) = primary(&network).await;
    let both = (Arc::new(a), share);
    let c = secondary(&network, &both, "c", json!({})).await;
    let a = &both.0;
    for number in 0..40 {
        write_large(a, &format!("large{number:02}"), "first").await;
    }
    c.until_it_streams().await;
    c.cut_off(&network).await;
    for number in (0..40).filter(|number| number % 4 != 1) {
        write_large(a, &format!("large{number:02}"), "second").await;
    }
    for number in (0..40).filter(|number| number % 4 == 1) {
        let path = format!("sys/policies/acl/large{number:02}");
        let delete = base::Operation::Delete;
        let deleted = a.house.ask_as(&a.token, delete, &path, json!({}));
        deleted.await.unwrap();
    }
    // Something else is filtered: it has to compare.
    let filter = json!({ "mode": "deny", "paths": ["nowhere/"] });
    let path = "sys/replication/performance/primary/paths-filter/c";
    a.write(path, filter).await.unwrap();
    let writer = Writer::start(&network, a);
    let before = network.opened("compare");
    network.cut(false);
    c.until(|status| status["state"] == "stream-wals").await;
    let (written, opened) = (writer.stop().await, network.opened("compare") - before);
    assert!(written >= 4, "{written} {opened}");
    assert!(opened >= 3, "{written} {opened}");
    are_alike(a, &c).await;
}

/// Nor is anything asked for again where the connection breaks.
#[tokio::test(start_paused = true)]
async fn a_first_synchronization_ends_over_a_connection_that_breaks_again_and_again() {
    let network = Network::default();
    let (a, share) = primary(&network).await;
    for number in 0..40 {
        write_large(&a, &format!("large{number:02}"), "first").await;
    }
    let both = (Arc::new(a), share);
    let (is_to_stop, broken) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU64::new(0)),
    );
    let breaks = {
        let (network, stop, count) = (
            network.clone(),
            Arc::clone(&is_to_stop),
            Arc::clone(&broken),
        );
        let a = Arc::clone(&both.0);
        tokio::spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                // Less than half of it, and it is written to meanwhile.
                network.cut_after(5_000_000);
                while !network.is_cut() && !stop.load(Ordering::Relaxed) {
                    a_while().await;
                }
                let number = count.fetch_add(1, Ordering::Relaxed);
                write_large(&a, &format!("large{:02}", number % 40), "again").await;
                network.cut(false);
            }
        })
    };
    let before = network.carried_bytes();
    let c = secondary(&network, &both, "c", json!({})).await;
    let carried = network.carried_bytes() - before;
    is_to_stop.store(true, Ordering::Relaxed);
    breaks.await.unwrap();
    network.cut(false);
    assert!(broken.load(Ordering::Relaxed) >= 2, "{broken:?}");
    // Once, what was written meanwhile, and what was on its way when it broke.
    assert!(carried < 40 * LARGE_BYTES * 2, "{carried}");
    are_alike(&both.0, &c).await;
}
