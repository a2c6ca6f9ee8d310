//! A change of the part that a cluster plays is all-or-nothing, also over a fault of its disk and a
//! crash after that.

use crate::house::House;
use crate::pair::Network;
use crate::replication::{primary, secondary};
use base::Operation;
use serde_json::{Value, json};
use std::sync::Arc;
use storage::{Fault, Memory};

const PRIMARY: &str = "sys/replication/performance/primary";
const SECONDARY: &str = "sys/replication/performance/secondary";
const FILTER: &str = "sys/replication/performance/primary/paths-filter/c";

/// The disk of a cluster that plays a part, and what opens it. Nobody reaches another.
struct Disk {
    network: Network,
    name: &'static str,
    memory: Memory,
    share: seal::Share,
    token: String,
    life: u64,
}

impl Disk {
    /// The disk of a cluster as it is now; the cluster is gone.
    fn of(network: &Network, name: &'static str, house: &House, share: &seal::Share) -> Self {
        Self {
            network: network.clone(),
            name,
            memory: house.storage.crash(0),
            share: seal::Share::new(share.expose().clone()),
            token: String::new(),
            life: 0,
        }
    }

    /// A cluster that has it, or a copy of another one.
    async fn start(&mut self, memory: Memory) -> House {
        self.life += 1;
        let mut house = self.network.on(self.name, Arc::new(memory), self.life);
        house.submit(&self.share).await.unwrap();
        house.token.clone_from(&self.token);
        house
    }

    /// The same after a crash.
    async fn after_a_crash(&mut self, house: &House) -> House {
        let memory = house.storage.crash(0);
        self.start(memory).await
    }

    /// What a cluster is that has a copy of it, once something was asked of it and it crashed.
    async fn once(&mut self, ask: Option<&(String, Value)>) -> Value {
        let copy = self.memory.crash(0);
        let house = self.start(copy).await;
        if let Some((path, data)) = ask {
            house.write(path, data.clone()).await.unwrap();
        }
        let after = self.after_a_crash(&house).await;
        part(&after).await
    }

    /// At no fault is anything between what was before and what is to be.
    async fn is_all_or_nothing(&mut self, ask: (String, Value)) {
        let before = self.once(None).await;
        let done = self.once(Some(&ask)).await;
        let (path, data) = ask;
        let mut failed = 0;
        for fault in [Fault::Failed, Fault::FailedYetKept] {
            let mut well = 0;
            loop {
                let copy = self.memory.crash(0);
                let house = self.start(copy).await;
                house.storage.fail_write(well, fault);
                let told = house.write(&path, data.clone()).await;
                let after = self.after_a_crash(&house).await;
                let part = part(&after).await;
                let case = format!("{path} {data}: {fault:?} after {well}, {told:?}");
                if told.is_ok() {
                    assert_eq!(part, done, "{case}");
                    break;
                }
                failed += 1;
                assert!(part == before || part == done, "{case}: {part:#}");
                if (well, fault) == (0, Fault::Failed) {
                    assert_eq!(part, before, "{case}");
                }
                well += 1;
                assert!(well < 8, "{case}");
            }
        }
        // There is something to fail, where there is something to change.
        assert_eq!(before != done, failed > 0, "{path}");
    }
}

/// What a cluster is.
async fn part(house: &House) -> Value {
    let status = "sys/replication/performance/status";
    let status = house.ask_anybody(Operation::Read, status, json!({}));
    let status = status.await.unwrap();
    let known = status["secondaries"].as_array().cloned();
    let known = known.unwrap_or_default().into_iter();
    let known: Vec<Value> = known
        .map(|one| json!([one["node_id"], one["state"]]))
        .collect();
    let promotion = house
        .write(&format!("{SECONDARY}/promote"), json!({ "dry_run": true }))
        .await
        .unwrap_or(Value::Null);
    let token = house
        .write(&format!("{PRIMARY}/secondary-token"), json!({ "id": "z" }))
        .await;
    let filter = house.read(FILTER).await.unwrap_or(Value::Null);
    // Last of all: it changes something.
    let policy = json!({ "policy": "# shared" });
    let shared = house.write("sys/policies/acl/shared", policy).await;
    json!({
        "mode": status["mode"],
        "generation": status["generation"],
        "id": status["secondary_id"],
        "addresses": status["known_primary_cluster_addrs"],
        "known": known,
        "promotion": promotion,
        "makes_secondaries": token.is_ok(),
        "filter": filter,
        "takes_shared_writes": shared.is_ok(),
    })
}

#[tokio::test(start_paused = true)]
async fn a_cluster_begins_to_lead_or_does_not() {
    let network = Network::default();
    let (house, share) = network.cluster("a").await;
    let mut alone = Disk::of(&network, "a", &house, &share);
    alone.token.clone_from(&house.token);
    network.cut(true);
    alone
        .is_all_or_nothing((format!("{PRIMARY}/enable"), json!({})))
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_primary_changes_its_part_or_what_it_keeps_or_does_not() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    let _c = secondary(&network, &both, "c", json!({})).await;
    let filter = |path: &str| json!({ "mode": "deny", "paths": [path] });
    a.write(FILTER, filter("one/")).await.unwrap();
    network.cut(true);
    let mut leads = Disk::of(&network, "a", &a.house, &both.1);
    leads.token.clone_from(&a.own_token);
    for (path, data) in [
        (format!("{PRIMARY}/demote"), json!({ "force": true })),
        (format!("{PRIMARY}/disable"), json!({})),
        (format!("{PRIMARY}/revoke-secondary"), json!({ "id": "c" })),
        (format!("{PRIMARY}/secondary-token"), json!({ "id": "d" })),
        (FILTER.to_owned(), filter("other/")),
        (String::from("sys/replication/recover"), json!({})),
    ] {
        leads.is_all_or_nothing((path, data)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_secondary_changes_its_part_or_whom_it_follows_or_does_not() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    let c = secondary(&network, &both, "c", json!({})).await;
    let key = format!("{SECONDARY}/generate-public-key");
    let key = c
        .house
        .ask_as(&c.own_token, Operation::Update, &key, json!({}));
    let key = key.await.unwrap()["secondary_public_key"].clone();
    let token = json!({ "id": "other", "secondary_public_key": key });
    let token = a.write(&format!("{PRIMARY}/secondary-token"), token).await;
    let token = token.unwrap()["token"].clone();
    network.cut(true);
    let mut follows = Disk::of(&network, "c", &c.house, &both.1);
    follows.token.clone_from(&c.own_token);
    let update = || format!("{SECONDARY}/update-primary");
    for (path, data) in [
        (format!("{SECONDARY}/promote"), json!({ "force": true })),
        (update(), json!({ "token": token })),
        (update(), json!({ "update_primary_addrs": "b:8201" })),
        (update(), json!({})),
        (format!("{SECONDARY}/disable"), json!({})),
        (String::from("sys/replication/recover"), json!({})),
    ] {
        follows.is_all_or_nothing((path, data)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_was_demoted_leads_again_or_does_not() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    a.write(&format!("{PRIMARY}/demote"), json!({}))
        .await
        .unwrap();
    let mut demoted = Disk::of(&network, "a", &a.house, &both.1);
    demoted.token.clone_from(&a.own_token);
    network.cut(true);
    for path in ["promote", "disable"] {
        demoted
            .is_all_or_nothing((format!("{SECONDARY}/{path}"), json!({})))
            .await;
    }
}
