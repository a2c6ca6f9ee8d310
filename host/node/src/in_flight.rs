//! The requests that are being answered, for `sys/in-flight-req`.

use base::{Operation, Request, Timestamp};
use core::net::SocketAddr;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// All of them.
#[derive(Default)]
pub(crate) struct InFlight(Arc<Mutex<Table>>);

#[derive(Default)]
struct Table {
    /// Numbers that were given out.
    last: u64,
    requests: BTreeMap<u64, Begun>,
}

/// A request that has begun.
#[derive(Clone)]
pub(crate) struct Begun {
    pub(crate) id: String,
    pub(crate) at: Timestamp,
    pub(crate) address: SocketAddr,
    pub(crate) path: String,
    pub(crate) operation: Operation,
}

/// As long as it lives its request is in the list.
pub(crate) struct Listed {
    table: Arc<Mutex<Table>>,
    number: u64,
}

fn lock(table: &Mutex<Table>) -> MutexGuard<'_, Table> {
    // Held to add or take one line, or to copy all.
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

impl InFlight {
    /// A request begins.
    pub(crate) fn begin(&self, request: &Request, at: Timestamp) -> Listed {
        let begun = Begun {
            id: request.id.clone(),
            at,
            address: request.client.address,
            path: request.path.as_str().to_owned(),
            operation: request.operation,
        };
        let mut table = lock(&self.0);
        table.last += 1;
        let number = table.last;
        table.requests.insert(number, begun);
        Listed {
            table: Arc::clone(&self.0),
            number,
        }
    }

    /// Those that have begun and not ended.
    pub(crate) fn all(&self) -> Vec<Begun> {
        lock(&self.0).requests.values().cloned().collect()
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        lock(&self.0).requests.len()
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        lock(&self.table).requests.remove(&self.number);
    }
}
