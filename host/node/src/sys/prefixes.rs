//! Ends all leases whose ids begin alike, some at a time: there may be more than one transaction
//! takes.

use crate::expire::token_hash;
use crate::native::{Ask, Told};
use crate::refusal::from_barrier;
use crate::secret;
use crate::unsealed::Unsealed;
use base::{Answer, Refusal, RefusalKind};
use lease::Kind;
use std::sync::Arc;

/// Leases that are looked up, and marked, at a time.
const PAGE: usize = 200;

/// How leases end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// They end now; what undoes them runs in the background.
    InBackground,
    /// They are undone, one after the other, up to the first that cannot be.
    AtOnce,
    /// They are undone, or else forgotten.
    ByForce,
}

/// Ends the leases below the prefix that a request names.
pub(super) async fn end_all(ask: &mut Ask<'_>, how: End) -> Told {
    let prefix = ask.text("prefix").to_owned();
    let node = Arc::clone(ask.node);
    if prefix.is_empty() {
        return Err(Refusal::invalid("prefix must be specified"));
    }
    // What is no folder may be one lease.
    let namespace = ask.namespace.id;
    let single = lease::find(ask.tx, &prefix).map_err(from_barrier)?;
    if single.is_some_and(|single| single.namespace == namespace) {
        end_some(&node, std::slice::from_ref(&prefix), how).await?;
    }
    let folder = format!("{}/", prefix.trim_end_matches('/'));
    for kind in [Kind::Secret, Kind::Token] {
        let mut after: Option<String> = None;
        loop {
            let mut tx = node.begin();
            let page = lease::ids_below(&mut tx, kind, namespace, &folder, after.as_deref(), PAGE);
            let page = page.map_err(from_barrier)?;
            match kind {
                Kind::Secret => end_some(&node, &page, how).await?,
                Kind::Token => revoke_some(&node, &page).await?,
            }
            match page.into_iter().next_back() {
                Some(last) => after = Some(last),
                None => break,
            }
        }
    }
    node.wake_expirer();
    Ok(Answer::Empty)
}

async fn end_some(node: &Arc<Unsealed>, ids: &[String], how: End) -> Result<(), Refusal> {
    if how == End::InBackground {
        return node
            .transact(|tx| {
                for id in ids {
                    lease::end_now(tx, id, node.now()).map_err(from_barrier)?;
                }
                Ok(())
            })
            .await;
    }
    for id in ids {
        match secret::revoke_now(node, id, |_| ()).await {
            Ok(()) => {}
            Err(refusal) if how == End::ByForce => {
                let reason = match refusal.reason.as_str() {
                    "" => refusal.message,
                    _ => refusal.reason,
                };
                tracing::warn!(lease = id, reason, "lease forgotten without being undone");
                node.transact(|tx| lease::forget(tx, id).map_err(from_barrier))
                    .await?;
            }
            Err(refusal) => {
                return Err(Refusal {
                    message: format!("failed to revoke {id:?}: {}", refusal.message),
                    kind: RefusalKind::Internal,
                    ..refusal
                });
            }
        }
    }
    Ok(())
}

async fn revoke_some(node: &Arc<Unsealed>, ids: &[String]) -> Result<(), Refusal> {
    for id in ids {
        if let Some(hash) = token_hash(id) {
            node.transact(|tx| secret::revoke_token(node, tx, &hash).map(drop))
                .await?;
        }
    }
    Ok(())
}
