//! Whoever has taken over a primary, and what a secondary makes of what it says.

use crate::hostile_secondary::thief::{NOTES, grant_of};
use crate::pair::Network;
use crate::replication::{Member, a_while, primary, secondary};
use base::{MountId, NamespaceId, Operation, RefusalKind};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use core::time::Duration;
use journal::{Batch, Op};
use locality::{Class, PhysicalKey};
use plugin::LeaseTerms;
use replication::{Event, KeyPackage, Position, Told, encode};
use serde::Serialize;
use serde_json::{Value, json};
use storage::{Space, Storage as _};

fn op(class: Class, path: &str, value: Option<&[u8]>) -> Op {
    Op {
        key: PhysicalKey::new(class, NamespaceId::ROOT, MountId::SYSTEM, path),
        value: value.map(<[u8]>::to_vec),
        seal_wrap: false,
    }
}

fn entry(index: u64, op: Op) -> Event {
    Event::Entry {
        index,
        batches: vec![Batch { ops: vec![op] }],
    }
}

const fn upto(index: u64) -> Event {
    Event::Upto {
        index,
        head: index,
        now_millis: 1_700_000_000_000,
        waiting_bytes: 0,
    }
}

fn frames(said: &[impl Serialize]) -> Vec<Vec<u8>> {
    said.iter().map(|one| encode(one).unwrap()).collect()
}

fn number(status: &Value, member: &str) -> u64 {
    status[member].as_u64().unwrap()
}

const CUBBYHOLE: &str = "cubbyhole/own";

async fn own(c: &Member) -> Value {
    let read = c
        .house
        .ask_as(&c.own_token, Operation::Read, CUBBYHOLE, json!({}));
    read.await.unwrap()["of"].clone()
}

/// Everything of a class that a cluster stores.
fn stored(c: &Member, class: Class) -> Vec<(Vec<u8>, Vec<u8>)> {
    let key = PhysicalKey::new(class, NamespaceId::ROOT, MountId::SYSTEM, "");
    let first = key.as_bytes()[0];
    let snapshot = c.house.storage.snapshot();
    let all = snapshot.range(Space::Entries, &[first], Some(&[first + 1]));
    let all = all.map(|one| one.unwrap());
    all.map(|(key, value)| (key.to_vec(), value.to_vec()))
        .collect()
}

/// Lets it hear lies for a while, then the truth again.
async fn hears(network: &Network, c: &Member, method: &'static str, lies: Vec<Vec<u8>>) -> Value {
    network.lie(method, Some(lies));
    c.house
        .ask_as(
            &c.own_token,
            Operation::Update,
            "sys/replication/recover",
            json!({}),
        )
        .await
        .unwrap();
    for _ in 0..100 {
        a_while().await;
    }
    let status = c.status().await;
    network.lie(method, None);
    status
}

/// What it says of its log, and a word of why the secondary goes away.
type Lie = (&'static str, Vec<Vec<u8>>, &'static str);

const EVIL: Option<&[u8]> = Some(b"evil");

/// Entries that are none of its own to write.
fn foreign_entries(at: u64) -> Vec<Lie> {
    let one = |class, path, value| frames(&[entry(at + 1, op(class, path, value)), upto(at + 1)]);
    let token = "sys/token/id/x";
    let mixed = Event::Entry {
        index: at + 1,
        batches: vec![Batch {
            ops: vec![
                op(Class::Replicated, "sys/policy/evil", EVIL),
                op(Class::Local, token, EVIL),
            ],
        }],
    };
    let record = "core/replication/secondary";
    vec![
        ("a local entry", one(Class::Local, token, EVIL), "local"),
        (
            "a local entry goes",
            one(Class::Local, record, None),
            "local",
        ),
        (
            "an ignored entry",
            one(Class::Ignored, "core/keyring", EVIL),
            "ignored",
        ),
        (
            "a local one behind another",
            frames(&[mixed, upto(at + 1)]),
            "local",
        ),
    ]
}

fn other_lies(at: u64) -> Vec<Lie> {
    let evil = |index| entry(index, op(Class::Replicated, "sys/policy/evil", EVIL));
    let keys = |index, sealed: &[u8]| {
        let sealed = sealed.to_vec();
        let package = KeyPackage { sealed };
        frames(&[Event::Keys { index, package }])
    };
    let reason = String::from("evil reason");
    let back = frames(&[evil(1), upto(at)]);
    let twice = frames(&[evil(at + 1), evil(at + 1)]);
    vec![
        ("an index that goes back", back, "sent entry 1 after entry"),
        ("an index twice", twice, "after entry"),
        ("no message", vec![vec![0xff; 64]], ""),
        ("nothing", vec![Vec::new()], ""),
        ("keys that are none", keys(at + 1, b"evil"), ""),
        ("no keys", keys(u64::MAX, b""), ""),
        (
            "it refuses",
            frames(&[Event::Refused { reason }]),
            "evil reason",
        ),
    ]
}

#[tokio::test(start_paused = true)]
async fn what_it_says_of_its_log_reaches_nothing_of_the_secondarys_own() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    let c = secondary(&network, &both, "c", json!({})).await;
    a.write("sys/policies/acl/p", json!({ "policy": "# p" }))
        .await
        .unwrap();
    c.until_it_is_there("sys/policies/acl/p", true).await;
    c.house
        .ask_as(
            &c.own_token,
            Operation::Update,
            CUBBYHOLE,
            json!({ "of": "c" }),
        )
        .await
        .unwrap();
    let at = number(&c.status().await, "last_remote_wal");
    let cases = foreign_entries(at).into_iter().chain(other_lies(at));
    let (local, ignored) = (stored(&c, Class::Local), stored(&c, Class::Ignored).len());
    for (name, lies, why) in cases {
        let status = hears(&network, &c, "follow", lies).await;
        let error = status["last_error"].as_str().unwrap();
        assert!(
            !error.is_empty() && error.to_lowercase().contains(why),
            "{name}: {error}"
        );
        assert_ne!(status["state"], "stream-wals", "{name}");
        assert_eq!(number(&status, "last_remote_wal"), at, "{name}");
        assert_eq!(stored(&c, Class::Local), local, "{name}");
        assert_eq!(stored(&c, Class::Ignored).len(), ignored, "{name}");
        assert_eq!(own(&c).await, "c", "{name}");
        assert!(c.read("sys/policies/acl/p").await.is_ok(), "{name}");
        assert!(c.read("sys/policies/acl/evil").await.is_err(), "{name}");
        c.until_it_streams().await;
    }
    a.write("sys/policies/acl/after", json!({ "policy": "# p" }))
        .await
        .unwrap();
    c.until_it_is_there("sys/policies/acl/after", true).await;
    assert_eq!(
        a.status().await["merkle_root"],
        c.status().await["merkle_root"]
    );
}

/// It says that it is further than any log can be: what it made up goes with the next comparison.
#[tokio::test(start_paused = true)]
async fn numbers_without_measure_are_made_good_when_the_primary_is_itself_again() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    let c = secondary(&network, &both, "c", json!({})).await;
    let evil = Some(&b"evil"[..]);
    let far = |index, head, now_millis| Event::Upto {
        index,
        head,
        now_millis,
        waiting_bytes: u64::MAX,
    };
    for lies in [
        vec![
            far(u64::MAX, u64::MAX, u64::MAX),
            far(u64::MAX, u64::MAX, 0),
        ],
        vec![
            far(u64::MAX - 1, u64::MAX, u64::MAX),
            far(u64::MAX - 1, u64::MAX, 0),
            far(0, u64::MAX, 0),
        ],
        vec![far(0, 0, 0), far(0, u64::MAX, u64::MAX)],
        vec![
            entry(u64::MAX, op(Class::Replicated, "sys/policy/evil", evil)),
            upto(u64::MAX),
        ],
    ] {
        let status = hears(&network, &c, "follow", frames(&lies)).await;
        assert_eq!(status["mode"], "secondary", "{lies:?}");
        c.house
            .ask_as(
                &c.own_token,
                Operation::Update,
                "sys/replication/recover",
                json!({}),
            )
            .await
            .unwrap();
        let name = format!("sys/policies/acl/{}", number(&a.status().await, "last_wal"));
        a.write(&name, json!({ "policy": "# p" })).await.unwrap();
        c.until_it_is_there(&name, true).await;
        c.until_it_streams().await;
        assert_eq!(
            a.status().await["merkle_root"],
            c.status().await["merkle_root"]
        );
        assert!(c.read("sys/policies/acl/evil").await.is_err());
    }
}

/// What it says when it is compared with.
#[tokio::test(start_paused = true)]
async fn a_comparison_that_is_not_of_its_relation_comes_to_nothing() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    let c = secondary(&network, &both, "c", json!({})).await;
    a.write("sys/policies/acl/p", json!({ "policy": "# p" }))
        .await
        .unwrap();
    c.until_it_is_there("sys/policies/acl/p", true).await;
    let relation = a.status().await["cluster_id"].as_str().unwrap().to_owned();
    let compare = || {
        frames(&[Event::Compare {
            reason: String::from("lie"),
        }])
    };
    let begun = |relation: &str, generation| Told::Begun {
        position: Position {
            relation: relation.to_owned(),
            generation,
            index: u64::MAX,
            filter: u64::MAX,
            is_filtered: true,
        },
        keys: KeyPackage {
            sealed: vec![1, 2, 3],
        },
    };
    for lies in [
        vec![vec![0xff; 64]],
        frames(&[Told::End]),
        frames(&[Told::Roots(Vec::new()), Told::End]),
        frames(&[begun("another", 1), Told::Roots(Vec::new()), Told::End]),
        frames(&[begun(&relation, 9), Told::Roots(Vec::new()), Told::End]),
        frames(&[begun(&relation, 1), begun(&relation, 1)]),
        frames(&[Told::Refused {
            reason: String::from("no"),
        }]),
    ] {
        network.lie("compare", Some(lies.clone()));
        let status = hears(&network, &c, "follow", compare()).await;
        network.lie("compare", None);
        assert_ne!(status["state"], "stream-wals", "{lies:?}");
        assert_ne!(status["last_error"], "", "{lies:?}");
        assert!(c.read("sys/policies/acl/p").await.is_ok(), "{lies:?}");
        c.until_it_streams().await;
    }
    assert_eq!(
        a.status().await["merkle_root"],
        c.status().await["merkle_root"]
    );
}

/// What a request came to, as it goes over the wire.
#[derive(Serialize)]
#[expect(dead_code, reason = "their place says what they are")]
enum Came {
    Empty,
    Refused(RefusalKind, String, String),
    Accepted(Envelope),
    Envelope(Envelope),
    Missing(Envelope),
    Bare(String),
    Raw(Raw),
    Said(Said, Vec<String>),
}

#[derive(Serialize)]
struct Envelope {
    data: Option<String>,
    repeats_data: bool,
    advice: Duration,
    warnings: Vec<String>,
    mount_type: String,
}

#[derive(Serialize)]
struct Raw {
    status: u16,
    content_type: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

#[derive(Serialize)]
#[expect(dead_code, reason = "their place says what they are")]
enum Said {
    Empty,
    Data(String),
    Keys(Vec<String>),
    Missing(String),
    Perishable(String, u64),
    Secret {
        kind: String,
        data: String,
        private: String,
        terms: LeaseTerms,
    },
    Grant(String),
}

fn raw(status: u16, content_type: &str, header: (&str, &str)) -> Came {
    Came::Raw(Raw {
        status,
        content_type: content_type.to_owned(),
        headers: vec![(header.0.to_owned(), header.1.to_owned())],
        body: b"{}".to_vec(),
    })
}

fn envelope(data: &str) -> Envelope {
    Envelope {
        data: Some(data.to_owned()),
        repeats_data: true,
        advice: Duration::MAX,
        warnings: Vec::new(),
        mount_type: String::new(),
    }
}

fn secret(kind: &str) -> Came {
    let text = || String::from("{}");
    Came::Said(
        Said::Secret {
            kind: kind.to_owned(),
            data: text(),
            private: text(),
            terms: LeaseTerms {
                ttl_seconds: u64::MAX,
                ..LeaseTerms::default()
            },
        },
        Vec::new(),
    )
}

async fn accessors(c: &Member) -> usize {
    let list = c.house.ask_as(
        &c.own_token,
        Operation::List,
        "auth/token/accessors",
        json!({}),
    );
    list.await.unwrap()["keys"].as_array().unwrap().len()
}

fn granting(policy: &str) -> Came {
    Came::Said(Said::Grant(grant_of("bob", policy)), Vec::new())
}

/// What no component may answer to a request that is no login.
fn outcomes() -> Vec<(&'static str, Came)> {
    let said = |said| Came::Said(said, Vec::new());
    let text = |text: &str| text.to_owned();
    let split = ("location", "x\r\n\r\nHTTP/1.1 200");
    let plain = ("location", "x");
    vec![
        ("a token of root", granting("root")),
        ("a token of an administrator", granting("admin")),
        ("a grant that is none", said(Said::Grant(text("{}")))),
        ("a secret of no kind", secret("evil")),
        ("data that is no JSON", said(Said::Data(text("{")))),
        ("nothing there, and no JSON", said(Said::Missing(text("")))),
        ("an envelope that is no JSON", Came::Envelope(envelope("}"))),
        ("bare text", Came::Bare(text("evil"))),
        ("no status", raw(0, "text/plain", plain)),
        ("another protocol", raw(101, "text/plain", plain)),
        (
            "a status without measure",
            raw(u16::MAX, "text/plain", plain),
        ),
        ("two answers in a header", raw(200, "text/plain", split)),
        (
            "two answers in a type",
            raw(200, "text/plain\r\nset-cookie: x", plain),
        ),
        (
            "a name of no header",
            raw(200, "text/plain", ("lo cation", "x")),
        ),
    ]
}

/// A secondary checks what a component is said to have answered as it checks its own: neither a
/// primary that was taken over nor a component there gets a token or a lease out of it.
#[tokio::test(start_paused = true)]
async fn what_a_forwarded_request_came_to_is_checked_where_it_is_answered() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    let body = json!({ "component": STANDARD.encode(NOTES) });
    a.write("sys/plugins/catalog/secret/notes", body)
        .await
        .unwrap();
    a.write("sys/mounts/shared", json!({ "type": "notes" }))
        .await
        .unwrap();
    let c = secondary(&network, &both, "c", json!({})).await;
    let before = accessors(&c).await;
    for (name, came) in outcomes() {
        network.lie("forward", Some(frames(&[(came, Some(u64::MAX))])));
        let refused = c.write("shared/notes/y", json!({ "text": "x" })).await;
        let refused = refused.err().unwrap_or_else(|| panic!("{name} was taken"));
        assert_eq!(refused.kind, RefusalKind::Internal, "{name}: {refused:?}");
        assert_eq!(accessors(&c).await, before, "{name}");
    }
    // An engine of the host says nothing that only components say.
    network.lie("forward", Some(frames(&[(granting("root"), None::<u64>)])));
    let refused = c
        .write("sys/policies/acl/p", json!({ "policy": "# p" }))
        .await;
    assert_eq!(refused.unwrap_err().kind, RefusalKind::Internal);
    for garbage in [vec![vec![0xff; 64]], vec![Vec::new()]] {
        network.lie("forward", Some(garbage));
        let refused = c.write("shared/notes/y", json!({ "text": "x" })).await;
        assert_eq!(refused.unwrap_err().kind, RefusalKind::WrongPlace);
    }
    // What it may say is said, also with numbers that mean nothing.
    network.lie(
        "forward",
        Some(frames(&[(Came::Envelope(envelope("{}")), Some(u64::MAX))])),
    );
    assert!(
        c.write("shared/notes/y", json!({ "text": "x" }))
            .await
            .is_ok()
    );
    network.lie("forward", None);
    c.write("shared/notes/y", json!({ "text": "true" }))
        .await
        .unwrap();
    assert_eq!(a.read("shared/notes/y").await.unwrap()["text"], "true");
    assert_eq!(accessors(&c).await, before);
}
