//! Ends tokens.

use super::{named, own as own_token, with_accessor};
use crate::native::{Ask, Told};
use crate::refusal::from_barrier;
use crate::secret;
use access::TokenHash;
use base::{Answer, Refusal};

pub(super) fn by_id(ask: &mut Ask<'_>) -> Told {
    // A token that is not there is as good as revoked.
    match named(ask)? {
        Some((hash, _)) => revoke(ask, &hash),
        None => Ok(Answer::Empty),
    }
}

pub(super) fn own(ask: &mut Ask<'_>) -> Told {
    let (hash, _) = own_token(ask)?;
    revoke(ask, &hash)
}

pub(super) fn by_accessor(ask: &mut Ask<'_>) -> Told {
    let (hash, _) = with_accessor(ask)?;
    revoke(ask, &hash)
}

pub(super) fn sparing_children(ask: &mut Ask<'_>) -> Told {
    let found = named(ask)?;
    let (hash, _) = found.ok_or_else(|| Refusal::invalid("token to revoke not found"))?;
    access::orphan_children(ask.tx, &hash).map_err(from_barrier)?;
    revoke(ask, &hash)
}

fn revoke(ask: &mut Ask<'_>, hash: &TokenHash) -> Told {
    secret::revoke_token(ask.node, ask.tx, hash)?;
    Ok(Answer::Empty)
}
