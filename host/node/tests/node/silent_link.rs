//! A connection that stands and says nothing. Who logs in at a secondary does not wait for that as long
//! as a request that has to be run on the primary, and nobody waits for ever.

use crate::hostile_secondary::thief::RECEPTION;
use crate::pair::Network;
use crate::replication::{Member, primary, secondary};
use base::{Operation, Refusal, RefusalKind};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use core::time::Duration;
use replication::{Event, encode};
use serde_json::{Value, json};

const LOG_IN: Duration = Duration::from_secs(5);
const MOMENT: Duration = Duration::from_millis(50);

async fn log_in(c: &Member, name: &str) -> Result<Value, Refusal> {
    let path = format!("auth/r/login/{name}/none");
    let made = c
        .house
        .ask_as("", Operation::Update, &path, json!({}))
        .await?;
    let token = made["client_token"].as_str().unwrap();
    let itself = "auth/token/lookup-self";
    let house = &c.house;
    house
        .ask_as(token, Operation::Read, itself, json!({}))
        .await
}

#[tokio::test(start_paused = true)]
async fn a_login_waits_a_little_for_its_entity() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    for (path, data) in [
        (
            "sys/plugins/catalog/auth/reception",
            json!({ "component": STANDARD.encode(RECEPTION) }),
        ),
        ("sys/auth/r", json!({ "type": "reception" })),
    ] {
        a.write(path, data).await.unwrap();
    }
    let c = secondary(&network, &both, "c", json!({})).await;
    assert_ne!(log_in(&c, "known").await.unwrap()["entity_id"], "");
    network.hold("forward");
    // Whoever is known already waits for nothing.
    let known = tokio::time::timeout(MOMENT, log_in(&c, "known")).await;
    assert_ne!(known.unwrap().unwrap()["entity_id"], "");
    let mut new = Box::pin(log_in(&c, "new"));
    let early = tokio::time::timeout(LOG_IN - MOMENT, &mut new).await;
    assert!(early.is_err(), "{early:?}");
    let late = tokio::time::timeout(2 * MOMENT, &mut new).await;
    assert_eq!(late.unwrap().unwrap()["entity_id"], "");
    network.let_go();
    assert_ne!(log_in(&c, "new").await.unwrap()["entity_id"], "");
}

/// As long as a primary may be silent.
const PATIENCE: Duration = Duration::from_secs(300);
const SILENT: &str = "the primary has said nothing for 300 s, though it is connected";

async fn pass(time: Duration) {
    let _ = tokio::time::timeout(time, core::future::pending::<()>()).await;
}

#[tokio::test(start_paused = true)]
async fn a_primary_that_says_nothing_more_is_left() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    let c = secondary(&network, &both, "c", json!({})).await;
    let admitted = network.admitted();
    network.hold("follow");
    pass(PATIENCE - MOMENT).await;
    assert_eq!(c.status().await["connection_state"], "ready");
    assert_eq!(network.admitted(), admitted);
    pass(2 * Duration::from_secs(1)).await;
    assert_eq!(c.status().await["last_error"], SILENT);
    assert!(network.admitted() > admitted);
    network.let_go();
    c.until_it_streams().await;

    // A comparison that does not begin.
    let reason = String::from("it is time");
    let compare = encode(&Event::Compare { reason }).unwrap();
    network.lie("follow", Some(vec![compare]));
    network.hold("compare");
    c.write("sys/replication/recover", json!({})).await.unwrap();
    pass(PATIENCE - MOMENT).await;
    assert_eq!(c.status().await["state"], "merkle-diff");
    pass(2 * MOMENT).await;
    assert_eq!(c.status().await["last_error"], SILENT);
    network.lie("follow", None);
    network.let_go();
    c.until_it_streams().await;
    a.write("sys/policies/acl/x", json!({ "policy": "# x" }))
        .await
        .unwrap();
    c.until_it_is_there("sys/policies/acl/x", true).await;
}

#[tokio::test(start_paused = true)]
async fn a_primary_that_hands_out_no_keys_does_not_hold_up_who_asks() {
    let network = Network::default();
    let (a, _share) = primary(&network).await;
    let (d, _) = network.cluster("d").await;
    let role = "sys/replication/performance";
    let path = format!("{role}/secondary/generate-public-key");
    let key = d.write(&path, json!({}));
    let key = key.await.unwrap()["secondary_public_key"].clone();
    let token = json!({ "id": "d", "secondary_public_key": key });
    let path = format!("{role}/primary/secondary-token");
    let token = a.write(&path, token).await.unwrap()["token"].clone();
    for method in ["greet", "bootstrap"] {
        network.hold(method);
        let path = format!("{role}/secondary/enable");
        let enable = d.write(&path, json!({ "token": token }));
        let refused = tokio::time::timeout(Duration::from_secs(31), enable).await;
        let text = "error fetching secondary bootstrap package: the primary does not answer";
        assert_eq!(refused.unwrap(), Err(Refusal::invalid(text)), "{method}");
    }
}

/// How a call is kept from its answer.
type Hold = fn(&Network);

#[tokio::test(start_paused = true)]
async fn whether_the_primary_did_it_is_not_said_where_nobody_knows() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    let c = secondary(&network, &both, "c", json!({})).await;
    let policy = || json!({ "policy": "# x" });
    let holds: [(&str, Hold, bool); 2] = [
        (
            "sys/policies/acl/not",
            |network| network.hold("forward"),
            false,
        ),
        (
            "sys/policies/acl/done",
            |network| network.hold_answers("forward"),
            true,
        ),
    ];
    for (path, hold, is_done) in holds {
        hold(&network);
        let cuts = async {
            pass(MOMENT).await;
            network.cut(true);
            network.let_go();
        };
        let (told, ()) = tokio::join!(c.write(path, policy()), cuts);
        let refused = told.unwrap_err();
        let text = "the primary cluster did not answer: whether it has done what the request writes is not known";
        assert_eq!(
            (refused.kind, refused.message.as_str()),
            (RefusalKind::WrongPlace, text)
        );
        assert_eq!(a.read(path).await.is_ok(), is_done);
        // Where it was not even asked, nothing was done.
        c.until_it_is_cut_off().await;
        let refused = c.write(path, policy()).await.unwrap_err();
        let text =
            "the primary cluster cannot be reached, and the request writes what is replicated";
        assert_eq!(refused.message, text);
        network.cut(false);
        c.until_it_streams().await;
    }
    // It takes too long.
    network.hold_answers("forward");
    let refused = c
        .write("sys/policies/acl/late", policy())
        .await
        .unwrap_err();
    assert!(refused.message.contains("did not answer"), "{refused:?}");
    network.let_go();
}
