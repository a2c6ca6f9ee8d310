//! Clusters that are connected within this process: what one sends the other is given, and what was
//! sent is kept for whoever looks for something in it.

use crate::busy_log::BusyLog;
use crate::house::{Counting, House};
use crate::kept_log::KeptLog;
use base::{ManualClock, Timestamp};
use link::{
    Acceptor as _, Channel, DialError, DialStep, Dialer, Identity, Later, Link, LinkError, Peer,
    Probe, Probed, Protocol,
};
use node::{DeclaredDevice, Node, Parts, Settings};
use replication::{Follow, Hello, Question, Versions, decode, encode};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, Weak};
use storage::Memory;
use tokio::sync::Notify;

/// The nodes that can be reached, by address, and everything that went over the wire.
#[derive(Clone, Default)]
pub(crate) struct Network(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    nodes: BTreeMap<String, Arc<Node>>,
    is_cut: bool,
    /// Bytes that are carried before it is cut; None for all there are.
    left: Option<usize>,
    /// Bytes that are carried before all others wait; None for all there are.
    room: Option<usize>,
    released: Arc<Notify>,
    /// A method whose frames wait.
    held: Option<&'static str>,
    /// A method whose answers wait.
    unanswered: Option<&'static str>,
    /// A method that nobody answers.
    refused: Option<&'static str>,
    /// Methods that are answered so, and not by the node.
    lies: BTreeMap<&'static str, Vec<Vec<u8>>>,
    /// What the configurations of servers declare, by their names.
    declared: BTreeMap<String, (String, DeclaredDevice)>,
    /// What secondaries showed when they were let in, by their names.
    shown: BTreeMap<String, Identity>,
    /// The logs of the nodes, by their names.
    logs: BTreeMap<String, Arc<KeptLog>>,
    /// The same, as those who write see them.
    journals: BTreeMap<String, Arc<BusyLog>>,
    /// Where the APIs of servers are, by their names, where that is to be somewhere.
    apis: BTreeMap<String, String>,
    /// What secondaries say that they speak, where that is not so.
    spoken: Option<Versions>,
    /// What operators set.
    settings: Settings,
    /// How often a method was called, by its name.
    opened: BTreeMap<String, u64>,
    wire: Vec<u8>,
    /// How often somebody was let in.
    admitted: u64,
}

impl Network {
    /// A cluster with an address of this name, unsealed and with a root token.
    pub(crate) async fn cluster(&self, name: &str) -> (House, seal::Share) {
        let mut house = self.on(name, Arc::new(Memory::with_faults()), 0);
        let mut made = house.initialize(1, 1).await.unwrap();
        house.submit(&made.shares[0]).await.unwrap();
        house.token = made.root_token.expose().clone();
        (house, made.shares.remove(0))
    }

    /// A server of a cluster, sealed, on a disk that may have been there before. `life` counts those
    /// that were on it.
    pub(crate) fn on(&self, name: &str, storage: Arc<Memory>, life: u64) -> House {
        let clock = Arc::new(ManualClock::new(Timestamp::from_millis(1_700_000_000_000)));
        let from = name.bytes().map(u64::from).sum::<u64>() + life * 1_000_000_000;
        let entropy = Arc::new(Counting::new(from));
        let declared = self.inner().declared.get(name).cloned();
        let set = self.inner().settings.clone();
        let api = self.inner().apis.get(name).cloned();
        let alone = Parts::alone(storage.clone(), clock.clone(), entropy).unwrap();
        let log = Arc::new(KeptLog::of(Arc::clone(&alone.source)));
        self.inner().logs.insert(name.to_owned(), Arc::clone(&log));
        let journal = Arc::new(BusyLog::of(Arc::clone(&alone.journal)));
        let kept = Arc::clone(&journal);
        self.inner().journals.insert(name.to_owned(), kept);
        let node = Node::new(Parts {
            journal,
            source: log,
            dialer: Arc::new(Dials(Arc::downgrade(&self.0))),
            settings: Settings {
                cluster_addr: format!("https://{name}:8201"),
                api_addr: api.unwrap_or_else(|| format!("https://{name}:8200")),
                cluster_name: name.to_owned(),
                audit: declared.into_iter().collect(),
                ..set
            },
            ..alone
        });
        self.inner()
            .nodes
            .insert(format!("{name}:8201"), Arc::clone(&node));
        House {
            node,
            clock,
            storage,
            token: String::new(),
        }
    }

    /// From its next start on the configuration of a server declares an audit device.
    pub(crate) fn declare(&self, name: &str, device: (String, DeclaredDevice)) {
        self.inner().declared.insert(name.to_owned(), device);
    }

    /// After which entry a node has its log kept.
    pub(crate) fn kept_after(&self, name: &str) -> Option<u64> {
        self.inner().logs[name].kept_after()
    }

    /// The log of a node has no room for what is to be committed next.
    pub(crate) fn busy(&self, name: &str) {
        self.inner().journals[name].refuse_the_next();
    }

    /// From its next start on a server says that its API is there.
    pub(crate) fn api_at(&self, name: &str, url: &str) {
        self.inner().apis.insert(name.to_owned(), url.to_owned());
    }

    /// Sets what clusters have that are made from now on.
    pub(crate) fn set(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.inner().settings);
    }

    /// How often a method was called.
    pub(crate) fn opened(&self, method: &str) -> u64 {
        self.inner().opened.get(method).copied().unwrap_or(0)
    }

    /// From now on secondaries say that they speak other versions.
    pub(crate) fn speak(&self, versions: Versions) {
        self.inner().spoken = Some(versions);
    }

    /// Nobody answers a method any more, or everybody all of them again.
    pub(crate) fn refuse(&self, method: Option<&'static str>) {
        self.inner().refused = method;
    }

    /// Whoever calls a method is told this by somebody who took the primary over, or by the primary
    /// again.
    pub(crate) fn lie(&self, method: &'static str, frames: Option<Vec<Vec<u8>>>) {
        let lies = &mut self.inner().lies;
        match frames {
            Some(frames) => drop(lies.insert(method, frames)),
            None => drop(lies.remove(method)),
        }
    }

    /// Nobody can be reached any more, or everybody again.
    pub(crate) fn cut(&self, is_cut: bool) {
        let mut inner = self.inner();
        inner.is_cut = is_cut;
        inner.left = None;
    }

    /// Can nobody be reached?
    pub(crate) fn is_cut(&self) -> bool {
        self.inner().is_cut
    }

    /// So many bytes are carried, and then nobody can be reached any more.
    pub(crate) fn cut_after(&self, bytes: usize) {
        self.inner().left = Some(bytes);
    }

    /// So many bytes are carried, and what comes after them waits until it is let go.
    pub(crate) fn hold_after(&self, bytes: usize) {
        let mut inner = self.inner();
        inner.room = Some(bytes);
        inner.released.notify_waiters();
    }

    /// What calls of a method carry waits until it is let go.
    pub(crate) fn hold(&self, method: &'static str) {
        self.inner().held = Some(method);
    }

    /// Does something wait?
    pub(crate) fn is_held(&self) -> bool {
        self.inner().room == Some(0)
    }

    /// What is answered to calls of a method waits until it is let go.
    pub(crate) fn hold_answers(&self, method: &'static str) {
        self.inner().unanswered = Some(method);
    }

    /// What waits is carried.
    pub(crate) fn let_go(&self) {
        let mut inner = self.inner();
        inner.room = None;
        inner.held = None;
        inner.unanswered = None;
        inner.released.notify_waiters();
    }

    /// Waits until so many bytes may be carried by a call of a method, one way.
    async fn room_for(&self, method: &str, way: Way, bytes: usize) {
        loop {
            let released = Arc::clone(&self.inner().released);
            let released = released.notified();
            let is_held = {
                let inner = self.inner();
                inner.held == Some(method) || way == Way::Back && inner.unanswered == Some(method)
            };
            if !is_held {
                let mut inner = self.inner();
                let Some(room) = inner.room else { return };
                if let Some(left) = room.checked_sub(bytes) {
                    inner.room = Some(left);
                    return;
                }
                inner.room = Some(0);
            }
            released.await;
        }
    }

    /// A connection by who has taken over the secondary of this name, to the cluster `to`: with what
    /// the secondary showed last.
    pub(crate) async fn as_secondary(&self, name: &str, to: &str) -> Result<Arc<dyn Link>, String> {
        let identity = self.shown_by(name);
        self.with_identity(&identity, to).await
    }

    /// What the secondary of this name showed last.
    pub(crate) fn shown_by(&self, name: &str) -> Identity {
        self.inner().shown[name].clone()
    }

    /// A connection by who shows this.
    pub(crate) async fn with_identity(
        &self,
        identity: &Identity,
        to: &str,
    ) -> Result<Arc<dyn Link>, String> {
        let dials = Dials(Arc::downgrade(&self.0));
        let addresses = [format!("{to}:8201")];
        let dialed = dials.dial(Protocol::Performance, &addresses, identity);
        dialed.await.map_err(|error| error.to_string())
    }

    /// Forgets what was carried.
    pub(crate) fn forget(&self) {
        self.inner().wire.clear();
    }

    /// How often somebody was let in.
    pub(crate) fn admitted(&self) -> u64 {
        self.inner().admitted
    }

    /// Bytes that were carried.
    pub(crate) fn carried_bytes(&self) -> usize {
        self.inner().wire.len()
    }

    /// Was this sent by anybody?
    pub(crate) fn carried(&self, bytes: &[u8]) -> bool {
        let inner = self.inner();
        inner
            .wire
            .windows(bytes.len())
            .any(|window| window == bytes)
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.0.lock().unwrap()
    }
}

/// How its nodes reach it: they do not hold what holds them, for each takes much room for components.
struct Dials(Weak<Mutex<Inner>>);

impl Dials {
    fn network(&self) -> Option<Network> {
        self.0.upgrade().map(Network)
    }

    fn dial_one(
        &self,
        protocol: Protocol,
        address: String,
        identity: &Identity,
    ) -> Result<Arc<dyn Link>, DialError> {
        let failed = |step, reason: String| DialError {
            address: address.clone(),
            step,
            reason,
            shown: None,
        };
        let found = self.network().and_then(|network| {
            let inner = network.inner();
            let found = inner.nodes.get(&address).filter(|_| !inner.is_cut);
            found.cloned()
        });
        let nobody = || failed(DialStep::Connect, String::from("nobody answers"));
        let node = found.ok_or_else(nobody)?;
        let shown = node.identity(protocol);
        let no_protocol = || failed(DialStep::Protocol, String::from("no such protocol"));
        let shown = shown.ok_or_else(no_protocol)?;
        if shown.authority != identity.authority {
            let reason = String::from("another authority");
            return Err(failed(DialStep::Certificate, reason));
        }
        let peer = node.admit(protocol, &identity.certificate);
        let peer = peer.map_err(|error| failed(DialStep::Admission, error.to_string()))?;
        if let Some(network) = self.network() {
            let mut inner = network.inner();
            inner.shown.insert(peer.name.clone(), identity.clone());
            inner.admitted += 1;
        }
        Ok(Arc::new(Wire {
            network: Self(Weak::clone(&self.0)),
            node: Arc::downgrade(&node),
            peer,
            protocol,
            address,
        }) as Arc<dyn Link>)
    }
}

impl Dialer for Dials {
    fn dial<'a>(
        &'a self,
        protocol: Protocol,
        addresses: &'a [String],
        identity: &'a Identity,
    ) -> Later<'a, Result<Arc<dyn Link>, DialError>> {
        Box::pin(async move {
            let mut dialed = Err(DialError {
                address: String::new(),
                step: DialStep::Address,
                reason: String::from("no address was given"),
                shown: None,
            });
            for address in addresses {
                dialed = self.dial_one(protocol, address.clone(), identity);
                if dialed.is_ok() {
                    break;
                }
            }
            dialed
        })
    }

    fn probe<'a>(
        &'a self,
        protocol: Protocol,
        address: &'a str,
        identity: Option<&'a Identity>,
    ) -> Later<'a, Probe> {
        Box::pin(async move {
            let node = self.network().and_then(|network| {
                let inner = network.inner();
                let found = inner.nodes.get(address).filter(|_| !inner.is_cut);
                found.cloned()
            });
            let Some(node) = node else {
                return Probe::failed(DialStep::Connect, "nobody answers");
            };
            let Some(shown) = node.identity(protocol) else {
                return Probe::failed(DialStep::Protocol, "no such protocol");
            };
            let outcome = match identity {
                None => Ok(String::from("sent away")),
                Some(identity) => {
                    let addresses = [address.to_owned()];
                    let dialed = self.dial(protocol, &addresses, identity).await;
                    let dialed = dialed.map(|_| String::from("let in"));
                    dialed.map_err(|error| error.reason)
                }
            };
            let found = |step, found: &str| Probed {
                step,
                outcome: Ok(found.to_owned()),
            };
            Probe {
                steps: vec![
                    found(DialStep::Connect, address),
                    found(DialStep::Certificate, "one of a primary"),
                    Probed {
                        step: DialStep::Admission,
                        outcome,
                    },
                ],
                shown: Some(shown.certificate),
            }
        })
    }
}

/// The beginning of a call as one says it who speaks other versions.
fn with_versions(method: &str, frame: &[u8], versions: Versions) -> bytes::Bytes {
    let changed = match method {
        "follow" => {
            let mut follow: Follow = decode(frame).unwrap();
            follow.hello.versions = versions;
            encode(&follow)
        }
        "bootstrap" => {
            let mut hello: Hello = decode(frame).unwrap();
            hello.versions = versions;
            encode(&hello)
        }
        "compare" => {
            let mut begin: Question = decode(frame).unwrap();
            if let Question::Begin(hello) = &mut begin {
                hello.versions = versions;
            }
            encode(&begin)
        }
        _ => return frame.to_vec().into(),
    };
    changed.unwrap().into()
}

/// From who calls to who is called, or back.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Forth,
    Back,
}

/// A connection.
struct Wire {
    network: Dials,
    node: Weak<Node>,
    peer: Peer,
    protocol: Protocol,
    address: String,
}

impl Link for Wire {
    fn address(&self) -> &str {
        &self.address
    }

    fn open<'a>(&'a self, method: &'a str) -> Later<'a, Result<Channel, LinkError>> {
        Box::pin(async move {
            let cut = || LinkError::Ended(String::from("cut"));
            let network = self.network.network().ok_or_else(cut)?;
            let node = self.node.upgrade().ok_or_else(cut)?;
            {
                let mut inner = network.inner();
                *inner.opened.entry(method.to_owned()).or_default() += 1;
                if inner.is_cut || inner.refused == Some(method) {
                    return Err(cut());
                }
            }
            let lie = network.inner().lies.get(method).cloned();
            if let Some(frames) = lie {
                return Ok(told(frames));
            }
            let (near, tap_near) = link::pair();
            let (far, tap_far) = link::pair();
            network.tap(tap_near, tap_far, method);
            let served = node.serve(self.protocol, self.peer.clone(), method.to_owned(), far);
            let mut ended = self.peer.ended.clone();
            tokio::spawn(async move {
                tokio::select! {
                    () = served => {}
                    _ = ended.wait_for(|ended| *ended) => {}
                }
            });
            Ok(near)
        })
    }

    fn closed(&self) -> Later<'_, LinkError> {
        Box::pin(core::future::pending())
    }
}

/// A call to somebody who says this and then listens.
fn told(frames: Vec<Vec<u8>>) -> Channel {
    let (near, mut far) = link::pair();
    tokio::spawn(async move {
        for frame in frames {
            if far.send(frame).await.is_err() {
                return;
            }
        }
        while let Ok(Some(_)) = far.receive().await {}
    });
    near
}

impl Network {
    /// Carries frames both ways and keeps a copy, until the network is cut.
    fn tap(&self, near: Channel, far: Channel, method: &str) {
        let mut spoken = self.inner().spoken;
        let (to_near, from_near) = near.into_parts();
        let (to_far, from_far) = far.into_parts();
        let ways = [
            (Way::Forth, from_near, to_far),
            (Way::Back, from_far, to_near),
        ];
        for (way, mut from, to) in ways {
            let network = self.clone();
            let method = method.to_owned();
            let mut spoken = spoken.take();
            tokio::spawn(async move {
                while let Some(mut piece) = from.recv().await {
                    if let (Some(versions), Ok(frame)) = (spoken.take(), &mut piece) {
                        *frame = with_versions(&method, frame, versions);
                    }
                    if let Ok(frame) = &piece {
                        network.room_for(&method, way, frame.len()).await;
                    }
                    {
                        let mut inner = network.inner();
                        if inner.is_cut {
                            break;
                        }
                        if let Ok(frame) = &piece {
                            inner.wire.extend_from_slice(frame);
                            let left = inner.left.map(|left| left.checked_sub(frame.len()));
                            if left == Some(None) {
                                inner.is_cut = true;
                                break;
                            }
                            inner.left = left.flatten();
                        }
                    }
                    if to.send(piece).await.is_err() {
                        break;
                    }
                }
            });
        }
    }
}
