//! What the endpoints of replication answer: their warnings, by both of their names, and why they
//! refuse.

use crate::pair::Network;
use crate::replication::{Member, primary, secondary};
use base::RefusalKind;
use replication::Versions;
use serde_json::{Value, json};

const ENABLED: &str = "This cluster is being enabled as a primary for replication. Vault will be unavailable for a brief period and will resume service shortly.";
const FOUND: &str = "Vault has successfully found secondary information; it may take a while to perform setup tasks. Vault will be unavailable until these tasks and initial sync complete.";
const FOUND_AGAIN: &str = "Vault has successfully found secondary information; it may take a while to perform setup tasks.";
const DEMOTED: &str = "This cluster is being demoted to a replication secondary. Vault will be unavailable for a brief period and will resume service shortly.";
const PROMOTED: &str = "This cluster is being promoted to a replication primary. Vault will be unavailable for a brief period and will resume service shortly.";
const DISABLED: &str = "This cluster is having replication disabled. Vault will be unavailable for a brief period and will resume service shortly.";

/// A write is answered with one warning.
async fn warns(member: &Member, path: &str, data: Value, expected: &str) {
    let warnings = member.house.warnings(&member.token, path, data).await;
    assert_eq!(warnings, Ok(vec![expected.to_owned()]), "{path}");
}

/// An activation token of one, sealed to another.
async fn activation(role: &str, of: &Member, to: &Member, id: &str) -> Value {
    let key = "sys/replication/performance/secondary/generate-public-key";
    let key = to.write(key, json!({})).await.unwrap();
    let data = json!({ "id": id, "secondary_public_key": key["secondary_public_key"] });
    let path = format!("{role}/primary/secondary-token");
    let made = of.write(&path, data).await.unwrap();
    json!({ "token": made["token"] })
}

/// A cluster of its own.
async fn cluster(network: &Network, name: &str) -> Member {
    let (house, _) = network.cluster(name).await;
    Member {
        token: house.token.clone(),
        house,
        own_token: String::new(),
    }
}

/// A primary and its secondary, and what they are told when they become that.
async fn begun(network: &Network, role: &str) -> (Member, Member) {
    let (a, _share) = primary(network).await;
    let disable = format!("{role}/primary/disable");
    warns(&a, &disable, json!({}), DISABLED).await;
    let enable = format!("{role}/primary/enable");
    warns(&a, &enable, json!({}), ENABLED).await;
    let mut c = cluster(network, "c").await;
    let token = activation(role, &a, &c, "c").await;
    let enable = format!("{role}/secondary/enable");
    warns(&c, &enable, token, FOUND).await;
    c.token.clone_from(&a.token);
    c.until_it_streams().await;
    (a, c)
}

/// All that two clusters can become, and what they are told of it.
async fn play_all(role: &str) {
    let network = Network::default();
    let (a, c) = begun(&network, role).await;
    let at = |path: &str| format!("{role}/{path}");
    let nothing = || json!({});
    let recover = "sys/replication/recover";
    let anew = "the connection to the primary is made anew";
    warns(&c, recover, nothing(), anew).await;
    let anew = "the connections of all secondaries are made anew";
    warns(&a, recover, nothing(), anew).await;
    let well = "every digest is that of its entries: there was nothing to put right";
    for path in ["reindex", "performance/reindex"] {
        let path = format!("sys/replication/{path}");
        warns(&a, &path, nothing(), well).await;
    }
    c.until_it_streams().await;
    let revoke = at("primary/revoke-secondary");
    let revoked = a.write(&revoke, json!({ "id": "c" })).await;
    assert_eq!(revoked, Ok(Value::Null));
    assert_eq!(a.status().await["secondaries"][0]["state"], "revoked");
    let token = activation(role, &a, &c, "c").await;
    warns(&c, &at("secondary/update-primary"), token, FOUND_AGAIN).await;
    c.until_it_streams().await;
    warns(&a, &at("primary/demote"), nothing(), DEMOTED).await;
    warns(&c, &at("secondary/promote"), nothing(), PROMOTED).await;
    warns(&a, &at("secondary/disable"), nothing(), DISABLED).await;
    assert_eq!(a.status().await, json!({ "mode": "disabled" }));
    assert_eq!(c.status().await["mode"], "primary");
}

#[tokio::test(start_paused = true)]
async fn each_warns_as_in_vault() {
    play_all("sys/replication/performance").await;
}

#[tokio::test(start_paused = true)]
async fn the_names_of_old_do_the_same() {
    play_all("sys/replication").await;
}

/// Each of some requests is the caller's to mend, for a reason.
async fn refuses(member: &Member, table: &[(&str, Value, &str)]) {
    for (path, data, expected) in table {
        let path = format!("sys/replication/{path}");
        let refused = member.write(&path, data.clone()).await.unwrap_err();
        assert_eq!(refused.kind, RefusalKind::Invalid, "{path}: {refused:?}");
        assert!(
            refused.message.starts_with(expected),
            "{path}: {refused:?}, not {expected:?}"
        );
    }
}

const NO_PRIMARY: &str = "this cluster is not a performance primary";
const NO_SECONDARY: &str = "this cluster is not a performance secondary";

#[tokio::test(start_paused = true)]
async fn who_plays_no_part_has_nothing_to_give_up() {
    let network = Network::default();
    let (a, _share) = primary(&network).await;
    let disable = "sys/replication/performance/primary/disable";
    a.write(disable, json!({})).await.unwrap();
    let nothing = || json!({});
    let table = [
        ("performance/primary/demote", nothing(), NO_PRIMARY),
        ("performance/primary/disable", nothing(), NO_PRIMARY),
        (
            "performance/primary/secondary-token",
            json!({ "id": "x" }),
            NO_PRIMARY,
        ),
        (
            "performance/primary/revoke-secondary",
            json!({ "id": "x" }),
            NO_PRIMARY,
        ),
        (
            "performance/primary/paths-filter/x",
            json!({ "paths": ["x/"] }),
            NO_PRIMARY,
        ),
        ("performance/secondary/promote", nothing(), NO_SECONDARY),
        (
            "performance/secondary/update-primary",
            nothing(),
            NO_SECONDARY,
        ),
        ("performance/secondary/disable", nothing(), NO_SECONDARY),
        (
            "performance/secondary/enable",
            nothing(),
            "token is missing",
        ),
        ("recover", nothing(), "replication is not enabled"),
    ];
    refuses(&a, &table).await;
}

fn not_for_a_primary() -> Vec<(&'static str, Value, &'static str)> {
    let many: Vec<String> = (0..10_001).map(|number| format!("n{number}/")).collect();
    vec![
        (
            "performance/primary/enable",
            json!({}),
            "this cluster is a performance primary already",
        ),
        (
            "performance/secondary/enable",
            json!({ "token": "x" }),
            "this cluster is a performance primary: disable that first",
        ),
        ("performance/secondary/promote", json!({}), NO_SECONDARY),
        (
            "performance/primary/secondary-token",
            json!({ "id": "c" }),
            "a secondary of the id \"c\" is known already: revoke it first",
        ),
        (
            "performance/primary/secondary-token",
            json!({ "id": "d", "default_deny": true, "paths": ["x/"] }),
            "default_deny is a filter of its own",
        ),
        (
            "performance/primary/secondary-token",
            json!({ "id": "d", "paths_filter_mode": "x", "paths": ["x/"] }),
            "mode \"x\" is neither \"allow\" nor \"deny\"",
        ),
        (
            "performance/primary/revoke-secondary",
            json!({ "id": "d" }),
            "no secondary of the id \"d\" is known",
        ),
        (
            "performance/primary/paths-filter/c",
            json!({ "mode": "deny" }),
            "paths are missing",
        ),
        (
            "performance/primary/paths-filter/c",
            json!({ "mode": "x", "paths": ["x/"] }),
            "mode \"x\" is neither",
        ),
        (
            "performance/primary/paths-filter/c",
            json!({ "mode": "deny", "paths": many }),
            "more than 10000 paths",
        ),
    ]
}

#[tokio::test(start_paused = true)]
async fn each_part_refuses_what_is_not_its_own() {
    let network = Network::default();
    let both = primary(&network).await;
    let c = secondary(&network, &both, "c", json!({})).await;
    let a = &both.0;
    let nothing = || json!({});
    refuses(a, &not_for_a_primary()).await;
    let filter = json!({ "mode": "deny", "paths": ["sys/"] });
    let path = "sys/replication/performance/primary/paths-filter/d";
    let warnings = a.house.warnings(&a.token, path, filter).await.unwrap();
    let unknown = "no secondary of the id \"d\" is known yet";
    assert!(warnings.iter().any(|text| text == unknown), "{warnings:?}");
    let table = [
        (
            "performance/primary/enable",
            nothing(),
            "this cluster is a performance secondary: promote it to make it the primary",
        ),
        (
            "performance/secondary/enable",
            json!({ "token": "x" }),
            "this cluster is a performance secondary already: update-primary",
        ),
        ("performance/primary/demote", nothing(), NO_PRIMARY),
        (
            "performance/primary/secondary-token",
            json!({ "id": "d" }),
            NO_PRIMARY,
        ),
        (
            "performance/secondary/update-primary",
            json!({ "token": "x", "update_primary_addrs": "a:8201" }),
            "give token or update_primary_addrs, not both",
        ),
    ];
    refuses(&c, &table).await;
    let demote = "sys/replication/performance/primary/demote";
    a.write(demote, json!({})).await.unwrap();
    let table = [(
        "performance/secondary/update-primary",
        json!({ "update_primary_addrs": "c:8201" }),
        "this cluster was demoted: it needs a token of the new primary",
    )];
    refuses(a, &table).await;
}

#[tokio::test(start_paused = true)]
async fn a_secondary_of_an_earlier_version_is_told_to_be_upgraded_first() {
    let network = Network::default();
    let both = primary(&network).await;
    let c = secondary(&network, &both, "c", json!({})).await;
    let text = "this primary speaks version 1 of the protocol and 1 of the data, the secondary 1 and 0: upgrade the secondary first";
    network.speak(Versions {
        data: 0,
        ..Versions::OURS
    });
    let recover = "sys/replication/recover";
    c.write(recover, json!({})).await.unwrap();
    c.until(|status| status["last_error"] == text).await;
    // One that would begin is not told what opens the entries.
    let d = cluster(&network, "d").await;
    let token = activation("sys/replication/performance", &both.0, &d, "d").await;
    let enable = "sys/replication/performance/secondary/enable";
    let refused = d.write(enable, token).await.unwrap_err();
    let begins = "error fetching secondary bootstrap package: ";
    assert!(refused.message.starts_with(begins), "{refused:?}");
    // A later one may follow.
    network.speak(Versions {
        protocol: 2,
        data: 2,
    });
    c.write(recover, json!({})).await.unwrap();
    c.until_it_streams().await;
    let policy = json!({ "policy": "# later" });
    both.0
        .write("sys/policies/acl/later", policy)
        .await
        .unwrap();
    c.until_it_is_there("sys/policies/acl/later", true).await;
}

/// Before it says anything else: what it would say next, another version might not understand.
#[tokio::test(start_paused = true)]
async fn a_secondary_learns_what_its_primary_speaks_and_says_which_of_both_is_to_be_upgraded() {
    let network = Network::default();
    let both = primary(&network).await;
    let c = secondary(&network, &both, "c", json!({})).await;
    let says = |protocol, data| {
        let versions = Versions { protocol, data };
        network.lie("greet", Some(vec![replication::encode(&versions).unwrap()]));
    };
    let recover = json!({});
    for ((protocol, data), text) in [
        (
            (0, 1),
            "the primary speaks version 0 of the protocol and 1 of the data, and this secondary none before 1 and 1: upgrade the primary first",
        ),
        (
            (1, 2),
            "the primary speaks version 1 of the protocol and 2 of the data, this secondary 1 and 1: upgrade the secondary first",
        ),
    ] {
        says(protocol, data);
        let asked = network.opened("follow");
        c.write("sys/replication/recover", recover.clone())
            .await
            .unwrap();
        c.until(|status| status["last_error"] == text).await;
        assert_eq!(network.opened("follow"), asked);
        // Nor does a new one begin.
        let (house, _) = network.cluster("d").await;
        let key = "sys/replication/performance/secondary/generate-public-key";
        let key = house.write(key, json!({})).await.unwrap();
        let id = format!("d-{protocol}-{data}");
        let data = json!({ "id": id, "secondary_public_key": key["secondary_public_key"] });
        let path = "sys/replication/performance/primary/secondary-token";
        let made = both.0.write(path, data).await.unwrap();
        let enable = "sys/replication/performance/secondary/enable";
        let refused = house.write(enable, json!({ "token": made["token"] })).await;
        let message = refused.unwrap_err().message;
        assert!(message.ends_with(text), "{message}");
    }
    network.lie("greet", Some(vec![vec![1]]));
    c.write("sys/replication/recover", recover.clone())
        .await
        .unwrap();
    c.until(|status| {
        let trouble = status["last_error"].as_str().unwrap_or_default();
        trouble.contains("not a message of this protocol")
    })
    .await;
    network.lie("greet", None);
    c.until_it_streams().await;
}
