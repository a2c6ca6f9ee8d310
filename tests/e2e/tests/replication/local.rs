//! Mounts that are of one cluster alone.

use e2e::clusters::{Cluster, Pair, fine, until};
use serde_json::{Value, json};

fn mounts(cluster: &Cluster) -> Value {
    cluster.read("sys/mounts")["data"].clone()
}

fn local_kv() -> Value {
    json!({ "type": "kv", "local": true })
}

#[test]
fn a_local_mount_is_of_its_cluster_alone() {
    let Some(hosts) = e2e::hosts!() else { return };
    let pair = Pair::start(&hosts);
    let (a, c) = (&pair.a, &pair.c);
    // No other mount has brought the component before, and no request of it goes to the primary.
    for (here, there, path) in [(c, a, "of-c"), (a, c, "of-a")] {
        here.mount_local(path);
        here.put(&format!("{path}/x"), path);
        pair.settle();
        let folder = format!("{path}/");
        assert_eq!(mounts(here)[&folder]["local"], true);
        assert_eq!(mounts(there)[&folder], Value::Null);
        here.has(&format!("{path}/x"), path);
        there.lacks(&format!("{path}/x"));
    }
    a.until_equal(c);
    // An auth method as well.
    let method = json!({ "type": "userpass", "local": true });
    c.write("sys/auth/here", &method);
    c.write("auth/here/users/joe", &json!({ "password": "p" }));
    let login = c
        .client()
        .write("auth/here/login/joe", &json!({ "password": "p" }));
    let token = e2e::clusters::text(&fine(&login), "/auth/client_token");
    let itself = c.client_as(&token).read("auth/token/lookup-self");
    assert_eq!(fine(&itself)["data"]["display_name"], "here-joe");
    assert_eq!(a.read("sys/auth")["data"]["here/"], Value::Null);
    // The primary made the entity, and knows nothing of the method that it logs in by.
    let entity = fine(&c.client_as(&token).read("auth/token/lookup-self"));
    let entity = e2e::clusters::text(&entity, "/data/entity_id");
    let aliases = |cluster: &Cluster| {
        let path = format!("identity/entity/id/{entity}");
        let aliases = cluster.read(&path)["data"]["aliases"].clone();
        aliases.as_array().map_or(0, Vec::len)
    };
    assert_eq!((aliases(c), aliases(a)), (1, 0));

    // Tuned, moved, disabled: all of that stays here.
    c.write("sys/mounts/of-c/tune", &json!({ "description": "tuned" }));
    assert_eq!(mounts(c)["of-c/"]["description"], "tuned");
    c.write("sys/remount", &json!({ "from": "of-c", "to": "moved" }));
    until("the move", || c.value("moved/x").map(drop));
    c.delete("sys/mounts/moved");
    c.lacks("moved/x");
    pair.settle();
    a.until_equal(c);
    a.has("of-a/x", "of-a");
}

#[test]
fn no_mount_is_made_where_another_is_known_to_be() {
    let Some(hosts) = e2e::hosts!() else { return };
    let pair = Pair::start(&hosts);
    let (a, c) = (&pair.a, &pair.c);
    a.mount("shared");
    a.mount_local("only-a");
    pair.settle();
    for (path, body) in [
        ("shared", local_kv()),
        // The secondary does not know that one; the primary, which is to make it, does.
        ("only-a", json!({ "type": "kv" })),
    ] {
        let refused = c.client().write(&format!("sys/mounts/{path}"), &body);
        assert_eq!(refused.status, 400, "{}", refused.body);
        let wanted = format!("path is already in use at {path}/");
        assert!(refused.body.contains(&wanted), "{}", refused.body);
    }
    c.mount_local("only-a");
    assert!(mounts(a)["only-a/"]["accessor"] != mounts(c)["only-a/"]["accessor"]);
}

#[test]
fn a_shared_mount_at_the_path_of_a_local_one_is_isolated() {
    let Some(hosts) = e2e::hosts!() else { return };
    let mut pair = Pair::start(&hosts);
    let (a, c) = (&pair.a, &pair.c);
    // The primary does not know what is local on a secondary.
    for path in ["same", "above", "below/it"] {
        c.mount_local(path);
        c.put(&format!("{path}/x"), "local");
    }
    c.put("above/z", "local");
    for path in ["same", "above/it", "below", "after"] {
        a.mount(path);
        a.put(&format!("{path}/x"), "shared");
        a.put(&format!("{path}/y"), "shared");
    }
    pair.settle();
    serves_its_own(c);
    a.until_equal(c);
    assert_eq!(c.status()["mounts_in_the_way_count"], 3);
    assert_eq!(c.status()["mounts_in_the_way"], Value::Null);
    let status = c.client().read("sys/replication/performance/status");
    let mut waiting = status.json()["data"]["mounts_in_the_way"].clone();
    waiting
        .as_array_mut()
        .unwrap()
        .sort_by_key(Value::to_string);
    assert_eq!(waiting, json!(["above/it/", "below/", "same/"]));
    assert_eq!(a.status()["secondaries"][0]["state"], "connected");
    let said = "a local mount is in the way of a mount of the primary";
    assert!(c.server.log().contains(said), "{}", c.server.log());
    // What is written goes where it is read.
    c.put("same/y", "local too");
    a.has("same/y", "shared");
    c.delete("same/y");

    pair.c.restart();
    let (a, c) = (&pair.a, &pair.c);
    pair.settle();
    serves_its_own(c);
    // Disabled is the one that serves the path, and nothing of the primary's.
    for path in ["same", "above", "below/it"] {
        c.delete(&format!("sys/mounts/{path}"));
    }
    for path in ["same/x", "same/y", "above/it/y", "below/x"] {
        for cluster in [a, c] {
            cluster.has(path, "shared");
        }
    }
    a.until_equal(c);
}

fn serves_its_own(c: &Cluster) {
    for path in ["same/x", "above/x", "above/z", "below/it/x"] {
        c.has(path, "local");
    }
    for path in ["same/y", "above/it/y", "below/y"] {
        c.lacks(path);
    }
    c.has("after/x", "shared");
}

/// Whoever is promoted by force behind a local mount keeps that for itself.
#[test]
fn no_other_cluster_writes_into_a_local_mount_of_its_primary() {
    let Some(hosts) = e2e::hosts!() else { return };
    let mut pair = Pair::start(&hosts);
    // A token that is good on both, whoever leads.
    pair.a.token = pair.c.token.clone();
    let (a, c) = (&pair.a, &pair.c);
    c.write("sys/mounts/same", &local_kv());
    c.write("same/x", &json!({ "v": "local" }));
    a.write("sys/mounts/same", &json!({ "type": "kv" }));
    a.write("same/x", &json!({ "v": "shared" }));
    pair.settle();
    let role = "sys/replication/performance/";
    let promote = format!("{role}secondary/promote");
    a.write(&format!("{role}primary/demote"), &json!({}));
    let dry = c.write(&promote, &json!({ "dry_run": true }));
    let blockers = json!(["a local mount is in the way of same/"]);
    assert_eq!(dry["data"]["blockers"], blockers, "{dry:#}");
    let refused = c.client().write(&promote, &json!({}));
    assert_eq!(refused.status, 503, "{}", refused.body);
    let forced = json!({ "force": true, "primary_cluster_addr": c.relay.url() });
    c.write(&promote, &forced);
    let token = c.activation("a", &json!({}));
    a.write(
        &format!("{role}secondary/update-primary"),
        &json!({ "token": token }),
    );
    a.until_status("it streams", |status| status["state"] == "stream-wals");
    a.until_it_has_all_of(c);
    assert_eq!(a.value("same/x"), Some(json!("shared")));
    let refused = a.client().write("same/x", &json!({ "v": "astray" }));
    assert_eq!(refused.status, 404, "{}", refused.body);
    assert_eq!(c.value("same/x"), Some(json!("local")));
    c.delete("sys/mounts/same");
    assert_eq!(c.value("same/x"), Some(json!("shared")));
    a.write("same/x", &json!({ "v": "written" }));
    assert_eq!(c.value("same/x"), Some(json!("written")));
}
