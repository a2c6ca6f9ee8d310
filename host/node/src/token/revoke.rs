//! Ends tokens.

use super::{find_by_accessor, named, only_stored, own as own_token};
use crate::native::{Ask, Told};
use crate::refusal::from_barrier;
use crate::secret;
use access::{Token, TokenHash};
use base::{Answer, Envelope, Refusal};

pub(super) fn by_id(ask: &mut Ask<'_>) -> Told {
    // A token that is not there is as good as revoked.
    match named(ask)? {
        Some((hash, token)) => revoke(ask, &hash, &token),
        None => Ok(Answer::Empty),
    }
}

pub(super) fn own(ask: &mut Ask<'_>) -> Told {
    let (hash, token) = own_token(ask)?;
    revoke(ask, &hash, &token)
}

pub(super) fn by_accessor(ask: &mut Ask<'_>) -> Told {
    match find_by_accessor(ask)? {
        Some((hash, token)) => revoke(ask, &hash, &token),
        None => Ok(Answer::Envelope(Box::new(Envelope {
            warnings: vec![String::from("No token found with this accessor")],
            ..Envelope::default()
        }))),
    }
}

/// In steps that each fit into the log, the last of which ends the token. Where it comes to no end,
/// those that are orphans already live on, as they were to.
pub(super) async fn sparing_children(ask: &mut Ask<'_>) -> Told {
    let found = named(ask)?;
    let (hash, token) = found.ok_or_else(|| Refusal::invalid("token to revoke not found"))?;
    only_stored(&token, "revoked")?;
    let node = ask.node;
    loop {
        let step = node.transact(|tx| {
            let is_last = access::orphan_children(tx, &hash).map_err(from_barrier)?;
            if is_last {
                secret::revoke_token(node, tx, &hash)?;
            }
            Ok(is_last)
        });
        if step.await? {
            return Ok(Answer::Empty);
        }
    }
}

fn revoke(ask: &mut Ask<'_>, hash: &TokenHash, token: &Token) -> Told {
    only_stored(token, "revoked")?;
    secret::revoke_token(ask.node, ask.tx, hash)?;
    Ok(Answer::Empty)
}
