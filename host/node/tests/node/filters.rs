//! What paths filters keep from a secondary.

use crate::hostile_secondary::thief::RECEPTION;
use crate::pair::Network;
use crate::replication::{Member, a_while, primary, secondary};
use base::Operation;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// A namespace of the primary, with a policy in it.
async fn namespace(member: &Member, name: &str, policy: &str) {
    member
        .write(&format!("sys/namespaces/{name}"), json!({}))
        .await
        .unwrap();
    let path = format!("{name}/sys/policies/acl/inside");
    member
        .write(&path, json!({ "policy": policy }))
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_is_filtered_never_leaves_the_primary() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    namespace(a, "kept-at-home", "# canary-filtered-before").await;
    namespace(a, "sent", "# canary-sent-before").await;
    let filter = json!({ "paths_filter_mode": "deny", "paths": ["kept-at-home"] });
    let c = secondary(&network, &both, "c", filter).await;
    a.write(
        "kept-at-home/sys/policies/acl/later",
        json!({ "policy": "# canary-filtered-after" }),
    )
    .await
    .unwrap();
    a.write("sent/sys/policies/acl/later", json!({ "policy": "# x" }))
        .await
        .unwrap();
    c.until_it_streams().await;
    assert!(c.read("sent/sys/policies/acl/later").await.is_ok());
    assert!(
        c.read("kept-at-home/sys/policies/acl/inside")
            .await
            .is_err()
    );
    // The tree that the secondary has is that of the primary without what is left out.
    assert_ne!(
        a.status().await["merkle_root"],
        c.status().await["merkle_root"]
    );
    let dynamic = "sys/replication/performance/primary/dynamic-filter/c";
    let dynamic = a.read(dynamic).await.unwrap();
    assert_eq!(
        dynamic["dynamic_filtered_namespaces"],
        json!(["kept-at-home/"])
    );

    // The filter goes: what was kept comes.
    let path = "sys/replication/performance/primary/paths-filter/c";
    a.house
        .ask_as(&a.token, Operation::Delete, path, json!({}))
        .await
        .unwrap();
    c.until_it_is_there("kept-at-home/sys/policies/acl/later", true)
        .await;
    c.until_it_streams().await;
    assert_eq!(
        a.status().await["merkle_root"],
        c.status().await["merkle_root"]
    );

    // And comes back: it goes from the secondary.
    a.write(path, json!({ "mode": "allow", "paths": ["sent"] }))
        .await
        .unwrap();
    c.until_it_is_there("kept-at-home/sys/policies/acl/later", false)
        .await;
    assert!(c.read("sent/sys/policies/acl/later").await.is_ok());
}

const FILTER: &str = "sys/replication/performance/primary/paths-filter/c";

/// Policies of the namespace `shut`, each too large for many of them to be on their way at once.
async fn write_much(a: &Member) {
    let policy = format!("# {}", "x".repeat(400_000));
    for number in 0..40 {
        let path = format!("shut/sys/policies/acl/canary-{number:02}");
        a.write(&path, json!({ "policy": policy })).await.unwrap();
    }
}

/// How many of them were sent.
fn much_of(network: &Network) -> usize {
    let was_sent = |number| network.carried(format!("sys/policy/canary-{number:02}").as_bytes());
    (0..40).filter(|number| was_sent(*number)).count()
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_lags_sends_nothing_that_was_denied_meanwhile() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    namespace(a, "shut", "# x").await;
    let c = secondary(&network, &both, "c", json!({})).await;
    let admitted = network.admitted();
    network.hold_after(0);
    write_much(a).await;
    let deny = json!({ "mode": "deny", "paths": ["shut"] });
    a.write(FILTER, deny).await.unwrap();
    // Also what was handed to the connection before goes no more.
    network.let_go();
    c.until_it_is_there("shut/sys/policies/acl/inside", false)
        .await;
    assert_eq!(much_of(&network), 0);
    // The connection stands: nobody was let in anew.
    assert_eq!(network.admitted(), admitted);
}

#[tokio::test(start_paused = true)]
async fn a_comparison_that_lags_sends_nothing_that_was_denied_meanwhile() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    namespace(a, "shut", "# x").await;
    let deny = json!({ "paths_filter_mode": "deny", "paths": ["shut"] });
    let c = secondary(&network, &both, "c", deny).await;
    write_much(a).await;
    c.until_it_streams().await;
    assert_eq!(much_of(&network), 0);
    // Let in: it compares, and this is much. Denied again before half of it is there.
    let before = network.carried_bytes();
    network.hold_after(3_000_000);
    a.write(FILTER, json!({ "mode": "deny", "paths": [] }))
        .await
        .unwrap();
    for _ in 0..1_000 {
        if network.carried_bytes() > before + 1_000_000 {
            break;
        }
        a_while().await;
    }
    a.write(FILTER, json!({ "mode": "deny", "paths": ["shut"] }))
        .await
        .unwrap();
    let sent = much_of(&network);
    assert!((1..40).contains(&sent), "{sent} of 40");
    network.let_go();
    c.until_it_streams().await;
    c.until_it_is_there("shut/sys/policies/acl/inside", false)
        .await;
    assert_eq!(much_of(&network), sent);
}

#[tokio::test(start_paused = true)]
async fn neither_names_nor_local_entries_are_on_the_wire() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    let ask = json!({ "value": "x" });
    a.house
        .ask_as(
            &a.own_token,
            Operation::Update,
            "cubbyhole/canary-of-a-path",
            ask,
        )
        .await
        .unwrap();
    namespace(a, "kept-at-home", "# x").await;
    a.write(
        "kept-at-home/sys/policies/acl/canary-of-a-policy",
        json!({ "policy": "# x" }),
    )
    .await
    .unwrap();
    a.write(
        "sys/policies/acl/canary-that-travels",
        json!({ "policy": "# x" }),
    )
    .await
    .unwrap();
    let filter = json!({ "default_deny": true });
    let c = secondary(&network, &both, "c", filter).await;
    a.write(
        "kept-at-home/sys/policies/acl/canary-of-a-policy",
        json!({ "policy": "# y" }),
    )
    .await
    .unwrap();
    c.until_it_streams().await;
    assert!(network.carried(b"sys/policy/canary-that-travels"));
    assert!(!network.carried(b"canary-of-a-path"));
    assert!(!network.carried(b"canary-of-a-policy"));
    assert!(!network.carried(b"sys/token/id/"));
    assert!(!network.carried(b"core/replication/"));
}

#[tokio::test(start_paused = true)]
async fn a_secondary_with_a_new_name_has_what_its_new_filter_lets_in() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    for namespace in ["x", "y"] {
        let path = format!("sys/namespaces/{namespace}");
        a.write(&path, json!({})).await.unwrap();
        let path = format!("{namespace}/sys/policies/acl/p");
        a.write(&path, json!({ "policy": "# p" })).await.unwrap();
    }
    let deny = |path: &str| json!({ "paths_filter_mode": "deny", "paths": [path] });
    let c = secondary(&network, &both, "c", deny("x/")).await;
    assert!(c.read("x/sys/policies/acl/p").await.is_err());
    assert!(c.read("y/sys/policies/acl/p").await.is_ok());
    let revoke = "sys/replication/performance/primary/revoke-secondary";
    a.write(revoke, json!({ "id": "c" })).await.unwrap();
    // The first filter of the new name has the number that the first of the old name had.
    let key = "sys/replication/performance/secondary/generate-public-key";
    let key = c.write(key, json!({})).await.unwrap();
    let mut data = deny("y/");
    let members = data.as_object_mut().unwrap();
    members.insert(String::from("id"), json!("d"));
    members.extend(key.as_object().unwrap().clone());
    let path = "sys/replication/performance/primary/secondary-token";
    let made = a.write(path, data).await.unwrap();
    let update = "sys/replication/performance/secondary/update-primary";
    c.write(update, json!({ "token": made["token"] }))
        .await
        .unwrap();
    c.until_it_streams().await;
    assert!(c.read("x/sys/policies/acl/p").await.is_ok());
    assert!(c.read("y/sys/policies/acl/p").await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_token_with_a_filter_tells_of_paths_that_name_nothing() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    namespace(a, "there", "# x").await;
    let path = "sys/replication/performance/primary/secondary-token";
    let some = json!({ "id": "c", "paths_filter_mode": "deny", "paths": ["there", "thre"] });
    let told = a.house.warnings(&a.token, path, some).await.unwrap();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("\"thre/\""), "{told:?}");
    let right = json!({ "id": "d", "paths_filter_mode": "deny", "paths": ["there"] });
    let told = a.house.warnings(&a.token, path, right).await.unwrap();
    assert!(told.is_empty(), "{told:?}");
}

/// A quota goes to all secondaries, and says where it holds by ids.
#[tokio::test(start_paused = true)]
async fn a_quota_does_not_name_what_is_filtered() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    namespace(a, "canary-ns", "# x").await;
    let filter = json!({ "paths_filter_mode": "deny", "paths": ["canary-ns"] });
    let c = secondary(&network, &both, "c", filter).await;
    for (name, path) in [("inside", "canary-ns/"), ("around", "")] {
        let quota = json!({ "path": path, "rate": 1_000 });
        let at = format!("sys/quotas/rate-limit/{name}");
        a.write(&at, quota).await.unwrap();
        c.until_it_is_there(&at, true).await;
        assert_eq!(a.read(&at).await.unwrap()["path"], path);
        assert_eq!(c.read(&at).await.unwrap()["path"], "");
    }
    assert!(!network.carried(b"canary-ns"));
}

/// Somebody logs in at an auth method of a member; their entity.
async fn logs_in(member: &Member, method: &str, name: &str) -> String {
    let path = format!("auth/{method}/login/{name}/none");
    let house = &member.house;
    let login = house.ask_as("", Operation::Update, &path, json!({})).await;
    let token = login.unwrap()["client_token"].as_str().unwrap().to_owned();
    let path = "auth/token/lookup-self";
    let own = house.ask_as(&token, Operation::Read, path, json!({})).await;
    own.unwrap()["entity_id"].as_str().unwrap().to_owned()
}

/// The names by which an entity is known to a member.
async fn names_of(member: &Member, entity: &str) -> Vec<Value> {
    let path = format!("identity/entity/id/{entity}");
    let entity = member.read(&path).await.unwrap();
    let aliases = entity["aliases"].as_array().unwrap();
    aliases.iter().map(|alias| alias["name"].clone()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_filtered_method_told_everybody_what_it_knew_in_the_names_of_its_logins() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    let reception = json!({ "component": STANDARD.encode(RECEPTION) });
    a.write("sys/plugins/catalog/auth/reception", reception)
        .await
        .unwrap();
    for method in ["shut", "open"] {
        let path = format!("sys/auth/{method}");
        a.write(&path, json!({ "type": "reception" }))
            .await
            .unwrap();
    }
    let before = logs_in(a, "shut", "canary-shut-before").await;
    let open = logs_in(a, "open", "canary-open").await;
    let filter = json!({ "paths_filter_mode": "deny", "paths": ["auth/shut"] });
    let c = secondary(&network, &both, "c", filter).await;
    let after = logs_in(a, "shut", "canary-shut-after").await;
    a.write("sys/policies/acl/last", json!({ "policy": "# x" }))
        .await
        .unwrap();
    c.until_it_is_there("sys/policies/acl/last", true).await;
    assert!(network.carried(b"canary-open") && !network.carried(b"canary-shut"));
    // Who they are is known, and no more.
    assert_eq!(names_of(&c, &open).await, ["canary-open"]);
    assert!(names_of(&c, &before).await.is_empty());
    assert!(names_of(&c, &after).await.is_empty());
    assert_eq!(names_of(a, &after).await, ["canary-shut-after"]);

    // They come with the method, and go with it.
    let path = "sys/replication/performance/primary/paths-filter/c";
    a.write(path, json!({ "mode": "deny", "paths": [] }))
        .await
        .unwrap();
    c.until_it_is_there("sys/auth/shut", true).await;
    c.until_it_streams().await;
    assert_eq!(names_of(&c, &before).await, ["canary-shut-before"]);
    assert_eq!(names_of(&c, &after).await, ["canary-shut-after"]);
    let gone = a
        .house
        .ask_as(&a.token, Operation::Delete, "sys/auth/shut", json!({}));
    gone.await.unwrap();
    c.until_it_is_there("sys/auth/shut", false).await;
    c.until_it_streams().await;
    for member in [a, &c] {
        assert!(names_of(member, &after).await.is_empty());
        assert_eq!(names_of(member, &open).await, ["canary-open"]);
    }
    assert_eq!(
        a.status().await["merkle_root"],
        c.status().await["merkle_root"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_secondary_that_is_sent_nothing_forgot_how_far_it_was() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    namespace(a, "kept-at-home", "# x").await;
    let filter = json!({ "paths_filter_mode": "deny", "paths": ["kept-at-home"] });
    let c = secondary(&network, &both, "c", filter).await;
    let reached = async || c.status().await["last_remote_wal"].as_u64().unwrap();
    for _ in 0..3 {
        c.house.clock.advance(core::time::Duration::from_secs(61));
        let path = "kept-at-home/sys/policies/acl/later";
        a.write(path, json!({ "policy": "# y" })).await.unwrap();
        let written = a.house.index().await;
        c.until(|status| status["last_remote_wal"].as_u64() >= Some(written))
            .await;
    }
    let before = reached().await;
    c.cut_off(&network).await;
    c.house.node.seal().await;
    c.house.submit(&both.1).await.unwrap();
    assert_eq!(reached().await, before);
}
