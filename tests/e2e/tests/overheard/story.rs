//! A secondary comes, follows, gets other filters, writes through its primary, and asks for more.

use crate::frames::Contents;
use crate::planted::Planted;
use crate::secondary::Secondary;
use crate::{kept, questions};
use base::Operation;
use e2e::canaries::Canaries;
use e2e::clusters::Cluster;
use locality::{Class, PhysicalKey};
use serde_json::json;
use std::collections::BTreeSet;
use std::path::Path;

const FILTER: &str = "sys/replication/performance/primary/paths-filter/c";

/// A primary and its secondary, and what is to be found of what goes over, or not.
struct Pair {
    a: Cluster,
    c: Secondary,
    /// Replicated, from the first to the last.
    open: Planted,
    /// Left out, from the first to the last.
    denied: Planted,
    /// Now one, now the other.
    swings: Planted,
    /// Of one cluster alone.
    kept: Canaries,
    /// Entries that were ever heard of.
    keys: BTreeSet<PhysicalKey>,
}

impl Pair {
    /// All is there, and the secondary begins.
    fn start(a: Cluster, divided: &[u8]) -> Self {
        a.lead();
        kept::prepare(&a, divided);
        let [mut open, denied, swings] = core::array::from_fn(|_| Planted::plant(&a));
        let mut kept = kept::at_the_primary(&a, &open);
        kept::divide(&a, &mut open.all, &mut kept);
        let mut pair = Self {
            a,
            c: Secondary::start(),
            open,
            denied,
            swings,
            kept,
            keys: BTreeSet::new(),
        };
        let paths = pair.left_out();
        let filter = json!({ "paths_filter_mode": "deny", "paths": paths });
        pair.c.join(&pair.a, &filter);
        pair
    }

    fn left_out(&self) -> Vec<String> {
        [self.denied.paths(), self.swings.paths()].concat()
    }

    fn set_filter(&self, paths: &[String]) {
        let filter = json!({ "mode": "deny", "paths": paths });
        self.a.write(FILTER, &filter);
        self.c.settle(&self.a);
    }

    /// What went over since this was asked last. What is never to go over is not in it.
    #[track_caller]
    fn heard(&mut self) -> Contents {
        self.c.settle(&self.a);
        let heard = self.c.heard();
        assert!(heard.opened > 0);
        has_none(&heard, &self.denied.all, "denied");
        has_none(&heard, &self.kept, "of one cluster");
        let mut keys = heard.keys.iter();
        assert!(keys.all(|key| key.class() == Class::Replicated));
        self.keys.extend(heard.keys.iter().cloned());
        heard
    }
}

#[track_caller]
fn has_none(heard: &Contents, canaries: &Canaries, what: &str) {
    assert_eq!(canaries.in_bytes(&heard.bytes), [""; 0], "{what}");
}

#[track_caller]
fn has_all(heard: &Contents, canaries: &Canaries, what: &str) {
    assert_eq!(canaries.not_in_bytes(&heard.bytes), [""; 0], "{what}");
}

#[test]
fn what_a_secondary_is_not_to_have_is_in_no_frame() {
    let components = Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance/components");
    let divided = pack::build(&components.join("divided")).unwrap();
    let Some(hosts) = e2e::hosts!() else { return };
    let mut pair = Pair::start(Cluster::start(&hosts.b, ""), &divided);
    begins(&mut pair);
    follows(&mut pair);
    is_filtered(&mut pair);
    writes_through(&mut pair);
    asks_for_more(&mut pair);
    people_are_known(&mut pair);
    is_sealed_on_the_way(pair);
}

fn begins(pair: &mut Pair) {
    let heard = pair.heard();
    assert!(heard.methods.contains("bootstrap") && heard.methods.contains("compare"));
    has_all(&heard, &pair.open.all, "replicated");
    has_none(&heard, &pair.swings.all, "left out");
}

fn follows(pair: &mut Pair) {
    let mut later = Canaries::default();
    // From here on values are sealed by another key.
    pair.a.write("sys/rotate", &json!({}));
    kept::divide(&pair.a, &mut later, &mut pair.kept);
    pair.kept
        .watch_all(&kept::at_the_primary(&pair.a, &pair.open));
    pair.denied.grow(&pair.a);
    pair.swings.grow(&pair.a);
    later.watch_all(&pair.open.grow(&pair.a));
    let heard = pair.heard();
    assert!(heard.methods.contains("follow"));
    has_all(&heard, &later, "replicated");
    has_none(&heard, &pair.swings.all, "left out");
}

fn is_filtered(pair: &mut Pair) {
    pair.set_filter(&pair.denied.paths());
    let heard = pair.heard();
    has_all(&heard, &pair.swings.all, "left out no more");
    let later = pair.swings.grow(&pair.a);
    pair.denied.grow(&pair.a);
    has_all(&pair.heard(), &later, "left out no more");

    pair.set_filter(&pair.left_out());
    let later = pair.open.grow(&pair.a);
    pair.swings.grow(&pair.a);
    let heard = pair.heard();
    has_all(&heard, &later, "replicated");
    has_none(&heard, &pair.swings.all, "left out again");
}

/// Requests that are run at the primary, and what they come to.
fn writes_through(pair: &mut Pair) {
    let mut through = Canaries::default();
    let c = &pair.c;
    let value = through.hatch("value written through");
    let name = through.hatch("name written through");
    let mount = &pair.open.mount;
    c.write(&format!("{mount}/{name}"), json!({ "v": value }));
    for (path, body) in [
        ("sys/mounts", json!({ "type": "kv" })),
        ("sys/policies/acl", json!({ "policy": "# x" })),
        ("sys/namespaces", json!({})),
    ] {
        let name = through.hatch(&format!("{path} written through"));
        c.write(&format!("{path}/{name}"), body);
    }
    let login = format!("auth/{}/login/joe", pair.open.method);
    let login = c.try_ask("", Operation::Update, &login, json!({ "password": "p" }));
    let token = login.unwrap()["client_token"].as_str().unwrap().to_owned();
    pair.kept.watch_all(&kept::at_the_secondary(c, &token));
    let heard = pair.heard();
    assert!(heard.methods.contains("forward"));
    has_all(&heard, &through, "written through");
    has_none(&heard, &pair.swings.all, "left out again");
    pair.open.all.watch_all(&through);
}

/// It knows by now where to ask.
fn asks_for_more(pair: &mut Pair) {
    let asked = questions::pry(&pair.c.tap, &pair.keys);
    pair.c.runtime.block_on(asked);
    let heard = pair.heard();
    has_all(&heard, &pair.open.all, "replicated");
    has_none(&heard, &pair.swings.all, "left out again");
}

/// Who has logged in is an entity of all clusters, and its alias says how.
/// Who logs in by a method is known by name where the method is.
fn people_are_known(pair: &mut Pair) {
    let known = pair.open.log_in(&pair.a);
    let kept = pair.denied.log_in(&pair.a);
    pair.c.settle(&pair.a);
    let heard = pair.c.heard();
    has_all(&heard, &known, "known");
    has_none(&heard, &kept, "known where the method is");
    has_none(&heard, &pair.kept, "of one cluster");
    let told = pair.denied.all.in_bytes(&heard.bytes);
    assert_eq!(told, [""; 0]);
    pair.open.all.watch_all(&known);
    pair.denied.all.watch_all(&kept);
}

fn is_sealed_on_the_way(pair: Pair) {
    pair.c.stop();
    let carried = pair.a.relay.carried();
    let mut all = pair.open.all;
    for more in [&pair.denied.all, &pair.swings.all, &pair.kept] {
        all.watch_all(more);
    }
    assert_eq!(all.in_bytes(&carried), [""; 0], "on the way");
}
