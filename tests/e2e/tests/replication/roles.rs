//! Who is the primary changes.

use crate::writers::{Writers, check};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use e2e::clusters::{Cluster, Pair};
use serde_json::{Value, json};

const DEMOTE: &str = "sys/replication/performance/primary/demote";
const PROMOTE: &str = "sys/replication/performance/secondary/promote";
const UPDATE: &str = "sys/replication/performance/secondary/update-primary";

/// Leads from now on, for those who come through its relay.
fn promote(cluster: &Cluster, more: Value) {
    let mut body = json!({ "primary_cluster_addr": cluster.relay.url() });
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    cluster.write(PROMOTE, &body);
    cluster.until_status("it leads", |status| status["mode"] == "primary");
}

/// One follows the other from now on.
fn follow(secondary: &Cluster, id: &str, primary: &Cluster) {
    let token = primary.activation(id, &json!({}));
    secondary.write(UPDATE, &json!({ "token": token }));
    secondary.until_it_streams();
    secondary.until_it_has_all_of(primary);
    primary.until_equal(secondary);
}

#[test]
fn two_clusters_change_their_parts_and_change_back() {
    let Some(hosts) = e2e::hosts!() else { return };
    let mut pair = Pair::start(&hosts);
    // A token that is good on both, whoever leads.
    pair.a.token = pair.c.token.clone();
    let (a, c) = (&pair.a, &pair.c);
    a.mount("kv");
    a.put("kv/before", "before");
    for (cluster, name) in [(a, "own-a"), (c, "own-c")] {
        cluster.mount_local(name);
        cluster.put(&format!("{name}/x"), name);
    }
    pair.settle();
    let status = c.write(PROMOTE, &json!({ "dry_run": true }));
    let blockers = json!(["its primary still leads: demote that first"]);
    assert_eq!(status["data"]["blockers"], blockers, "{status:#}");

    a.write(DEMOTE, &json!({}));
    let status = c.write(PROMOTE, &json!({ "dry_run": true }));
    assert_eq!(status["data"]["can_promote"], true, "{status:#}");
    // Between the two nobody takes what is shared.
    for cluster in [a, c] {
        cluster.cannot_write("kv/nobody");
    }
    promote(c, json!({}));
    c.put("kv/of-c", "of-c");
    follow(a, "a", c);
    a.has("kv/of-c", "of-c");
    a.put("kv/through-a", "through-a");
    c.has("kv/through-a", "through-a");
    let generations = [a.status(), c.status()].map(|status| status["generation"].clone());
    assert_eq!(generations, [json!(2), json!(2)]);

    c.write(DEMOTE, &json!({}));
    promote(a, json!({}));
    follow(c, "c", a);
    c.put("kv/through-c", "through-c");
    a.has("kv/through-c", "through-c");
    assert_eq!(a.status()["generation"], 3);
    // What is local stayed where it is, what is of the clusters' own as well.
    for (cluster, name, other) in [(a, "own-a", "own-c"), (c, "own-c", "own-a")] {
        cluster.has(&format!("{name}/x"), name);
        cluster.lacks(&format!("{other}/x"));
    }
    for path in ["before", "of-c", "through-a"] {
        for cluster in [a, c] {
            cluster.has(&format!("kv/{path}"), path);
        }
    }
    pair.c.restart();
    pair.settle();
    pair.c.has("kv/through-c", "through-c");
}

#[test]
fn what_was_acknowledged_while_a_primary_was_demoted_is_on_the_next_one() {
    let Some(hosts) = e2e::hosts!() else { return };
    let mut pair = Pair::start(&hosts);
    pair.a.token = pair.c.token.clone();
    let (a, c) = (&pair.a, &pair.c);
    a.write("sys/mounts/kv", &json!({ "type": "kv" }));
    pair.settle();
    for (round, (old, new, id)) in [(a, c, "a"), (c, a, "c")].into_iter().enumerate() {
        let on_old = Writers::begin(&old.client(), &format!("old{round}"));
        let on_new = Writers::begin(&new.client(), &format!("new{round}"));
        on_old.until_some_are_done();
        on_new.until_some_are_done();
        // Nobody stops for it.
        old.write(DEMOTE, &json!({}));
        promote(new, json!({}));
        on_new.until_some_are_done();
        let mut known = on_old.end();
        known.extend(on_new.end());
        check(new, &known);
        follow(old, id, new);
        check(old, &known);
        assert!(old.status()["aside_entries"].is_null());
    }
}

#[test]
fn an_old_primary_that_was_not_demoted_is_left_behind() {
    let Some(hosts) = e2e::hosts!() else { return };
    let mut pair = Pair::start(&hosts);
    pair.a.token = pair.c.token.clone();
    let (a, c) = (&pair.a, &pair.c);
    a.mount("kv");
    a.put("kv/before", "before");
    pair.settle();
    let old_token = a.activation("later", &json!({}));
    let old_root = a.server.token().to_owned();
    a.relay.cut();
    a.put("kv/lost", "lost");
    a.put("kv/before", "changed too late");
    c.until_it_is_cut_off();
    promote(c, json!({ "force": true }));
    assert_eq!(c.client_as(&old_root).read("kv/before").status, 403);
    c.has("kv/before", "before");
    c.put("kv/new", "new");
    a.relay.mend();

    // There are two now. Neither is followed by the other without being told to.
    assert_eq!(
        (a.status()["mode"].clone(), c.status()["mode"].clone()),
        (json!("primary"), json!("primary"))
    );
    assert_eq!(
        (
            a.status()["generation"].clone(),
            c.status()["generation"].clone()
        ),
        (json!(1), json!(2))
    );
    // The old one is told of the other, and makes no more secondaries.
    a.until_status("it knows", |status| status["superseded_by"] == 2);
    let path = "sys/replication/performance/primary/secondary-token";
    let refused = a.client().write(path, &json!({ "id": "d" }));
    assert_eq!(refused.status, 400, "{}", refused.body);
    let refused = a
        .client()
        .write(UPDATE, &json!({ "token": c.activation("x", &json!({})) }));
    assert_eq!(refused.status, 400, "{}", refused.body);
    // Who was promoted follows nobody of before.
    c.write(DEMOTE, &json!({}));
    let refused = c.client().write(UPDATE, &json!({ "token": old_token }));
    assert_eq!(refused.status, 400, "{}", refused.body);
    assert!(refused.body.contains("superseded"), "{}", refused.body);
    promote(c, json!({}));

    a.write(DEMOTE, &json!({}));
    follow(a, "a", c);
    assert_eq!(a.status()["generation"], 3);
    a.has("kv/new", "new");
    a.has("kv/before", "before");
    a.lacks("kv/lost");
    what_nobody_else_had_is_kept(a);
    a.put("kv/again", "again");
    c.has("kv/again", "again");
}

/// It can still be taken out.
fn what_nobody_else_had_is_kept(a: &Cluster) {
    assert_eq!(a.status()["aside_left_out"], 0);
    let aside = "sys/replication/performance/secondary/aside";
    let exported = a.read(&format!("{aside}/export"))["data"].clone();
    let entries = exported["entries"].as_array().unwrap();
    let decoded = entries.iter().map(|entry| {
        assert_eq!(entry["mount"], "kv/", "{exported:#}");
        let value = STANDARD.decode(entry["value"].as_str().unwrap()).unwrap();
        (
            entry["path"].as_str().unwrap().to_owned(),
            String::from_utf8(value).unwrap(),
        )
    });
    let decoded: std::collections::BTreeMap<String, String> = decoded.collect();
    assert!(
        decoded.values().any(|value| value.contains("\"lost\"")),
        "{decoded:?}"
    );
    assert!(
        decoded
            .values()
            .any(|value| value.contains("changed too late")),
        "{decoded:?}"
    );
    a.delete(aside);
    assert_eq!(a.client().read(aside).status, 404);
}
