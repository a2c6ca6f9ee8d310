//! A primary that is called, in this process.

use authority::{Authority, Issued};
use base::{Entropy, Secret, Timestamp};
use bytes::Bytes;
use cluster::{Connector, Port, Settings};
use core::net::SocketAddr;
use core::time::Duration;
use link::{
    Acceptor, Channel, DialError, Dialer as _, FRAME_BYTES_MAX, Identity, Later, Link, LinkError,
    NotAdmitted, Peer, Protocol, Served,
};
use std::sync::{Arc, Mutex};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// How long anything may take that is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// What has to happen, or the test fails.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(PATIENCE, what).await.expect("it did not happen")
}

pub(crate) struct Fresh;

impl Entropy for Fresh {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.copy_from_slice(
            &Secret::new(rcgen::KeyPair::generate().unwrap().serialize_der()).expose()
                [36..36 + bytes.len()],
        );
    }
}

/// Some time in 2023.
pub(crate) const THEN: Timestamp = Timestamp::from_millis(1_700_000_000_000);

pub(crate) fn authority(relation: &str) -> Authority {
    Authority::make(relation, THEN, &Fresh).unwrap()
}

pub(crate) fn identity(authority: &Authority, issued: Issued) -> Identity {
    Identity {
        certificate: issued.certificate,
        key: Arc::new(issued.key),
        authority: authority.certificate().to_vec(),
    }
}

pub(crate) fn primary(authority: &Authority) -> Identity {
    identity(authority, authority.issue_primary(THEN, &Fresh).unwrap())
}

/// One whose certificate is good from `now` on.
pub(crate) fn primary_of(authority: &Authority, now: Timestamp) -> Identity {
    identity(authority, authority.issue_primary(now, &Fresh).unwrap())
}

pub(crate) fn secondary(authority: &Authority, id: &str) -> Identity {
    identity(
        authority,
        authority.issue_secondary(id, THEN, &Fresh).unwrap(),
    )
}

/// The largest frame of the method `one-of-little`.
pub(crate) const LITTLE_BYTES: usize = 1000;

/// What happened at the primary.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Began(Protocol, String, String),
    Received(Result<Option<Bytes>, LinkError>),
    Sent(usize),
    Kept(usize),
    Dropped,
}

/// A primary that answers a few methods of the tests.
pub(crate) struct House {
    identities: Mutex<Vec<(Protocol, Identity)>>,
    admits: Mutex<Result<(), String>>,
    pub(crate) ended: watch::Sender<bool>,
    seen: mpsc::Sender<Seen>,
}

impl Acceptor for House {
    fn identity(&self, protocol: Protocol) -> Option<Identity> {
        let identities = self.identities.lock().unwrap();
        let found = identities.iter().find(|(of, _)| *of == protocol);
        found.map(|(_, identity)| identity.clone())
    }

    fn admit(&self, _: Protocol, certificate: &[u8]) -> Result<Peer, NotAdmitted> {
        assert!(!certificate.is_empty());
        self.admits.lock().unwrap().clone().map_err(NotAdmitted)?;
        Ok(Peer {
            name: String::from("somebody"),
            ended: self.ended.subscribe(),
        })
    }

    fn frame_bytes_max(&self, _: Protocol, method: &str) -> usize {
        match method {
            "one-of-little" => LITTLE_BYTES,
            _ => FRAME_BYTES_MAX,
        }
    }

    fn serve(
        self: Arc<Self>,
        protocol: Protocol,
        peer: Peer,
        method: String,
        mut channel: Channel,
    ) -> Later<'static, Served> {
        Box::pin(async move {
            let seen = self.seen.clone();
            match method.as_str() {
                "echo" => {
                    while let Ok(Some(frame)) = channel.receive().await {
                        channel.send(frame).await.unwrap();
                    }
                }
                "count" => {
                    let mut count = 0_u64;
                    while channel.receive().await.unwrap().is_some() {
                        count += 1;
                    }
                    channel.send(count.to_be_bytes().to_vec()).await.unwrap();
                }
                "flood" => {
                    let frame = Bytes::from(vec![7; 1024 * 1024]);
                    for sent in 1.. {
                        if channel.send(frame.clone()).await.is_err() {
                            return Served::Complete;
                        }
                        seen.send(Seen::Sent(sent)).await.unwrap();
                    }
                }
                "break" => {
                    let (outgoing, mut incoming) = channel.into_parts();
                    let frame = Bytes::from(vec![7; 4 * 1024 * 1024]);
                    for sent in 1.. {
                        tokio::select! {
                            _ = incoming.recv() => return Served::BrokenOff,
                            done = outgoing.send(Ok(frame.clone())) => done.unwrap(),
                        }
                        seen.send(Seen::Sent(sent)).await.unwrap();
                    }
                }
                "keep" => {
                    let kept = channel.receive().await.unwrap().unwrap();
                    seen.send(Seen::Kept(kept.len())).await.unwrap();
                    drop(channel.receive().await);
                    drop(kept);
                }
                "one" | "one-of-little" => {
                    let received = channel.receive().await;
                    seen.send(Seen::Received(received)).await.unwrap();
                    channel.send("heard").await.unwrap();
                }
                "wait" => {
                    let _dropped = Dropped(seen.clone());
                    let began = Seen::Began(protocol, peer.name, method);
                    seen.send(began).await.unwrap();
                    channel.send("began").await.unwrap();
                    core::future::pending().await
                }
                other => channel.refuse(format!("{other} is not known")).await,
            }
            Served::Complete
        })
    }
}

struct Dropped(mpsc::Sender<Seen>);

impl Drop for Dropped {
    fn drop(&mut self) {
        let _ = self.0.try_send(Seen::Dropped);
    }
}

/// A primary behind a port, and the way to it.
pub(crate) struct World {
    pub(crate) authority: Authority,
    pub(crate) house: Arc<House>,
    pub(crate) address: SocketAddr,
    pub(crate) seen: mpsc::Receiver<Seen>,
    pub(crate) serving: JoinHandle<()>,
}

/// Limits under which tests that wait for one of them need not wait long.
pub(crate) fn short() -> Settings {
    Settings {
        handshake_duration_max: Duration::from_millis(200),
        ..Settings::default()
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        // What a test leaves behind of one peer is not to be in the way of the next one.
        let settings = Settings {
            connections_of_peer_max: 100,
            ..Settings::default()
        };
        Self::with(settings).await
    }

    pub(crate) async fn with(settings: Settings) -> Self {
        let authority = authority("a8f1");
        let (seeing, seen) = mpsc::channel(10_000);
        let house = Arc::new(House {
            identities: Mutex::new(vec![(Protocol::Performance, primary(&authority))]),
            admits: Mutex::new(Ok(())),
            ended: watch::channel(false).0,
            seen: seeing,
        });
        let port = Port::bind(([127, 0, 0, 1], 0).into()).await.unwrap();
        let port = port.with(settings);
        let address = port.local_address().unwrap();
        let acceptor = Arc::clone(&house) as Arc<dyn Acceptor>;
        let serving = tokio::spawn(port.serve(acceptor, core::future::pending()));
        Self {
            authority,
            house,
            address,
            seen,
            serving,
        }
    }

    /// From now on connections of this kind are answered so.
    pub(crate) fn answer(&self, protocol: Protocol, identity: Identity) {
        let mut identities = self.house.identities.lock().unwrap();
        identities.retain(|(of, _)| *of != protocol);
        identities.push((protocol, identity));
    }

    /// From now on nobody is let in.
    pub(crate) fn refuse(&self, reason: &str) {
        *self.house.admits.lock().unwrap() = Err(String::from(reason));
    }

    /// A secondary connects.
    pub(crate) async fn dial(&self) -> Result<Arc<dyn Link>, DialError> {
        self.dial_as(&secondary(&self.authority, "one")).await
    }

    pub(crate) async fn dial_as(&self, identity: &Identity) -> Result<Arc<dyn Link>, DialError> {
        dial(self.address, Protocol::Performance, identity).await
    }

    pub(crate) async fn link(&self) -> Arc<dyn Link> {
        self.dial().await.unwrap()
    }

    pub(crate) async fn next(&mut self) -> Seen {
        soon(self.seen.recv()).await.unwrap()
    }
}

pub(crate) async fn dial(
    address: SocketAddr,
    protocol: Protocol,
    identity: &Identity,
) -> Result<Arc<dyn Link>, DialError> {
    let addresses = [address.to_string()];
    let connector = Connector::new(Settings::default());
    soon(connector.dial(protocol, &addresses, identity)).await
}

/// Somebody else's server.
pub(crate) async fn stranger<F>(
    mut serve: impl FnMut(TcpStream) -> F + Send + 'static,
) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let socket = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = socket.accept().await.unwrap();
            tokio::spawn(serve(stream));
        }
    });
    address
}

/// What there is instead of a link.
pub(crate) fn failed(dialed: Result<Arc<dyn Link>, DialError>) -> DialError {
    match dialed {
        Ok(link) => panic!("{} answered", link.address()),
        Err(error) => error,
    }
}
