//! Headers by which a client says which node is to answer, and what it must have.

use crate::house::{House, request};
use base::{ManualClock, Operation, RefusalKind, Reply, Timestamp};
use node::Settings;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use storage::Memory;

const FORWARD: (&str, &str) = ("x-vault-forward", "active-node");
const INCONSISTENT: (&str, &str) = ("x-vault-inconsistent", "forward-active-node");

/// A cluster; which one depends on the time at which it begins.
async fn house(forwards_by_header: bool, from_millis: u64) -> House {
    let clock = Arc::new(ManualClock::new(Timestamp::from_millis(from_millis)));
    let settings = Settings {
        forwards_by_header,
        ..Settings::default()
    };
    let storage = Arc::new(Memory::with_faults());
    let mut house = House::with(storage, clock, settings, Arc::new(node::Alone));
    let made = house.initialize(1, 1).await.unwrap();
    house.submit(&made.shares[0]).await.unwrap();
    house.token.clone_from(made.root_token.expose());
    house
}

async fn asked(house: &House, headers: &[(&str, &str)]) -> Reply {
    let mut read = request(&house.token, Operation::Read, "sys/mounts", Map::new());
    let headers = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    read.headers = headers.collect();
    house.node.handle(read).await
}

/// What a write of this cluster says that it has.
async fn index(house: &House) -> String {
    let Value::Object(policy) = json!({ "policy": "# x" }) else {
        unreachable!()
    };
    let write = request(
        &house.token,
        Operation::Update,
        "sys/policies/acl/x",
        policy,
    );
    house.node.handle(write).await.index.unwrap()
}

#[tokio::test]
async fn headers_that_forward_are_refused_unless_the_operator_allows_them() {
    let house = house(false, 1_700_000_000_000).await;
    let index = index(&house).await;
    let index = ("x-vault-index", index.as_str());
    for (headers, name) in [
        (&[FORWARD][..], "X-Vault-Forward"),
        (&[FORWARD, index], "X-Vault-Forward"),
        (&[INCONSISTENT], "X-Vault-Inconsistent"),
        (&[INCONSISTENT, index], "X-Vault-Inconsistent"),
    ] {
        let refused = asked(&house, headers).await.outcome.unwrap_err();
        assert_eq!(refused.kind, RefusalKind::Invalid);
        let text = format!("forwarding via header {name} disabled in configuration");
        assert_eq!(refused.message, text);
    }
    // Whoever does not ask for another node is answered.
    for value in ["", "fail", "retry"] {
        let headers = [("x-vault-inconsistent", value), index];
        assert!(asked(&house, &headers).await.outcome.is_ok(), "{value}");
    }
}

#[tokio::test]
async fn where_they_are_allowed_the_active_node_answers_and_has_what_it_has() {
    let other = house(true, 1_800_000_000_000).await;
    let house = house(true, 1_700_000_000_000).await;
    let (own, foreign) = (index(&house).await, index(&other).await);
    let (own, foreign) = (
        ("x-vault-index", own.as_str()),
        ("x-vault-index", foreign.as_str()),
    );
    for headers in [
        &[FORWARD][..],
        &[INCONSISTENT],
        &[FORWARD, own],
        &[INCONSISTENT, own],
    ] {
        assert!(asked(&house, headers).await.outcome.is_ok(), "{headers:?}");
    }
    // It is the active node: there is none to ask that has more.
    for header in [FORWARD, INCONSISTENT] {
        let refused = asked(&house, &[header, foreign]).await.outcome.unwrap_err();
        assert_eq!(refused.kind, RefusalKind::PreconditionFailed, "{header:?}");
    }
}
