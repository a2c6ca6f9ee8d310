//! A lease is of the cluster that gave it: there it is listed, renewed, revoked, and ends.

use super::components::{divided, get, register};
use e2e::clusters::{Cluster, Pair, fine, text, until};
use serde_json::{Value, json};

/// A secret of a route; its lease.
#[track_caller]
fn given(cluster: &Cluster, route: &str, key: &str, seconds: u64) -> String {
    let asked = json!({ "key": key, "seconds": seconds });
    let made = cluster.write(&format!("divided/{route}"), &asked);
    assert_eq!(made["lease_duration"], seconds, "{made:#}");
    text(&made, "/lease_id")
}

fn listed(cluster: &Cluster, route: &str) -> usize {
    let path = format!("sys/leases/lookup/divided/{route}");
    let answer = cluster.client().list(&path);
    match answer.status {
        404 => 0,
        _ => fine(&answer)["data"]["keys"].as_array().unwrap().len(),
    }
}

/// This cluster knows the lease, and the other has never heard of it.
#[track_caller]
fn is_only_here(here: &Cluster, there: &Cluster, lease: &str) {
    let asked = json!({ "lease_id": lease, "increment": 900 });
    let found = here.write("sys/leases/lookup", &asked);
    assert_eq!(found["data"]["id"], lease);
    let renewed = here.write("sys/leases/renew", &asked);
    assert_eq!(renewed["lease_duration"], 900, "{renewed:#}");
    for (path, wanted) in [("lookup", "invalid lease"), ("renew", "lease not found")] {
        let refused = there.client().write(&format!("sys/leases/{path}"), &asked);
        assert_eq!(refused.status, 400, "{path}: {}", refused.body);
        assert!(refused.body.contains(wanted), "{path}: {}", refused.body);
    }
    // It has nothing to revoke.
    let asked = json!({ "lease_id": lease, "sync": true });
    there.write("sys/leases/revoke", &asked);
    here.write("sys/leases/lookup", &asked);
}

/// Revokes a lease; what undoes it runs where it was given.
#[track_caller]
fn is_undone_here(here: &Cluster, there: &Cluster, lease: &str, key: &str) {
    let asked = json!({ "lease_id": lease, "sync": true });
    here.write("sys/leases/revoke", &asked);
    let gone = here.client().write("sys/leases/lookup", &asked);
    assert_eq!(gone.status, 400, "{}", gone.body);
    assert_eq!(get(here, key), Some("taken back".to_owned()));
    assert_eq!(get(there, key), None);
}

#[test]
fn a_lease_is_of_the_cluster_that_gave_it() {
    let component = divided();
    let Some(hosts) = e2e::hosts!() else { return };
    let pair = Pair::start(&hosts);
    let (a, c) = (&pair.a, &pair.c);
    register(a, &component);
    a.write("sys/mounts/divided", &json!({ "type": "divided" }));
    pair.settle();
    for (here, there, key) in [(c, a, "own/c"), (a, c, "own/a")] {
        let lease = given(here, "lend", key, 600);
        assert_eq!((listed(here, "lend"), listed(there, "lend")), (1, 0));
        is_only_here(here, there, &lease);
        is_undone_here(here, there, &lease, key);
        assert_eq!((listed(here, "lend"), listed(there, "lend")), (0, 0));
    }
    // It ends by itself, there alone.
    given(c, "lend", "own/short", 1);
    until("its end", || get(c, "own/short"));
    assert_eq!(get(a, "own/short"), None);

    // A call that the primary runs gives a lease of the cluster that was asked.
    let lease = given(c, "sell", "own/sold", 600);
    for cluster in [a, c] {
        assert_eq!(get(cluster, "shared/sold"), Some("own/sold".to_owned()));
    }
    assert_eq!((listed(c, "sell"), listed(a, "sell")), (1, 0));
    is_only_here(c, a, &lease);
    is_undone_here(c, a, &lease, "own/sold");
    there_is_room_here(&pair);

    a.relay.cut();
    c.until_it_is_cut_off();
    let lease = given(c, "lend", "own/away", 600);
    is_only_here(c, a, &lease);
    is_undone_here(c, a, &lease, "own/away");
}

/// Where the end of a secret, and its renewal, write what is shared, the primary's engine does both:
/// the lease is the secondary's still, and waits where the primary is away.
#[test]
fn a_lease_whose_end_is_shared_is_undone_from_where_it_is() {
    let component = divided();
    let Some(hosts) = e2e::hosts!() else { return };
    let pair = Pair::start(&hosts);
    let (a, c) = (&pair.a, &pair.c);
    register(a, &component);
    a.write("sys/mounts/divided", &json!({ "type": "divided" }));
    pair.settle();
    let lease = given(c, "lend", "shared/asked", 600);
    let asked = json!({ "lease_id": lease, "increment": 900, "sync": true });
    let renewed = c.write("sys/leases/renew", &asked);
    assert_eq!(renewed["lease_duration"], 900, "{renewed:#}");
    c.write("sys/leases/revoke", &asked);
    given(c, "lend", "shared/ended", 1);
    until("its end", || get(a, "shared/ended"));
    pair.settle();
    for cluster in [a, c] {
        let renewed = get(cluster, "shared/renewed");
        assert_eq!(renewed.as_deref(), Some("shared/asked"));
        for key in ["shared/asked", "shared/ended"] {
            assert_eq!(get(cluster, key).as_deref(), Some("taken back"), "{key}");
        }
    }
    until("the lease to be gone", || {
        (listed(c, "lend") == 0).then_some(())
    });
    let away = given(c, "lend", "shared/away", 600);
    a.relay.cut();
    c.until_it_is_cut_off();
    let asked = json!({ "lease_id": away, "increment": 900, "sync": true });
    for path in ["renew", "revoke"] {
        let refused = c.client().write(&format!("sys/leases/{path}"), &asked);
        assert_eq!(refused.status, 503, "{path}: {}", refused.body);
    }
    assert_eq!(irrevocable(c), [""; 0]);
    a.relay.mend();
    pair.settle();
    c.write("sys/leases/revoke", &asked);
    assert_eq!(get(a, "shared/away").as_deref(), Some("taken back"));
}

/// Where there is room for leases is what counts, also where another runs the call.
fn there_is_room_here(pair: &Pair) {
    let (a, c) = (&pair.a, &pair.c);
    let quota = json!({ "path": "divided/", "max_leases": 1 });
    a.write("sys/quotas/lease-count/few", &quota);
    pair.settle();
    let first = given(c, "sell", "own/first", 600);
    for route in ["lend", "sell"] {
        let asked = json!({ "key": "own/second" });
        let refused = c.client().write(&format!("divided/{route}"), &asked);
        assert_eq!(refused.status, 429, "{route}: {}", refused.body);
        assert_eq!(get(a, "shared/sold"), Some("own/first".to_owned()));
    }
    let counter = |cluster: &Cluster| -> Value {
        cluster.read("sys/quotas/lease-count/few")["data"]["counter"].clone()
    };
    assert_eq!((counter(c), counter(a)), (json!(1), json!(0)));
    let of_a = given(a, "sell", "own/of-a", 600);
    for (cluster, lease) in [(c, first), (a, of_a)] {
        let asked = json!({ "lease_id": lease, "sync": true });
        cluster.write("sys/leases/revoke", &asked);
    }
    a.delete("sys/quotas/lease-count/few");
    pair.settle();
}

const FILTER: &str = "sys/replication/performance/primary/paths-filter/c";

/// The leases that nobody can undo, by their ids.
fn irrevocable(cluster: &Cluster) -> Vec<String> {
    let shown = cluster.read("sys/leases?type=irrevocable");
    let leases = shown["data"]["leases"].as_array().into_iter().flatten();
    leases.map(|lease| text(lease, "/lease_id")).collect()
}

fn log_in(cluster: &Cluster) -> String {
    let user = json!({ "password": "p" });
    let made = fine(&cluster.client_as("").write("auth/up/login/joe", &user));
    text(&made, "/auth/client_token")
}

fn lives(cluster: &Cluster, token: &str) -> bool {
    let itself = cluster.client_as(token).read("auth/token/lookup-self");
    itself.status == 200
}

/// What a secondary made with a mount or a method ends with it, also where a filter takes it.
#[test]
fn what_hangs_below_a_mount_goes_with_it_when_a_filter_takes_it() {
    let component = divided();
    let Some(hosts) = e2e::hosts!() else { return };
    let pair = Pair::start(&hosts);
    let (a, c) = (&pair.a, &pair.c);
    register(a, &component);
    a.write("sys/mounts/divided", &json!({ "type": "divided" }));
    a.write("sys/auth/up", &json!({ "type": "userpass" }));
    let user = json!({ "password": "p", "token_policies": "admin" });
    a.write("auth/up/users/joe", &user);
    pair.settle();
    let of_mount = given(c, "lend", "own/c", 600);
    let (here, there) = (log_in(c), log_in(a));
    let child = json!({ "policies": ["admin"] });
    let child = fine(&c.client_as(&here).write("auth/token/create", &child));
    let child = text(&child, "/auth/client_token");
    let kept = json!({ "key": "own/kept", "value": "kept" });
    for cluster in [a, c] {
        cluster.write("divided/put", &kept);
    }
    assert!(lives(c, &here) && lives(c, &child) && lives(a, &there));

    let denied = json!({ "mode": "deny", "paths": ["divided/", "auth/up/"] });
    a.write(FILTER, &denied);
    pair.settle();
    until("the end of tokens", || {
        (!lives(c, &here) && !lives(c, &child)).then_some(())
    });
    assert!(lives(a, &there));
    until("the lease to be named", || {
        (irrevocable(c) == [of_mount.clone()]).then_some(())
    });
    assert_eq!(irrevocable(a), [""; 0]);
    let asked = json!({ "lease_id": of_mount, "sync": true, "increment": 900 });
    for path in ["revoke", "renew"] {
        let refused = c.client().write(&format!("sys/leases/{path}"), &asked);
        assert_eq!(refused.status, 400, "{path}: {}", refused.body);
    }
    // A search for leases of what is gone leaves it.
    c.write("sys/leases/tidy", &json!({}));

    a.delete(FILTER);
    pair.settle();
    until("the mount", || get(c, "own/started"));
    assert_eq!(
        (get(c, "own/kept"), get(a, "own/kept")),
        (None, Some("kept".to_owned()))
    );
    assert!(!lives(c, &here) && !lives(c, &child));
    // With its engine back the lease can be undone.
    assert_eq!(irrevocable(c), core::slice::from_ref(&of_mount));
    is_undone_here(c, a, &of_mount, "own/c");
    assert_eq!(irrevocable(c), [""; 0]);
    // Whoever does not want it back forgets it.
    let forgotten = given(c, "lend", "own/forgotten", 600);
    a.write(FILTER, &denied);
    pair.settle();
    until("the lease to be named", || {
        (irrevocable(c) == [forgotten.clone()]).then_some(())
    });
    c.write(&format!("sys/leases/revoke-force/{forgotten}"), &json!({}));
    assert_eq!(irrevocable(c), [""; 0]);
}
