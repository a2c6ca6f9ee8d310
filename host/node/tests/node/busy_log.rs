//! A change of part that cannot be written leaves the part as it was.

use crate::pair::Network;
use crate::replication::{Member, a_while, primary, secondary};
use base::{Refusal, RefusalKind};
use journal::{Batch, Committing, Journal, JournalError};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A log that may have no room for the next commit.
pub(crate) struct BusyLog {
    log: Arc<dyn Journal>,
    is_busy: AtomicBool,
}

impl BusyLog {
    pub(crate) fn of(log: Arc<dyn Journal>) -> Self {
        let is_busy = AtomicBool::new(false);
        Self { log, is_busy }
    }

    /// Once.
    pub(crate) fn refuse_the_next(&self) {
        self.is_busy.store(true, Ordering::SeqCst);
    }
}

impl Journal for BusyLog {
    fn commit(&self, batches: Vec<Batch>) -> Committing {
        match self.is_busy.swap(false, Ordering::SeqCst) {
            true => Box::pin(core::future::ready(Err(JournalError::Busy(1)))),
            false => self.log.commit(batches),
        }
    }

    fn applied(&self) -> u64 {
        self.log.applied()
    }
}

/// The secondary gets what is written on the primary, and what is written through it is done there.
async fn is_followed(a: &Member, c: &Member, name: &str) {
    let policy = json!({ "policy": "# x" });
    let (one, other) = (
        format!("sys/policies/acl/{name}-a"),
        format!("sys/policies/acl/{name}-c"),
    );
    a.write(&one, policy.clone()).await.unwrap();
    c.until_it_is_there(&one, true).await;
    c.write(&other, policy).await.unwrap();
    a.read(&other).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_part_that_cannot_be_given_up_now_is_played_on() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    let c = secondary(&network, &both, "c", json!({})).await;
    let at = |path: &str| format!("sys/replication/performance/{path}");
    let forced = || json!({ "force": true });
    let requests: [(&str, &Member, String, Value); 6] = [
        ("a", a, at("primary/demote"), json!({})),
        ("a", a, at("primary/demote"), forced()),
        ("a", a, at("primary/disable"), json!({})),
        ("c", &c, at("secondary/promote"), forced()),
        ("c", &c, at("secondary/disable"), json!({})),
        ("c", &c, at("secondary/update-primary"), json!({})),
    ];
    for (number, (name, member, path, data)) in requests.into_iter().enumerate() {
        c.until_it_streams().await;
        network.busy(name);
        let refused = member.write(&path, data).await.unwrap_err();
        assert_eq!(
            (refused.kind, refused.message.as_str()),
            (RefusalKind::Unavailable, "server is busy, try again"),
            "{path}"
        );
        assert_eq!(a.status().await["mode"], "primary", "{path}");
        assert_eq!(c.status().await["mode"], "secondary", "{path}");
        c.until_it_streams().await;
        is_followed(a, &c, &format!("{number}-as-it-was")).await;
        // Whoever comes anew is let in, and stays.
        c.cut_off(&network).await;
        network.cut(false);
        c.until_it_streams().await;
        a_while().await;
        is_followed(a, &c, &format!("{number}-anew")).await;
        assert_eq!(a.status().await["secondaries"][0]["state"], "connected");
    }
    // The part can be given up still.
    a.write(&at("primary/demote"), json!({})).await.unwrap();
    network.busy("c");
    let refused = c.write(&at("secondary/promote"), json!({})).await;
    assert!(matches!(
        refused,
        Err(Refusal {
            kind: RefusalKind::Unavailable,
            ..
        })
    ));
    c.write(&at("secondary/promote"), json!({})).await.unwrap();
    assert_eq!(c.status().await["mode"], "primary");
}
