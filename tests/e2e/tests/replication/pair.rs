//! Two clusters become a pair, and stop being one.

use e2e::clusters::{Cluster, Pair, fine, text};
use serde_json::{Value, json};

#[test]
fn a_pair() {
    let Some(hosts) = e2e::hosts!() else { return };
    let mut pair = Pair::apart(&hosts, "", "");
    let a = &pair.a;
    a.write("sys/mounts/kv", &json!({ "type": "kv-v2" }));
    a.write("kv/data/before", &json!({ "data": { "v": "1" } }));
    pair.c.mount("old");
    pair.c.put("old/x", "goes");
    // What is there does not go by a slip, and the token is not used up by the refusal.
    let token = a.activation("c", &json!({}));
    let enable = "sys/replication/performance/secondary/enable";
    let refused = pair.c.client().write(enable, &json!({ "token": token }));
    assert_eq!(refused.status, 400, "{}", refused.body);
    let wanted = format!("confirm_wipe={}", pair.c.id());
    assert!(refused.body.contains(&wanted), "{}", refused.body);
    let old_token = pair.c.token.clone();
    pair.c.enable_secondary(&token, &json!({}));
    pair.joined();

    let (a, c) = (&pair.a, &pair.c);
    a.until_equal(c);
    c.lacks("old/x");
    assert_eq!(c.client_as(&old_token).read("kv/data/before").status, 403);
    assert_eq!(c.read("kv/data/before")["data"]["data"]["v"], "1");
    // While it streams, both ways; what goes through C is read there at once.
    a.write("kv/data/on-a", &json!({ "data": { "v": "2" } }));
    pair.settle();
    assert_eq!(c.read("kv/data/on-a")["data"]["data"]["v"], "2");
    for number in 0..20 {
        let path = format!("kv/data/on-c-{number}");
        c.write(&path, &json!({ "data": { "v": number } }));
        assert_eq!(c.read(&path)["data"]["data"]["v"], number);
        assert_eq!(a.read(&path)["data"]["data"]["v"], number);
    }
    a.until_equal(c);
    both_say_connected(&pair);
    tokens(&pair);
    let used = c.client().write(enable, &json!({ "token": token }));
    assert_eq!(used.status, 400, "{}", used.body);
}

fn both_say_connected(pair: &Pair) {
    let (a, c) = (pair.a.status(), pair.c.status());
    assert_eq!(a["mode"], "primary", "{a:#}");
    assert_eq!(a["known_secondaries"], json!(["c"]), "{a:#}");
    assert_eq!(a["secondaries"][0]["node_id"], "c", "{a:#}");
    assert_eq!(a["secondaries"][0]["state"], "connected", "{a:#}");
    assert_eq!(
        a["secondaries"][0]["connection_status"], "connected",
        "{a:#}"
    );
    assert_eq!(c["mode"], "secondary", "{c:#}");
    assert_eq!(c["connection_state"], "ready", "{c:#}");
    assert_eq!(c["primaries"][0]["connection_status"], "connected", "{c:#}");
    assert_eq!(c["cluster_id"], a["cluster_id"]);
    assert_eq!(c["secondary_id"], "c", "{c:#}");
    assert_eq!(c["primary_cluster_addr"], pair.a.relay.url(), "{c:#}");
    let mode = |cluster: &Cluster| {
        let health = cluster.client_as("").read("sys/health").json();
        health["replication_performance_mode"].clone()
    };
    assert_eq!(mode(&pair.a), "primary");
    assert_eq!(mode(&pair.c), "secondary");
}

/// Service tokens are of one cluster, orphan batch tokens of all.
fn tokens(pair: &Pair) {
    let (a, c) = (&pair.a, &pair.c);
    let root = c.root_token();
    let looked_up = |cluster: &Cluster, token: &str| {
        let answer = cluster.client_as(token).read("auth/token/lookup-self");
        answer.status
    };
    assert_eq!((looked_up(c, &root), looked_up(a, &root)), (200, 403));
    assert_eq!(looked_up(c, a.server.token()), 403);
    for (here, there, maker) in [(a, c, a.server.token()), (c, a, root.as_str())] {
        let make = |wanted: Value| {
            let made = fine(&here.client_as(maker).write("auth/token/create", &wanted));
            text(&made, "/auth/client_token")
        };
        let service = make(json!({ "policies": ["admin"] }));
        assert_eq!(
            (looked_up(here, &service), looked_up(there, &service)),
            (200, 403)
        );
        let batch =
            make(json!({ "type": "batch", "policies": ["admin"], "no_parent": true, "ttl": "1h" }));
        assert_eq!(
            (looked_up(here, &batch), looked_up(there, &batch)),
            (200, 200)
        );
        // One with a parent lives where its parent does.
        let child = make(json!({ "type": "batch", "policies": ["admin"], "ttl": "1h" }));
        assert_eq!(
            (looked_up(here, &child), looked_up(there, &child)),
            (200, 403)
        );
    }
}

#[test]
fn a_secondary_needs_no_api_of_its_primary_where_it_has_a_key() {
    let Some(hosts) = e2e::hosts!() else { return };
    let mut pair = Pair::apart(&hosts, "", "");
    let audit = pair.a.server.folder().join("audit.log");
    let device = json!({ "type": "file", "local": true, "options": { "file_path": audit } });
    pair.a.write("sys/audit/file", &device);
    let generate = "sys/replication/performance/secondary/generate-public-key";
    let key = pair.c.write(generate, &json!({}));
    let key = json!({ "secondary_public_key": text(&key, "/data/secondary_public_key") });
    let token = pair.a.activation("c", &key);
    // Whoever else gets it cannot open it, and nobody is asked.
    let before = pair.a.relay.taken();
    let other = Cluster::start(&hosts.c, "");
    let enable = "sys/replication/performance/secondary/enable";
    for generates in [false, true] {
        if generates {
            other.write(generate, &json!({}));
        }
        let refused = other.client().write(enable, &json!({ "token": token }));
        assert_eq!(refused.status, 400, "{}", refused.body);
        assert!(refused.body.contains("sealed to"), "{}", refused.body);
    }
    assert_eq!(pair.a.relay.taken(), before);
    pair.c.enable_secondary(&token, &json!({}));
    pair.joined();
    pair.a.until_equal(&pair.c);
    // Every request to the API is in the audit file; a wrapped token would have been redeemed there.
    let redeemed = || {
        let records = std::fs::read_to_string(&audit).unwrap();
        records.matches("\"sys/wrapping/unwrap\"").count()
    };
    assert_eq!(redeemed(), 0);
    let wrapped = pair.a.activation("d", &json!({}));
    let other_enable = json!({ "token": wrapped });
    fine(&other.client().write(enable, &other_enable));
    assert!(redeemed() > 0);
}

#[test]
fn a_revoked_secondary_is_cut_off_and_comes_back_by_a_new_token() {
    let Some(hosts) = e2e::hosts!() else { return };
    let pair = Pair::start(&hosts);
    let (a, c) = (&pair.a, &pair.c);
    a.mount("kv");
    a.put("kv/before", "1");
    c.mount_local("own");
    c.put("own/x", "stays");
    pair.settle();
    a.revoke("c");
    let sent_by_now = a.relay.carried().len();
    a.put("kv/after", "2".repeat(100_000));
    let status = c.until_status("it is refused", |status| {
        let trouble = status["last_error"].as_str().unwrap_or_default();
        trouble.contains("revoked")
    });
    assert_eq!(
        status["connection_state"], "transient_failure",
        "{status:#}"
    );
    assert_eq!(a.status()["secondaries"][0]["state"], "revoked");
    assert_eq!(a.status()["known_secondaries"], json!([]));
    // It tries again, and is told nothing.
    let taken = a.relay.taken();
    a.relay.until_taken(taken + 1);
    assert!(a.relay.carried().len() - sent_by_now < 100_000);
    // It reads what it has, and writes nothing that is shared.
    c.has("kv/before", "1");
    c.lacks("kv/after");
    c.cannot_write("kv/x");

    let token = a.activation("c", &json!({}));
    let update = "sys/replication/performance/secondary/update-primary";
    c.write(update, &json!({ "token": token }));
    c.until_it_streams();
    pair.settle();
    a.until_equal(c);
    assert_eq!(text(&c.read("kv/after"), "/data/v").len(), 100_000);
    c.has("own/x", "stays");
}
