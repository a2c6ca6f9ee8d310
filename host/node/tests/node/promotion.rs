//! What stands in the way of a promotion, and of a demotion, and how to go over it.

use crate::pair::Network;
use crate::replication::{Member, a_while, primary, secondary};
use base::{Refusal, RefusalKind};
use serde_json::{Value, json};

const PROMOTE: &str = "sys/replication/performance/secondary/promote";
const DEMOTE: &str = "sys/replication/performance/primary/demote";
const FILTER: &str = "sys/replication/performance/primary/paths-filter/c";

/// Three megabytes, in policies.
async fn write_much(a: &Member) {
    for number in 0..8 {
        let policy = json!({ "policy": format!("# {}", "x".repeat(400_000)) });
        let path = format!("sys/policies/acl/much{number}");
        a.write(&path, policy).await.unwrap();
    }
}

/// Only these stand in the way: a dry run names them, a promotion is refused for them.
async fn is_blocked_by(c: &Member, expected: &[&str]) {
    let dry = c.write(PROMOTE, json!({ "dry_run": true })).await.unwrap();
    assert_eq!(dry["can_promote"], false, "{dry:#}");
    let blockers: Vec<&str> = dry["blockers"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(blockers.len(), expected.len(), "{dry:#}");
    for (found, expected) in blockers.iter().zip(expected) {
        assert!(found.starts_with(expected), "{dry:#}");
    }
    let refused = c.write(PROMOTE, json!({})).await.unwrap_err();
    let text = format!(
        "replication is still catching up, try again later or provide the \"force\" argument: {}",
        blockers.join("; ")
    );
    assert_eq!(refused, Refusal::new(RefusalKind::Unavailable, text));
    assert_eq!(c.status().await["mode"], "secondary");
}

async fn leads_by_force(c: &Member) {
    c.write(PROMOTE, json!({ "force": true })).await.unwrap();
    assert_eq!(c.status().await["mode"], "primary");
    let policy = json!({ "policy": "# led" });
    c.write("sys/policies/acl/led", policy).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_primary_that_leads_is_demoted_first() {
    let network = Network::default();
    let both = primary(&network).await;
    let c = secondary(&network, &both, "c", json!({})).await;
    is_blocked_by(&c, &["its primary still leads: demote that first"]).await;
    both.0.write(DEMOTE, json!({})).await.unwrap();
    let dry = c.write(PROMOTE, json!({ "dry_run": true })).await.unwrap();
    assert_eq!(dry, json!({ "blockers": [], "can_promote": true }));
    c.write(PROMOTE, json!({})).await.unwrap();
    assert_eq!(c.status().await["mode"], "primary");
}

#[tokio::test(start_paused = true)]
async fn what_is_missing_is_named_and_can_be_given_up() {
    let network = Network::default();
    let both = primary(&network).await;
    let c = secondary(&network, &both, "c", json!({})).await;
    c.cut_off(&network).await;
    write_much(&both.0).await;
    network.cut(false);
    network.cut_after(2_000_000);
    c.until(|status| status["lag_entries"].as_u64() > Some(0))
        .await;
    c.until_it_is_cut_off().await;
    is_blocked_by(
        &c,
        &["its primary was heard ", "the primary's log ends at entry "],
    )
    .await;
    leads_by_force(&c).await;
}

#[tokio::test(start_paused = true)]
async fn a_comparison_comes_to_its_end_first() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    a.write("sys/namespaces/n", json!({})).await.unwrap();
    let c = secondary(&network, &both, "c", json!({})).await;
    c.cut_off(&network).await;
    write_much(a).await;
    let filter = json!({ "mode": "deny", "paths": ["n/"] });
    a.write(FILTER, filter).await.unwrap();
    network.hold_after(1_500_000);
    network.cut(false);
    c.until(|status| status["state"] == "merkle-sync").await;
    is_blocked_by(&c, &["it compares itself with its primary"]).await;
    leads_by_force(&c).await;
}

#[tokio::test(start_paused = true)]
async fn who_has_not_heard_its_primary_since_it_was_unsealed_knows_nothing() {
    let network = Network::default();
    let both = primary(&network).await;
    let c = secondary(&network, &both, "c", json!({})).await;
    c.cut_off(&network).await;
    c.house.node.seal().await;
    c.house.submit(&both.1).await.unwrap();
    c.until_it_is_cut_off().await;
    is_blocked_by(&c, &["it has not heard how far its primary is"]).await;
    leads_by_force(&c).await;
}

#[tokio::test(start_paused = true)]
async fn a_primary_goes_when_everybody_who_is_there_has_everything() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    let c = secondary(&network, &both, "c", json!({})).await;
    network.hold_after(0);
    let policy = json!({ "policy": "# x" });
    a.write("sys/policies/acl/x", policy.clone()).await.unwrap();
    let refused = a.write(DEMOTE, json!({})).await.unwrap_err();
    let text = "not everything that was written here has arrived at c: try again, or provide the \"force\" argument";
    assert_eq!(refused, Refusal::new(RefusalKind::Unavailable, text));
    // It leads on.
    assert_eq!(a.status().await["mode"], "primary");
    a.write("sys/policies/acl/y", policy).await.unwrap();
    network.let_go();
    c.until_it_is_there("sys/policies/acl/y", true).await;
    network.hold_after(0);
    let policy = json!({ "policy": "# z" });
    a.write("sys/policies/acl/z", policy).await.unwrap();
    a.write(DEMOTE, json!({ "force": true })).await.unwrap();
    assert_eq!(a.status().await["mode"], "secondary");
}

/// Two were promoted from the same generation. Whoever goes from one to the other compares itself:
/// an entry of one log is not that of the other, and a filter of one not that of the other.
#[tokio::test(start_paused = true)]
async fn of_two_that_were_promoted_at_once_neither_is_taken_for_the_other() {
    let network = Network::default();
    let both = primary(&network).await;
    let b = secondary(&network, &both, "b", json!({})).await;
    let c = secondary(&network, &both, "c", json!({})).await;
    let d = secondary(&network, &both, "d", json!({})).await;
    network.cut(true);
    for one in [&b, &c, &d] {
        one.until_it_is_cut_off().await;
    }
    leads_by_force(&b).await;
    leads_by_force(&c).await;
    network.cut(false);
    follows(&d, &b, json!({})).await;
    d.until_it_streams().await;
    for number in 0..9 {
        let policy = json!({ "policy": "# of c" });
        let path = format!("sys/policies/acl/of-c{number}");
        c.write(&path, policy).await.unwrap();
    }
    let policy = json!({ "policy": "# of b" });
    b.write("sys/policies/acl/of-b", policy).await.unwrap();
    d.until_it_is_there("sys/policies/acl/of-b", true).await;
    follows(&d, &c, json!({})).await;
    d.until_it_is_there("sys/policies/acl/of-b", false).await;
    d.until_it_streams().await;
    let (one, other) = (c.status().await, d.status().await);
    assert_eq!(one["merkle_root"], other["merkle_root"]);
    // What one of them filters the other does not send.
    let filter = json!({ "paths_filter_mode": "deny", "paths": ["x"] });
    let revoke = "sys/replication/performance/primary/revoke-secondary";
    c.write("sys/namespaces/x", json!({})).await.unwrap();
    c.write(revoke, json!({ "id": "d" })).await.unwrap();
    follows(&d, &c, filter).await;
    d.until_it_streams().await;
    b.write(revoke, json!({ "id": "d" })).await.unwrap();
    follows(&d, &b, json!({})).await;
    d.until(|status| {
        let trouble = status["last_error"].as_str().unwrap_or_default();
        trouble.contains("primary/paths-filter/d is written")
    })
    .await;
}

/// A secondary follows a primary with a token of its own name.
async fn follows(secondary: &Member, primary: &Member, more: Value) {
    let key = "sys/replication/performance/secondary/generate-public-key";
    let key = secondary.write(key, json!({})).await.unwrap();
    let mut data = json!({ "id": "d", "secondary_public_key": key["secondary_public_key"] });
    let members = data.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    let path = "sys/replication/performance/primary/secondary-token";
    let made = primary.write(path, data).await.unwrap();
    let update = "sys/replication/performance/secondary/update-primary";
    let token = json!({ "token": made["token"] });
    secondary.write(update, token).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn two_requests_changed_the_part_at_once() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    let c = secondary(&network, &both, "c", json!({})).await;
    network.hold_after(0);
    let policy = json!({ "policy": "# x" });
    a.write("sys/policies/acl/x", policy).await.unwrap();
    let demotes = a.write(DEMOTE, json!({}));
    let others = async {
        // The first one waits for the secondary by now.
        tokio::task::yield_now().await;
        for path in [
            DEMOTE,
            "sys/replication/performance/primary/disable",
            "sys/replication/recover",
        ] {
            let refused = a.write(path, json!({})).await.unwrap_err();
            let text = "another request changes the part that this cluster plays: try again when that is done";
            assert_eq!(refused, Refusal::new(RefusalKind::Unavailable, text));
        }
        network.let_go();
    };
    let (demoted, ()) = tokio::join!(demotes, others);
    demoted.unwrap();
    assert_eq!(a.status().await["mode"], "secondary");
    c.write(PROMOTE, json!({})).await.unwrap();
    c.read("sys/policies/acl/x").await.unwrap();
}

const WARNING: &str = "not everything that was written here may have arrived at c, for they do not follow at the moment: do not promote them";

#[tokio::test(start_paused = true)]
async fn what_is_written_while_nobody_hears_it_is_not_lost_without_a_word() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    let c = secondary(&network, &both, "c", json!({})).await;
    c.cut_off(&network).await;
    let policy = json!({ "policy": "# lost" });
    a.write("sys/policies/acl/lost", policy.clone())
        .await
        .unwrap();
    is_blocked_by(&c, &["its primary was heard "]).await;
    let refused = a.write(DEMOTE, json!({})).await.unwrap_err();
    let text = "no secondary is known to have everything that was written here, for none follows at the moment: c; try again, revoke those that are gone for good, or provide the \"force\" argument";
    assert_eq!(refused, Refusal::new(RefusalKind::Unavailable, text));
    // It leads on, and whoever comes back gets it.
    network.cut(false);
    c.until_it_is_there("sys/policies/acl/lost", true).await;
    c.cut_off(&network).await;
    a.write("sys/policies/acl/later", policy).await.unwrap();
    let warned = a.house.warnings(&a.token, DEMOTE, json!({ "force": true }));
    assert_eq!(warned.await.unwrap()[1..], [WARNING]);
    network.cut(false);
    a_while().await;
    is_blocked_by(&c, &["its primary was heard "]).await;
    leads_by_force(&c).await;
}

#[tokio::test(start_paused = true)]
async fn one_that_has_everything_is_enough() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    let c = secondary(&network, &both, "c", json!({})).await;
    c.cut_off(&network).await;
    // Who is revoked is waited for no more, and without anybody there is nobody to wait for.
    let revoke = "sys/replication/performance/primary/revoke-secondary";
    a.write(revoke, json!({ "id": "c" })).await.unwrap();
    network.cut(false);
    let d = secondary(&network, &both, "d", json!({})).await;
    let warned = a.house.warnings(&a.token, DEMOTE, json!({})).await;
    assert_eq!(warned.unwrap().len(), 1);
    d.write(PROMOTE, json!({})).await.unwrap();

    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    let c = secondary(&network, &both, "c", json!({})).await;
    let d = secondary(&network, &both, "d", json!({})).await;
    c.house.node.seal().await;
    let warned = a.house.warnings(&a.token, DEMOTE, json!({})).await;
    assert_eq!(warned.unwrap()[1..], [WARNING]);
    c.house.submit(&both.1).await.unwrap();
    is_blocked_by(&c, &["it has not heard how far its primary is"]).await;
    d.write(PROMOTE, json!({})).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_farewell_of_a_primary_is_remembered() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    let c = secondary(&network, &both, "c", json!({})).await;
    let policy = json!({ "policy": "# x" });
    a.write("sys/policies/acl/x", policy).await.unwrap();
    a.write(DEMOTE, json!({})).await.unwrap();
    c.house.node.seal().await;
    c.house.submit(&both.1).await.unwrap();
    c.until_it_is_cut_off().await;
    // Neither an address nor to follow nobody changes that.
    let update = "sys/replication/performance/secondary/update-primary";
    let moved = json!({ "update_primary_addrs": "a:8201" });
    for followed in [moved, json!({})] {
        c.write(update, followed).await.unwrap();
        let dry = c.write(PROMOTE, json!({ "dry_run": true })).await.unwrap();
        assert_eq!(dry, json!({ "blockers": [], "can_promote": true }));
    }
    c.write(PROMOTE, json!({})).await.unwrap();
    c.read("sys/policies/acl/x").await.unwrap();
    // Who was demoted has all that it wrote itself; who left its primary while that leads has not.
    let dry = a.write(PROMOTE, json!({ "dry_run": true })).await.unwrap();
    assert_eq!(dry["can_promote"], true);
    let d = secondary(&network, &(c, both.1), "d", json!({})).await;
    d.write(update, json!({})).await.unwrap();
    is_blocked_by(&d, &["it has not heard how far its primary is"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_farewell_that_does_not_arrive_is_none() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    let c = secondary(&network, &both, "c", json!({})).await;
    network.hold_after(0);
    a.write(DEMOTE, json!({})).await.unwrap();
    network.cut(true);
    network.let_go();
    c.until_it_is_cut_off().await;
    is_blocked_by(&c, &["its primary was heard "]).await;
    // It can still be taken back.
    a.write(PROMOTE, json!({})).await.unwrap();
    assert_eq!(a.status().await["mode"], "primary");
}

#[tokio::test(start_paused = true)]
async fn a_secondary_that_is_filtered_knows_it() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    let c = secondary(&network, &both, "c", json!({})).await;
    a.write("sys/namespaces/n", json!({})).await.unwrap();
    let filter = json!({ "mode": "deny", "paths": ["n/"] });
    a.write(FILTER, filter).await.unwrap();
    c.until_it_is_there("sys/namespaces/n", false).await;
    c.until_it_streams().await;
    a.write(DEMOTE, json!({})).await.unwrap();
    is_blocked_by(&c, &["it has a paths filter"]).await;
    leads_by_force(&c).await;
}
