//! A primary and its secondaries, without a network between them.

use crate::house::House;
use crate::pair::Network;
use base::{Operation, Refusal, RefusalKind};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::{Value, json};

pub(crate) const ADMIN: &str = r#"path "*" { capabilities = ["create", "read", "update", "patch", "delete", "list", "sudo"] }"#;

/// A cluster, with a token that is good for all of its set, and one of its own.
pub(crate) struct Member {
    pub(crate) house: House,
    pub(crate) token: String,
    pub(crate) own_token: String,
}

/// Lets everything else go on: the time stands still while there is something to do.
pub(crate) async fn a_while() {
    let nothing = core::future::pending::<()>();
    let _ = tokio::time::timeout(core::time::Duration::from_millis(20), nothing).await;
}

/// A root token of a cluster, made of the share that its set has.
async fn root_token(house: &House, share: &seal::Share) -> String {
    let path = "sys/generate-root/attempt";
    let begun = house
        .ask_anybody(Operation::Update, path, json!({}))
        .await
        .unwrap();
    let key: String = share
        .expose()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let given = json!({ "nonce": begun["nonce"], "key": key });
    let path = "sys/generate-root/update";
    let done = house
        .ask_anybody(Operation::Update, path, given)
        .await
        .unwrap();
    let encoded = done["encoded_token"].as_str().unwrap();
    let encoded = STANDARD_NO_PAD.decode(encoded).unwrap();
    let otp = begun["otp"].as_str().unwrap().bytes();
    let token = encoded.into_iter().zip(otp).map(|(one, other)| one ^ other);
    String::from_utf8(token.collect()).unwrap()
}

impl AsRef<Self> for Member {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl Member {
    pub(crate) async fn read(&self, path: &str) -> Result<Value, Refusal> {
        self.house
            .ask_as(&self.token, Operation::Read, path, json!({}))
            .await
    }

    pub(crate) async fn write(&self, path: &str, data: Value) -> Result<Value, Refusal> {
        self.house
            .ask_as(&self.token, Operation::Update, path, data)
            .await
    }

    pub(crate) async fn status(&self) -> Value {
        let path = "sys/replication/performance/status";
        let status = self.house.ask_anybody(Operation::Read, path, json!({}));
        status.await.unwrap()
    }

    /// Waits until the status is so, but not for ever.
    pub(crate) async fn until(&self, is_so: impl Fn(&Value) -> bool) {
        for _ in 0..10_000 {
            if is_so(&self.status().await) {
                return;
            }
            a_while().await;
        }
        panic!("{:#}", self.status().await);
    }

    /// Waits until something can be read, or cannot any more, but not for ever.
    pub(crate) async fn until_it_is_there(&self, path: &str, expected: bool) {
        for _ in 0..1_000 {
            if self.read(path).await.is_ok() == expected {
                return;
            }
            a_while().await;
        }
        panic!("{path}: it never came to be so");
    }

    /// Nobody reaches anybody any more, and it has noticed.
    pub(crate) async fn cut_off(&self, network: &Network) {
        network.cut(true);
        self.until_it_is_cut_off().await;
    }

    /// Waits until it does not reach its primary.
    pub(crate) async fn until_it_is_cut_off(&self) {
        self.until(|status| status["connection_state"] == "transient_failure")
            .await;
    }

    pub(crate) async fn until_it_streams(&self) {
        self.until(|status| status["state"] == "stream-wals" && status["lag_entries"] == 0)
            .await;
    }
}

/// A primary `a` with an administrator's token, and the share that unseals every cluster of the set.
pub(crate) async fn primary(network: &Network) -> (Member, seal::Share) {
    let (house, share) = network.cluster("a").await;
    house
        .write("sys/policies/acl/admin", json!({ "policy": ADMIN }))
        .await
        .unwrap();
    let made = json!({ "type": "batch", "policies": ["admin"], "no_parent": true, "ttl": "24h" });
    let made = house.write("auth/token/create", made).await.unwrap();
    let token = made["client_token"].as_str().unwrap().to_owned();
    house
        .write("sys/replication/performance/primary/enable", json!({}))
        .await
        .unwrap();
    let own_token = house.token.clone();
    let member = Member {
        house,
        token,
        own_token,
    };
    (member, share)
}

/// A secondary of the primary, that streams.
pub(crate) async fn secondary<M: AsRef<Member>>(
    network: &Network,
    primary: &(M, seal::Share),
    name: &str,
    more: Value,
) -> Member {
    let (primary, share) = (primary.0.as_ref(), &primary.1);
    let (house, _) = network.cluster(name).await;
    let key = "sys/replication/performance/secondary/generate-public-key";
    let key = house.write(key, json!({})).await.unwrap();
    let mut data = json!({ "id": name, "secondary_public_key": key["secondary_public_key"] });
    data.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    let path = "sys/replication/performance/primary/secondary-token";
    let made = primary.write(path, data).await.unwrap();
    let enable = json!({ "token": made["token"] });
    house
        .write("sys/replication/performance/secondary/enable", enable)
        .await
        .unwrap();
    let token = primary.token.clone();
    let mut member = Member {
        house,
        token,
        own_token: String::new(),
    };
    member.until_it_streams().await;
    member.own_token = root_token(&member.house, share).await;
    member
}

#[tokio::test(start_paused = true)]
async fn what_is_written_on_one_is_read_on_the_other() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    a.write("sys/policies/acl/before", json!({ "policy": "# before" }))
        .await
        .unwrap();
    let c = secondary(&network, &both, "c", json!({})).await;
    let read = c.read("sys/policies/acl/before").await.unwrap();
    assert_eq!(read["policy"], "# before");
    // Written on the primary, while it follows.
    a.write("sys/policies/acl/after", json!({ "policy": "# after" }))
        .await
        .unwrap();
    c.until_it_streams().await;
    let read = c.read("sys/policies/acl/after").await.unwrap();
    assert_eq!(read["policy"], "# after");
    // Written on the secondary: it runs on the primary, and the writer reads it at once.
    c.write("sys/policies/acl/there", json!({ "policy": "# there" }))
        .await
        .unwrap();
    for cluster in [a, &c] {
        let read = cluster.read("sys/policies/acl/there").await.unwrap();
        assert_eq!(read["policy"], "# there");
    }
    let (one, other) = (a.status().await, c.status().await);
    assert_eq!(one["merkle_root"], other["merkle_root"]);
    assert_eq!(one["cluster_id"], other["cluster_id"]);
    assert_eq!(one["secondaries"][0]["state"], "connected");
}

#[tokio::test(start_paused = true)]
async fn tokens_stay_where_they_are_made() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    let c = secondary(&network, &both, "c", json!({})).await;
    let ask = json!({ "policies": ["admin"] });
    let made = c
        .house
        .ask_as(&c.own_token, Operation::Update, "auth/token/create", ask)
        .await
        .unwrap();
    let token = made["client_token"].as_str().unwrap();
    let found = c
        .house
        .ask_as(token, Operation::Read, "auth/token/lookup-self", json!({}))
        .await;
    assert!(found.is_ok());
    let there = a
        .house
        .ask_as(token, Operation::Read, "auth/token/lookup-self", json!({}))
        .await;
    assert_eq!(there.unwrap_err().kind, RefusalKind::Denied);
    // The root token of before is of a cluster that is no more.
    let old = c.house.token.clone();
    let old = c
        .house
        .ask_as(&old, Operation::Read, "auth/token/lookup-self", json!({}))
        .await;
    assert_eq!(old.unwrap_err().kind, RefusalKind::Denied);
}

#[tokio::test(start_paused = true)]
async fn without_its_primary_a_secondary_reads_and_refuses_to_write() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    let c = secondary(&network, &both, "c", json!({})).await;
    c.cut_off(&network).await;
    assert!(c.read("sys/policies/acl/admin").await.is_ok());
    let made = c.house.ask_as(
        &c.own_token,
        Operation::Update,
        "auth/token/create",
        json!({}),
    );
    assert!(made.await.is_ok());
    let refused = c
        .write("sys/policies/acl/x", json!({ "policy": "# x" }))
        .await
        .unwrap_err();
    assert_eq!(refused.kind, RefusalKind::WrongPlace);
    assert!(
        refused
            .message
            .contains("primary cluster cannot be reached"),
        "{refused:?}"
    );
    // The primary goes on, and what it wrote arrives when the way is free again.
    a.write("sys/policies/acl/meanwhile", json!({ "policy": "# m" }))
        .await
        .unwrap();
    network.cut(false);
    c.until_it_streams().await;
    assert!(c.read("sys/policies/acl/meanwhile").await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_revoked_secondary_gets_nothing() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    let c = secondary(&network, &both, "c", json!({})).await;
    let revoke = "sys/replication/performance/primary/revoke-secondary";
    a.write(revoke, json!({ "id": "c" })).await.unwrap();
    a.write(
        "sys/policies/acl/late",
        json!({ "policy": "# canary-after-revocation" }),
    )
    .await
    .unwrap();
    c.until(|status| {
        let trouble = status["last_error"].as_str().unwrap_or_default();
        trouble.contains("revoked")
    })
    .await;
    assert!(c.read("sys/policies/acl/late").await.is_err());
    assert_eq!(a.status().await["secondaries"][0]["state"], "revoked");
}

#[tokio::test(start_paused = true)]
async fn keys_are_rotated_on_the_primary_and_followed() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    let c = secondary(&network, &both, "c", json!({})).await;
    for path in ["sys/rotate", "sys/rotate/root"] {
        a.write(path, json!({})).await.unwrap();
        a.write(
            "sys/policies/acl/new",
            json!({ "policy": format!("# {path}") }),
        )
        .await
        .unwrap();
        c.until_it_streams().await;
        let read = c.read("sys/policies/acl/new").await.unwrap();
        assert_eq!(read["policy"], format!("# {path}"));
    }
    let refused = c.write("sys/rotate", json!({})).await.unwrap_err();
    assert_eq!(refused.message, "cannot rotate on a replication secondary");
}

#[tokio::test(start_paused = true)]
async fn a_promoted_secondary_is_followed_by_the_old_primary() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    let c = secondary(&network, &both, "c", json!({})).await;
    a.write("sys/replication/performance/primary/demote", json!({}))
        .await
        .unwrap();
    assert_eq!(a.status().await["mode"], "secondary");
    c.write("sys/replication/performance/secondary/promote", json!({}))
        .await
        .unwrap();
    c.write(
        "sys/policies/acl/new",
        json!({ "policy": "# of the new primary" }),
    )
    .await
    .unwrap();
    let key = "sys/replication/performance/secondary/generate-public-key";
    let key = a.write(key, json!({})).await.unwrap();
    let data = json!({ "id": "a", "secondary_public_key": key["secondary_public_key"] });
    let made = c
        .write("sys/replication/performance/primary/secondary-token", data)
        .await
        .unwrap();
    let update = "sys/replication/performance/secondary/update-primary";
    a.write(update, json!({ "token": made["token"] }))
        .await
        .unwrap();
    a.until_it_streams().await;
    assert!(a.read("sys/policies/acl/new").await.is_ok());
    assert_eq!(
        a.status().await["merkle_root"],
        c.status().await["merkle_root"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_client_reads_its_own_write_on_the_other_cluster() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    let c = secondary(&network, &both, "c", json!({})).await;
    let data = json!({ "policy": "# own" });
    let Value::Object(data) = data else {
        unreachable!()
    };
    let write = crate::house::request(&a.token, Operation::Update, "sys/policies/acl/own", data);
    network.cut(true);
    let index = a.house.node.handle(write).await.index.unwrap();
    let read = |index: &str| {
        let path = "sys/policies/acl/own";
        let mut read = crate::house::request(&c.token, Operation::Read, path, Default::default());
        read.headers = vec![(String::from("x-vault-index"), index.to_owned())];
        c.house.node.handle(read)
    };
    let refused = read(&index).await.outcome.unwrap_err();
    assert_eq!(refused.kind, RefusalKind::PreconditionFailed);
    let text = "required index state not present: ";
    assert!(refused.message.starts_with(text), "{refused:?}");
    assert_eq!(
        read("bm9uZQ==").await.outcome.unwrap_err().kind,
        RefusalKind::PreconditionFailed
    );
    network.cut(false);
    c.until_it_streams().await;
    assert!(read(&index).await.outcome.is_ok());
    let mut forward =
        crate::house::request(&c.token, Operation::Read, "sys/mounts", Default::default());
    forward.headers = vec![(String::from("x-vault-forward"), String::from("active-node"))];
    let refused = c.house.node.handle(forward).await.outcome.unwrap_err();
    assert_eq!(
        refused.message,
        "forwarding via header X-Vault-Forward disabled in configuration"
    );
}

#[tokio::test(start_paused = true)]
async fn what_holds_something_is_not_wiped_by_a_slip() {
    let network = Network::default();
    let both = primary(&network).await;
    let (c, _) = network.cluster("c").await;
    c.write("sys/namespaces/mine", json!({})).await.unwrap();
    let enable = "sys/replication/performance/secondary/enable";
    let refused = c.write(enable, json!({ "token": "x" })).await.unwrap_err();
    assert!(refused.message.contains("confirm_wipe="), "{refused:?}");
    assert!(c.read("sys/namespaces/mine").await.is_ok());
    // Nor by a token that is none.
    let id = refused.message.rsplit('=').next().unwrap();
    for token in ["x", "casemate-activation-1.x", "a.b.c"] {
        let asked = json!({ "token": token, "confirm_wipe": id });
        assert!(c.write(enable, asked).await.is_err());
    }
    assert!(c.read("sys/namespaces/mine").await.is_ok());
    drop(both);
}

/// Each namespace is a tree of its own, and they are asked for ahead.
#[tokio::test(start_paused = true)]
async fn many_trees_are_fetched_over_one_call() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    for number in 0..30 {
        let path = format!("sys/namespaces/n{number}");
        a.write(&path, json!({})).await.unwrap();
    }
    let c = secondary(&network, &both, "c", json!({})).await;
    assert!(c.read("sys/namespaces/n29").await.is_ok());
    let (one, other) = (a.status().await, c.status().await);
    assert_eq!(one["merkle_root"], other["merkle_root"]);
}

#[tokio::test(start_paused = true)]
async fn a_primary_that_recovers_is_found_again() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    let c = secondary(&network, &both, "c", json!({})).await;
    a.write("sys/replication/recover", json!({})).await.unwrap();
    c.until_it_is_cut_off().await;
    let policy = json!({ "policy": "# recovered" });
    a.write("sys/policies/acl/recovered", policy).await.unwrap();
    c.until_it_is_there("sys/policies/acl/recovered", true)
        .await;
    assert_eq!(a.status().await["secondaries"][0]["state"], "connected");
    c.write("sys/replication/recover", json!({})).await.unwrap();
    c.until_it_streams().await;
}
