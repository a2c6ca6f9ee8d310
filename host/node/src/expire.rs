//! Work in the background: ends what has come to its end, tokens and leased secrets, a few at a
//! time, and lets components look after their records.

use crate::identity;
use crate::refusal::{chain, from_barrier};
use crate::secret;
use crate::unsealed::Unsealed;
use access::TokenHash;
use base::{Refusal, Timestamp};
use core::time::Duration;
use lease::Due;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// Leases that are ended before other work is let through.
const BATCH: usize = 64;
/// The longest the clock is not looked at, so that a clock that was set is noticed. Also the time
/// between two ticks of a component.
const NAP_MAX: Duration = Duration::from_secs(60);
/// After a failure, before the same lease is tried again. Doubles with each failure.
const BACK_OFF_MIN: Duration = Duration::from_secs(1);
const BACK_OFF_DOUBLINGS_MAX: u32 = 10;

/// The task that ends leases.
#[derive(Default)]
pub(crate) struct Expirer {
    task: Mutex<Option<JoinHandle<()>>>,
    wake: Arc<Notify>,
}

impl Expirer {
    /// Begins. The task holds the node weakly: it cannot keep keys in memory.
    pub(crate) fn start(&self, node: &Arc<Unsealed>) {
        let task = tokio::spawn(run(Arc::downgrade(node), Arc::clone(&self.wake)));
        *self.task.lock().unwrap_or_else(PoisonError::into_inner) = Some(task);
    }

    /// Looks again: something ends sooner than before.
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    /// Ends the task and waits for it.
    pub(crate) async fn stop(&self) {
        let task = self
            .task
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(task) = task {
            task.abort();
            let _ = task.await;
        }
    }
}

async fn run(node: Weak<Unsealed>, wake: Arc<Notify>) {
    let mut failures: HashMap<String, u32> = HashMap::new();
    let mut ticked = Timestamp::default();
    loop {
        let Some(unsealed) = node.upgrade() else {
            return;
        };
        let now = unsealed.now();
        if now.since(ticked) >= NAP_MAX {
            ticked = now;
            unsealed.rotate_if_due().await;
            unsealed.own_work.tick(&unsealed);
            unsealed.removals.resume(&unsealed);
            if let Err(refusal) = identity::tick(&unsealed).await {
                tracing::warn!(reason = refusal.reason, "rotating keys of identity tokens");
            }
        }
        let nap = round(&unsealed, &mut failures)
            .await
            .unwrap_or_else(|refusal| {
                tracing::warn!(reason = refusal.reason, "looking for ended leases");
                NAP_MAX
            });
        drop(unsealed);
        let _ = tokio::time::timeout(nap, wake.notified()).await;
    }
}

/// Ends a batch; says how long nothing is to be done.
async fn round(
    node: &Arc<Unsealed>,
    failures: &mut HashMap<String, u32>,
) -> Result<Duration, Refusal> {
    let now = node.now();
    let mut tx = node.begin();
    let due = lease::due(&mut tx, now, BATCH).map_err(from_barrier)?;
    if due.is_empty() {
        let next = lease::next_end(&mut tx).map_err(from_barrier)?;
        return Ok(next.map_or(NAP_MAX, |next| next.since(now)).min(NAP_MAX));
    }
    for ended in &due {
        match end(node, ended).await {
            Ok(()) => drop(failures.remove(&ended.id)),
            Err(refusal) => {
                let count = failures.entry(ended.id.clone()).or_default();
                *count = count.saturating_add(1).min(BACK_OFF_DOUBLINGS_MAX);
                let later = BACK_OFF_MIN * 2_u32.pow(*count);
                tracing::warn!(
                    lease = ended.id,
                    reason = refusal.reason,
                    ?later,
                    "lease not ended"
                );
                postpone(node, ended, later).await?;
            }
        }
    }
    Ok(Duration::ZERO)
}

async fn end(node: &Arc<Unsealed>, ended: &Due) -> Result<(), Refusal> {
    let now = node.now();
    match token_hash(&ended.id) {
        Some(hash) => {
            node.transact(|tx| {
                lease::cancel_end(tx, ended.at, &ended.id);
                // One that was renewed meanwhile has another end.
                match access::find(tx, &hash, now).map_err(from_barrier)? {
                    Some(_) => Ok(()),
                    None => secret::revoke_token(node, tx, &hash).map(drop),
                }
            })
            .await
        }
        None => {
            let mut tx = node.begin();
            let lease = lease::find(&mut tx, &ended.id).map_err(from_barrier)?;
            if lease.is_none_or(|lease| lease.expires <= now) {
                tx = secret::revoke(node, tx, &ended.id).await?;
            }
            lease::cancel_end(&mut tx, ended.at, &ended.id);
            let committed = node.commit(tx).await;
            committed
                .map(drop)
                .map_err(|error| Refusal::internal(chain(&error)))
        }
    }
}

/// Tries again later. The lease itself stays as it is: it has ended.
async fn postpone(node: &Arc<Unsealed>, ended: &Due, by: Duration) -> Result<(), Refusal> {
    let later = node.now().plus(by);
    node.transact(|tx| {
        lease::move_end(tx, Some(ended.at), Some(later), &ended.id);
        Ok(())
    })
    .await
}

/// The token that a lease ends: its id is `<path>/h<hash>`, with 64 hexadecimal digits.
pub(crate) fn token_hash(lease_id: &str) -> Option<TokenHash> {
    let hash = lease_id.rsplit('/').next()?.strip_prefix('h')?;
    let is_hash = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hash.then(|| TokenHash::from_stored(hash.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_leases_of_tokens_from_leases_of_secrets() {
        let hash = "0a".repeat(32);
        let found = token_hash(&format!("auth/token/create/h{hash}"));
        assert_eq!(found, Some(TokenHash::from_stored(hash)));
        assert_eq!(token_hash("pki/issue/web/hABCDEFGHIJKLMNOPQRSTUVW"), None);
    }
}
