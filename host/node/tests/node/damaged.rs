//! Something is changed in the storage of a cluster underneath it: a digest, an entry. Who is wrong is
//! told, and mends it.

use crate::pair::Network;
use crate::replication::{Member, primary, secondary};
use bytes::Bytes;
use locality::SystemKey;
use serde_json::json;
use storage::{Batch, Durability, Space, Storage as _};

const CHECK: &str = "sys/replication/merkle-check";
const REINDEX: &str = "sys/replication/reindex";
const FILTER: &str = "sys/replication/performance/primary/paths-filter/c";
const POLICY: &str = "sys/policies/acl/p";

fn commit(member: &Member, damage: Batch) {
    let storage = &member.house.storage;
    storage.commit(damage, Durability::Synced).unwrap();
}

/// The root of the digests of the host's own entries says something else.
fn of_digests(member: &Member) {
    let snapshot = member.house.storage.snapshot();
    let mut records = snapshot.range(Space::Digests, b"R", Some(b"S"));
    let (key, value) = records.next().unwrap().unwrap();
    let mut wrong = value.to_vec();
    wrong[5] ^= 1;
    let mut damage = Batch::new();
    damage.put(Space::Digests, key.to_vec(), wrong);
    commit(member, damage);
}

fn stored(member: &Member) -> (Vec<u8>, Option<Bytes>) {
    let key = SystemKey::policy(base::NamespaceId::ROOT, "p");
    let key = key.physical().as_bytes().to_vec();
    let found = member.house.storage.snapshot().get(Space::Entries, &key);
    (key, found.unwrap())
}

fn of_entry(member: &Member) {
    let (key, value) = stored(member);
    let mut wrong = value.unwrap().to_vec();
    let last = wrong.len() - 1;
    wrong[last] ^= 1;
    let mut damage = Batch::new();
    damage.put(Space::Entries, key, wrong);
    commit(member, damage);
}

fn entry_lost(member: &Member) {
    let mut damage = Batch::new();
    damage.delete(Space::Entries, stored(member).0);
    commit(member, damage);
}

async fn is_wrong(member: &Member) -> bool {
    let report = member.write(CHECK, json!({})).await.unwrap();
    let report = &report["merkle_corruption_report"];
    let is_wrong = report["corrupted_root"] == true;
    let status = member.status().await;
    assert_eq!(status["corrupted_merkle_tree"], is_wrong, "{report:#}");
    is_wrong
}

async fn until_it_says(c: &Member, text: &str) {
    c.until(|status| {
        let trouble = status["last_error"].as_str().unwrap_or_default();
        trouble.contains(text)
    })
    .await;
}

/// Both have the same, and it is right.
async fn are_the_same(a: &Member, c: &Member) {
    c.until_it_streams().await;
    for member in [a, c] {
        assert!(!is_wrong(member).await);
    }
    assert_eq!(stored(a), stored(c));
    let (one, other) = (a.status().await, c.status().await);
    assert_eq!(one["merkle_root"], other["merkle_root"]);
    assert_eq!(c.read(POLICY).await.unwrap()["policy"], "# p");
}

#[tokio::test(start_paused = true)]
async fn wrong_digests_are_named_where_they_are_and_put_right_there() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    a.write(POLICY, json!({ "policy": "# p" })).await.unwrap();
    let c = secondary(&network, &both, "c", json!({})).await;
    let own = "the digests of this cluster do not add up";
    let theirs = "what the primary told does not add up";
    for (wrong, right, text) in [(&c, a, own), (a, &c, theirs)] {
        of_digests(wrong);
        // What makes them compare.
        let filter = json!({ "mode": "deny", "paths": ["nothing/"] });
        a.write(FILTER, filter).await.unwrap();
        until_it_says(&c, text).await;
        assert!(is_wrong(wrong).await, "{text}");
        assert!(!is_wrong(right).await, "{text}");
        wrong.write(REINDEX, json!({})).await.unwrap();
        are_the_same(a, &c).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_an_entry_of_a_secondary_was_is_fetched_again() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    a.write(POLICY, json!({ "policy": "# p" })).await.unwrap();
    let c = secondary(&network, &both, "c", json!({})).await;
    for damage in [of_entry, entry_lost] {
        damage(&c);
        assert_ne!(stored(a), stored(&c));
        assert!(is_wrong(&c).await);
        assert!(!is_wrong(a).await);
        c.write(REINDEX, json!({})).await.unwrap();
        are_the_same(a, &c).await;
    }
}
