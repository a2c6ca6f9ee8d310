//! Where the system makes no hosts for the clusters of a test, all of them are on one.

use e2e::clusters::{Hosts, Pair};
use serde_json::json;

#[test]
fn clusters_are_cut_off_and_joined_on_one_host_as_well() {
    let hosts = Hosts::together();
    let pair = Pair::start(&hosts);
    let (a, c) = (&pair.a, &pair.c);
    a.write("sys/mounts/kv", &json!({ "type": "kv" }));
    pair.settle();
    hosts.swallow(&a.relay);
    a.write("kv/x", &json!({ "v": "1" }));
    assert_eq!(c.client().read("kv/x").status, 404);
    hosts.carry(&a.relay);
    pair.settle();
    assert_eq!(c.read("kv/x")["data"]["v"], "1");
}
