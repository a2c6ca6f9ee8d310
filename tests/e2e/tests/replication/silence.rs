//! A way between clusters that swallows what is sent over it: nothing comes, and nobody is told.

use core::time::Duration;
use e2e::clusters::{Pair, until};
use std::time::Instant;

/// An end that hears nothing asks after ten seconds, and waits for as long again. The rest is for a
/// machine that is busy.
const NOTICED_WITHIN: Duration = Duration::from_secs(20 + 10);

#[test]
fn a_link_that_swallows_packets_is_noticed_and_made_anew() {
    let Some(hosts) = e2e::hosts!() else { return };
    let pair = Pair::start(&hosts);
    let (a, c) = (&pair.a, &pair.c);
    a.mount("kv");
    pair.settle();
    c.put("kv/before", "1");
    pair.settle();
    let compared_before = c.compared();

    hosts.swallow(&a.relay);
    let begun = Instant::now();
    // Nobody is held up but who needs the other side, and they are told in the end.
    a.put("kv/meanwhile", "2");
    c.has("kv/before", "1");
    assert!(begun.elapsed() < Duration::from_secs(5));
    c.lacks("kv/meanwhile");
    c.cannot_write("kv/x");
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
    c.has("kv/meanwhile", "2");
    c.put("kv/after", "4");
    a.has("kv/after", "4");
    // From the log, where it stopped.
    assert_eq!(c.compared(), compared_before, "{}", c.server.log());
    a.until_equal(c);
}
