//! A way between clusters that swallows what is sent over it: nothing comes, and nobody is told.

use core::time::Duration;
use e2e::clusters::{Pair, until};
use serde_json::json;
use std::time::Instant;

/// An end that hears nothing asks after ten seconds, and waits for as long again. The rest is for a
/// machine that is busy.
const NOTICED_WITHIN: Duration = Duration::from_secs(20 + 10);

/// What a secondary logs when it cannot simply go on.
const COMPARES: &str = "comparing with the primary";

#[test]
fn a_link_that_swallows_packets_is_noticed_and_made_anew() {
    let Some(hosts) = e2e::hosts!() else { return };
    let pair = Pair::start(&hosts);
    let (a, c) = (&pair.a, &pair.c);
    a.write("sys/mounts/kv", &json!({ "type": "kv" }));
    pair.settle();
    c.write("kv/before", &json!({ "v": "1" }));
    pair.settle();
    let compared = || c.server.log().matches(COMPARES).count();
    let compared_before = compared();

    hosts.swallow(&a.relay);
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

    hosts.carry(&a.relay);
    pair.settle();
    assert_eq!(c.read("kv/meanwhile")["data"]["v"], "2");
    c.write("kv/after", &json!({ "v": "4" }));
    assert_eq!(a.read("kv/after")["data"]["v"], "4");
    // From the log, where it stopped.
    assert_eq!(compared(), compared_before, "{}", c.server.log());
    a.until_equal(c);
}
