//! A secondary on another machine, as its primary sees it: it takes what it is sent and says that it
//! has it, and costs this machine hardly more than its end of the connection.

use crate::relation::set;
use base::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cluster::{Connector, Settings};
use e2e::{Client, Durable};
use link::{Channel, Dialer as _, Identity, Link, Protocol};
use replication::{Event, Follow, Hello, Method, Question, Told, decode, encode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// The first byte of an [`Event::Entry`].
const ENTRY: u8 = 0;
/// A secondary tells what it has after as many entries, and when it has all.
const TELL_EVERY: u64 = 256;
/// A point on the curve: keys are sealed to it, and nobody opens them.
const PUBLIC_KEY: [u8; 32] = {
    let mut point = [0; 32];
    point[0] = 9;
    point
};

/// Follows until it is dropped.
pub(crate) struct Elsewhere(JoinHandle<()>);

impl Drop for Elsewhere {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Elsewhere {
    /// Follows `primary` from what it has now.
    pub(crate) fn follow(runtime: &Runtime, primary: &Durable, id: &str) -> Self {
        let (address, identity) = activated(primary, id);
        let (streams, until_streams) = oneshot::channel();
        let following = runtime.spawn(async move {
            let connector = Connector::new(Settings::default());
            let addresses = [address];
            let dialed = connector.dial(Protocol::Performance, &addresses, &identity);
            follow(dialed.await.expect("a connection"), streams).await;
        });
        runtime.block_on(until_streams).expect("a stream");
        Self(following)
    }
}

/// Where the primary is for a new secondary, and as whom that connects.
fn activated(primary: &Durable, id: &str) -> (String, Identity) {
    let path = "sys/replication/performance/primary/secondary-token";
    let made = set(primary, path, &json!({ "id": id }));
    let token = made["wrap_info"]["token"].as_str().expect("a token");
    let redeemed = Client::new(&primary.url(), token).write("sys/wrapping/unwrap", &json!({}));
    let bundle = redeemed.json()["data"].take();
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let bytes = |value: &Value| STANDARD.decode(text(value)).expect("Base64");
    let address = text(&bundle["primary_cluster_addr"]);
    let identity = Identity {
        certificate: bytes(&bundle["client"]["certificate"]),
        key: Arc::new(Secret::new(bytes(&bundle["client"]["key"]))),
        authority: bytes(&bundle["ca_cert"]),
    };
    (address.trim_start_matches("https://").to_owned(), identity)
}

fn hello() -> Hello {
    Hello::of_stranger(PUBLIC_KEY.to_vec())
}

async fn follow(link: Arc<dyn Link>, streams: oneshot::Sender<()>) {
    let begin = Question::Begin(hello());
    let mut comparison = call(&*link, Method::Compare, &begin).await;
    let Told::Begun { position, .. } = heard(&bytes(&mut comparison).await) else {
        panic!("the primary does not begin")
    };
    drop(comparison);
    let mut told = position.index;
    let hello = hello();
    let mut channel = call(&*link, Method::Follow, &Follow { hello, position }).await;
    let mut streams = Some(streams);
    loop {
        let frame = bytes(&mut channel).await;
        if frame.first() == Some(&ENTRY) {
            continue;
        }
        let (index, head) = match heard(&frame) {
            Event::Upto { index, head, .. } => (index, head),
            Event::Keys { .. } => continue,
            event => panic!("{event:?}"),
        };
        if index >= head || index >= told + TELL_EVERY {
            told = index;
            let said = channel.send(encode(&index).expect("a number"));
            said.await.expect("a primary");
        }
        if let Some(streams) = streams.take() {
            streams.send(()).expect("somebody waits");
        }
    }
}

async fn call(link: &dyn Link, method: Method, message: &impl Serialize) -> Channel {
    let channel = link.open(method.name()).await.expect("a call");
    let said = channel.send(encode(message).expect("a message"));
    said.await.expect("a primary");
    channel
}

async fn bytes(channel: &mut Channel) -> bytes::Bytes {
    let received = channel.receive().await.expect("a primary");
    received.expect("a frame")
}

fn heard<T: DeserializeOwned>(frame: &[u8]) -> T {
    decode(frame).expect("a message of this version")
}
