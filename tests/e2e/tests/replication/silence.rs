//! A way between clusters that swallows what is sent over it: nothing comes, and nobody is told.

use core::time::Duration;
use e2e::clusters::{Cluster, HOSTS, HostB, Pair, Place, run_apart, until};
use e2e::{Durable, binary};
use serde_json::json;
use std::time::Instant;

/// An end that hears nothing asks after ten seconds, and waits for as long again. The rest is for a
/// machine that is busy.
const NOTICED_WITHIN: Duration = Duration::from_secs(20 + 10);

/// What a secondary logs when it cannot simply go on.
const COMPARES: &str = "comparing with the primary";

const TEST: &str = "silence::a_link_that_swallows_packets_is_noticed_and_made_anew";

/// The way between both clusters.
trait Way {
    fn swallow(&self);
    fn carry(&self);
}

impl Way for HostB {
    fn swallow(&self) {
        Self::swallow(self);
    }

    fn carry(&self) {
        Self::carry(self);
    }
}

/// The relay of the primary, where there are no hosts of their own.
struct Relayed<'a>(&'a Cluster);

impl Way for Relayed<'_> {
    fn swallow(&self) {
        self.0.relay.fall_silent();
    }

    fn carry(&self) {
        self.0.relay.mend();
    }
}

#[test]
fn a_link_that_swallows_packets_is_noticed_and_made_anew() {
    match run_apart(TEST) {
        Place::Done => {}
        Place::Inside => between_hosts(),
        Place::Refused(why) => {
            eprintln!(
                "NO NETWORK NAMESPACES HERE ({why}): a relay that holds everything back takes their place"
            );
            let pair = Pair::start();
            is_noticed(&pair, &Relayed(&pair.a));
        }
    }
}

fn between_hosts() {
    let host_b = HostB::make();
    let folder = tempfile::tempdir().unwrap();
    let casemate = binary("casemate");
    let on_b = host_b.program(folder.path(), &casemate);
    let [a, b] = HOSTS;
    let a = Cluster::of(Durable::at(&casemate, a, ""));
    let c = Cluster::of(Durable::at(&on_b, b, ""));
    // Not through a relay: at the cluster address itself.
    let enable = "sys/replication/performance/primary/enable";
    a.write(enable, &json!({}));
    let mut pair = Pair { a, c };
    pair.join("c", &json!({}));
    let status = pair.c.status();
    let address = format!("https://{}", pair.a.server.cluster_address());
    assert_eq!(status["primary_cluster_addr"], address, "{status:#}");
    is_noticed(&pair, &host_b);
}

fn is_noticed(pair: &Pair, way: &dyn Way) {
    let (a, c) = (&pair.a, &pair.c);
    a.write("sys/mounts/kv", &json!({ "type": "kv" }));
    pair.settle();
    c.write("kv/before", &json!({ "v": "1" }));
    pair.settle();
    let compared = || c.server.log().matches(COMPARES).count();
    let compared_before = compared();

    way.swallow();
    let begun = Instant::now();
    // Nobody is held up but who needs the other side, and they are told in the end.
    a.write("kv/meanwhile", &json!({ "v": "2" }));
    assert_eq!(c.read("kv/before")["data"]["v"], "1");
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert_eq!(c.client().read("kv/meanwhile").status, 404);
    let refused = c.client().write("kv/x", &json!({ "v": "3" }));
    assert!(
        refused.status >= 500,
        "{}: {}",
        refused.status,
        refused.body
    );
    assert!(
        refused.body.contains("primary cluster cannot be reached"),
        "{}",
        refused.body
    );
    let status = c.until_status("the secondary notices", |status| {
        status["connection_state"] != "ready"
    });
    assert_ne!(status["last_error"], "", "{status:#}");
    until("the primary to notice", || {
        (a.status()["secondaries"][0]["connection_status"] == "disconnected").then_some(())
    });
    let took = begun.elapsed();
    assert!(took < NOTICED_WITHIN, "it took {took:?}");

    way.carry();
    pair.settle();
    assert_eq!(c.read("kv/meanwhile")["data"]["v"], "2");
    c.write("kv/after", &json!({ "v": "4" }));
    assert_eq!(a.read("kv/after")["data"]["v"], "4");
    // From the log, where it stopped.
    assert_eq!(compared(), compared_before, "{}", c.server.log());
    a.until_equal(c);
}
