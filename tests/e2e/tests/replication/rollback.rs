//! The way back, while the first synchronization is not complete.

use core::time::Duration;
use e2e::clusters::{Cluster, Hosts, Pair};
use serde_json::{Value, json};

const DISABLE: &str = "sys/replication/performance/secondary/disable";
const UPDATE: &str = "sys/replication/performance/secondary/update-primary";

/// It has what it had, for those who could read it.
fn is_its_own(c: &Cluster) {
    c.has("own/x", "mine");
    assert_eq!(c.read("sys/policies/acl/mine")["data"]["policy"], "# mine");
    c.lacks("kv/0");
}

/// A primary with something in it, and a cluster of its own that was cut off while it joins.
fn cut_off_while_it_joins(hosts: &Hosts) -> (Pair, Value) {
    let pair = Pair::apart(hosts, "", "");
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
    (pair, status)
}

#[test]
fn a_cluster_that_joins_goes_on_where_its_primary_is_now() {
    let Some(hosts) = e2e::hosts!() else { return };
    let (mut pair, _) = cut_off_while_it_joins(&hosts);
    // Another token, while nothing gets through: the join is under that name from now on.
    let token = pair.a.activation("c-again", &json!({}));
    pair.c.write(UPDATE, &json!({ "token": token }));
    let status = pair.c.until_it_is_cut_off();
    assert_eq!(status["secondary_id"], "c-again", "{status:#}");
    assert_eq!(status["mode"], "bootstrapping", "{status:#}");
    is_its_own(&pair.c);
    let used = pair.c.client().write(UPDATE, &json!({ "token": token }));
    assert_eq!(used.status, 400, "{}", used.body);
    let address = pair.a.server.cluster_address().to_owned();
    pair.c
        .write(UPDATE, &json!({ "update_primary_addrs": [address] }));
    pair.joined();
    let status = pair.c.status();
    let expected = format!("https://{address}");
    assert_eq!(status["primary_cluster_addr"], expected, "{status:#}");
    assert_eq!(status["rollback_possible"], false, "{status:#}");
    assert_eq!(pair.c.read("kv/99")["data"]["v"], 99);
    pair.c.lacks("own/x");
}

#[test]
fn a_cluster_whose_primary_is_lost_goes_back_to_what_it_was() {
    let Some(hosts) = e2e::hosts!() else { return };
    let (mut pair, status) = cut_off_while_it_joins(&hosts);
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
