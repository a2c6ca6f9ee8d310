//! What is changed on the primary holds on the secondary: what it keeps in memory of policies,
//! people, mounts and namespaces follows as well.

use e2e::clusters::{Cluster, Pair, fine, text, until};
use serde_json::{Value, json};

fn kv() -> Value {
    json!({ "type": "kv" })
}

/// A login at the secondary; its token.
fn login(cluster: &Cluster, name: &str) -> String {
    let path = format!("auth/up/login/{name}");
    let made = fine(
        &cluster
            .client_as("")
            .write(&path, &json!({ "password": "p" })),
    );
    text(&made, "/auth/client_token")
}

fn status_of(cluster: &Cluster, token: &str, path: &str) -> u16 {
    cluster.client_as(token).read(path).status
}

#[test]
fn rights_that_are_taken_on_the_primary_are_gone_on_the_secondary() {
    let Some(hosts) = e2e::hosts!() else { return };
    let pair = Pair::start(&hosts);
    let (a, c) = (&pair.a, &pair.c);
    a.mount("kv");
    a.put("kv/x", "1");
    a.write("sys/auth/up", &json!({ "type": "userpass" }));
    let reader = json!({ "policy": r#"path "kv/*" { capabilities = ["read"] }"# });
    a.write("sys/policies/acl/reader", &reader);
    for name in ["policy", "entity", "method"] {
        let user = json!({ "password": "p", "token_policies": ["reader"] });
        a.write(&format!("auth/up/users/{name}"), &user);
    }
    pair.settle();
    let [by_policy, by_entity, by_method] =
        ["policy", "entity", "method"].map(|name| login(c, name));
    for token in [&by_policy, &by_entity, &by_method] {
        assert_eq!(status_of(c, token, "kv/x"), 200);
    }
    let entity = fine(&c.client_as(&by_entity).read("auth/token/lookup-self"));
    let entity = text(&entity, "/data/entity_id");
    a.write(
        &format!("identity/entity/id/{entity}"),
        &json!({ "disabled": true }),
    );
    pair.settle();
    assert_eq!(status_of(c, &by_entity, "kv/x"), 403);
    assert_eq!(status_of(c, &by_policy, "kv/x"), 200);
    a.delete("sys/policies/acl/reader");
    pair.settle();
    assert_eq!(status_of(c, &by_policy, "kv/x"), 403);
    assert_eq!(status_of(c, &by_policy, "auth/token/lookup-self"), 200);
    // With its method goes what it handed out, also on the other cluster.
    a.delete("sys/auth/up");
    pair.settle();
    until("the end of its tokens", || {
        (status_of(c, &by_method, "auth/token/lookup-self") == 403).then_some(())
    });
}

#[test]
fn what_answers_a_request_through_the_secondary_is_of_the_secondary() {
    let Some(hosts) = e2e::hosts!() else { return };
    let pair = Pair::start(&hosts);
    let (a, c) = (&pair.a, &pair.c);
    a.write("sys/mounts/kv", &json!({ "type": "kv-v2" }));
    pair.settle();
    // Wrapped where it was asked for, though it was run elsewhere.
    let body = json!({ "data": { "v": "1" } }).to_string();
    let headers = [("X-Vault-Wrap-TTL", "5m")];
    let wrapped = fine(&c.client().send("POST", "kv/data/x", &headers, Some(&body)));
    let token = json!({ "token": text(&wrapped, "/wrap_info/token") });
    assert_ne!(a.client().write("sys/wrapping/unwrap", &token).status, 200);
    let opened = fine(&c.client().write("sys/wrapping/unwrap", &token));
    assert_eq!(opened["data"]["version"], 1, "{opened:#}");
    // Refusals of the primary come back as they are.
    let stale = json!({ "options": { "cas": 7 }, "data": {} });
    let refused = c.client().write("kv/data/x", &stale);
    let same = a.client().write("kv/data/x", &stale);
    assert_eq!((refused.status, &refused.body), (same.status, &same.body));
    assert_eq!(refused.status, 400);
    // A cubbyhole is its token's, on its cluster.
    let root = c.root_token();
    fine(
        &c.client_as(&root)
            .write("cubbyhole/x", &json!({ "v": "1" })),
    );
    assert_eq!(status_of(c, &root, "cubbyhole/x"), 200);
    pair.settle();
    a.until_equal(c);
    // The policies of who asks decide on the primary as well.
    let nobody = json!({ "policies": ["default"] });
    let made = fine(&c.client_as(&root).write("auth/token/create", &nobody));
    let token = text(&made, "/auth/client_token");
    let denied = c
        .client_as(&token)
        .write("kv/data/x", &json!({ "data": {} }));
    assert_eq!(denied.status, 403, "{}", denied.body);
}

#[test]
fn namespaces_come_and_go_with_what_is_local_in_them() {
    let Some(hosts) = e2e::hosts!() else { return };
    let pair = Pair::start(&hosts);
    let (a, c) = (&pair.a, &pair.c);
    // A local mount where a namespace will be.
    c.mount_local("late");
    c.put("late/x", "local");
    a.write("sys/namespaces/team", &json!({}));
    a.within("team", "POST", "sys/namespaces/sub", &json!({}));
    pair.settle();
    let local = json!({ "type": "kv", "local": true });
    for namespace in ["team", "team/sub"] {
        c.within(namespace, "POST", "sys/mounts/own", &local);
        c.within(namespace, "POST", "own/x", &json!({ "v": "local" }));
        // Made through the secondary, shared.
        c.within(namespace, "POST", "sys/mounts/kv", &kv());
        c.within(namespace, "POST", "kv/x", &json!({ "v": namespace }));
        a.has(&format!("{namespace}/kv/x"), namespace);
    }
    a.within("team", "DELETE", "sys/namespaces/sub", &Value::Null);
    until("the end of the namespace", || {
        let listed = a.client().send(
            "LIST",
            "sys/namespaces",
            &[("X-Vault-Namespace", "team")],
            None,
        );
        (listed.status == 404).then_some(())
    });
    a.write("sys/namespaces/late", &json!({}));
    a.within("late", "POST", "sys/mounts/kv", &kv());
    a.within("late", "POST", "kv/x", &json!({ "v": "of the namespace" }));
    pair.settle();
    c.lacks("team/sub/own/x");
    c.lacks("team/sub/kv/x");
    c.has("team/own/x", "local");
    c.has("team/kv/x", "team");
    a.until_equal(c);
    // A namespace of the same name again has nothing of what was there.
    a.within("team", "POST", "sys/namespaces/sub", &json!({}));
    pair.settle();
    let mounts = c.within("team/sub", "GET", "sys/mounts", &Value::Null);
    assert_eq!(mounts["data"]["own/"], Value::Null, "{mounts:#}");
    c.within("team/sub", "POST", "sys/mounts/own", &local);
    c.lacks("team/sub/own/x");
    assert_eq!(c.status()["state"], "stream-wals");
}

#[test]
fn a_mount_that_is_moved_through_the_secondary_is_asked_for_there() {
    let Some(hosts) = e2e::hosts!() else { return };
    let pair = Pair::start(&hosts);
    let (a, c) = (&pair.a, &pair.c);
    a.mount("kv");
    a.put("kv/x", "1");
    a.write("sys/namespaces/team", &json!({}));
    pair.settle();
    for (from, to) in [("kv", "moved"), ("moved", "team/there")] {
        let begun = c.write("sys/remount", &json!({ "from": from, "to": to }));
        let status = format!("sys/remount/status/{}", text(&begun, "/migration_id"));
        until("the move", || {
            let told = c.read(&status);
            (told["data"]["migration_info"]["status"] == "success").then_some(())
        });
        for cluster in [a, c] {
            cluster.has(&format!("{to}/x"), "1");
            cluster.lacks(&format!("{from}/x"));
        }
    }
}
