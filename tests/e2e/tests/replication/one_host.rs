//! Where the system makes no hosts for the clusters of a test, all of them are on one.

use e2e::clusters::{Hosts, Pair};

#[test]
fn clusters_are_cut_off_and_joined_on_one_host_as_well() {
    let hosts = Hosts::together();
    let pair = Pair::start(&hosts);
    let (a, c) = (&pair.a, &pair.c);
    a.mount("kv");
    pair.settle();
    hosts.swallow(&a.relay);
    a.put("kv/x", "1");
    c.lacks("kv/x");
    hosts.carry(&a.relay);
    pair.settle();
    c.has("kv/x", "1");
}
