//! Stops a component's call at a place that a test chose.

use base::Entropy;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};

/// The component asks for so many random bytes where it can be stopped.
const GATE_BYTES: usize = 77;

/// Bytes that are all different, and a place to wait.
#[derive(Default)]
pub(crate) struct Gate {
    counter: AtomicU64,
    passed: AtomicUsize,
    closed: Mutex<Option<(Sender<()>, Receiver<()>)>>,
}

/// A call that waits at the gate.
pub(crate) struct Held {
    entered: Receiver<()>,
    leave: Sender<()>,
}

impl Gate {
    /// The next call waits.
    pub(crate) fn close(&self) -> Held {
        let (enter, entered) = channel();
        let (leave, left) = channel();
        *self.closed.lock().unwrap() = Some((enter, left));
        Held { entered, leave }
    }

    /// How many calls came by.
    pub(crate) fn passed(&self) -> usize {
        self.passed.load(Ordering::SeqCst)
    }
}

impl Held {
    /// Waits until the call is there; gives what lets it go on.
    pub(crate) async fn arrived(self) -> Sender<()> {
        let Self { entered, leave } = self;
        let arrived = tokio::task::spawn_blocking(move || entered.recv());
        arrived.await.unwrap().unwrap();
        leave
    }
}

impl Entropy for Gate {
    fn fill(&self, bytes: &mut [u8]) {
        if bytes.len() == GATE_BYTES {
            self.passed.fetch_add(1, Ordering::SeqCst);
            let closed = self.closed.lock().unwrap().take();
            if let Some((enter, left)) = closed {
                enter.send(()).unwrap();
                left.recv().unwrap();
            }
        }
        for chunk in bytes.chunks_mut(8) {
            let number = self.counter.fetch_add(1, Ordering::Relaxed);
            let number = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let number = (number ^ (number >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            chunk.copy_from_slice(&number.to_be_bytes()[..chunk.len()]);
        }
    }
}
