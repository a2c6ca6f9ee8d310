//! Tells the primary before this one that it is no more the last: a primary that was lost and comes
//! back cannot know, for nobody calls it any more.

use super::following::hello;
use super::records::{PrimaryRecord, SecondaryRecord};
use super::serve::{Broken, hear, send};
use super::{Primary, follower};
use crate::refusal::from_barrier;
use crate::unsealed::Unsealed;
use base::Refusal;
use core::time::Duration;
use link::{Backoff, Protocol};
use locality::SystemKey;
use replication::{Event, Follow, Method, Position};
use seal::sealed_box::KeyPair;
use std::sync::{Arc, Weak};

/// How long it waits before it tries again: at first, and at most.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// About a day, after a promotion and after each unseal.
const TRIES_MAX: u32 = 1_440;

/// Tries until the primary before this one has heard it.
pub(super) async fn tell(node: Weak<Unsealed>, primary: Arc<Primary>, former: SecondaryRecord) {
    let mut backoff = Backoff::new(PAUSES.0, PAUSES.1);
    for _ in 0..TRIES_MAX {
        let Some(node) = node.upgrade() else { return };
        match told(&node, &primary, &former).await {
            Ok(reason) => {
                tracing::info!(reason, "the primary before this one knows");
                if let Err(refusal) = forget(&node).await {
                    tracing::warn!(reason = refusal.reason, "noting that it knows");
                }
                return;
            }
            Err(broken) => {
                let reason = broken.to_string();
                tracing::debug!(reason, "the primary before this one does not know");
            }
        }
        let length = backoff.wait(node.parts.entropy.as_ref());
        drop(node);
        follower::pause(length).await;
    }
}

/// Calls as the secondary that this cluster was, and says which generation it has met: its own.
async fn told(
    node: &Arc<Unsealed>,
    primary: &Primary,
    former: &SecondaryRecord,
) -> Result<String, Broken> {
    let none = || Broken::Here(String::from("there is no certificate for it"));
    let client = former.client.as_ref().ok_or_else(none)?;
    let identity = client.identity(&former.authority);
    let dialer = &node.parts.dialer;
    let dialed = dialer
        .dial(Protocol::Performance, &former.primary_addresses, &identity)
        .await;
    let link = dialed.map_err(|error| Broken::Here(error.to_string()))?;
    let mut channel = link.open(Method::Follow.name()).await?;
    let keys = KeyPair::make(node.parts.entropy.as_ref());
    let hello = hello(node, former, primary.record.generation, &keys);
    let position = Position::default();
    send(&channel, &Follow { hello, position }).await?;
    match hear::<Event>(&mut channel).await? {
        Event::Refused { reason } => Ok(reason),
        _ => Err(Broken::Message(String::from("it leads on all the same"))),
    }
}

async fn forget(node: &Arc<Unsealed>) -> Result<(), Refusal> {
    node.transact(|tx| {
        let key = SystemKey::performance_primary();
        let stored = tx.read_json::<PrimaryRecord>(&key).map_err(from_barrier)?;
        let Some(mut record) = stored else {
            return Ok(());
        };
        record.former = None;
        tx.write_json(&key, &record).map_err(from_barrier)
    })
    .await
}
