//! What a filter leaves out is not at the secondary, not even by name.

use e2e::canaries::{Canaries, in_files, in_memory};
use e2e::clusters::{Cluster, Hosts, Pair};
use serde_json::{Value, json};

const FILTER: &str = "sys/replication/performance/primary/paths-filter/c";

fn kv() -> Value {
    json!({ "type": "kv" })
}

fn lists_namespace(cluster: &Cluster, name: &str) -> bool {
    let listed = cluster.client().list("sys/namespaces");
    let keys = listed.json()["data"]["keys"].clone();
    let mut keys = keys.as_array().into_iter().flatten();
    keys.any(|key| *key == json!(format!("{name}/")))
}

/// Names and a value that a secondary is never to have.
struct Denied {
    all: Canaries,
    mount: String,
    method: String,
    outer: String,
    nested: String,
    later: String,
    value: String,
}

impl Denied {
    fn hatch() -> Self {
        let mut all = Canaries::default();
        Self {
            mount: all.hatch("name of a mount"),
            method: all.hatch("name of an auth method"),
            outer: all.hatch("name of a namespace"),
            nested: all.hatch("name of a nested namespace"),
            later: all.hatch("name of a mount in a namespace"),
            value: all.hatch("value"),
            all,
        }
    }

    fn paths(&self) -> Vec<String> {
        vec![
            format!("{}/", self.mount),
            format!("auth/{}/", self.method),
            format!("{}/", self.outer),
            format!("team/{}/", self.nested),
        ]
    }

    /// What is there before the secondary comes.
    fn make_first(&self, a: &Cluster) {
        let (value, outer) = (&self.value, &self.outer);
        a.write(&format!("sys/mounts/{}", self.mount), &kv());
        a.write(&format!("{}/x", self.mount), &json!({ "v": value }));
        let userpass = json!({ "type": "userpass", "description": value });
        a.write(&format!("sys/auth/{}", self.method), &userpass);
        let joe = format!("auth/{}/users/joe", self.method);
        a.write(&joe, &json!({ "password": value }));
        a.write(&format!("sys/namespaces/{outer}"), &json!({}));
        a.write("sys/namespaces/team", &json!({}));
        let nested = format!("sys/namespaces/{}", self.nested);
        a.within("team", "POST", &nested, &json!({}));
        a.within(outer, "POST", "sys/mounts/kv", &kv());
        a.within(outer, "POST", "kv/x", &json!({ "v": value }));
    }

    /// What is made while it follows: more data, more in what is denied, and below it.
    fn make_more(&self, a: &Cluster) {
        let (value, mount) = (&self.value, format!("sys/mounts/{}", self.later));
        a.write(&format!("{}/y", self.mount), &json!({ "v": value }));
        a.within(&self.outer, "POST", &mount, &kv());
        let path = format!("{}/x", self.later);
        a.within(&self.outer, "POST", &path, &json!({ "v": value }));
        let below = format!("team/{}", self.nested);
        a.within(&below, "POST", "sys/namespaces/deeper", &json!({}));
        let deeper = format!("{below}/deeper");
        a.within(&deeper, "POST", &mount, &kv());
        let rule = format!("path \"{value}\" {{ capabilities = [\"read\"] }}");
        let policy = format!("sys/policies/acl/{value}");
        a.within(&deeper, "POST", &policy, &json!({ "policy": rule }));
    }

    fn is_nowhere_at(&self, pair: &Pair) {
        let (id, folder) = (pair.c.server.id(), pair.c.server.folder());
        let nothing = [""; 0];
        assert_eq!(in_memory(id, &self.all), nothing, "in the memory");
        // Its log is in the folder as well.
        assert_eq!(in_files(folder, &self.all), nothing, "in the folder");
        let carried = pair.a.relay.carried();
        assert_eq!(self.all.in_bytes(&carried), nothing, "on the way");
    }
}

#[test]
fn what_is_denied_from_the_beginning_is_nowhere_at_the_secondary() {
    let Some(hosts) = e2e::hosts!() else { return };
    let denied = Denied::hatch();
    let mut open = Canaries::default();
    let shared = open.hatch("name of a shared mount");
    let mut pair = Pair::apart(&hosts, "", "log_level = \"trace\"\n");
    for path in [shared.as_str(), "aside"] {
        pair.a.mount(path);
    }
    denied.make_first(&pair.a);
    let mut paths = denied.paths();
    pair.join("c", &json!({ "paths_filter_mode": "deny", "paths": paths }));
    denied.make_more(&pair.a);
    let (a, c) = (&pair.a, &pair.c);
    a.put(&format!("{shared}/x"), "seen");
    pair.settle();
    c.has(&format!("{shared}/x"), "seen");
    assert!(
        !in_memory(c.server.id(), &open).is_empty(),
        "a name that is there is found"
    );
    assert_eq!(open.in_bytes(&a.relay.carried()), [""; 0]);
    denied.is_nowhere_at(&pair);

    // A comparison, which another filter makes necessary, does not bring it either.
    let before = c.compared();
    paths.push("aside/".to_owned());
    a.write(FILTER, &json!({ "mode": "deny", "paths": paths }));
    pair.settle();
    assert_eq!(c.compared(), before + 1);
    denied.is_nowhere_at(&pair);

    // Only now, for asking brings the names there.
    c.lacks(&format!("{}/x", denied.mount));
    let path = format!("auth/{}/login/joe", denied.method);
    let login = c
        .client()
        .write(&path, &json!({ "password": denied.value }));
    assert!(
        matches!(login.status, 403 | 404),
        "{}: {}",
        login.status,
        login.body
    );
    assert!(!lists_namespace(c, &denied.outer) && lists_namespace(c, "team"));
    let headers = [("X-Vault-Namespace", denied.outer.as_str())];
    let there = c.client().send("GET", "kv/x", &headers, None);
    assert_eq!(there.status, 404, "{}", there.body);
    assert_ne!(a.status()["merkle_root"], c.status()["merkle_root"]);
}

const ALL: [&str; 4] = ["open/x", "shut/x", "team/kv/x", "other/kv/x"];

/// A pair that shares all of [`ALL`], and an auth method.
fn with_some_of_each(hosts: &Hosts) -> Pair {
    let pair = Pair::start(hosts);
    let (a, c) = (&pair.a, &pair.c);
    for path in ["open", "shut"] {
        a.mount(path);
        a.put(&format!("{path}/x"), path);
    }
    a.write("sys/auth/up", &json!({ "type": "userpass" }));
    a.write("auth/up/users/joe", &json!({ "password": "p" }));
    for namespace in ["team", "other"] {
        a.write(&format!("sys/namespaces/{namespace}"), &json!({}));
        a.within(namespace, "POST", "sys/mounts/kv", &kv());
        a.within(namespace, "POST", "kv/x", &json!({ "v": namespace }));
    }
    c.mount_local("own");
    c.put("own/x", "own");
    pair.settle();
    pair
}

fn set(pair: &Pair, mode: &str, paths: &[&str]) {
    let filter = json!({ "mode": mode, "paths": paths });
    pair.a.write(FILTER, &filter);
    pair.settle();
    pair.c.has("own/x", "own");
}

fn logs_in(cluster: &Cluster) -> bool {
    let body = json!({ "password": "p" });
    cluster.client().write("auth/up/login/joe", &body).status == 200
}

#[test]
fn a_filter_takes_away_and_gives_back() {
    let Some(hosts) = e2e::hosts!() else { return };
    let pair = with_some_of_each(&hosts);
    let (a, c) = (&pair.a, &pair.c);
    let seen = || ALL.map(|path| c.value(path).is_some());
    assert_eq!((seen(), logs_in(c)), ([true; 4], true));

    set(&pair, "deny", &["shut/", "auth/up/", "other/"]);
    assert_eq!((seen(), logs_in(c)), ([true, false, true, false], false));
    assert_eq!(c.read("sys/mounts")["data"]["shut/"], Value::Null);
    assert_eq!(c.read("sys/auth")["data"]["up/"], Value::Null);
    assert!(!lists_namespace(c, "other"));
    // Nothing is left to be found again when it is back: written meanwhile, it is the new one.
    a.put("shut/x", "new");
    a.delete(FILTER);
    pair.settle();
    a.until_equal(c);
    c.has("shut/x", "new");
    assert_eq!((seen(), logs_in(c)), ([true; 4], true));

    set(&pair, "allow", &["open/", "team/"]);
    assert_eq!((seen(), logs_in(c)), ([true, false, true, false], false));
    // What is made in an allowed namespace later appears, elsewhere it does not.
    a.within("team", "POST", "sys/mounts/later", &kv());
    a.within("team", "POST", "later/x", &json!({ "v": "later" }));
    a.within("team", "POST", "sys/namespaces/sub", &json!({}));
    a.within("team/sub", "POST", "sys/mounts/kv", &kv());
    a.within("team/sub", "POST", "kv/x", &json!({ "v": "sub" }));
    a.mount("late");
    a.put("late/x", "late");
    pair.settle();
    c.has("team/later/x", "later");
    c.has("team/sub/kv/x", "sub");
    c.lacks("late/x");
    // A write through the secondary to what it does not have reaches nothing.
    let lost = c.client().write("shut/y", &json!({ "v": "y" }));
    assert!(
        matches!(lost.status, 403 | 404),
        "{}: {}",
        lost.status,
        lost.body
    );
    a.lacks("shut/y");
}

#[test]
fn a_mount_that_moves_follows_the_filter() {
    let Some(hosts) = e2e::hosts!() else { return };
    let pair = Pair::start(&hosts);
    let (a, c) = (&pair.a, &pair.c);
    for namespace in ["open", "shut"] {
        a.write(&format!("sys/namespaces/{namespace}"), &json!({}));
        a.within(
            namespace,
            "POST",
            &format!("sys/mounts/of-{namespace}"),
            &kv(),
        );
        a.within(
            namespace,
            "POST",
            &format!("of-{namespace}/x"),
            &json!({ "v": namespace }),
        );
    }
    for path in ["denied", "denied-too"] {
        a.mount(path);
        a.put(&format!("{path}/x"), path);
    }
    let denied = ["shut/", "denied/", "denied-too/"];
    a.write(FILTER, &json!({ "mode": "deny", "paths": denied }));
    pair.settle();
    let moves = |from: &str, to: &str| {
        let answer = a.write("sys/remount", &json!({ "from": from, "to": to }));
        let id = answer["migration_id"].as_str().unwrap().to_owned();
        e2e::clusters::until("the move", || {
            let status = a.read(&format!("sys/remount/status/{id}"));
            (status["data"]["migration_info"]["status"] == "success").then_some(())
        });
        pair.settle();
    };
    c.has("open/of-open/x", "open");
    moves("open/of-open", "shut/of-open");
    a.has("shut/of-open/x", "open");
    c.lacks("open/of-open/x");
    c.lacks("shut/of-open/x");
    // What was denied does not begin to travel by a move, wherever that leads: somebody has to say so.
    let moved = [
        ("denied", "renamed", "denied"),
        ("denied-too", "open/denied-too", "denied-too"),
        ("shut/of-shut", "open/of-shut", "shut"),
    ];
    for (from, to, value) in moved {
        moves(from, to);
        a.has(&format!("{to}/x"), value);
        c.lacks(&format!("{to}/x"));
    }
    // Nor by a second one.
    moves("open/denied-too", "denied-no-more");
    a.has("denied-no-more/x", "denied-too");
    c.lacks("denied-no-more/x");
    moves("denied-no-more", "open/denied-too");
    a.write(FILTER, &json!({ "mode": "deny", "paths": ["shut/"] }));
    pair.settle();
    for (_, to, value) in moved {
        c.has(&format!("{to}/x"), value);
    }
}
