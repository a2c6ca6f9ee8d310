//! A primary and a secondary.

use super::{Cluster, Hosts, text};
use serde_json::{Value, json};

/// A policy that allows everything.
pub const ADMIN: &str = r#"path "*" { capabilities = ["create", "read", "update", "patch", "delete", "list", "sudo"] }"#;

/// The primary `a` on host A, and the secondary `c` on host B that follows it.
pub struct Pair {
    /// The primary.
    pub a: Cluster,
    /// The secondary.
    pub c: Cluster,
}

impl Pair {
    /// Both stream.
    pub fn start(hosts: &Hosts) -> Self {
        let mut pair = Self::apart(hosts, "", "");
        pair.join("c", &json!({}));
        pair
    }

    /// A primary, and a cluster that does not follow it yet. Their configurations get a little more.
    pub fn apart(hosts: &Hosts, more_a: &str, more_c: &str) -> Self {
        let pair = Self::apart_unled(hosts, more_a, more_c);
        pair.a.lead();
        pair
    }

    /// Two clusters, neither of which is a primary yet.
    pub fn apart_unled(hosts: &Hosts, more_a: &str, more_c: &str) -> Self {
        let (a, c) = std::thread::scope(|scope| {
            let a = scope.spawn(|| Cluster::start(&hosts.a, more_a));
            let c = Cluster::start(&hosts.b, more_c);
            (a.join().expect("the primary starts"), c)
        });
        Self { a, c }
    }

    /// The second one follows as `id`, with a wrapped token.
    pub fn join(&mut self, id: &str, more: &Value) {
        let token = self.a.activation(id, more);
        self.c.enable_secondary(&token, &json!({}));
        self.joined();
    }

    /// The second one follows: it is unsealed by the shares of the first one, and knows a token of it.
    pub fn joined(&mut self) {
        self.c.shares.clone_from(&self.a.shares);
        self.c.token = self.a.shared_token();
        self.c.until_it_streams();
        self.c.until_it_has_all_of(&self.a);
    }

    /// Everything that the primary has is at the secondary.
    #[track_caller]
    pub fn settle(&self) {
        self.c.until_it_has_all_of(&self.a);
    }
}

impl Cluster {
    /// Becomes a primary, whose secondaries come through its relay.
    pub fn lead(&self) {
        self.write(
            "sys/replication/performance/primary/enable",
            &json!({ "primary_cluster_addr": self.relay.url() }),
        );
    }

    /// A token that is good on every cluster of the set.
    pub fn shared_token(&self) -> String {
        self.write("sys/policies/acl/admin", &json!({ "policy": ADMIN }));
        let wanted =
            json!({ "type": "batch", "policies": ["admin"], "no_parent": true, "ttl": "1h" });
        let made = self.write("auth/token/create", &wanted);
        text(&made, "/auth/client_token")
    }
}
