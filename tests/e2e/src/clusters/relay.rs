//! A relay: TCP from whoever connects to a server. It can be cut, held up and slowed down, and keeps
//! every byte.

use super::until;
use core::time::Duration;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;

/// Bytes that go at once.
const PIECE_BYTES: usize = 16 * 1024;

/// A relay in front of one server. It ends with this value.
pub struct Relay {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    target: SocketAddr,
    state: Mutex<State>,
    changed: Condvar,
}

/// What it does with what comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Carries it.
    Open,
    /// Ends every connection, and takes none.
    Cut,
    /// Takes it and carries nothing on, as a network that loses everything.
    Silent,
}

struct State {
    way: Way,
    /// Before each piece goes on.
    delay: Duration,
    streams: Vec<TcpStream>,
    /// Connections so far.
    taken: u64,
    carried: Vec<u8>,
    is_over: bool,
}

impl Relay {
    /// A relay to `target`, at this address, on a port of its own.
    pub fn to(address: &str, target: SocketAddr) -> Self {
        let listener = TcpListener::bind((address, 0)).expect("a port for the relay");
        let address = listener.local_addr().expect("the relay's address");
        let shared = Arc::new(Shared {
            target,
            state: Mutex::new(State {
                way: Way::Open,
                delay: Duration::ZERO,
                streams: Vec::new(),
                taken: 0,
                carried: Vec::new(),
                is_over: false,
            }),
            changed: Condvar::new(),
        });
        let taking = Arc::clone(&shared);
        thread::spawn(move || take(&listener, &taking));
        Self { address, shared }
    }

    /// Another one beside it, to the same server.
    pub fn another(&self) -> Self {
        Self::to(&self.address.ip().to_string(), self.shared.target)
    }

    /// `https://127.0.0.1:…`, as a cluster address is given.
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// `127.0.0.1:…`.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends all connections, and takes no new one.
    pub fn cut(&self) {
        self.set(Way::Cut);
        for stream in self.shared.state().streams.drain(..) {
            // Already gone is as good.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Nothing goes on any more, and nobody is told.
    pub fn fall_silent(&self) {
        self.set(Way::Silent);
    }

    /// Everything goes on again.
    pub fn mend(&self) {
        self.set(Way::Open);
    }

    /// Each piece takes so long.
    pub fn slow_down(&self, delay: Duration) {
        self.shared.state().delay = delay;
    }

    /// Connections that were taken so far.
    pub fn taken(&self) -> u64 {
        self.shared.state().taken
    }

    /// Waits until somebody has connected after the first `before`.
    pub fn until_taken(&self, before: u64) {
        until("a connection through the relay", || {
            (self.taken() > before).then_some(())
        });
    }

    /// Bytes that went over, both ways.
    pub fn carried(&self) -> Vec<u8> {
        self.shared.state().carried.clone()
    }

    fn set(&self, way: Way) {
        self.shared.state().way = way;
        self.shared.changed.notify_all();
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shared.state().is_over = true;
        self.cut();
        // Wakes the thread that takes connections.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no thread of the relay fails")
    }
}

fn take(listener: &TcpListener, shared: &Arc<Shared>) {
    for near in listener.incoming() {
        if shared.state().is_over {
            return;
        }
        let Ok(near) = near else { continue };
        if shared.state().way == Way::Cut {
            continue;
        }
        let Ok(far) = TcpStream::connect(shared.target) else {
            continue;
        };
        let both = [(&near, &far), (&far, &near)].map(|(from, to)| {
            let copy = |stream: &TcpStream| stream.try_clone().expect("another handle");
            (copy(from), copy(to))
        });
        let mut state = shared.state();
        state.taken += 1;
        state.streams.extend([near, far]);
        drop(state);
        for (from, to) in both {
            let shared = Arc::clone(shared);
            thread::spawn(move || carry(&shared, from, to));
        }
    }
}

/// Carries bytes one way until either side ends.
fn carry(shared: &Shared, mut from: TcpStream, mut to: TcpStream) {
    let mut piece = vec![0; PIECE_BYTES];
    while let Ok(read @ 1..) = from.read(&mut piece) {
        let mut state = shared.state();
        while state.way == Way::Silent {
            state = shared.changed.wait(state).expect("no thread fails");
        }
        if state.way == Way::Cut {
            // What was held up is lost.
            break;
        }
        state.carried.extend_from_slice(&piece[..read]);
        let delay = state.delay;
        drop(state);
        if !delay.is_zero() {
            thread::sleep(delay);
        }
        if to.write_all(&piece[..read]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
    let _ = from.shutdown(Shutdown::Both);
}
