//! Tokens in storage. All functions work within the caller's transaction.

use crate::{Lifetime, Token, TokenHash, TokenId, TokenSalt};
use barrier::{BarrierError, Transaction};
use base::{Entropy, MountId, NamespaceId, Timestamp, TokenKind, make_base62};
use locality::SystemKey;
use std::collections::BTreeMap;

/// Why a token was not made.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The id that was asked for belongs to a token already.
    #[error("cannot create a token with a duplicate ID")]
    Duplicate,
    /// A batch token carries what it is, and this would be more than a header takes.
    #[error("batch token would be longer than {} bytes", TokenId::LENGTH_MAX)]
    TooLong,
    /// The storage failed.
    #[error("using the token store")]
    Storage(#[from] BarrierError),
}

/// A token to be made.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// None for an orphan.
    pub parent: Option<TokenHash>,
    /// Where it is made.
    pub namespace: NamespaceId,
    /// What it may do.
    pub policies: Vec<String>,
    /// The path that makes it.
    pub path: String,
    /// For people and audit.
    pub display_name: String,
    /// Of the creator's choice.
    pub metadata: BTreeMap<String, String>,
    /// Zero for any number.
    pub uses: u32,
    /// How long it is to live.
    pub lifetime: Lifetime,
    /// Entity; empty for none.
    pub entity_id: String,
    /// Role; empty for none.
    pub role: String,
    /// Networks; empty for all.
    pub bound_cidrs: Vec<String>,
    /// The auth method whose login makes it; None where no login does.
    pub method: Option<MountId>,
}

/// Stores a new service token with accessor, parent link and end.
///
/// # Errors
/// [`AccessError`] as its variants say.
pub fn make(
    tx: &mut Transaction,
    salt: &TokenSalt,
    entropy: &dyn Entropy,
    now: Timestamp,
    id: &TokenId,
    new: NewToken,
) -> Result<Token, AccessError> {
    let hash = salt.hash(id.expose());
    if tx
        .read_json::<Token>(&SystemKey::token(hash.as_str()))?
        .is_some()
    {
        return Err(AccessError::Duplicate);
    }
    let mut policies = new.policies;
    policies.sort_unstable();
    policies.dedup();
    let token = Token {
        accessor: new.namespace.mark(make_base62(entropy, 24)),
        parent: new.parent,
        namespace: new.namespace,
        policies,
        path: new.path,
        display_name: new.display_name,
        metadata: new.metadata,
        kind: TokenKind::Service,
        uses_left: new.uses,
        is_spent: false,
        created: now,
        expires: new.lifetime.ends(now, now, 0),
        lifetime: new.lifetime,
        last_renewal: None,
        entity_id: new.entity_id,
        role: new.role,
        bound_cidrs: new.bound_cidrs,
        method: new.method,
    };
    tx.write_json(&SystemKey::accessor(&token.accessor), &hash)?;
    if let Some(parent) = &token.parent {
        tx.put(
            &SystemKey::token_child(parent.as_str(), hash.as_str()),
            Vec::new(),
        );
    }
    tx.put(
        &SystemKey::token_lease_id(&token.lease_id(&hash)),
        Vec::new(),
    );
    if let Some(end) = token.expires {
        lease::set_end(tx, end, &token.lease_id(&hash));
    }
    if let Some(method) = token.method {
        tx.put(
            &SystemKey::mount_lease(method, &token.lease_id(&hash)),
            Vec::new(),
        );
    }
    tx.write_json(&SystemKey::token(hash.as_str()), &token)?;
    Ok(token)
}

/// Makes a token of a kind, and the id that its owner gets.
///
/// # Errors
/// [`AccessError`] as its variants say.
pub fn issue(
    tx: &mut Transaction,
    salt: &TokenSalt,
    entropy: &dyn Entropy,
    now: Timestamp,
    kind: TokenKind,
    new: NewToken,
) -> Result<(TokenId, Token), AccessError> {
    match kind {
        TokenKind::Service => {
            let id = TokenId::make_service(entropy, new.namespace);
            let token = make(tx, salt, entropy, now, &id, new)?;
            Ok((id, token))
        }
        TokenKind::Batch => crate::batch::make(tx, now, new),
    }
}

/// The token with this id, if it is alive at `now`: a stored one, or one that carries what it is
/// and whose parent, where it has one, is alive.
///
/// # Errors
/// When the storage fails.
pub fn lookup(
    tx: &mut Transaction,
    salt: &TokenSalt,
    id: &str,
    now: Timestamp,
) -> Result<Option<(TokenHash, Token)>, BarrierError> {
    let hash = salt.hash(id);
    let token = match crate::batch::is_batch(id) {
        true => crate::batch::open(tx, id),
        false => return Ok(find(tx, &hash, now)?.map(|token| (hash, token))),
    };
    match token {
        Some(token) if still_lives(tx, &hash, &token, now)? => Ok(Some((hash, token))),
        _ => Ok(None),
    }
}

/// Is a token that was found before alive at `now`? Asks storage.
///
/// # Errors
/// When the storage fails.
pub fn still_lives(
    tx: &mut Transaction,
    hash: &TokenHash,
    token: &Token,
    now: Timestamp,
) -> Result<bool, BarrierError> {
    match (token.kind, &token.parent) {
        (TokenKind::Service, _) => Ok(find(tx, hash, now)?.is_some()),
        (TokenKind::Batch, None) => Ok(token.is_alive(now)),
        (TokenKind::Batch, Some(parent)) => {
            Ok(token.is_alive(now) && find(tx, parent, now)?.is_some())
        }
    }
}

/// The token with this hash, if it is alive at `now`.
///
/// # Errors
/// When the storage fails.
pub fn find(
    tx: &mut Transaction,
    hash: &TokenHash,
    now: Timestamp,
) -> Result<Option<Token>, BarrierError> {
    let token: Option<Token> = tx.read_json(&SystemKey::token(hash.as_str()))?;
    Ok(token.filter(|token| token.is_alive(now)))
}

/// The hash of the token with this accessor.
///
/// # Errors
/// When the storage fails.
pub fn find_by_accessor(
    tx: &mut Transaction,
    accessor: &str,
) -> Result<Option<TokenHash>, BarrierError> {
    // An accessor is a path segment in storage: nothing else may reach another entry by it.
    let fine = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.';
    if accessor.is_empty() || !accessor.bytes().all(fine) {
        return Ok(None);
    }
    tx.read_json(&SystemKey::accessor(accessor))
}

/// Stores a token that has changed: renewed, or with one use less. `ended` is its end before.
///
/// # Errors
/// When the storage fails.
pub fn save(
    tx: &mut Transaction,
    hash: &TokenHash,
    ended: Option<Timestamp>,
    token: &Token,
) -> Result<(), BarrierError> {
    if ended != token.expires {
        lease::move_end(tx, ended, token.expires, &token.lease_id(hash));
    }
    tx.write_json(&SystemKey::token(hash.as_str()), token)
}

/// Takes one use of a token, where they are counted; the token as it is then. None where it is not
/// alive: two requests cannot share a use, since one of their transactions is overtaken.
///
/// # Errors
/// When the storage fails.
pub fn spend(
    tx: &mut Transaction,
    hash: &TokenHash,
    now: Timestamp,
) -> Result<Option<Token>, BarrierError> {
    let Some(mut token) = find(tx, hash, now)? else {
        return Ok(None);
    };
    let ended = token.expires;
    token.spend(now);
    save(tx, hash, ended, &token)?;
    Ok(Some(token))
}

/// Tokens that one transaction revokes. A batch of more would not fit into the log, and then a
/// token with very many children could not be revoked at all.
pub const REVOKED_AT_ONCE_MAX: usize = 1000;

/// Entries of cubbyholes that one transaction deletes, for the same reason.
pub const CUBBYHOLE_ENTRIES_AT_ONCE_MAX: usize = 1000;

/// Revokes a token and its descendants, with their cubbyholes, the token itself first. Returns the hashes of all that are
/// gone, so that their leases can follow. None of them can be used once the transaction commits.
///
/// Of more than [`REVOKED_AT_ONCE_MAX`] or [`CUBBYHOLE_ENTRIES_AT_ONCE_MAX`] the rest is noted among the ends that are due: whoever ends
/// those asks again for the same hash, until nothing is left.
///
/// # Errors
/// When the storage fails.
pub fn revoke(
    tx: &mut Transaction,
    hash: &TokenHash,
    now: Timestamp,
) -> Result<Vec<TokenHash>, BarrierError> {
    let mut gone = Vec::new();
    let mut waiting = vec![hash.clone()];
    let mut entries_room = CUBBYHOLE_ENTRIES_AT_ONCE_MAX;
    while let Some(hash) = waiting.pop() {
        if forget(tx, &hash)? {
            gone.push(hash.clone());
        }
        if !empty_cubbyholes(tx, &hash, &mut entries_room)? {
            lease::set_end(tx, now, &format!("revoke/h{hash}"));
        }
        let room = REVOKED_AT_ONCE_MAX.saturating_sub(gone.len() + waiting.len());
        let mut next = children(tx, &hash, room + 1)?;
        if next.len() > room {
            lease::set_end(tx, now, &format!("revoke/h{hash}"));
            next.truncate(room);
        }
        for child in next {
            tx.delete(&SystemKey::token_child(hash.as_str(), child.as_str()));
            waiting.push(child);
        }
    }
    Ok(gone)
}

/// Makes the children of a token orphans, so that its revocation spares them.
///
/// # Errors
/// When the storage fails.
pub fn orphan_children(tx: &mut Transaction, hash: &TokenHash) -> Result<(), BarrierError> {
    for child in children(tx, hash, usize::MAX)? {
        tx.delete(&SystemKey::token_child(hash.as_str(), child.as_str()));
        let key = SystemKey::token(child.as_str());
        if let Some(mut token) = tx.read_json::<Token>(&key)? {
            token.parent = None;
            tx.write_json(&key, &token)?;
        }
    }
    Ok(())
}

fn forget(tx: &mut Transaction, hash: &TokenHash) -> Result<bool, BarrierError> {
    let key = SystemKey::token(hash.as_str());
    let Some(token) = tx.read_json::<Token>(&key)? else {
        return Ok(false);
    };
    if let Some(parent) = &token.parent {
        tx.delete(&SystemKey::token_child(parent.as_str(), hash.as_str()));
    }
    if let Some(end) = token.expires {
        lease::cancel_end(tx, end, &token.lease_id(hash));
    }
    if let Some(method) = token.method {
        tx.delete(&SystemKey::mount_lease(method, &token.lease_id(hash)));
        tx.delete(&SystemKey::token_grant(hash.as_str()));
    }
    tx.delete(&SystemKey::token_lease_id(&token.lease_id(hash)));
    tx.delete(&SystemKey::accessor(&token.accessor));
    tx.delete(&key);
    Ok(true)
}

/// Deletes what a token kept for itself; false when there is more than `room`.
fn empty_cubbyholes(
    tx: &mut Transaction,
    hash: &TokenHash,
    room: &mut usize,
) -> Result<bool, BarrierError> {
    let keys = tx.keys(&SystemKey::cubbyholes(hash.as_str()), None, *room + 1)?;
    let is_all = keys.len() <= *room;
    for key in keys.iter().take(*room) {
        tx.delete(key);
    }
    *room = room.saturating_sub(keys.len());
    Ok(is_all)
}

fn children(
    tx: &mut Transaction,
    hash: &TokenHash,
    limit: usize,
) -> Result<Vec<TokenHash>, BarrierError> {
    let below = SystemKey::token_children(hash.as_str());
    let keys = tx.keys(&below, None, limit)?;
    let path = below.physical().path();
    let names = keys.iter().filter_map(|key| key.path().strip_prefix(path));
    Ok(names
        .map(|name| TokenHash::from_stored(name.to_owned()))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{entropy, new, transaction};

    #[test]
    fn a_token_with_very_many_children_is_revoked_in_steps() {
        let entropy = entropy();
        let now = Timestamp::from_millis(5);
        let mut tx = transaction();
        let salt = TokenSalt::new(&[1; 32]);
        let add = |tx: &mut Transaction, id: &str, parent: Option<TokenHash>| {
            let id = TokenId::parse(id.to_owned()).unwrap();
            make(tx, &salt, entropy.as_ref(), now, &id, new(parent)).unwrap();
            salt.hash(id.expose())
        };
        let root = add(&mut tx, "parent", None);
        let children = REVOKED_AT_ONCE_MAX * 2;
        for number in 0..children {
            add(&mut tx, &format!("child-{number}"), Some(root.clone()));
        }
        let mut gone = revoke(&mut tx, &root, now).unwrap();
        assert_eq!(gone.len(), REVOKED_AT_ONCE_MAX);
        assert!(find(&mut tx, &root, now).unwrap().is_none());
        let due = lease::due(&mut tx, now, 10).unwrap();
        assert_eq!(due[0].id, format!("revoke/h{root}"));
        while gone.len() <= children {
            let more = revoke(&mut tx, &root, now).unwrap();
            assert!(!more.is_empty());
            gone.extend(more);
        }
        assert!(revoke(&mut tx, &root, now).unwrap().is_empty());
    }
}
