//! For whom a primary keeps its log, also where nobody says anything.

use crate::pair::Network;
use crate::replication::{primary, secondary};
use core::time::Duration;
use journal::{Extent, Source, SourceError, Tail, Waiting};
use serde_json::json;
use std::sync::{Arc, Mutex};

/// A log that notes how much of it is to be kept.
pub(crate) struct KeptLog {
    log: Arc<dyn Source>,
    after: Mutex<Option<u64>>,
}

impl KeptLog {
    pub(crate) fn of(log: Arc<dyn Source>) -> Self {
        let after = Mutex::default();
        Self { log, after }
    }

    /// After which entry it is to be kept.
    pub(crate) fn kept_after(&self) -> Option<u64> {
        *self.after.lock().unwrap()
    }
}

impl Source for KeptLog {
    fn read(&self, after: u64, bytes_max: usize) -> Result<Tail, SourceError> {
        self.log.read(after, bytes_max)
    }

    fn is_at_hand(&self, after: u64) -> bool {
        self.log.is_at_hand(after)
    }

    fn beyond(&self, after: u64) -> Waiting {
        self.log.beyond(after)
    }

    fn extent(&self) -> Extent {
        self.log.extent()
    }

    fn keep_after(&self, after: Option<u64>) {
        *self.after.lock().unwrap() = after;
        self.log.keep_after(after);
    }
}

#[tokio::test(start_paused = true)]
async fn the_log_is_kept_for_a_day_though_the_only_secondary_says_nothing() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    let c = secondary(&network, &both, "c", json!({})).await;
    c.cut_off(&network).await;
    let left = network.kept_after("a").unwrap();
    let policy = json!({ "policy": "# meanwhile" });
    a.write("sys/policies/acl/p", policy.clone()).await.unwrap();
    let written = a.house.index().await;
    assert!(left < written, "{left} of {written}");
    // Half a day later it is still kept for the one that is away.
    for hours in 1..=12 {
        a.house.clock.advance(Duration::from_secs(3_600));
        a.house.tick().await;
        assert_eq!(network.kept_after("a"), Some(left), "after {hours} hours");
    }
    for _ in 0..14 {
        a.house.clock.advance(Duration::from_secs(3_600));
        a.house.tick().await;
    }
    assert!(network.kept_after("a") > Some(left));
    // It finds what it lacks all the same.
    network.cut(false);
    c.until_it_streams().await;
    assert!(c.read("sys/policies/acl/p").await.is_ok());
}
