//! What the log holds from before a filter, and a secondary that asks for it.

use crate::hostile_secondary::thief::NOTES;
use crate::house::Counting;
use crate::pair::Network;
use crate::replication::{Member, a_while, primary, secondary};
use base::Operation;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use link::{Channel, Link};
use replication::{Event, Follow, Hello, Method, Position, Question, Told};
use replication::{decode, encode};
use seal::sealed_box::KeyPair;
use serde::de::DeserializeOwned;
use serde_json::json;

const FILTER: &str = "sys/replication/performance/primary/paths-filter/c";

fn hello() -> Hello {
    Hello::of_stranger(KeyPair::make(&Counting::new(7)).public().to_vec())
}

async fn hear<T: DeserializeOwned>(channel: &mut Channel) -> T {
    let frame = channel.receive().await.unwrap();
    decode(&frame.unwrap()).unwrap()
}

/// Where a comparison that begins now would lead to.
async fn position(link: &dyn Link) -> Position {
    let mut channel = link.open(Method::Compare.name()).await.unwrap();
    let begin = encode(&Question::Begin(hello())).unwrap();
    channel.send(begin).await.unwrap();
    match hear(&mut channel).await {
        Told::Begun { position, .. } => position,
        other => panic!("{other:?}"),
    }
}

/// Asks for the log after an entry. Is it to be had?
async fn is_told_after(link: &dyn Link, position: &Position, index: u64) -> bool {
    let mut channel = link.open(Method::Follow.name()).await.unwrap();
    let position = Position {
        index,
        ..position.clone()
    };
    let follow = Follow {
        hello: hello(),
        position,
    };
    channel.send(encode(&follow).unwrap()).await.unwrap();
    loop {
        match hear(&mut channel).await {
            Event::Upto { index, head, .. } if index >= head => return true,
            Event::Compare { .. } => return false,
            Event::Refused { reason } => panic!("{reason}"),
            _ => {}
        }
    }
}

/// A mount with something in it that is not there any more, and a namespace; the text of each.
async fn plant(a: &Member, name: &str) -> [String; 2] {
    let [mount, namespace] = ["mount", "ns"].map(|kind| format!("canary-{kind}-{name}"));
    a.write(&format!("sys/mounts/{mount}"), json!({ "type": "notes" }))
        .await
        .unwrap();
    let text = json!({ "text": "x" });
    a.write(&format!("{mount}/notes/{mount}"), text)
        .await
        .unwrap();
    a.write(&format!("sys/namespaces/{namespace}"), json!({}))
        .await
        .unwrap();
    let policy = format!("{namespace}/sys/policies/acl/{namespace}");
    a.write(&policy, json!({ "policy": "# x" })).await.unwrap();
    [mount, namespace]
}

/// Takes both away.
async fn uproot(a: &Member, [mount, namespace]: &[String; 2]) {
    for path in [
        format!("sys/mounts/{mount}"),
        format!("sys/namespaces/{namespace}"),
    ] {
        let gone = a
            .house
            .ask_as(&a.token, Operation::Delete, &path, json!({}));
        gone.await.unwrap();
    }
    for _ in 0..1_000 {
        let listed = a
            .house
            .ask_as(&a.token, Operation::List, "sys/namespaces", json!({}));
        let keys = listed.await.map(|listed| listed["keys"].to_string());
        if !keys.unwrap_or_default().contains(namespace) {
            return;
        }
        a_while().await;
    }
    panic!("{namespace} is still there");
}

async fn with_notes(network: &Network) -> (Member, seal::Share) {
    let both = primary(network).await;
    let component = json!({ "component": STANDARD.encode(NOTES) });
    let catalog = "sys/plugins/catalog/secret/notes";
    both.0.write(catalog, component).await.unwrap();
    both
}

#[tokio::test(start_paused = true)]
async fn what_was_gone_before_a_filter_came_is_not_told_from_the_log() {
    let network = Network::default();
    let both = with_notes(&network).await;
    let a = &both.0;
    let gone = plant(a, "first").await;
    uproot(a, &gone).await;
    let c = secondary(&network, &both, "c", json!({ "default_deny": true })).await;
    let link = network.as_secondary("c", "a").await.unwrap();
    let now = position(&*link).await;
    let refused = [
        is_told_after(&*link, &now, 0).await,
        is_told_after(&*link, &now, now.index / 2).await,
    ];
    for canary in &gone {
        assert!(!network.carried(canary.as_bytes()), "{canary}");
    }
    assert_eq!(refused, [false, false]);
    assert!(is_told_after(&*link, &now, now.index).await);

    // Let in, and gone again, before it is kept out.
    a.write(FILTER, json!({ "mode": "deny", "paths": ["other"] }))
        .await
        .unwrap();
    c.until_it_streams().await;
    let before = position(&*link).await;
    let gone = plant(a, "second").await;
    uproot(a, &gone).await;
    c.until_it_streams().await;
    assert!(network.carried(gone[0].as_bytes()));
    network.forget();
    let deny = json!({ "mode": "deny", "paths": ["other", &gone[0], &gone[1]] });
    a.write(FILTER, deny).await.unwrap();
    c.until_it_streams().await;
    let now = position(&*link).await;
    assert!(!is_told_after(&*link, &now, before.index).await);
    for canary in &gone {
        assert!(!network.carried(canary.as_bytes()), "{canary}");
    }

    // What was written where it was kept out, and is not as it was when it is let in.
    let both_of_them = plant(a, "second").await;
    a.write(
        &format!("{0}/notes/x", both_of_them[0]),
        json!({ "text": "canary-that-was-overwritten" }),
    )
    .await
    .unwrap();
    a.write(
        &format!("{0}/notes/x", both_of_them[0]),
        json!({ "text": "x" }),
    )
    .await
    .unwrap();
    a.write(FILTER, json!({ "mode": "deny", "paths": [] }))
        .await
        .unwrap();
    c.until_it_streams().await;
    let after = position(&*link).await;
    assert!(!is_told_after(&*link, &after, now.index).await);
    assert!(network.carried(both_of_them[0].as_bytes()));
    assert!(!network.carried(b"canary-that-was-overwritten"));
}

/// A secondary that was away while mounts came and went in what it does not have goes on where it was,
/// and the log tells it of none of them.
#[tokio::test(start_paused = true)]
async fn whoever_has_compared_since_goes_on_from_the_log() {
    let network = Network::default();
    let both = with_notes(&network).await;
    let a = &both.0;
    a.write("sys/namespaces/shut", json!({})).await.unwrap();
    let deny = json!({ "paths_filter_mode": "deny", "paths": ["shut"] });
    let c = secondary(&network, &both, "c", deny).await;
    a.write(FILTER, json!({ "mode": "deny", "paths": ["shut"] }))
        .await
        .unwrap();
    c.until_it_streams().await;
    c.cut_off(&network).await;
    a.write(
        "shut/sys/mounts/canary-of-a-mount",
        json!({ "type": "notes" }),
    )
    .await
    .unwrap();
    a.write("sys/policies/acl/meanwhile", json!({ "policy": "# x" }))
        .await
        .unwrap();
    network.forget();
    network.refuse(Some(Method::Compare.name()));
    network.cut(false);
    c.until_it_streams().await;
    c.until_it_is_there("sys/policies/acl/meanwhile", true)
        .await;
    assert!(!network.carried(b"canary-of-a-mount"));
}
