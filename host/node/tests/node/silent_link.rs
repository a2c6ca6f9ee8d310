//! A connection that stands and says nothing: who logs in at a secondary does not wait for that as
//! long as a request that has to be run on the primary.

use crate::hostile_secondary::thief::RECEPTION;
use crate::pair::Network;
use crate::replication::{Member, primary, secondary};
use base::{Operation, Refusal};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use core::time::Duration;
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
