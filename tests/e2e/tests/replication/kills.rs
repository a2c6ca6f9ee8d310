//! Either side is killed while it is written to.

use crate::writers::{Writers, check};
use e2e::clusters::{Cluster, Pair};
use serde_json::json;

#[test]
fn kills_lose_nothing_that_was_acknowledged() {
    let Some(hosts) = e2e::hosts!() else { return };
    let mut pair = Pair::start(&hosts);
    pair.a.mount("kv");
    pair.settle();
    for round in 0..3 {
        let on_a = Writers::begin(&pair.a.client(), &format!("a{round}"));
        let on_c = Writers::begin(&pair.c.client(), &format!("c{round}"));
        on_a.until_some_are_done();
        on_c.until_some_are_done();
        let killed = if round % 2 == 0 {
            &mut pair.a
        } else {
            &mut pair.c
        };
        killed.restart();
        // Both sides are written to again, without anybody's help.
        on_a.until_some_are_done();
        on_c.until_some_are_done();
        let mut known = on_a.end();
        known.extend(on_c.end());
        pair.settle();
        check(&pair.a, &known);
        check(&pair.c, &known);
        pair.a.until_equal(&pair.c);
        for cluster in [&pair.a, &pair.c] {
            let found = cluster.write("sys/replication/merkle-check", &json!({}));
            let report = &found["data"]["merkle_corruption_report"];
            assert_eq!(report["corrupted_root"], false, "{found:#}");
        }
    }
}

fn opens(cluster: &Cluster, shares: &[String]) -> bool {
    let client = cluster.client_as("");
    let mut answers = shares
        .iter()
        .map(|share| client.write("sys/unseal", &json!({ "key": share })));
    answers.any(|answer| answer.status == 200 && answer.json()["sealed"] == false)
}

#[test]
fn a_secondary_that_is_killed_while_it_begins_goes_on() {
    let Some(hosts) = e2e::hosts!() else { return };
    let mut pair = Pair::apart(&hosts, "", "");
    let a = &pair.a;
    a.mount("kv");
    for number in 0..100 {
        let body = json!({ "v": number, "more": "x".repeat(10_000) });
        a.write(&format!("kv/{number}"), &body);
    }
    pair.c.mount("old");
    pair.c.put("old/x", "goes");
    let token = a.activation("c", &json!({}));
    // Slow, so that it is killed in the middle.
    a.relay.slow_down(core::time::Duration::from_millis(20));
    pair.c.enable_secondary(&token, &json!({}));
    for _ in 0..3 {
        pair.c.until_status("it is a secondary", |status| {
            status["mode"] == "bootstrapping" || status["mode"] == "secondary"
        });
        pair.c.server.kill();
        pair.c.server.start();
        // Which shares unseal it depends on how far it was.
        if !opens(&pair.c, &pair.c.shares) {
            assert!(opens(&pair.c, &pair.a.shares));
        }
    }
    pair.a.relay.slow_down(core::time::Duration::ZERO);
    pair.joined();
    pair.a.until_equal(&pair.c);
    pair.c.has("kv/99", 99);
    pair.c.lacks("old/x");
}
