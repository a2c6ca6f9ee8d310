//! The network between the clusters: every way has its delay, its bound and its troubles, and
//! whoever checks is shown each frame as it is sent.
//!
//! It stands for connections over TCP: within a call frames come in order or not at all, and what is
//! lost takes all that comes after it along. Calls do not wait for each other.

use crate::invariants::Watch;
use crate::plant::{self, Plant};
use crate::signal::Signal;
use core::time::Duration;
use link::{
    Acceptor as _, Channel, DialError, DialStep, Dialer, Identity, Later, Link, LinkError, Peer,
    Piece, Protocol,
};
use node::Node;
use replication::Method;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

/// A connection on which nothing moves for so long is given up, as keep-alives do.
const STALLED_MAX: Duration = Duration::from_secs(8);

/// How often a way that is blocked is tried.
const RETRY: Duration = Duration::from_millis(50);

/// One direction between two clusters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    /// How long a frame takes.
    pub(crate) delay: Duration,
    /// Nothing gets through?
    pub(crate) state: WayState,
    /// Frames that are on the way at the same time; more wait at the sender.
    pub(crate) frames_max: usize,
    /// The connection breaks after so many more frames.
    pub(crate) breaks_after: Option<u32>,
}

/// Does anything get through?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WayState {
    /// Yes.
    Open,
    /// No.
    Blocked,
}

impl Default for Way {
    fn default() -> Self {
        Self {
            delay: Duration::from_millis(1),
            state: WayState::Open,
            frames_max: 64,
            breaks_after: None,
        }
    }
}

/// The network.
#[derive(Clone)]
pub(crate) struct Net {
    inner: Arc<Mutex<Inner>>,
    watch: Arc<Watch>,
    plant: Plant,
}

#[derive(Default)]
struct Inner {
    nodes: BTreeMap<String, Arc<Node>>,
    ways: BTreeMap<(String, String), Way>,
    connections: Vec<Connection>,
    /// Who was let in once, by certificate: for a primary that lets in who was revoked.
    known: BTreeMap<Vec<u8>, String>,
    never: Vec<watch::Sender<bool>>,
}

struct Connection {
    ends: [String; 2],
    ended: Signal,
}

impl Net {
    pub(crate) fn new(watch: Arc<Watch>, plant: Plant) -> Self {
        Self {
            inner: Arc::default(),
            watch,
            plant,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A node can be reached from now on.
    pub(crate) fn join(&self, name: &str, node: &Arc<Node>) {
        self.lock().nodes.insert(name.to_owned(), Arc::clone(node));
    }

    /// A node is gone, with all its connections.
    pub(crate) fn leave(&self, name: &str) {
        let mut inner = self.lock();
        inner.nodes.remove(name);
        inner.connections.retain(|connection| {
            let goes = connection.ends.iter().any(|end| end == name);
            if goes {
                connection.ended.end();
            }
            !goes && !connection.ended.has_ended()
        });
    }

    /// Changes a way.
    pub(crate) fn way(&self, from: &str, to: &str, change: impl FnOnce(&mut Way)) {
        let mut inner = self.lock();
        change(
            inner
                .ways
                .entry((from.to_owned(), to.to_owned()))
                .or_default(),
        );
    }

    /// Every way is as ways are at best.
    pub(crate) fn heal(&self) {
        if self.plant == Plant::NeverHeals {
            return;
        }
        self.lock().ways.clear();
    }

    /// What connects one cluster to others.
    pub(crate) fn dialer(&self, from: &str) -> Arc<dyn Dialer> {
        Arc::new(From {
            net: self.clone(),
            name: from.to_owned(),
        })
    }

    fn state(&self, from: &str, to: &str) -> Way {
        let key = (from.to_owned(), to.to_owned());
        self.lock().ways.get(&key).copied().unwrap_or_default()
    }

    /// Counts a frame on a way whose connections are to break.
    fn breaks(&self, from: &str, to: &str) -> bool {
        let key = (from.to_owned(), to.to_owned());
        let mut inner = self.lock();
        let Some(way) = inner.ways.get_mut(&key) else {
            return false;
        };
        match way.breaks_after {
            Some(0) => {
                way.breaks_after = None;
                true
            }
            Some(left) => {
                way.breaks_after = Some(left - 1);
                false
            }
            None => false,
        }
    }

    /// Who it is, also where it is not known any more and that is the bug.
    fn admitted(
        &self,
        node: &Node,
        protocol: Protocol,
        certificate: &[u8],
    ) -> Result<Peer, link::NotAdmitted> {
        let admitted = node.admit(protocol, certificate);
        if self.plant != Plant::RevokedServed {
            return admitted;
        }
        let name = match admitted {
            Ok(peer) => {
                let mut inner = self.lock();
                inner.known.insert(certificate.to_vec(), peer.name.clone());
                peer.name
            }
            Err(refused) => {
                let known = self.lock().known.get(certificate).cloned();
                known.ok_or(refused)?
            }
        };
        let (never, ended) = watch::channel(false);
        // Nobody says that it has ended, and whoever could is never gone.
        self.lock().never.push(never);
        Ok(Peer { name, ended })
    }
}

/// Connects from one cluster.
struct From {
    net: Net,
    name: String,
}

impl From {
    async fn connect(
        &self,
        protocol: Protocol,
        address: &str,
        identity: &Identity,
    ) -> Result<Arc<dyn Link>, DialError> {
        let failed = |step, reason: &str| DialError {
            address: address.to_owned(),
            step,
            reason: reason.to_owned(),
            shown: None,
        };
        let to = address.split('.').next().unwrap_or_default();
        let (there, back) = (
            self.net.state(&self.name, to),
            self.net.state(to, &self.name),
        );
        tokio::time::sleep(there.delay + back.delay).await;
        let (there, back) = (
            self.net.state(&self.name, to),
            self.net.state(to, &self.name),
        );
        if [there.state, back.state].contains(&WayState::Blocked) {
            tokio::time::sleep(Duration::from_millis(500)).await;
            return Err(failed(DialStep::Connect, "nothing gets through"));
        }
        let node = self.net.lock().nodes.get(to).cloned();
        let node = node.ok_or_else(|| failed(DialStep::Connect, "nobody answers"))?;
        let shown = node.identity(protocol);
        let shown = shown.ok_or_else(|| failed(DialStep::Protocol, "no such protocol"))?;
        if shown.authority != identity.authority {
            return Err(failed(DialStep::Certificate, "another authority"));
        }
        let peer = self.net.admitted(&node, protocol, &identity.certificate);
        let peer = peer.map_err(|error| failed(DialStep::Admission, &error.to_string()))?;
        let ended = Signal::default();
        self.net.lock().connections.push(Connection {
            ends: [self.name.clone(), to.to_owned()],
            ended: ended.clone(),
        });
        Ok(Arc::new(Wire {
            net: self.net.clone(),
            ends: (self.name.clone(), to.to_owned()),
            address: address.to_owned(),
            node,
            peer,
            protocol,
            ended,
        }))
    }
}

impl Dialer for From {
    fn dial<'a>(
        &'a self,
        protocol: Protocol,
        addresses: &'a [String],
        identity: &'a Identity,
    ) -> Later<'a, Result<Arc<dyn Link>, DialError>> {
        Box::pin(async move {
            let address = addresses.first().map_or("", String::as_str);
            self.connect(protocol, address, identity).await
        })
    }
}

/// A connection.
struct Wire {
    net: Net,
    /// Who called, and who was called.
    ends: (String, String),
    address: String,
    node: Arc<Node>,
    peer: Peer,
    protocol: Protocol,
    ended: Signal,
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.ended.end();
    }
}

/// Until it is said, or nobody is left to say it.
async fn over(ended: &mut watch::Receiver<bool>) {
    let _ = ended.wait_for(|ended| *ended).await;
}

fn broke() -> LinkError {
    LinkError::Ended(String::from("the connection broke"))
}

impl Link for Wire {
    fn address(&self) -> &str {
        &self.address
    }

    fn open<'a>(&'a self, method: &'a str) -> Later<'a, Result<Channel, LinkError>> {
        Box::pin(async move {
            if self.ended.has_ended() {
                return Err(broke());
            }
            let (near, tap_near) = link::pair();
            let (far, tap_far) = link::pair();
            self.carry(method, tap_near, tap_far);
            let node = Arc::clone(&self.node);
            let served = node.serve(self.protocol, self.peer.clone(), method.to_owned(), far);
            let (mut cut_off, ended) = (self.peer.ended.clone(), self.ended.clone());
            tokio::spawn(async move {
                tokio::select! {
                    biased;
                    () = over(&mut cut_off) => ended.end(),
                    () = ended.ended() => {}
                    // What waits at the end of a call is as good as on its way.
                    _ = served => {}
                }
            });
            Ok(near)
        })
    }

    fn closed(&self) -> Later<'_, LinkError> {
        let ended = self.ended.clone();
        Box::pin(async move {
            ended.ended().await;
            broke()
        })
    }
}

impl Wire {
    fn carry(&self, method: &str, near: Channel, far: Channel) {
        let (to_near, from_near) = near.into_parts();
        let (to_far, from_far) = far.into_parts();
        let (caller, called) = self.ends.clone();
        let there = (caller.clone(), called.clone(), from_near, to_far);
        let back = (called, caller.clone(), from_far, to_near);
        for (from, to, source, sink) in [there, back] {
            let pump = Pump {
                net: self.net.clone(),
                method: method.to_owned(),
                caller: caller.clone(),
                from,
                to,
                ended: self.ended.clone(),
                queue: VecDeque::new(),
                stalled: Duration::ZERO,
                is_first: true,
            };
            tokio::spawn(pump.run(source, sink));
        }
    }
}

/// Carries the frames of one call in one direction.
struct Pump {
    net: Net,
    method: String,
    caller: String,
    from: String,
    to: String,
    ended: Signal,
    queue: VecDeque<(Instant, Piece)>,
    stalled: Duration,
    is_first: bool,
}

impl Pump {
    async fn run(mut self, mut source: mpsc::Receiver<Piece>, sink: mpsc::Sender<Piece>) {
        let ended = self.ended.clone();
        let mut more = true;
        loop {
            let way = self.net.state(&self.from, &self.to);
            let due = self.queue.front().map(|(due, _)| *due);
            if due.is_none() && !more {
                return;
            }
            let has_room = more && self.queue.len() < way.frames_max;
            tokio::select! {
                biased;
                () = ended.ended() => {
                    let _ = sink.try_send(Err(broke()));
                    return;
                }
                piece = source.recv(), if has_room => match piece {
                    Some(piece) => self.take(piece, way),
                    None => more = false,
                },
                () = tokio::time::sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    if !self.deliver(way, &sink).await { return; }
                }
            }
        }
    }

    fn take(&mut self, piece: Piece, way: Way) {
        let is_sent = self.method == Method::Follow.name() && self.from != self.caller;
        let piece = match is_sent {
            true => piece.map(|frame| plant::sent(self.net.plant, frame)),
            false => piece,
        };
        if let Ok(frame) = &piece {
            let watch = &self.net.watch;
            let is_first = core::mem::replace(&mut self.is_first, false);
            watch.frame(
                &self.method,
                &self.caller,
                (&self.from, &self.to),
                frame,
                is_first,
            );
            if self.net.breaks(&self.from, &self.to) {
                self.ended.end();
                return;
            }
        }
        self.queue.push_back((Instant::now() + way.delay, piece));
    }

    /// False once nobody takes anything any more.
    async fn deliver(&mut self, way: Way, sink: &mpsc::Sender<Piece>) -> bool {
        if way.state == WayState::Blocked {
            if let Some((due, _)) = self.queue.front_mut() {
                *due = Instant::now() + RETRY;
            }
            self.stalled += RETRY;
            if self.stalled > STALLED_MAX {
                self.ended.end();
            }
            return true;
        }
        self.stalled = Duration::ZERO;
        let Some((_, piece)) = self.queue.pop_front() else {
            return true;
        };
        let ended = self.ended.clone();
        tokio::select! {
            biased;
            sent = sink.send(piece) => sent.is_ok(),
            () = ended.ended() => true,
        }
    }
}
