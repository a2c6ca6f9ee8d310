//! Lines over a socket. A thread of its own connects, so that who writes a line waits for a bounded
//! time, and not at all while nobody is there.

use crate::address::{Address, Connection};
use crate::{AuditError, Device};
use base::Timestamp;
use core::time::Duration;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// How a line is packed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Framing {
    /// As it is.
    Line,
    /// As the system's log wants it, in the form of RFC 3164.
    Syslog {
        /// Facility and severity.
        priority: u8,
        /// Who speaks.
        tag: String,
    },
}

/// Sends lines to a socket, and connects anew when the connection is lost.
#[derive(Debug)]
pub struct RemoteDevice {
    shared: Arc<Shared>,
    framing: Framing,
}

#[derive(Debug)]
struct Shared {
    address: Address,
    /// For one line, and for one attempt to connect.
    duration_max: Duration,
    /// Held while a line is sent, for `duration_max` at the most.
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    connection: Option<Connection>,
    /// The first attempt after a loss is under way: worth waiting for.
    is_hopeful: bool,
    /// The device is gone, and the thread goes too.
    is_over: bool,
}

/// Between attempts to connect; doubled from one to the next.
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// What the system says of a datagram that is too long, `EMSGSIZE`.
const MESSAGE_TOO_LONG: i32 = if cfg!(target_os = "linux") { 90 } else { 40 };

impl RemoteDevice {
    /// A device that is about to connect.
    ///
    /// # Errors
    /// [`AuditError::Thread`] where the system has no thread for it.
    pub fn open(
        address: Address,
        duration_max: Duration,
        framing: Framing,
    ) -> Result<Self, AuditError> {
        let shared = Arc::new(Shared {
            address,
            duration_max,
            state: Mutex::new(State {
                connection: None,
                is_hopeful: true,
                is_over: false,
            }),
            changed: Condvar::new(),
        });
        let connecting = Arc::clone(&shared);
        // It ends by itself when the device is dropped. Nobody waits for that: the resolver of names
        // takes as long as it likes.
        thread::Builder::new()
            .name(String::from("audit-socket"))
            .spawn(move || connecting.keep_connected())
            .map_err(AuditError::Thread)?;
        Ok(Self { shared, framing })
    }
}

impl Drop for RemoteDevice {
    fn drop(&mut self) {
        self.shared.state().is_over = true;
        self.shared.changed.notify_all();
    }
}

impl Device for RemoteDevice {
    fn write(&self, line: &[u8], at: Timestamp) -> io::Result<()> {
        let framed;
        let bytes = match &self.framing {
            Framing::Line => line,
            Framing::Syslog { priority, tag } => {
                let (time, id) = (at.to_rfc3164(), std::process::id());
                framed = [format!("<{priority}>{time} {tag}[{id}]: ").as_bytes(), line].concat();
                framed.as_slice()
            }
        };
        match self.shared.send(bytes) {
            // It was lost since the last line, which says nothing of the other end now.
            Err(error) if is_loss(&error) => self.shared.send(bytes),
            result => result,
        }
    }

    fn reopen(&self) -> io::Result<()> {
        self.shared.lose(&mut self.shared.state(), Hope::Some);
        Ok(())
    }
}

/// Is a new connection soon to be expected?
enum Hope {
    Some,
    None,
}

/// The other end closed the connection, or is not there any more.
fn is_loss(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        BrokenPipe | ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}

/// The datagram is too long for the socket; the connection is as good as before.
fn is_too_long(error: &io::Error) -> bool {
    error.raw_os_error() == Some(MESSAGE_TOO_LONG)
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send(&self, bytes: &[u8]) -> io::Result<()> {
        let state = self.state();
        let waited = self
            .changed
            .wait_timeout_while(state, self.duration_max, |state| {
                state.connection.is_none() && state.is_hopeful
            });
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let connection = state.connection.as_mut();
        let connection = connection.ok_or(io::ErrorKind::NotConnected)?;
        let sent = connection.send(bytes, self.duration_max);
        match &sent {
            Err(error) if is_too_long(error) => {}
            Err(error) if is_loss(error) => self.lose(&mut state, Hope::Some),
            Err(_) => self.lose(&mut state, Hope::None),
            Ok(()) => {}
        }
        sent
    }

    /// Drops the connection and has a new one made.
    fn lose(&self, state: &mut State, hope: Hope) {
        state.connection = None;
        state.is_hopeful = matches!(hope, Hope::Some);
        self.changed.notify_all();
    }

    /// The thread: connects whenever there is no connection.
    fn keep_connected(&self) {
        let mut pause = PAUSE_MIN;
        loop {
            let idle = self.changed.wait_while(self.state(), |state| {
                state.connection.is_some() && !state.is_over
            });
            let is_over = idle.unwrap_or_else(PoisonError::into_inner).is_over;
            if is_over {
                return;
            }
            let connected = self.address.connect(self.duration_max);
            let mut state = self.state();
            state.is_hopeful = false;
            self.changed.notify_all();
            match connected {
                Ok(connection) => {
                    state.connection = Some(connection);
                    pause = PAUSE_MIN;
                }
                Err(error) => {
                    tracing::debug!(address = ?self.address, %error, "audit socket is not reached");
                    let waited = self
                        .changed
                        .wait_timeout_while(state, pause, |state| !state.is_over);
                    drop(waited);
                    pause = pause.saturating_mul(2).min(PAUSE_MAX);
                }
            }
        }
    }
}
