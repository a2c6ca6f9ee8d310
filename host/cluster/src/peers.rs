//! What one peer may use of a port, over all its connections.

use link::{Budget, NotAdmitted, Protocol};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The peers that are connected.
#[derive(Debug)]
pub(crate) struct Peers {
    connections_max: usize,
    connected: Mutex<BTreeMap<(Protocol, String), Weak<Share>>>,
}

/// What the connections of one peer share.
#[derive(Debug)]
struct Share {
    connections: Arc<Semaphore>,
    incoming: Budget,
    outgoing: Budget,
}

/// The place of one connection.
#[derive(Debug)]
pub(crate) struct Entered {
    share: Arc<Share>,
    _place: OwnedSemaphorePermit,
}

impl Peers {
    pub(crate) const fn new(connections_max: usize) -> Self {
        Self {
            connections_max,
            connected: Mutex::new(BTreeMap::new()),
        }
    }

    /// A place for a further connection of a peer.
    pub(crate) fn enter(&self, protocol: Protocol, name: &str) -> Result<Entered, NotAdmitted> {
        let share = self.share(protocol, name);
        let place = Arc::clone(&share.connections).try_acquire_owned();
        let place = place.map_err(|_| {
            let count = self.connections_max;
            NotAdmitted(format!("{count} connections of {name:?} are open already"))
        })?;
        Ok(Entered {
            share,
            _place: place,
        })
    }

    fn share(&self, protocol: Protocol, name: &str) -> Arc<Share> {
        let mut connected = self
            .connected
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        connected.retain(|_, share| share.strong_count() > 0);
        let key = (protocol, String::from(name));
        if let Some(share) = connected.get(&key).and_then(Weak::upgrade) {
            return share;
        }
        let share = Arc::new(Share {
            connections: Arc::new(Semaphore::new(self.connections_max)),
            incoming: Budget::default(),
            outgoing: Budget::default(),
        });
        connected.insert(key, Arc::downgrade(&share));
        share
    }
}

impl Entered {
    /// Room for what the peer says.
    pub(crate) fn incoming(&self) -> Budget {
        self.share.incoming.clone()
    }

    /// Room for what it is told.
    pub(crate) fn outgoing(&self) -> Budget {
        self.share.outgoing.clone()
    }
}
