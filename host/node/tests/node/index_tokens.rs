//! What a client keeps of its writes, through changes of primaries: each has a log of its own.

use crate::house::request;
use crate::pair::Network;
use crate::replication::{Member, primary, secondary};
use base::{Operation, Refusal, RefusalKind};
use serde_json::{Map, Value, json};

const PROMOTE: &str = "sys/replication/performance/secondary/promote";
const DEMOTE: &str = "sys/replication/performance/primary/demote";

/// Writes, and gives what the client keeps of it.
async fn write(member: &Member, name: &str) -> String {
    let Value::Object(data) = json!({ "policy": format!("# {name}") }) else {
        unreachable!()
    };
    let path = format!("sys/policies/acl/{name}");
    let write = request(&member.token, Operation::Update, &path, data);
    let reply = member.house.node.handle(write).await;
    reply.outcome.unwrap();
    reply.index.unwrap()
}

/// Reads what was written, as a client does that keeps these.
async fn read(member: &Member, name: &str, kept: &[&str]) -> Result<(), Refusal> {
    let path = format!("sys/policies/acl/{name}");
    let mut read = request(&member.token, Operation::Read, &path, Map::new());
    let headers = kept
        .iter()
        .map(|index| (String::from("x-vault-index"), (*index).to_owned()));
    read.headers = headers.collect();
    member.house.node.handle(read).await.outcome.map(drop)
}

/// What is wanted is not here; says what is.
async fn lacks(member: &Member, index: &str) -> String {
    let refused = read(member, "admin", &[index]).await.unwrap_err();
    assert_eq!(refused.kind, RefusalKind::PreconditionFailed);
    let said = "required index state not present: ";
    refused
        .message
        .strip_prefix(said)
        .unwrap_or_else(|| panic!("{refused:?}"))
        .to_owned()
}

/// An entry of a generation is not there, where there is one of the first.
async fn lacks_of(member: &Member, index: &str, generation: u64) {
    let said = lacks(member, index).await;
    let wanted = format!("of generation {generation} of the primary's log is wanted, and here is");
    assert!(said.contains(&wanted), "{said}");
    assert!(said.ends_with("of generation 1"), "{said}");
}

async fn restart(member: &Member, share: &seal::Share) {
    let seal = member
        .house
        .ask_as(&member.own_token, Operation::Update, "sys/seal", json!({}));
    seal.await.unwrap();
    member.house.submit(share).await.unwrap();
}

/// A demoted primary, or a secondary, follows the primary `to` from now on.
async fn follow(member: &Member, to: &Member, id: &str) {
    let key = "sys/replication/performance/secondary/generate-public-key";
    let key = member.write(key, json!({})).await.unwrap();
    let path = "sys/replication/performance/primary/secondary-token";
    let data = json!({ "id": id, "secondary_public_key": key["secondary_public_key"] });
    let made = to.write(path, data).await.unwrap();
    let path = "sys/replication/performance/secondary/update-primary";
    member
        .write(path, json!({ "token": made["token"] }))
        .await
        .unwrap();
    member.until_it_streams().await;
}

#[tokio::test(start_paused = true)]
async fn an_index_of_before_a_promotion_is_good_after_it() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    // Its log is the longer one by far.
    for number in 0..60 {
        write(a, &format!("before{number}")).await;
    }
    let c = secondary(&network, &both, "c", json!({})).await;
    let d = secondary(&network, &both, "d", json!({})).await;
    let through_c = write(&c, "through-c").await;
    c.cut_off(&network).await;
    d.until_it_is_cut_off().await;
    let late = write(a, "late").await;
    for behind in [&c, &d] {
        lacks_of(behind, &late, 1).await;
    }
    // It lacks nothing that it wrote itself.
    read(&c, "through-c", &[&through_c]).await.unwrap();
    network.cut(false);
    c.until_it_streams().await;
    d.until_it_streams().await;
    let kept = [late.as_str(), through_c.as_str()];
    read(&c, "late", &kept).await.unwrap();

    a.write(DEMOTE, json!({})).await.unwrap();
    read(a, "late", &kept).await.unwrap();
    restart(a, &both.1).await;
    read(a, "late", &kept).await.unwrap();

    c.write(PROMOTE, json!({})).await.unwrap();
    for cluster in [a, &c, &d] {
        read(cluster, "late", &kept).await.unwrap();
        read(cluster, "through-c", &kept).await.unwrap();
    }
    let new = write(&c, "new").await;
    read(&c, "new", &[&new, &late]).await.unwrap();
    // Its log is shorter than that of the primary before: that says nothing.
    for behind in [a, &d] {
        lacks_of(behind, &new, 2).await;
    }
    follow(a, &c, "a").await;
    follow(&d, &c, "d2").await;
    for cluster in [a, &c, &d] {
        read(cluster, "new", &[&new, &late, &through_c])
            .await
            .unwrap();
    }
    let through_a = write(a, "through-a").await;
    for cluster in [a, &c] {
        read(cluster, "through-a", &[&through_a]).await.unwrap();
    }
    d.until_it_streams().await;
    read(&d, "through-a", &[&through_a]).await.unwrap();
}

/// A secondary that goes over to another primary is asked to write before it has all of that one's.
#[tokio::test(start_paused = true)]
async fn an_index_of_a_later_primary_is_not_here_before_all_that_it_had() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    for number in 0..60 {
        write(a, &format!("before{number}")).await;
    }
    let c = secondary(&network, &both, "c", json!({})).await;
    let d = secondary(&network, &both, "d", json!({})).await;
    a.write(DEMOTE, json!({})).await.unwrap();
    c.write(PROMOTE, json!({})).await.unwrap();
    // It can be reached, but not be compared with.
    network.refuse(Some("compare"));
    let key = "sys/replication/performance/secondary/generate-public-key";
    let key = d.write(key, json!({})).await.unwrap();
    let path = "sys/replication/performance/primary/secondary-token";
    let data = json!({ "id": "d2", "secondary_public_key": key["secondary_public_key"] });
    let made = c.write(path, data).await.unwrap();
    let path = "sys/replication/performance/secondary/update-primary";
    d.write(path, json!({ "token": made["token"] }))
        .await
        .unwrap();
    d.until(|status| !status["last_error"].as_str().unwrap_or_default().is_empty())
        .await;
    let of_c = write(&c, "of-c").await;
    lacks_of(&d, &of_c, 2).await;
    network.refuse(None);
    d.until_it_streams().await;
    read(&d, "of-c", &[&of_c]).await.unwrap();
    let through_d = write(&d, "through-d").await;
    for cluster in [&c, &d] {
        read(cluster, "through-d", &[&through_d, &of_c])
            .await
            .unwrap();
    }
}

/// Clusters that were never together, and one that left.
#[tokio::test(start_paused = true)]
async fn an_index_of_another_relation_is_not_here_but_for_what_a_cluster_wrote_itself() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    let c = secondary(&network, &both, "c", json!({})).await;
    let (of_a, of_c) = (write(a, "of-a").await, write(&c, "of-c").await);
    let (house, _) = network.cluster("elsewhere").await;
    let token = house.token.clone();
    let elsewhere = Member {
        house,
        own_token: token.clone(),
        token,
    };
    let of_other = write(&elsewhere, "of-other").await;
    let refused = read(a, "admin", &[&of_other]).await.unwrap_err();
    assert_eq!(refused.message, "required index state not present");
    let disable = "sys/replication/performance/secondary/disable";
    c.write(disable, json!({})).await.unwrap();
    read(&c, "of-c", &[&of_c]).await.unwrap();
    let text = "it is of a cluster that this one has nothing of";
    assert_eq!(lacks(&c, &of_a).await, text);
    let alone = write(&c, "alone").await;
    read(&c, "alone", &[&alone, &of_c]).await.unwrap();
    assert_eq!(lacks(a, &alone).await, text);
    let disable = "sys/replication/performance/primary/disable";
    a.write(disable, json!({})).await.unwrap();
    let enable = "sys/replication/performance/primary/enable";
    a.write(enable, json!({})).await.unwrap();
    read(a, "of-a", &[&of_a]).await.unwrap();
    assert_eq!(lacks(a, &of_c).await, text);
}
