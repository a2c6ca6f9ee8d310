//! The task of a secondary that follows its primary: connects, follows, compares where it must, and
//! begins again when the connection breaks.

use super::records::SecondaryRecord;
use super::secondary::{Connection, Doing, put_first};
use super::serve::Broken;
use super::{Role, Secondary, following, herald, joining};
use crate::refusal::from_barrier;
use crate::unsealed::Unsealed;
use barrier::{Address, Transaction};
use base::Refusal;
use core::time::Duration;
use link::{Backoff, Protocol};
use locality::SystemKey;
use replication::Position;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::task::JoinHandle;

/// How long a secondary waits before it connects again: at first, and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// The task. Ended, and waited for, when the node is sealed or plays another part.
#[derive(Default)]
pub(crate) struct Follower(Mutex<Option<Task>>);

struct Task {
    handle: JoinHandle<()>,
    /// Whose connection it keeps, where it follows.
    secondary: Option<Arc<Secondary>>,
}

impl Follower {
    /// Follows the primary from now on, where this is a secondary that has one, or becomes one; where
    /// it is a primary, tells the one before it.
    pub(crate) async fn restart(&self, node: &Arc<Unsealed>) {
        self.stop().await;
        let itself = Arc::downgrade(node);
        let task = match node.replication.role() {
            Role::Secondary(secondary) | Role::Joining(secondary)
                if !secondary.record.primary_addresses.is_empty() =>
            {
                Task {
                    handle: tokio::spawn(follow(itself, Arc::clone(&secondary))),
                    secondary: Some(secondary),
                }
            }
            Role::Primary(primary) => match primary.record.former.clone() {
                Some(former) => Task {
                    handle: tokio::spawn(herald::tell(itself, primary, former)),
                    secondary: None,
                },
                None => return,
            },
            Role::Off | Role::Secondary(_) | Role::Joining(_) => return,
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(task);
    }

    /// Ends it, and the connection that it keeps.
    pub(crate) async fn stop(&self) {
        let task = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Task { handle, secondary }) = task else {
            return;
        };
        handle.abort();
        let _ = handle.await;
        if let Some(secondary) = secondary {
            {
                let mut how = secondary.how();
                how.connection = Connection::Idle;
                how.doing = Doing::Idle;
            }
            // What is forwarded does not go over it any more.
            secondary.connected(None);
        }
    }
}

async fn follow(node: Weak<Unsealed>, secondary: Arc<Secondary>) {
    let mut backoff = Backoff::new(PAUSES.0, PAUSES.1);
    loop {
        let Some(node) = node.upgrade() else { return };
        secondary.how().connection = Connection::Connecting;
        let before = progress(&secondary);
        let done = connected(&node, &secondary).await;
        // To be let in is not enough: who is refused then, or fails, would come again at full speed.
        if progress(&secondary) != before {
            backoff.succeeded();
        }
        {
            let mut how = secondary.how();
            how.connection = Connection::Failed;
            how.doing = Doing::Idle;
            if let Err(broken) = &done {
                how.trouble = broken.to_string();
            }
        }
        secondary.connected(None);
        if let Err(broken) = done {
            let reason = broken.to_string();
            tracing::warn!(reason, "the connection to the primary ended");
        }
        let length = backoff.wait(node.parts.entropy.as_ref());
        drop(node);
        pause(length).await;
    }
}

/// Between two connections, or two pieces of work that may wait. Ended with the task.
#[expect(
    clippy::disallowed_methods,
    reason = "nothing tells when the primary can be reached again, or whether requests will come"
)]
pub(super) async fn pause(length: Duration) {
    tokio::time::sleep(length).await;
}

/// How far it is, and how often its primary said how far that is itself.
fn progress(secondary: &Secondary) -> (Position, u64) {
    (secondary.position(), secondary.how().signs_of_life)
}

/// Another address of the primary is the first to be tried from now on, after a restart too.
async fn record_answered(node: &Arc<Unsealed>, address: &str) {
    let joins = node.replication.joining().is_some();
    let stored = node.transact(|tx| match joins {
        true => store_answered(tx, &SystemKey::joining(), address),
        false => store_answered(tx, &SystemKey::performance_secondary(), address),
    });
    if let Err(refusal) = stored.await {
        // It follows all the same, and tries the others first after a restart.
        let reason = refusal.reason;
        tracing::warn!(reason, "the address that answered could not be noted");
    }
}

fn store_answered(tx: &mut Transaction, key: &impl Address, address: &str) -> Result<(), Refusal> {
    let stored = tx.read_json::<SecondaryRecord>(key).map_err(from_barrier)?;
    let Some(mut record) = stored else {
        return Ok(());
    };
    match put_first(&mut record.primary_addresses, address) {
        true => tx.write_json(key, &record).map_err(from_barrier),
        false => Ok(()),
    }
}

/// One connection.
async fn connected(node: &Arc<Unsealed>, secondary: &Arc<Secondary>) -> Result<(), Broken> {
    let record = &secondary.record;
    let Some(client) = &record.client else {
        let text = "it has no certificate of a primary: update-primary gives it one";
        return Err(Broken::Here(String::from(text)));
    };
    let identity = client.identity(&record.authority);
    let dialed = node
        .parts
        .dialer
        .dial(Protocol::Performance, &secondary.addresses(), &identity)
        .await;
    let link = dialed.map_err(|error| Broken::Here(error.to_string()))?;
    if secondary.answered(link.address()) {
        record_answered(node, link.address()).await;
    }
    {
        let mut how = secondary.how();
        how.connection = Connection::Ready;
        how.started = Some(node.now());
    }
    following::greet(&*link).await?;
    secondary.connected(Some(Arc::clone(&link)));
    tracing::info!(address = link.address(), "connected to the primary");
    match node.replication.joining() {
        Some(_) => match joining::run(node, secondary, &*link).await? {},
        None => following::run(node, secondary, &*link).await,
    }
}
