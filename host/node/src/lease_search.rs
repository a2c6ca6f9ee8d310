//! `sys/leases/tidy`: looks for leases whose mount or token is gone. Both end their leases when they
//! go, so there is nothing to find unless a defect is about.

use crate::refusal::from_barrier;
use crate::unsealed::Unsealed;
use base::{NamespaceId, Refusal};
use lease::{Kind, SecretLease};
use locality::SystemKey;
use mount::Namespace;
use std::sync::{Arc, Weak};

/// Leases that are looked at in one transaction.
const PAGE: usize = 200;

/// Begins, unless it goes on already: in a namespace, and in all below it.
pub(crate) fn start(node: &Arc<Unsealed>, namespace: &Namespace) {
    let tables = node.tables();
    let below = tables.namespaces.below(namespace).map(|below| below.id);
    let all: Vec<NamespaceId> = core::iter::once(namespace.id).chain(below).collect();
    node.searches.begin("leases", node, |node| {
        Box::pin(async move {
            let mut found = 0;
            for namespace in all {
                found += search(&node, namespace).await?;
            }
            Ok(found)
        })
    });
}

async fn search(node: &Weak<Unsealed>, namespace: NamespaceId) -> Result<u64, Refusal> {
    let (mut after, mut found) = (None, 0);
    loop {
        let Some(node) = node.upgrade() else {
            return Ok(found);
        };
        let (last, ended) = page(&node, namespace, after.as_deref()).await?;
        found += ended;
        match last {
            Some(last) => after = Some(last),
            None => return Ok(found),
        }
        node.wake_expirer();
    }
}

/// Looks at some leases; gives the last of them, or none when there are no more.
async fn page(
    node: &Arc<Unsealed>,
    of: NamespaceId,
    after: Option<&str>,
) -> Result<(Option<String>, u64), Refusal> {
    node.transact(|tx| {
        let ids = lease::ids_below(tx, Kind::Secret, of, "", after, PAGE).map_err(from_barrier)?;
        let (tables, mut ended) = (node.tables(), 0);
        for id in &ids {
            let lease = lease::find(tx, id).map_err(from_barrier)?;
            let Some(SecretLease {
                namespace,
                mount,
                token,
                irrevocable,
                ..
            }) = lease
            else {
                continue;
            };
            let has_token = token.is_empty()
                || tx
                    .get(&SystemKey::token(&token))
                    .map_err(from_barrier)?
                    .is_some();
            if irrevocable.is_some() {
                // Whoever runs the server has been told of it, and decides.
                continue;
            }
            if tables.with_id(namespace, mount).is_none() {
                lease::forget(tx, id).map_err(from_barrier)?;
                ended += 1;
            } else if !has_token {
                lease::end_now(tx, id, node.now()).map_err(from_barrier)?;
                ended += 1;
            }
        }
        let is_last = ids.len() < PAGE;
        Ok((ids.into_iter().next_back().filter(|_| !is_last), ended))
    })
    .await
}
