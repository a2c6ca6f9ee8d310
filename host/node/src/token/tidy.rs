//! `auth/token/tidy`: looks whether every accessor has its token. Tokens are made and ended in one
//! batch, so there is nothing to find unless storage was tampered with or a defect is about.

use crate::native::{Ask, Told};
use crate::refusal::from_barrier;
use crate::unsealed::Unsealed;
use access::TokenHash;
use base::{Answer, Envelope, NamespaceId, Refusal};
use locality::{PhysicalKey, SystemKey};
use std::sync::{Arc, Weak};

/// Accessors that are looked at in one transaction.
const PAGE: usize = 500;

/// What is answered to whoever asks for a search.
pub(crate) fn started() -> Answer {
    Answer::Accepted(Box::new(Envelope {
        warnings: vec![String::from(
            "Tidy operation successfully started. Any information from the operation will be printed to the server's logs.",
        )],
        ..Envelope::default()
    }))
}

pub(super) fn start(ask: &mut Ask<'_>) -> Told {
    let id = ask.namespace.id;
    ask.node.searches.begin("accessors", ask.node, move |node| {
        Box::pin(search(node, id))
    });
    Ok(started())
}

async fn search(node: Weak<Unsealed>, namespace: NamespaceId) -> Result<u64, Refusal> {
    let (mut after, mut found) = (None, 0);
    loop {
        let Some(node) = node.upgrade() else {
            return Ok(found);
        };
        let (last, removed) = page(&node, namespace, after.as_ref()).await?;
        found += removed;
        match last {
            Some(last) => after = Some(last),
            None => return Ok(found),
        }
    }
}

/// Looks at some accessors; gives the last of them, or none when there are no more.
async fn page(
    node: &Arc<Unsealed>,
    namespace: NamespaceId,
    after: Option<&PhysicalKey>,
) -> Result<(Option<PhysicalKey>, u64), Refusal> {
    node.transact(|tx| {
        let mut removed = 0;
        let all = SystemKey::accessors(namespace);
        let keys = tx.keys(&all, after, PAGE).map_err(from_barrier)?;
        for key in &keys {
            let hash: Option<TokenHash> = tx.read_json(key).map_err(from_barrier)?;
            let Some(hash) = hash else { continue };
            let token = tx.get(&SystemKey::token(hash.as_str()));
            if token.map_err(from_barrier)?.is_none() {
                tx.delete(key);
                removed += 1;
            }
        }
        let is_last = keys.len() < PAGE;
        Ok((keys.into_iter().next_back().filter(|_| !is_last), removed))
    })
    .await
}
