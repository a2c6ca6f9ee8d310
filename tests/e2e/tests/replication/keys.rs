//! Keys are changed on the primary, and every cluster follows.

use e2e::clusters::{Cluster, Pair, fine};
use serde_json::{Value, json};

/// Changes the shares that unseal the set: to three, of which two are needed.
fn rekey(cluster: &Cluster) -> Vec<String> {
    let wanted = json!({ "secret_shares": 3, "secret_threshold": 2 });
    let begun = cluster.write("sys/rekey/init", &wanted);
    let mut last = Value::Null;
    for share in &cluster.shares {
        let given = json!({ "nonce": begun["nonce"], "key": share });
        last = cluster.write("sys/rekey/update", &given);
        if last["complete"] == true {
            break;
        }
    }
    assert_eq!(last["complete"], true, "{last:#}");
    let shares = last["keys_base64"].as_array().unwrap().iter();
    shares
        .map(|share| share.as_str().unwrap().to_owned())
        .collect()
}

fn term(cluster: &Cluster) -> u64 {
    cluster.read("sys/key-status")["data"]["term"]
        .as_u64()
        .unwrap()
}

/// Does nothing but fail with shares that are not the ones.
fn stays_sealed_with(cluster: &Cluster, shares: &[String]) {
    let anybody = cluster.client_as("");
    for share in shares {
        let _ = anybody.write("sys/unseal", &json!({ "key": share }));
    }
    let status = fine(&anybody.read("sys/seal-status"));
    assert_eq!(status["sealed"], true, "{status:#}");
    fine(&anybody.write("sys/unseal", &json!({ "reset": true })));
}

#[test]
fn a_secondary_follows_rotation_and_rekey() {
    let Some(hosts) = e2e::hosts!() else { return };
    let mut pair = Pair::start(&hosts);
    let (a, c) = (&pair.a, &pair.c);
    a.mount("kv");
    a.put("kv/first", "first");
    pair.settle();
    for path in ["sys/rotate", "sys/rotate/root", "sys/rotate/keyring"] {
        a.write(path, &json!({}));
        a.put("kv/second", path);
        pair.settle();
        assert_eq!(term(c), term(a), "{path}");
        c.has("kv/second", path);
        c.put("kv/third", path);
        a.has("kv/third", path);
    }
    assert_eq!(term(a), 3);
    for (path, text) in [
        ("sys/rotate", "cannot rotate on a replication secondary"),
        (
            "sys/rekey/init",
            "rekeying can only be performed on the primary",
        ),
    ] {
        let wanted = json!({ "secret_shares": 1, "secret_threshold": 1 });
        let refused = c.client().write(path, &wanted);
        assert_eq!(refused.status, 400, "{}", refused.body);
        assert!(refused.body.contains(text), "{}", refused.body);
    }
    let old = pair.a.shares.clone();
    let new = rekey(&pair.a);
    pair.settle();

    // The shares of the primary unseal the secondary, the old ones neither.
    pair.c.server.kill();
    pair.c.server.start();
    stays_sealed_with(&pair.c, &old);
    pair.c.shares = new[1..].to_vec();
    pair.c.unseal();
    pair.a.shares = new;
    pair.settle();
    for (path, value) in [("first", "first"), ("second", "sys/rotate/keyring")] {
        pair.c.has(&format!("kv/{path}"), value);
    }
    changed_while_it_was_away(&mut pair);
}

/// A secondary that was away when keys changed is unsealed as before, and follows.
fn changed_while_it_was_away(pair: &mut Pair) {
    pair.a.relay.cut();
    pair.a.write("sys/rotate", &json!({}));
    let newest = rekey(&pair.a);
    pair.a.write("sys/rotate", &json!({}));
    pair.a.put("kv/fourth", "fourth");
    pair.c.restart();
    pair.c.has("kv/first", "first");
    pair.a.relay.mend();
    pair.settle();
    pair.c.has("kv/fourth", "fourth");
    assert_eq!(term(&pair.c), 5);
    pair.a.shares.clone_from(&newest);
    pair.c.shares = newest;
    for restarts_a in [false, true] {
        let cluster = if restarts_a { &mut pair.a } else { &mut pair.c };
        cluster.restart();
    }
    pair.c.until_it_streams();
    pair.a.put("kv/fifth", "fifth");
    pair.settle();
    pair.c.has("kv/fifth", "fifth");
    pair.a.until_equal(&pair.c);
}
