//! The way back, while the first synchronization is not complete.

use core::time::Duration;
use e2e::clusters::{Cluster, Pair};
use serde_json::json;

const DISABLE: &str = "sys/replication/performance/secondary/disable";

/// It has what it had, for those who could read it.
fn is_its_own(c: &Cluster) {
    c.has("own/x", "mine");
    assert_eq!(c.read("sys/policies/acl/mine")["data"]["policy"], "# mine");
    c.lacks("kv/0");
}

#[test]
fn a_cluster_whose_primary_is_lost_goes_back_to_what_it_was() {
    let Some(hosts) = e2e::hosts!() else { return };
    let mut pair = Pair::apart(&hosts, "", "");
    pair.a.mount("kv");
    for number in 0..100 {
        let body = json!({ "v": number, "more": "x".repeat(10_000) });
        pair.a.write(&format!("kv/{number}"), &body);
    }
    pair.c.mount("own");
    pair.c.put("own/x", "mine");
    let policy = json!({ "policy": "# mine" });
    pair.c.write("sys/policies/acl/mine", &policy);
    let token = pair.a.activation("c", &json!({}));
    // Slow, so that the way is cut in the middle.
    pair.a.relay.slow_down(Duration::from_millis(20));
    pair.c.enable_secondary(&token, &json!({}));
    pair.a.relay.cut();
    let status = pair.c.until_it_is_cut_off();
    assert_eq!(status["mode"], "bootstrapping", "{status:#}");
    assert_eq!(status["rollback_possible"], true, "{status:#}");
    assert_ne!(status["last_error"], "", "{status:#}");
    is_its_own(&pair.c);
    pair.c.put("own/y", "meanwhile");

    // Its own shares unseal it, and it tries again.
    pair.c.restart();
    pair.c.until_it_is_cut_off();
    is_its_own(&pair.c);
    let checked = pair
        .c
        .write("sys/replication/performance/check", &json!({}));
    assert_eq!(checked["data"]["ok"], false, "{checked:#}");

    pair.c.write(DISABLE, &json!({}));
    assert_eq!(pair.c.status()["mode"], "disabled");
    is_its_own(&pair.c);
    pair.c.restart();
    assert_eq!(pair.c.status()["mode"], "disabled");
    is_its_own(&pair.c);
    pair.c.has("own/y", "meanwhile");

    // And when the primary is back it may begin again.
    pair.a.relay.slow_down(Duration::ZERO);
    pair.a.relay.mend();
    pair.a.revoke("c");
    pair.join("c", &json!({}));
    pair.c.has("kv/99", 99);
    pair.c.lacks("own/x");
}
