//! A primary with as many secondaries as one is made for.

use crate::pair::Network;
use crate::replication::{Member, a_while, primary, secondary};
use core::time::Duration;
use serde_json::json;
use std::sync::Arc;

const NAMES: [&str; 8] = ["s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8"];

/// Stops a server as a power failure does; it is sealed afterwards.
fn restart(network: &Network, name: &str, member: &mut Member) {
    member.house = network.on(name, Arc::new(member.house.storage.kill()), 1);
}

async fn all_stream(secondaries: &[Member], primary: &Member) {
    for secondary in secondaries {
        secondary.until_it_streams().await;
    }
    let root = primary.status().await["merkle_root"].clone();
    for (name, secondary) in NAMES.iter().zip(secondaries) {
        assert_eq!(secondary.status().await["merkle_root"], root, "{name}");
    }
}

/// The primary is away for a minute and has none of its log when it comes back; half of the secondaries
/// lack something that was in it.
#[tokio::test(start_paused = true)]
async fn all_stream_again_after_the_primary_was_restarted() {
    let network = Network::default();
    let mut both = primary(&network).await;
    let mut all = Vec::new();
    for name in NAMES {
        all.push(secondary(&network, &both, name, json!({})).await);
    }
    all_stream(&all, &both.0).await;

    let (behind, _) = all.split_at_mut(4);
    for (name, member) in NAMES.into_iter().zip(behind) {
        restart(&network, name, member);
    }
    for number in 0..20 {
        let path = format!("sys/policies/acl/meanwhile-{number}");
        both.0
            .write(&path, json!({ "policy": "# meanwhile" }))
            .await
            .unwrap();
    }
    all_stream(&all[4..], &both.0).await;

    // With it go its connections.
    network.cut(true);
    for member in &all[4..] {
        member.until_it_is_cut_off().await;
    }
    restart(&network, "a", &mut both.0);
    network.cut(false);
    let (admitted, compared) = (network.admitted(), network.opened("compare"));
    for member in &all[..4] {
        member.house.submit(&both.1).await.unwrap();
    }
    let nothing = core::future::pending::<()>();
    let _ = tokio::time::timeout(Duration::from_secs(60), nothing).await;
    assert_eq!(
        network.admitted(),
        admitted,
        "nobody is let in by a sealed one"
    );
    both.0.house.submit(&both.1).await.unwrap();
    all_stream(&all, &both.0).await;
    let one_of_each = network.admitted() - admitted;
    assert!((8..=16).contains(&one_of_each), "{one_of_each} connections");
    let compared = network.opened("compare") - compared;
    assert!((4..=8).contains(&compared), "{compared} comparisons");

    // And go on.
    let policy = json!({ "policy": "# after" });
    both.0
        .write("sys/policies/acl/after", policy)
        .await
        .unwrap();
    a_while().await;
    all_stream(&all, &both.0).await;
    for (name, member) in NAMES.iter().zip(&all) {
        let read = member.read("sys/policies/acl/after").await;
        assert_eq!(read.unwrap()["policy"], "# after", "{name}");
    }
    let known = both.0.status().await["secondaries"].clone();
    let states = known.as_array().unwrap().iter().map(|one| &one["state"]);
    assert!(
        states.into_iter().all(|state| state == "connected"),
        "{known:#}"
    );
}
