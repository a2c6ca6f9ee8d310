//! Headers that ask for another node of the cluster, as the configuration lets them.

use e2e::clusters::{Cluster, Host, Pair};
use serde_json::json;

#[test]
fn a_client_asks_for_the_active_node_where_the_operator_lets_it() {
    let allowed = "replication {\n  allow_forwarding_via_header = true\n}\n";
    for (more, is_allowed) in [("", false), (allowed, true)] {
        let cluster = Cluster::start(&Host::this(), more);
        let write = json!({ "policy": "# x" }).to_string();
        let policy = "sys/policies/acl/x";
        let written = cluster.client().send("POST", policy, &[], Some(&write));
        assert_eq!(written.status, 204, "{}", written.body);
        for (name, value) in [
            ("X-Vault-Forward", "active-node"),
            ("X-Vault-Inconsistent", "forward-active-node"),
        ] {
            let answer = cluster.client().send("GET", policy, &[(name, value)], None);
            if is_allowed {
                assert_eq!(answer.status, 200, "{}", answer.body);
                continue;
            }
            assert_eq!(answer.status, 400, "{}", answer.body);
            let text = format!("forwarding via header {name} disabled in configuration");
            assert_eq!(answer.json(), json!({ "errors": [text] }));
        }
        let elsewhere = [("X-Vault-Index", "bm9uZQ==")];
        let answer = cluster.client().send("GET", policy, &elsewhere, None);
        assert_eq!(answer.status, 412, "{}", answer.body);
        assert!(!cluster.server.log().contains("allow_forwarding"));
    }
}

#[test]
fn a_client_waits_on_one_cluster_for_what_it_wrote_on_the_other() {
    let Some(hosts) = e2e::hosts!() else { return };
    let pair = Pair::start(&hosts);
    let (a, c) = (&pair.a, &pair.c);
    a.mount("kv");
    pair.settle();
    let write = |cluster: &Cluster, value: &str| {
        let written = cluster.client().write("kv/x", &json!({ "v": value }));
        assert_eq!(written.status, 204, "{}", written.body);
        assert_ne!(written.index, "");
        written.index
    };
    let read = |cluster: &Cluster, index: &str| {
        let headers = [("X-Vault-Index", index)];
        cluster.client().send("GET", "kv/x", &headers, None)
    };
    a.relay.cut();
    c.until_it_is_cut_off();
    let index = write(a, "of-a");
    assert_eq!(read(a, &index).json()["data"]["v"], "of-a");
    let early = read(c, &index);
    assert_eq!(early.status, 412, "{}", early.body);
    a.relay.mend();
    pair.settle();
    let there = read(c, &index);
    assert_eq!(there.status, 200, "{}", there.body);
    assert_eq!(there.json()["data"]["v"], "of-a");
    let index = write(c, "through-c");
    for cluster in [c, a] {
        let there = read(cluster, &index);
        assert_eq!(there.status, 200, "{}", there.body);
        assert_eq!(there.json()["data"]["v"], "through-c");
    }
}
