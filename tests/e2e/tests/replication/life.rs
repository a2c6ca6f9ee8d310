//! The ways into a relation that lead nowhere, and the ways out.

use e2e::clusters::{Cluster, Host, Pair, Relay, text};
use serde_json::{Value, json};

const ENABLE: &str = "sys/replication/performance/secondary/enable";

#[test]
fn a_cluster_that_cannot_follow_keeps_what_it_has() {
    let Some(hosts) = e2e::hosts!() else { return };
    let pair = Pair::apart(&hosts, "", "");
    let (a, c) = (&pair.a, &pair.c);
    c.mount("kv");
    c.put("kv/x", "mine");
    let refused = |body: Value, wanted: &str| {
        let mut body = body;
        body["confirm_wipe"] = json!(c.id());
        let answer = c.client().write(ENABLE, &body);
        assert_eq!(answer.status, 400, "{}", answer.body);
        assert!(
            answer.body.contains(wanted),
            "{wanted:?} in {}",
            answer.body
        );
        c.has("kv/x", "mine");
        assert_eq!(c.status()["mode"], "disabled");
    };
    refused(json!({}), "token is missing");
    refused(
        json!({ "token": "x" }),
        "the token carries no address of the primary",
    );
    let nobody = json!({ "token": "x", "primary_api_addr": "http://127.0.0.1:1" });
    refused(nobody, "127.0.0.1:1");
    // What a wrapped secret is that is no activation token.
    let headers = [("X-Vault-Wrap-TTL", "5m")];
    let wrapped = a
        .client()
        .send("POST", "sys/wrapping/wrap", &headers, Some(r#"{"v":"1"}"#));
    let wrapped = text(&wrapped.json(), "/wrap_info/token");
    let wrong = json!({ "token": wrapped, "primary_api_addr": a.server.url() });
    refused(wrong, "it is not an activation token");
    // The cluster port is out of reach: the token is used up, and nothing else is lost.
    let token = a.activation("c", &json!({}));
    a.relay.cut();
    refused(json!({ "token": token }), &a.relay.address().to_string());
    a.relay.mend();
    let used = "the activation token of secondary \\\"c\\\" was used already";
    refused(json!({ "token": token }), used);
    let elsewhere = json!({ "token": token, "primary_api_addr": c.server.url() });
    refused(
        elsewhere,
        "it is not an activation token of the cluster that answers there",
    );
    let again = a.client().write(
        "sys/replication/performance/primary/secondary-token",
        &json!({ "id": "c" }),
    );
    assert_eq!(again.status, 400, "{}", again.body);
    assert!(again.body.contains("is known already"), "{}", again.body);
    a.revoke("c");
    let token = a.activation("c", &json!({}));
    c.enable_secondary(&token, &json!({}));
    let mut pair = pair;
    pair.joined();
}

/// Another secondary of the same primary, with a relay of its own on the way.
fn second(host: &Host, a: &Cluster, more: &Value) -> (Cluster, Relay) {
    let mut d = Cluster::start(host, "");
    let token = a.activation("d", more);
    d.enable_secondary(&token, &json!({}));
    d.shares.clone_from(&a.shares);
    d.token = a.shared_token();
    d.until_it_streams();
    let relay = a.relay.another();
    let update = "sys/replication/performance/secondary/update-primary";
    d.write(update, &json!({ "update_primary_addrs": [relay.url()] }));
    d.until_it_streams();
    (d, relay)
}

#[test]
fn two_secondaries_have_what_each_is_to_have_and_leave_one_by_one() {
    let Some(hosts) = e2e::hosts!() else { return };
    let mut pair = Pair::apart(&hosts, "", "");
    let a = &pair.a;
    for path in ["all", "for-c", "for-d"] {
        a.mount(path);
        a.put(&format!("{path}/x"), path);
    }
    let denies = |path: &str| json!({ "paths_filter_mode": "deny", "paths": [path] });
    pair.join("c", &denies("for-d/"));
    let (a, c) = (&pair.a, &pair.c);
    let (d, way_of_d) = second(&hosts.c, a, &denies("for-c/"));
    let has =
        |cluster: &Cluster, path: &str| cluster.client().read(&format!("{path}/x")).status == 200;
    let all = |cluster: &Cluster| ["all", "for-c", "for-d"].map(|path| has(cluster, path));
    assert_eq!(
        (all(c), all(&d)),
        ([true, true, false], [true, false, true])
    );

    // What goes through one is soon at the other. A way that is broken holds up nobody else.
    d.put("all/of-d", "d");
    pair.settle();
    c.has("all/of-d", "d");
    way_of_d.fall_silent();
    c.put("all/of-c", "c".repeat(100_000));
    pair.settle();
    d.lacks("all/of-c");
    way_of_d.mend();
    d.until_it_has_all_of(a);
    assert_eq!(text(&d.read("all/of-c"), "/data/v").len(), 100_000);

    // One is revoked, the other one stays. It may go its own way then.
    a.revoke("d");
    d.until_status("it is refused", |status| {
        status["last_error"]
            .as_str()
            .unwrap_or_default()
            .contains("revoked")
    });
    a.put("all/late", "late");
    pair.settle();
    c.has("all/late", "late");
    d.write("sys/replication/performance/secondary/disable", &json!({}));
    assert_eq!(d.status()["mode"], "disabled");
    d.put("all/alone", "alone");
    d.has("all/alone", "alone");
    c.lacks("all/alone");
    leaves_and_comes_back(pair);
}

/// The primary ends the relation, and begins another one.
fn leaves_and_comes_back(mut pair: Pair) {
    pair.a
        .write("sys/replication/performance/primary/disable", &json!({}));
    let (a, c) = (&pair.a, &pair.c);
    a.put("all/between", "between");
    c.until_status("nobody leads it", |status| {
        let trouble = status["last_error"].as_str().unwrap_or_default();
        status["connection_state"] == "transient_failure" && trouble.contains("no primary")
    });
    c.has("all/late", "late");
    c.write("sys/replication/performance/secondary/disable", &json!({}));
    c.put("all/mine", "mine");
    a.lead();
    pair.join("c", &json!({}));
    let (a, c) = (&pair.a, &pair.c);
    a.until_equal(c);
    c.lacks("all/mine");
    c.has("all/between", "between");
}
