//! Requests that a secondary of today sends to a primary of version 1, and what that one answers.

use crate::messages::Messages;
use crate::played::following;
use base::{Operation, RefusalKind};
use compat::replication::Recording;
use core::net::SocketAddr;
use core::time::Duration;
use replication::decode;
use serde::Deserialize;
use serde_json::{Value, json};

/// What a primary of version 1 reads: a copy, so that it stays when the program's own changes.
#[derive(Debug, Deserialize)]
enum Wish {
    Run(Box<Forwarded>),
    LogIn(LogIn),
}

#[derive(Debug, Deserialize)]
struct Forwarded {
    #[expect(
        dead_code,
        reason = "it stands there, and means nothing to the primary"
    )]
    id: String,
    operation: Asked,
    path: String,
    namespace: String,
    data: String,
    raw_body: Option<Vec<u8>>,
    wrap_ttl: Option<Duration>,
    address: SocketAddr,
    certificates: Vec<Vec<u8>>,
    headers: Vec<(String, String)>,
    caller: Option<(String, String)>,
    leases: Room,
}

/// Has the secondary room for a lease?
#[derive(Debug, PartialEq, Eq, Deserialize)]
enum Room {
    Admitted,
    Full,
}

#[derive(Debug, Deserialize)]
struct LogIn {
    namespace: u64,
    accessor: String,
    grant: String,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
enum Asked {
    Read,
    Update,
    Patch,
    Delete,
    List,
    Scan,
    Help,
}

fn run_of(wishes: &[Vec<u8>]) -> Forwarded {
    let [wish] = wishes else {
        panic!("one request is sent, not {}", wishes.len());
    };
    match decode(wish).unwrap() {
        Wish::Run(forwarded) => *forwarded,
        Wish::LogIn(login) => panic!("{login:?}"),
    }
}

#[tokio::test]
async fn requests_are_what_version_1_reads_and_answers_what_it_says() {
    let (house, player) = following(&Recording::of("v1")).await;
    let mut messages = Messages::of("v1");
    let path = "sys/policies/acl/x";
    for (name, operation, asked, expected) in [
        (
            "came-empty",
            Operation::Update,
            Asked::Update,
            Ok(Value::Null),
        ),
        (
            "came-envelope",
            Operation::Update,
            Asked::Update,
            Ok(json!({ "v": "1" })),
        ),
        (
            "came-refused",
            Operation::Delete,
            Asked::Delete,
            Err((RefusalKind::Invalid, "no such thing")),
        ),
        (
            "came-denied",
            Operation::Update,
            Asked::Update,
            Err((RefusalKind::Denied, "permission denied")),
        ),
    ] {
        player.will_answer(messages.take(name));
        let body = json!({ "policy": "# x" });
        let answered = house.ask(operation, path, body.clone()).await;
        match expected {
            Ok(expected) => assert_eq!(answered.unwrap(), expected, "{name}"),
            Err((kind, message)) => {
                let refusal = answered.unwrap_err();
                assert_eq!((refusal.kind, refusal.message.as_str()), (kind, message));
            }
        }
        let sent = run_of(&player.wishes());
        assert_eq!(sent.operation, asked, "{name}");
        assert_eq!((sent.path.as_str(), sent.namespace.as_str()), (path, ""));
        let data: Value = serde_json::from_str(&sent.data).unwrap();
        assert_eq!(data, body);
        assert!(sent.raw_body.is_none() && sent.wrap_ttl.is_none());
        assert!(sent.certificates.is_empty() && sent.headers.is_empty());
        assert!(sent.address.ip().is_loopback(), "{}", sent.address);
        assert_eq!(sent.leases, Room::Admitted);
        let (token, hash) = sent.caller.unwrap();
        let token: Value = serde_json::from_str(&token).unwrap();
        assert_eq!(token["policies"], json!(["admin", "default"]));
        assert!(!hash.is_empty());
    }
    assert_eq!(player.unknown(), [""; 0]);
}

/// Somebody logs in who has no entity yet: the primary is asked for one.
#[tokio::test]
async fn logins_are_what_version_1_reads() {
    let (house, player) = following(&Recording::of("v1")).await;
    player.will_answer(Messages::of("v1").take("came-nobody"));
    let login = "auth/reception/login/bob/x";
    let made = house.ask_as("", Operation::Update, login, json!({})).await;
    assert_eq!(made.unwrap()["policies"], json!(["default", "visitor"]));
    let wishes = player.wishes();
    let [wish] = wishes.as_slice() else {
        panic!("one wish is sent, not {}", wishes.len());
    };
    let Wish::LogIn(login) = decode(wish).unwrap() else {
        panic!("a login asks for an entity");
    };
    assert_eq!(login.namespace, 0);
    assert!(!login.accessor.is_empty());
    let grant: Value = serde_json::from_str(&login.grant).unwrap();
    assert!(grant.is_object(), "{grant}");
}
