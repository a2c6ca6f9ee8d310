//! Work in the background: ends what has come to its end, tokens and leased secrets, a few at a
//! time, and lets components look after their records.

use crate::identity;
use crate::refusal::from_barrier;
use crate::replication::self_check;
use crate::secret;
use crate::unsealed::Unsealed;
use access::TokenHash;
use barrier::Transaction;
use base::{MountId, NamespaceId, Refusal, RefusalKind, Timestamp, chain};
use core::time::Duration;
use journal::Batch;
use lease::{Due, Next};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};

/// Leases of one kind of work that a round ends: what is due of others comes in between.
const GROUP_MAX: usize = 256;
/// Tokens that one transaction ends.
const TOKENS_AT_ONCE: usize = 64;
/// Ends that a round looks at, to find the work of others behind that of one.
const SCANNED_MAX: usize = 10_000;
const PAGE: usize = 1_000;
/// A group begins no further lease after this, however slow what undoes them is: the others of the
/// round wait for it.
const GROUP_TIME_MAX: Duration = Duration::from_secs(2);
/// After a round that left something: requests come first.
const PAUSE: Duration = Duration::from_millis(5);
/// Before what is not ready is tried again.
const NOT_READY: Duration = Duration::from_secs(5);
/// As long where a secondary does not reach its primary, which much may wait for.
const AWAY: Duration = Duration::from_secs(60);
/// The longest the clock is not looked at, so that a clock that was set is noticed. Also the time
/// between two ticks of a component.
const NAP_MAX: Duration = Duration::from_secs(60);

/// Where the ends of leases and tokens are.
const ENDS: &str = "sys/expire/end/";

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

/// Does something end by a batch that did not, or at another time?
pub(crate) fn has_ends(batch: &Batch) -> bool {
    batch.ops.iter().any(|op| {
        op.value.is_some() && op.key.mount() == MountId::SYSTEM && op.key.path().starts_with(ENDS)
    })
}

async fn run(node: Weak<Unsealed>, wake: Arc<Notify>) {
    let mut ticked = Timestamp::default();
    loop {
        let Some(unsealed) = node.upgrade() else {
            return;
        };
        let now = unsealed.now();
        if now.since(ticked) >= NAP_MAX {
            ticked = now;
            unsealed.rotate_if_due().await;
            // For secondaries of which nobody has heard meanwhile.
            if let Some(primary) = unsealed.replication.primary() {
                primary.keep_log(&*unsealed.parts.source, now);
            }
            self_check::begin_if_due(&unsealed, now);
            unsealed.own_work.tick(&unsealed);
            unsealed.removals.resume(&unsealed);
            unsealed.leaving.resume(&unsealed);
            // What is shared changes on the primary.
            if !unsealed.replication.is_secondary()
                && let Err(refusal) = identity::tick(&unsealed).await
            {
                tracing::warn!(reason = refusal.reason, "rotating keys of identity tokens");
            }
        }
        let nap = round(&unsealed).await.unwrap_or_else(|refusal| {
            tracing::warn!(reason = refusal.reason, "looking for ended leases");
            NAP_MAX
        });
        drop(unsealed);
        let _ = tokio::time::timeout(nap, wake.notified()).await;
    }
}

/// What is due, in groups that do not wait for each other: tokens, and the secrets of each mount.
#[derive(Default)]
struct Round {
    groups: HashMap<Group, Vec<Due>>,
    /// Is there more than is in the groups?
    left: bool,
}

impl Round {
    /// Finds what is due, also behind much that is due of one group.
    fn find(node: &Unsealed, now: Timestamp) -> Result<Self, Refusal> {
        let mut found = Self::default();
        let mut tx = node.begin();
        let mut after = None;
        let mut folders = HashMap::new();
        for _ in 0..SCANNED_MAX / PAGE {
            let due = lease::due_after(&mut tx, now, after.as_ref(), PAGE);
            let due = due.map_err(from_barrier)?;
            let is_last = due.len() < PAGE;
            after = due.last().cloned();
            for ended in due {
                let group = group(&mut tx, &mut folders, &ended.id)?;
                let group = found.groups.entry(group).or_default();
                match group.len() < GROUP_MAX {
                    true => group.push(ended),
                    false => found.left = true,
                }
            }
            if is_last {
                return Ok(found);
            }
        }
        found.left = true;
        Ok(found)
    }
}

/// What a lease is ended together with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Group {
    Tokens,
    /// Secrets of one mount, and apart from them what is not there any more.
    Secrets(Option<(NamespaceId, MountId)>),
}

/// The mount of a lease is read once for all beside it. After a mount has moved and another stands
/// in its place, these are one group for a while.
fn group(
    tx: &mut Transaction,
    folders: &mut HashMap<(NamespaceId, String), Group>,
    id: &str,
) -> Result<Group, Refusal> {
    if token_hash(id).is_some() {
        return Ok(Group::Tokens);
    }
    let folder = id.rsplit_once('/').map_or("", |(folder, _)| folder);
    let folder = (NamespaceId::marked_on(id), folder.to_owned());
    if let Some(group) = folders.get(&folder) {
        return Ok(*group);
    }
    let lease = lease::find(tx, id).map_err(from_barrier)?;
    let group = Group::Secrets(lease.map(|lease| (lease.namespace, lease.mount)));
    if group != Group::Secrets(None) {
        folders.insert(folder, group);
    }
    Ok(group)
}

/// Ends some of what is due; says how long nothing is to be done.
async fn round(node: &Arc<Unsealed>) -> Result<Duration, Refusal> {
    let now = node.now();
    let Round { groups, left } = Round::find(node, now)?;
    if groups.is_empty() {
        let mut tx = node.begin();
        let next = lease::next_end(&mut tx).map_err(from_barrier)?;
        return Ok(next.map_or(NAP_MAX, |next| next.since(now)).min(NAP_MAX));
    }
    // Dropped with the task, and what it runs with it.
    let mut working = JoinSet::new();
    for (group, due) in groups {
        let node = Arc::clone(node);
        working.spawn(async move {
            match group {
                Group::Tokens => end_tokens(&node, &due).await,
                Group::Secrets(_) => end_secrets(&node, &due).await,
            }
        });
    }
    while let Some(done) = working.join_next().await {
        done.map_err(|error| Refusal::internal(chain(&error)))??;
    }
    Ok(if left { PAUSE } else { Duration::ZERO })
}

async fn end_tokens(node: &Arc<Unsealed>, due: &[Due]) -> Result<(), Refusal> {
    for some in due.chunks(TOKENS_AT_ONCE) {
        node.transact(|tx| {
            let now = node.now();
            for ended in some {
                lease::cancel_end(tx, ended.at, &ended.id);
                let Some(hash) = token_hash(&ended.id) else {
                    continue;
                };
                // One that was renewed meanwhile has another end.
                if access::find(tx, &hash, now)
                    .map_err(from_barrier)?
                    .is_none()
                {
                    secret::revoke_token(node, tx, &hash)?;
                }
            }
            Ok(())
        })
        .await?;
    }
    Ok(())
}

async fn end_secrets(node: &Arc<Unsealed>, due: &[Due]) -> Result<(), Refusal> {
    let began = node.now();
    for ended in due {
        if node.now().since(began) > GROUP_TIME_MAX {
            return Ok(());
        }
        let begun = node.parts.clock.elapsed();
        let done = end_secret(node, ended).await;
        let took = node.parts.clock.elapsed().saturating_sub(begun);
        node.parts.meters.revocations.record(took);
        if let Err(refusal) = done {
            failed(node, ended, &refusal).await?;
        }
    }
    Ok(())
}

async fn end_secret(node: &Arc<Unsealed>, ended: &Due) -> Result<(), Refusal> {
    let found = lease::find(&mut node.begin(), &ended.id).map_err(from_barrier)?;
    if found.is_some_and(|lease| lease.is_alive(node.now())) {
        // It was renewed meanwhile, and has another end.
        return node
            .transact(|tx| {
                lease::cancel_end(tx, ended.at, &ended.id);
                Ok(())
            })
            .await;
    }
    let cancel = |tx: &mut Transaction| lease::cancel_end(tx, ended.at, &ended.id);
    secret::revoke_now(node, &ended.id, cancel).await
}

/// Tries again later, or no more. The lease itself has ended.
async fn failed(node: &Arc<Unsealed>, ended: &Due, refusal: &Refusal) -> Result<(), Refusal> {
    let (id, now) = (&ended.id, node.now());
    let kind = refusal.kind;
    if matches!(
        kind,
        RefusalKind::Unavailable | RefusalKind::Sealed | RefusalKind::WrongPlace
    ) {
        // Nothing was tried: the mount is starting, the primary is away, or others were faster.
        let secondary = node.replication.secondary();
        let pause = match secondary.is_some_and(|secondary| secondary.link().is_none()) {
            true => AWAY,
            false => NOT_READY,
        };
        return node
            .transact(|tx| {
                lease::move_end(tx, Some(ended.at), Some(now.plus(pause)), id);
                Ok(())
            })
            .await;
    }
    let reason = match refusal.reason.as_str() {
        "" => refusal.message.as_str(),
        reason => reason,
    };
    let next = node
        .transact(|tx| lease::note_failure(tx, id, ended.at, now, reason).map_err(from_barrier))
        .await?;
    match next {
        Next::Again(later) => {
            tracing::warn!(lease = id, reason, ?later, "lease not ended");
        }
        Next::Never => tracing::error!(lease = id, reason, "lease is irrevocable"),
        Next::Gone => {}
    }
    Ok(())
}

/// The token that a lease ends: its id is `<path>/h<hash>`, with 64 hexadecimal digits, and in a
/// namespace its mark.
pub(crate) fn token_hash(lease_id: &str) -> Option<TokenHash> {
    let segment = lease_id.rsplit('/').next()?;
    let unmarked = match NamespaceId::marked_on(segment) {
        NamespaceId::ROOT => segment,
        _ => segment.rsplit_once('.')?.0,
    };
    let hash = unmarked.strip_prefix('h')?;
    let is_hash = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hash.then(|| TokenHash::from_stored(hash.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_where_they_are_looked_for() {
        let ends = locality::SystemKey::lease_ends();
        assert_eq!(ends.physical().path(), ENDS);
    }

    #[test]
    fn tells_leases_of_tokens_from_leases_of_secrets() {
        let hash = "0a".repeat(32);
        let found = token_hash(&format!("auth/token/create/h{hash}"));
        assert_eq!(found, Some(TokenHash::from_stored(hash.clone())));
        let marked = format!("auth/token/create/h{hash}.00000000000000ab");
        assert_eq!(token_hash(&marked), Some(TokenHash::from_stored(hash)));
        assert_eq!(token_hash("pki/issue/web/hABCDEFGHIJKLMNOPQRSTUVW"), None);
    }
}
