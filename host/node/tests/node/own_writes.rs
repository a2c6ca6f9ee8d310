//! Whoever writes through a secondary reads it there at once; where it takes longer than the setting
//! says, the answer says so.

use crate::hostile_secondary::thief::NOTES;
use crate::house::request;
use crate::pair::Network;
use crate::replication::{Member, primary, secondary};
use base::{Answer, Operation, Refusal};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use core::time::Duration;
use serde_json::{Value, json};

const WAIT: Duration = Duration::from_millis(250);
const MOMENT: Duration = Duration::from_millis(1);

/// A pair with a mount of a component.
async fn pair(network: &Network) -> (Member, Member) {
    network.set(|settings| settings.own_write_wait = WAIT);
    let both = primary(network).await;
    let component = json!({ "component": STANDARD.encode(NOTES) });
    for (path, data) in [
        ("sys/plugins/catalog/secret/notes", component),
        ("sys/mounts/m", json!({ "type": "notes" })),
    ] {
        both.0.write(path, data).await.unwrap();
    }
    let c = secondary(network, &both, "c", json!({})).await;
    (both.0, c)
}

async fn answer(c: &Member, path: &str, data: Value, wrap: bool) -> Result<Answer, Refusal> {
    let Value::Object(data) = data else {
        panic!("{data}")
    };
    let mut request = request(&c.token, Operation::Update, path, data);
    request.wrap_ttl = wrap.then_some(Duration::from_secs(60));
    c.house.node.handle(request).await.outcome
}

fn warnings(answer: &Answer) -> &[String] {
    match answer {
        Answer::Envelope(envelope) => &envelope.warnings,
        Answer::Empty => &[],
        other => panic!("{other:?}"),
    }
}

fn writes() -> [(&'static str, Value, bool); 4] {
    let policy = json!({ "policy": "# p" });
    [
        ("sys/policies/acl/p", policy.clone(), false),
        ("m/notes/x", json!({ "text": "x" }), false),
        ("identity/entity", json!({ "name": "ann" }), false),
        ("sys/policies/acl/wrapped", policy, true),
    ]
}

#[tokio::test(start_paused = true)]
async fn what_is_not_here_in_time_is_told_in_the_answer() {
    let network = Network::default();
    let (a, c) = pair(&network).await;
    for (path, data, wrap) in writes() {
        network.hold("follow");
        let mut asked = Box::pin(answer(&c, path, data, wrap));
        let early = tokio::time::timeout(WAIT - MOMENT, &mut asked).await;
        assert!(early.is_err(), "{path}: {early:?}");
        let late = tokio::time::timeout(2 * MOMENT, &mut asked).await;
        let answer = late.unwrap().unwrap();
        let [warning] = warnings(&answer) else {
            panic!("{path}: {answer:?}")
        };
        let index = a.house.index().await;
        let written = format!("written on the primary at index {index}");
        assert!(warning.contains(&written), "{path}: {warning}");
        assert!(warning.contains("not here yet"), "{path}: {warning}");
        network.let_go();
        c.until_it_streams().await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_answer_waits_for_what_was_written_and_then_says_nothing_of_it() {
    let network = Network::default();
    let (_a, c) = pair(&network).await;
    for (path, data, wrap) in writes() {
        network.hold("follow");
        let mut asked = Box::pin(answer(&c, path, data, wrap));
        let early = tokio::time::timeout(WAIT / 2, &mut asked).await;
        assert!(early.is_err(), "{path}: {early:?}");
        network.let_go();
        let in_time = tokio::time::timeout(MOMENT, &mut asked).await;
        let answer = in_time.unwrap().unwrap();
        assert!(warnings(&answer).is_empty(), "{path}: {answer:?}");
    }
    for path in [
        "sys/policies/acl/p",
        "m/notes/x",
        "identity/entity/name/ann",
    ] {
        assert!(c.read(path).await.is_ok(), "{path}");
    }
}
