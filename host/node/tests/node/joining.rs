//! A cluster that becomes a secondary: it is what it was until everything is here, and can go back
//! until then. Killed at each of its writes it loses neither.

use crate::house::House;
use crate::pair::Network;
use crate::replication::{Member, a_while, primary, secondary};
use base::{Operation, RefusalKind};
use locality::{Class, PhysicalKey, Shelf, SystemKey};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use storage::{Fault, Memory, Space, Storage as _};

pub(crate) const ENABLE: &str = "sys/replication/performance/secondary/enable";
const DISABLE: &str = "sys/replication/performance/secondary/disable";
const STATUS: &str = "sys/replication/performance/status";

/// A cluster with something of its own, and an activation token that is good for it.
pub(crate) async fn own_cluster(
    network: &Network,
    primary: &Member,
) -> (House, seal::Share, Value) {
    own_cluster_with(network, primary, json!({})).await
}

/// The same with more that its token is to say.
pub(crate) async fn own_cluster_with(
    network: &Network,
    primary: &Member,
    more: Value,
) -> (House, seal::Share, Value) {
    let (c, share) = network.cluster("c").await;
    c.write("sys/namespaces/mine", json!({})).await.unwrap();
    let policy = json!({ "policy": "# mine" });
    c.write("sys/policies/acl/mine", policy).await.unwrap();
    c.write("cubbyhole/x", json!({ "v": "mine" }))
        .await
        .unwrap();
    let key = "sys/replication/performance/secondary/generate-public-key";
    let key = c.write(key, json!({})).await.unwrap();
    let path = "sys/replication/performance/primary/secondary-token";
    let mut data = json!({ "id": "c", "secondary_public_key": key["secondary_public_key"] });
    let members = data.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    let made = primary.write(path, data).await.unwrap();
    let refused = c.write(ENABLE, json!({ "token": "x" })).await.unwrap_err();
    let id = refused.message.rsplit('=').next().unwrap();
    let enable = json!({ "token": made["token"], "confirm_wipe": id });
    (c, share, enable)
}

/// Everything that is stored, but for how often keys were used.
fn stored(memory: &Memory) -> BTreeMap<(u8, Vec<u8>), Vec<u8>> {
    let snapshot = memory.snapshot();
    let keyring = SystemKey::keyring();
    let mut all = BTreeMap::new();
    for (number, space) in [(0, Space::Entries), (1, Space::Digests)] {
        for pair in snapshot.range(space, b"", None) {
            let (key, value) = pair.unwrap();
            if key.as_ref() != keyring.physical().as_bytes() {
                all.insert((number, key.to_vec()), value.to_vec());
            }
        }
    }
    all
}

pub(crate) fn lies_on_the_shelf(memory: &Memory) -> usize {
    let (from, to) = Shelf::Coming.range();
    let snapshot = memory.snapshot();
    snapshot.range(Space::Entries, &from, Some(&to)).count()
}

/// More than is laid there at once, in trees of their own.
pub(crate) async fn much(a: &Member) {
    for number in 0..6 {
        let path = format!("sys/namespaces/n{number}");
        a.write(&path, json!({})).await.unwrap();
        let data = json!({ "policy": format!("# {}{number}", "x".repeat(400_000)) });
        let path = format!("n{number}/sys/policies/acl/p");
        a.write(&path, data).await.unwrap();
    }
}

/// Begins, and has some of it when the way is cut.
pub(crate) async fn begin_and_be_cut(network: &Network, c: &House, enable: Value) {
    network.cut_after(1_800_000);
    c.write(ENABLE, enable).await.unwrap();
    until(c, |status| {
        status["connection_state"] == "transient_failure"
    })
    .await;
    assert_eq!(status(c).await["mode"], "bootstrapping");
    assert!(lies_on_the_shelf(&c.storage) > 0);
}

pub(crate) async fn status(house: &House) -> Value {
    let status = house.ask_anybody(Operation::Read, STATUS, json!({}));
    status.await.unwrap()
}

pub(crate) async fn until(house: &House, is_so: impl Fn(&Value) -> bool) {
    for _ in 0..10_000 {
        if is_so(&status(house).await) {
            return;
        }
        a_while().await;
    }
    panic!("{:#}", status(house).await);
}

/// It is what it was, and works.
async fn is_its_own(c: &House) {
    assert!(c.read("sys/namespaces/mine").await.is_ok());
    let policy = c.read("sys/policies/acl/mine").await.unwrap();
    assert_eq!(policy["policy"], "# mine");
    assert_eq!(c.read("cubbyhole/x").await.unwrap()["v"], "mine");
    assert!(c.read("sys/policies/acl/admin").await.is_err());
}

#[tokio::test(start_paused = true)]
async fn until_everything_is_here_it_is_what_it_was_and_can_go_back() {
    let network = Network::default();
    let both = primary(&network).await;
    let (mut c, share, enable) = own_cluster(&network, &both.0).await;
    let before = stored(&c.storage);
    network.refuse(Some("compare"));
    c.write(ENABLE, enable.clone()).await.unwrap();
    until(&c, |status| {
        status["connection_state"] == "transient_failure"
    })
    .await;
    let now = status(&c).await;
    assert_eq!(now["mode"], "bootstrapping", "{now:#}");
    assert_eq!(now["rollback_possible"], true, "{now:#}");
    // It serves its own clients, who write as well.
    is_its_own(&c).await;
    let policy = json!({ "policy": "# meanwhile" });
    c.write("sys/policies/acl/meanwhile", policy).await.unwrap();
    c.ask(Operation::Delete, "sys/policies/acl/meanwhile", json!({}))
        .await
        .unwrap();
    // It can play no other part, and none of a secondary.
    for path in [
        "sys/replication/performance/primary/enable",
        ENABLE,
        "sys/replication/performance/secondary/promote",
    ] {
        let refused = c.write(path, json!({ "force": true })).await.unwrap_err();
        let text = "its first synchronization is not complete";
        assert!(refused.message.contains(text), "{path}: {refused:?}");
    }
    let promote = "sys/replication/performance/secondary/promote";
    let dry = c.write(promote, json!({ "dry_run": true })).await.unwrap();
    assert_eq!(dry["can_promote"], false, "{dry:#}");
    // A restart changes nothing, and it is its own share that unseals.
    c = again(&network, &c, 1);
    assert!(c.submit(&both.1).await.is_err());
    c.submit(&share).await.unwrap();
    until(&c, |status| {
        status["connection_state"] == "transient_failure"
    })
    .await;
    is_its_own(&c).await;

    c.write(DISABLE, json!({})).await.unwrap();
    assert_eq!(status(&c).await["mode"], "disabled");
    is_its_own(&c).await;
    let after = stored(&c.storage);
    assert_eq!(
        before.keys().collect::<Vec<_>>(),
        after.keys().collect::<Vec<_>>()
    );
    assert_eq!(before, after);
    let refused = c.write(DISABLE, json!({})).await.unwrap_err();
    assert_eq!(refused.kind, RefusalKind::Invalid);
    // The way is free: the same token, since it was the key's.
    network.refuse(None);
    c.write(ENABLE, enable).await.unwrap();
    until(&c, |status| status["state"] == "stream-wals").await;
    is_the_primarys(&both.0, &c).await;
}

pub(crate) fn again(network: &Network, house: &House, life: u64) -> House {
    let mut again = network.on("c", Arc::new(house.storage.kill()), life);
    again.token.clone_from(&house.token);
    again
}

/// It streams, has what the primary has, and nothing of before.
async fn is_the_primarys(a: &Member, c: &House) {
    let now = status(c).await;
    assert_eq!(now["mode"], "secondary", "{now:#}");
    assert_eq!(now["rollback_possible"], false, "{now:#}");
    assert_eq!(now["merkle_root"], a.status().await["merkle_root"]);
    let read = |path| c.ask_as(&a.token, Operation::Read, path, json!({}));
    assert!(read("sys/policies/acl/admin").await.is_ok());
    assert!(read("sys/policies/acl/mine").await.is_err());
    assert!(read("sys/namespaces/mine").await.is_err());
    let old = c.read("auth/token/lookup-self").await.unwrap_err();
    assert_eq!(old.kind, RefusalKind::Denied);
    assert_eq!(lies_on_the_shelf(&c.storage), 0);
    let report = "sys/replication/merkle-check";
    let report = c.ask_as(&a.token, Operation::Update, report, json!({}));
    let report = report.await.unwrap();
    assert_eq!(
        report["merkle_corruption_report"]["corrupted_root"], false,
        "{report:#}"
    );
}

/// Unseals it with the share that fits. Is it its own?
async fn unseal(c: &House, own: &seal::Share, shared: &seal::Share) -> bool {
    if c.submit(own).await.is_ok() {
        return true;
    }
    c.submit(shared).await.unwrap();
    false
}

/// Lets the storage fail at a write. Gives the cluster on what is left.
async fn killed_at(
    network: &Network,
    c: &House,
    write: u64,
    act: impl Future<Output = ()>,
) -> Option<House> {
    c.storage.fail_write(write, Fault::Failed);
    act.await;
    for _ in 0..200 {
        a_while().await;
    }
    let has_failed = c
        .storage
        .commit(probe(), storage::Durability::Synced)
        .is_err();
    has_failed.then(|| again(network, c, write + 1))
}

/// Writes nothing that anybody reads.
fn probe() -> storage::Batch {
    let mut batch = storage::Batch::new();
    let key = PhysicalKey::new(
        Class::Ignored,
        base::NamespaceId::ROOT,
        base::MountId::SYSTEM,
        "probe",
    );
    batch.put(Space::Entries, key.as_bytes().to_vec(), vec![1]);
    batch
}

#[tokio::test(start_paused = true)]
async fn killed_at_any_write_it_becomes_a_secondary_all_the_same() {
    let (mut its_own, mut the_primarys) = (0, 0);
    for write in 0.. {
        let network = Network::default();
        let both = primary(&network).await;
        let (c, share, enable) = own_cluster(&network, &both.0).await;
        let enabling = async { drop(c.write(ENABLE, enable.clone()).await) };
        let Some(c) = killed_at(&network, &c, write, enabling).await else {
            break;
        };
        if unseal(&c, &share, &both.1).await {
            its_own += 1;
            is_its_own(&c).await;
            if status(&c).await["mode"] == "disabled" {
                c.write(ENABLE, enable).await.unwrap();
            }
        } else {
            the_primarys += 1;
        }
        until(&c, |status| status["state"] == "stream-wals").await;
        is_the_primarys(&both.0, &c).await;
    }
    // Both sides of the point from where there is no way back were seen.
    assert!(its_own > 1 && the_primarys > 2, "{its_own} {the_primarys}");
}

#[tokio::test(start_paused = true)]
async fn killed_at_any_write_of_the_way_back_it_is_what_it_was() {
    for write in 0.. {
        let network = Network::default();
        let both = primary(&network).await;
        let (c, share, enable) = own_cluster(&network, &both.0).await;
        let before = stored(&c.storage);
        // Something came already when somebody goes back.
        much(&both.0).await;
        begin_and_be_cut(&network, &c, enable).await;
        let going_back = async { drop(c.write(DISABLE, json!({})).await) };
        let killed = killed_at(&network, &c, write, going_back).await;
        let is_done = killed.is_none();
        let c = killed.unwrap_or_else(|| again(&network, &c, 99));
        network.cut(true);
        c.submit(&share).await.unwrap();
        if status(&c).await["mode"] != "disabled" {
            c.write(DISABLE, json!({})).await.unwrap();
        }
        is_its_own(&c).await;
        let mut after = stored(&c.storage);
        after.retain(|(_, key), _| !key.ends_with(b"probe"));
        assert_eq!(before, after);
        if is_done {
            assert!(write > 1);
            break;
        }
    }
}

/// What came before is not sent again, and compared like everything else.
#[tokio::test(start_paused = true)]
async fn a_first_synchronization_that_is_interrupted_goes_on() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    much(a).await;
    let (c, share, enable) = own_cluster(&network, a).await;
    begin_and_be_cut(&network, &c, enable).await;
    network.cut(false);
    let c = again(&network, &c, 1);
    // What is gone there meanwhile is not to stay here.
    a.house
        .ask(Operation::Delete, "n0/sys/policies/acl/p", json!({}))
        .await
        .unwrap();
    let carried = network.carried_bytes();
    assert!(unseal(&c, &share, &both.1).await);
    until(&c, |status| status["state"] == "stream-wals").await;
    assert!(network.carried_bytes() - carried < 2_000_000);
    assert!(
        c.ask_as(
            &a.token,
            Operation::Read,
            "n5/sys/policies/acl/p",
            json!({})
        )
        .await
        .is_ok()
    );
    assert!(
        c.ask_as(
            &a.token,
            Operation::Read,
            "n0/sys/policies/acl/p",
            json!({})
        )
        .await
        .is_err()
    );
    assert_eq!(
        status(&c).await["merkle_root"],
        a.status().await["merkle_root"]
    );
}

pub(crate) const UPDATE: &str = "sys/replication/performance/secondary/update-primary";

/// An activation token that is good for the cluster.
pub(crate) async fn activation(primary: &Member, id: &str, c: &House) -> Value {
    let key = "sys/replication/performance/secondary/generate-public-key";
    let key = c.write(key, json!({})).await.unwrap();
    let data = json!({ "id": id, "secondary_public_key": key["secondary_public_key"] });
    let path = "sys/replication/performance/primary/secondary-token";
    primary.write(path, data).await.unwrap()["token"].clone()
}

/// The primary's address changes before everything is here: the join goes on at the new one.
#[tokio::test(start_paused = true)]
async fn a_cluster_that_joins_goes_on_where_its_primary_is_now() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    much(a).await;
    let (c, share, enable) = own_cluster(&network, a).await;
    begin_and_be_cut(&network, &c, enable).await;
    let elsewhere = |address: &str| json!({ "update_primary_addrs": address });
    c.write(UPDATE, elsewhere("https://gone:8201"))
        .await
        .unwrap();
    network.cut(false);
    until(&c, |status| {
        status["connection_state"] == "transient_failure"
    })
    .await;
    let now = status(&c).await;
    assert_eq!(now["primary_cluster_addr"], "https://gone:8201", "{now:#}");
    assert_eq!(now["mode"], "bootstrapping", "{now:#}");
    assert!(lies_on_the_shelf(&c.storage) > 0);
    is_its_own(&c).await;
    // Nobody, for a while; that is kept over a restart, and so is the way back.
    c.write(UPDATE, json!({})).await.unwrap();
    let c = again(&network, &c, 1);
    c.submit(&share).await.unwrap();
    let now = status(&c).await;
    assert_eq!(now["connection_state"], "idle", "{now:#}");
    assert_eq!(now["rollback_possible"], true, "{now:#}");
    let carried = network.carried_bytes();
    c.write(UPDATE, elsewhere("a:8201")).await.unwrap();
    until(&c, |status| status["state"] == "stream-wals").await;
    // What came before is not sent again.
    assert!(network.carried_bytes() - carried < 2_000_000);
    is_the_primarys(a, &c).await;
}

/// Another cluster leads before everything is here: a token of it is as good.
#[tokio::test(start_paused = true)]
async fn a_cluster_that_joins_goes_on_with_another_primary() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    much(a).await;
    let b = secondary(&network, &both, "b", json!({})).await;
    let (c, share, enable) = own_cluster(&network, a).await;
    begin_and_be_cut(&network, &c, enable).await;
    network.cut(false);
    network.refuse(Some("compare"));
    a.write("sys/replication/performance/primary/demote", json!({}))
        .await
        .unwrap();
    b.write("sys/replication/performance/secondary/promote", json!({}))
        .await
        .unwrap();
    let carried = network.carried_bytes();
    let token = activation(&b, "c", &c).await;
    c.write(UPDATE, json!({ "token": token })).await.unwrap();
    // What came is not of another relation.
    let foreign = json!({ "token": foreign_token(&network, &c).await });
    let refused = c.write(UPDATE, foreign).await.unwrap_err();
    assert!(
        refused.message.contains("of another relation"),
        "{refused:?}"
    );
    let both_given = json!({ "token": "x", "update_primary_addrs": "a:8201" });
    let refused = c.write(UPDATE, both_given).await.unwrap_err();
    assert!(refused.message.contains("not both"), "{refused:?}");
    let now = status(&c).await;
    assert_eq!(now["primary_cluster_addr"], "https://b:8201", "{now:#}");
    is_its_own(&c).await;
    let c = again(&network, &c, 1);
    c.submit(&share).await.unwrap();
    network.refuse(None);
    until(&c, |status| status["state"] == "stream-wals").await;
    assert!(network.carried_bytes() - carried < 2_000_000);
    is_the_primarys(&b, &c).await;
    assert_eq!(status(&c).await["generation"], 2);
    // It was asked for where it is no more: it is a secondary like others now.
    let asked = c.ask_as(&b.token, Operation::Update, UPDATE, json!({}));
    asked.await.unwrap();
    assert_eq!(status(&c).await["mode"], "secondary");
}

/// A token of a primary that has nothing to do with the others.
async fn foreign_token(network: &Network, c: &House) -> Value {
    let (house, _) = network.cluster("other").await;
    let own_token = house.token.clone();
    let other = Member {
        token: own_token.clone(),
        house,
        own_token,
    };
    let enable = "sys/replication/performance/primary/enable";
    other.write(enable, json!({})).await.unwrap();
    activation(&other, "c", c).await
}
