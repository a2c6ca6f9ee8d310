//! Quotas are the primary's, and what falls under them is counted by each cluster for itself.

use e2e::clusters::{Cluster, Pair, fine};
use serde_json::{Value, json};

fn log_in(cluster: &Cluster, method: &str) -> (u16, String) {
    let path = format!("{method}/login/ann");
    let made = cluster
        .client_as("")
        .write(&path, &json!({ "password": "p" }));
    (made.status, made.body)
}

fn counter(cluster: &Cluster, name: &str) -> Value {
    cluster.read(&format!("sys/quotas/lease-count/{name}"))["data"]["counter"].clone()
}

#[test]
fn logins_on_a_secondary_count_there() {
    let Some(hosts) = e2e::hosts!() else { return };
    let pair = Pair::start(&hosts);
    let (a, c) = (&pair.a, &pair.c);
    a.write("sys/namespaces/team", &json!({}));
    let quotas = [
        ("method", "auth/up/", "auth/up", 1),
        ("namespace", "team/", "team/auth/up", 2),
    ];
    for (name, path, method, max) in quotas {
        let mount = method.replace("auth/", "sys/auth/");
        a.write(&mount, &json!({ "type": "userpass" }));
        a.write(&format!("{method}/users/ann"), &json!({ "password": "p" }));
        let quota = json!({ "path": path, "max_leases": max });
        // It is written by the primary, whoever is asked.
        c.write(&format!("sys/quotas/lease-count/{name}"), &quota);
    }
    pair.settle();
    for (name, _, method, max) in quotas {
        for _ in 0..max {
            let (status, body) = log_in(c, method);
            assert_eq!(status, 200, "{body}");
        }
        let (status, body) = log_in(c, method);
        assert_eq!(status, 429, "{body}");
        assert!(body.contains("lease count quota exceeded"), "{body}");
        assert_eq!((counter(c, name), counter(a, name)), (json!(max), json!(0)));
        // The primary has room of its own.
        assert_eq!(log_in(a, method).0, 200);
        assert_eq!((counter(c, name), counter(a, name)), (json!(max), json!(1)));
    }
    // They end there as well.
    let revoke = json!({ "sync": true });
    let revoked = c
        .client()
        .write("sys/leases/revoke-prefix/auth/up", &revoke);
    fine(&revoked);
    assert_eq!(
        (counter(c, "method"), counter(a, "method")),
        (json!(0), json!(1))
    );
}
