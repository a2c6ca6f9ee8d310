//! Who has taken over a secondary: its connection, and what goes over it.

use crate::pair::Network;
use crate::replication::{Member, primary, secondary};
use base::{Json, NamespaceId, Operation, RefusalKind, Timestamp, TokenKind};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use core::future::poll_fn;
use core::net::SocketAddr;
use core::task::Poll;
use core::time::Duration;
use link::{Acceptor as _, Channel, Later, Link, Peer, Protocol, Served};
use replication::{Method, decode, encode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::watch;

/// An engine whose routes read and write: `notes/{name}`.
pub(crate) const NOTES: &[u8] =
    include_bytes!("../../../../../tests/compat/components/v0.1/notes.wasm");
/// An auth method.
pub(crate) const RECEPTION: &[u8] =
    include_bytes!("../../../../../tests/compat/components/v0.1/reception.wasm");

/// What a secondary may wish, as it goes over the wire.
#[derive(Serialize)]
pub(crate) enum Wish {
    Run(Box<Forwarded>),
    LogIn(LogIn),
    Do(Box<Errand>),
}

/// What is done for a secondary though nobody asked for it.
#[derive(Serialize)]
pub(crate) enum Errand {
    Undo(At, Lease),
    Renew(At, Lease, u64),
    Regrant(At, Granted, u64),
    MakeKey(u64, String),
}

#[derive(Clone, Copy, Serialize)]
pub(crate) struct At {
    pub(crate) namespace: u64,
    pub(crate) mount: u64,
}

#[derive(Serialize)]
pub(crate) struct Lease {
    id: String,
    kind: String,
    private: String,
    issued: Timestamp,
    terms: plugin::LeaseTerms,
}

impl Lease {
    /// One that nobody made.
    pub(crate) fn of_kind(kind: &str) -> Self {
        Self {
            id: String::from("canary-shut/creds/x/y"),
            kind: kind.to_owned(),
            private: String::from("\"stolen\""),
            issued: Timestamp::from_millis(0),
            terms: plugin::LeaseTerms::default(),
        }
    }
}

#[derive(Serialize)]
pub(crate) struct Granted {
    pub(crate) grant: String,
    pub(crate) address: SocketAddr,
    pub(crate) certificates: Vec<Vec<u8>>,
}

#[derive(Serialize)]
pub(crate) struct Forwarded {
    id: String,
    operation: Operation,
    path: String,
    namespace: String,
    data: String,
    raw_body: Option<Vec<u8>>,
    wrap_ttl: Option<Duration>,
    address: SocketAddr,
    certificates: Vec<Vec<u8>>,
    headers: Vec<(String, String)>,
    caller: Option<(String, String)>,
    leases: Leases,
}

#[derive(Serialize)]
pub(crate) enum Leases {
    Admitted,
}

#[derive(Serialize)]
pub(crate) struct LogIn {
    pub(crate) namespace: u64,
    pub(crate) accessor: String,
    pub(crate) grant: String,
}

/// What came of it.
#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "it is shown where a test fails")]
pub(crate) enum Came {
    Empty,
    Refused(Refused),
    Accepted(Envelope),
    Envelope(Envelope),
    Missing(Envelope),
    Bare(String),
    Raw(Raw),
    Said(Said, Vec<String>),
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "it is shown where a test fails")]
pub(crate) struct Refused {
    kind: RefusalKind,
    message: String,
    reason: String,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "it is shown where a test fails")]
pub(crate) struct Envelope {
    data: Option<String>,
    repeats_data: bool,
    advice: Duration,
    warnings: Vec<String>,
    mount_type: String,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "it is shown where a test fails")]
pub(crate) struct Raw {
    status: u16,
    content_type: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "it is shown where a test fails")]
pub(crate) enum Said {
    Empty,
    Data(String),
}

/// The taken-over secondary.
pub(crate) struct Thief(pub(crate) Arc<dyn Link>);

impl Thief {
    pub(crate) async fn wish(&self, wish: &Wish) -> Came {
        let mut channel = self.0.open(Method::Forward.name()).await.unwrap();
        channel.send(encode(wish).unwrap()).await.unwrap();
        let frame = channel.receive().await.unwrap().unwrap();
        let (came, _): (Came, Option<u64>) = decode(&frame).unwrap();
        came
    }

    /// Asks as root.
    pub(crate) async fn ask(&self, operation: Operation, path: &str, data: Value) -> Came {
        self.ask_within("", operation, path, data).await
    }

    pub(crate) async fn ask_within(
        &self,
        namespace: &str,
        operation: Operation,
        path: &str,
        data: Value,
    ) -> Came {
        self.wish(&forwarded(namespace, operation, path, data))
            .await
    }
}

/// The wish that something is run for root.
pub(crate) fn forwarded(namespace: &str, operation: Operation, path: &str, data: Value) -> Wish {
    let token = serde_json::to_string(&root()).unwrap();
    Wish::Run(Box::new(Forwarded {
        id: String::from("made-up"),
        operation,
        path: path.to_owned(),
        namespace: namespace.to_owned(),
        data: data.to_string(),
        raw_body: None,
        wrap_ttl: None,
        address: "127.0.0.1:1".parse().unwrap(),
        certificates: Vec::new(),
        headers: Vec::new(),
        caller: Some((token, String::from("made-up"))),
        leases: Leases::Admitted,
    }))
}

/// A token that nobody made.
fn root() -> access::Token {
    access::Token {
        accessor: String::new(),
        parent: None,
        namespace: NamespaceId::ROOT,
        policies: vec![String::from("root")],
        path: String::new(),
        display_name: String::from("root"),
        metadata: BTreeMap::new(),
        kind: TokenKind::Service,
        uses_left: 0,
        is_spent: false,
        created: Timestamp::from_millis(0),
        lifetime: access::Lifetime::default(),
        expires: None,
        last_renewal: None,
        entity_id: String::new(),
        role: String::new(),
        bound_cidrs: Vec::new(),
        method: None,
    }
}

pub(crate) fn refused(came: &Came) -> Option<(RefusalKind, &str)> {
    match came {
        Came::Refused(refused) => Some((refused.kind, refused.message.as_str())),
        _ => None,
    }
}

/// A primary with what is kept from a secondary and what is not, the secondary, and its thief.
pub(crate) async fn robbed(network: &Network) -> ((Member, seal::Share), Member, Thief) {
    let both = primary(network).await;
    let a = &both.0;
    for (kind, name, bytes) in [("secret", "notes", NOTES), ("auth", "reception", RECEPTION)] {
        let path = format!("sys/plugins/catalog/{kind}/{name}");
        let body = json!({ "component": STANDARD.encode(bytes) });
        a.write(&path, body).await.unwrap();
    }
    for (path, body) in [
        ("sys/namespaces/canary-ns", json!({})),
        ("sys/namespaces/open", json!({})),
        (
            "sys/mounts/canary-own",
            json!({ "type": "notes", "local": true }),
        ),
        ("sys/mounts/canary-shut", json!({ "type": "notes" })),
        ("sys/mounts/canary-deep/shut", json!({ "type": "notes" })),
        ("sys/mounts/shared", json!({ "type": "notes" })),
        ("sys/auth/canary-shut", json!({ "type": "reception" })),
        (
            "sys/auth/canary-own",
            json!({ "type": "reception", "local": true }),
        ),
        ("canary-ns/sys/mounts/canary-in", json!({ "type": "notes" })),
        (
            "canary-ns/canary-in/notes/x",
            json!({ "text": "canary-of-a-namespace" }),
        ),
        (
            "canary-own/notes/x",
            json!({ "text": "canary-of-a-local-mount" }),
        ),
        (
            "canary-shut/notes/x",
            json!({ "text": "canary-of-a-filtered-mount" }),
        ),
        ("shared/notes/x", json!({ "text": "known to all" })),
    ] {
        let written = a.write(path, body).await;
        written.unwrap_or_else(|refusal| panic!("{path}: {refusal:?}"));
    }
    let filter = json!({
        "paths_filter_mode": "deny",
        "paths": ["canary-ns", "canary-shut", "canary-deep/shut", "auth/canary-shut"],
    });
    let c = secondary(network, &both, "c", filter).await;
    let thief = Thief(network.as_secondary("c", "a").await.unwrap());
    (both, c, thief)
}

/// What an auth method says of somebody, as it travels.
pub(crate) fn grant() -> String {
    grant_of("bob", "default")
}

/// The same with a name and a policy.
pub(crate) fn grant_of(alias: &str, policy: &str) -> String {
    let grant = plugin::Grant {
        alias: alias.to_owned(),
        alias_metadata: Vec::new(),
        display_name: String::from("bob"),
        policies: vec![policy.to_owned()],
        metadata: Vec::new(),
        groups: Vec::new(),
        private: Json::of(&json!({})),
        terms: plugin::LeaseTerms::default(),
        token: plugin::TokenShape {
            kind: None,
            period_seconds: 0,
            explicit_max_ttl_seconds: 0,
            uses: 0,
            bound_cidrs: Vec::new(),
            no_default_policy: false,
        },
    };
    serde_json::to_string(&grant).unwrap()
}

/// A request of a line: what is done, where, and the body as JSON; nothing for an empty one.
pub(crate) fn request(line: &str) -> (Operation, &str, Value) {
    let mut parts = line.trim().splitn(3, ' ');
    let operation = match parts.next().unwrap() {
        "read" => Operation::Read,
        "update" => Operation::Update,
        "patch" => Operation::Patch,
        "delete" => Operation::Delete,
        "list" => Operation::List,
        "help" => Operation::Help,
        other => panic!("{other}"),
    };
    let path = parts.next().unwrap();
    let body = parts
        .next()
        .map_or_else(|| json!({}), |body| serde_json::from_str(body).unwrap());
    (operation, path, body)
}

/// A call of `c` that the primary serves.
pub(crate) struct Begun {
    pub(crate) channel: Channel,
    pub(crate) serving: Later<'static, Served>,
    /// The primary cuts off whom nobody could cut off.
    _ending: watch::Sender<bool>,
}

/// A wish that the primary has begun to fulfill: it had the turn so often, unless it came to its end
/// before.
pub(crate) async fn begun(a: &Member, wish: &Wish, polls: usize) -> Begun {
    let (channel, far) = link::pair();
    channel.send(encode(wish).unwrap()).await.unwrap();
    let (ending, ended) = watch::channel(false);
    let peer = Peer {
        name: String::from("c"),
        ended,
    };
    let node = Arc::clone(&a.house.node);
    let method = String::from(Method::Forward.name());
    let mut serving = node.serve(Protocol::Performance, peer, method, far);
    for _ in 0..polls {
        let once = poll_fn(|context| Poll::Ready(serving.as_mut().poll(context)));
        if let Poll::Ready(served) = once.await {
            serving = Box::pin(core::future::ready(served));
            break;
        }
        tokio::task::yield_now().await;
    }
    Begun {
        channel,
        serving,
        _ending: ending,
    }
}
