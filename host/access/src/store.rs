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
    /// Every use of a token looks at all that it stems from, so there is a bound to them.
    #[error("token would have more than {ANCESTORS_MAX} ancestors")]
    TooDeep,
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

/// Stores a new service token, whose id somebody chose, with accessor, parent link and end.
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
    // One that is being revoked in steps: its id made anew would bring back what is left below it.
    if !children(tx, &hash, 1)?.is_empty() {
        return Err(AccessError::Duplicate);
    }
    store(tx, &hash, entropy, now, new)
}

fn store(
    tx: &mut Transaction,
    hash: &TokenHash,
    entropy: &dyn Entropy,
    now: Timestamp,
    new: NewToken,
) -> Result<Token, AccessError> {
    let key = SystemKey::token(hash.as_str());
    if tx.read_json::<Token>(&key)?.is_some() {
        return Err(AccessError::Duplicate);
    }
    if let Some(parent) = &new.parent
        && ancestors(tx, parent)? > ANCESTORS_MAX
    {
        return Err(AccessError::TooDeep);
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
    tx.write_json(&SystemKey::accessor(&token.accessor), hash)?;
    if let Some(parent) = &token.parent {
        tx.put(
            &SystemKey::token_child(parent.as_str(), hash.as_str()),
            Vec::new(),
        );
    }
    tx.put(
        &SystemKey::token_lease_id(&token.lease_id(hash)),
        Vec::new(),
    );
    if let Some(end) = token.expires {
        lease::set_end(tx, end, &token.lease_id(hash));
    }
    if let Some(method) = token.method {
        tx.put(
            &SystemKey::mount_lease(method, &token.lease_id(hash)),
            Vec::new(),
        );
    }
    tx.write_json(&key, &token)?;
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
            let token = store(tx, &salt.hash(id.expose()), entropy, now, new)?;
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

/// The token with this hash, if it is alive at `now`: it and all that it stems from. A token with
/// very many descendants is revoked in steps, and none of them outlives the first.
///
/// # Errors
/// When the storage fails.
pub fn find(
    tx: &mut Transaction,
    hash: &TokenHash,
    now: Timestamp,
) -> Result<Option<Token>, BarrierError> {
    let Some(token) = alone(tx, hash, now)? else {
        return Ok(None);
    };
    let mut above = token.parent.clone();
    while let Some(hash) = above {
        match alone(tx, &hash, now)? {
            Some(ancestor) => above = ancestor.parent,
            None => return Ok(None),
        }
    }
    Ok(Some(token))
}

/// As [`find`], whatever became of those that it stems from.
fn alone(
    tx: &mut Transaction,
    hash: &TokenHash,
    now: Timestamp,
) -> Result<Option<Token>, BarrierError> {
    let token: Option<Token> = tx.read_json(&SystemKey::token(hash.as_str()))?;
    Ok(token.filter(|token| token.is_alive(now)))
}

/// How many ancestors a child of this token has: those that are stored, and it.
fn ancestors(tx: &mut Transaction, hash: &TokenHash) -> Result<usize, BarrierError> {
    let mut count = 0;
    let mut above = Some(hash.clone());
    while let Some(hash) = above {
        count += 1;
        let token: Option<Token> = tx.read_json(&SystemKey::token(hash.as_str()))?;
        above = token.and_then(|token| token.parent);
    }
    Ok(count)
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

/// Tokens that a token can stem from.
pub const ANCESTORS_MAX: usize = 256;

/// Entries of cubbyholes that one transaction deletes, for the same reason.
pub const CUBBYHOLE_ENTRIES_AT_ONCE_MAX: usize = 1000;

/// Revokes a token and its descendants, with their cubbyholes, the token itself first. Returns the
/// hashes of all that are gone, so that their leases can follow. None of the descendants can be used
/// once the transaction commits, also not those that are still stored: [`find`] asks for their
/// ancestors.
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

/// Children of a token that one transaction makes orphans: each is written anew, not only deleted.
pub const ORPHANED_AT_ONCE_MAX: usize = 500;

/// Makes children of a token orphans, so that its revocation spares them: at most
/// [`ORPHANED_AT_ONCE_MAX`]. Were those all?
///
/// # Errors
/// When the storage fails.
pub fn orphan_children(tx: &mut Transaction, hash: &TokenHash) -> Result<bool, BarrierError> {
    let children = children(tx, hash, ORPHANED_AT_ONCE_MAX + 1)?;
    for child in children.iter().take(ORPHANED_AT_ONCE_MAX) {
        tx.delete(&SystemKey::token_child(hash.as_str(), child.as_str()));
        let key = SystemKey::token(child.as_str());
        if let Some(mut token) = tx.read_json::<Token>(&key)? {
            token.parent = None;
            tx.write_json(&key, &token)?;
        }
    }
    Ok(children.len() <= ORPHANED_AT_ONCE_MAX)
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

    const NOW: Timestamp = Timestamp::from_millis(5);

    fn salt() -> TokenSalt {
        TokenSalt::new(&[1; 32])
    }

    fn try_add(
        tx: &mut Transaction,
        id: &str,
        new: NewToken,
    ) -> Result<(TokenHash, Token), AccessError> {
        let id = TokenId::parse(id.to_owned()).unwrap();
        let token = make(tx, &salt(), entropy().as_ref(), NOW, &id, new)?;
        Ok((salt().hash(id.expose()), token))
    }

    fn add(tx: &mut Transaction, id: &str, parent: Option<&TokenHash>) -> TokenHash {
        try_add(tx, id, new(parent.cloned())).unwrap().0
    }

    fn is_alive(tx: &mut Transaction, hash: &TokenHash, now: Timestamp) -> bool {
        find(tx, hash, now).unwrap().is_some()
    }

    #[test]
    fn a_token_with_very_many_descendants_is_revoked_in_steps_and_none_outlives_the_first() {
        let mut tx = transaction();
        let root = add(&mut tx, "parent", None);
        let mut below = Vec::new();
        for number in 0..REVOKED_AT_ONCE_MAX {
            let child = add(&mut tx, &format!("child-{number}"), Some(&root));
            below.push(add(&mut tx, &format!("below-{number}"), Some(&child)));
            below.push(child);
        }
        assert!(below.iter().all(|hash| is_alive(&mut tx, hash, NOW)));
        let mut gone = revoke(&mut tx, &root, NOW).unwrap();
        assert_eq!(gone.len(), REVOKED_AT_ONCE_MAX);
        assert!(!is_alive(&mut tx, &root, NOW));
        for hash in &below {
            assert!(!is_alive(&mut tx, hash, NOW));
        }
        // Nobody gets the id of the first, and with it those that are left.
        let again = try_add(&mut tx, "parent", new(None));
        assert!(matches!(again, Err(AccessError::Duplicate)));
        while gone.len() <= below.len() {
            let due = lease::due(&mut tx, NOW, 10).unwrap();
            let due = due.first().expect("what is left is noted");
            let hash = due.id.strip_prefix("revoke/h").unwrap().to_owned();
            lease::cancel_end(&mut tx, due.at, &due.id);
            gone.extend(revoke(&mut tx, &TokenHash::from_stored(hash), NOW).unwrap());
        }
        assert!(revoke(&mut tx, &root, NOW).unwrap().is_empty());
        add(&mut tx, "parent", None);
    }

    #[test]
    fn a_token_ends_with_all_that_it_stems_from_unless_it_was_made_an_orphan() {
        let mut tx = transaction();
        let mut ends = new(None);
        ends.lifetime.ttl = 10;
        let (root, token) = try_add(&mut tx, "root", ends).unwrap();
        let child = add(&mut tx, "child", Some(&root));
        let grandchild = add(&mut tx, "grandchild", Some(&child));
        let end = token.expires.unwrap();
        assert!(is_alive(&mut tx, &grandchild, NOW));
        assert!(!is_alive(&mut tx, &grandchild, end) && !is_alive(&mut tx, &child, end));

        let mut batch = new(Some(grandchild.clone()));
        batch.lifetime.ttl = 60;
        let batch = issue(
            &mut tx,
            &salt(),
            entropy().as_ref(),
            NOW,
            TokenKind::Batch,
            batch,
        );
        let (batch, _) = batch.unwrap();
        let found = |tx: &mut Transaction, now| {
            let found = lookup(tx, &salt(), batch.expose(), now).unwrap();
            found.is_some()
        };
        assert!(found(&mut tx, NOW) && !found(&mut tx, end));

        assert!(orphan_children(&mut tx, &root).unwrap());
        assert_eq!(revoke(&mut tx, &root, NOW).unwrap(), [root]);
        assert!(is_alive(&mut tx, &child, end) && is_alive(&mut tx, &grandchild, end));
    }

    #[test]
    fn very_many_children_become_orphans_in_steps_and_all_outlive_their_parent() {
        let mut tx = transaction();
        let root = add(&mut tx, "parent", None);
        let count = 2 * ORPHANED_AT_ONCE_MAX + 1;
        let hashes = (0..count).map(|number| add(&mut tx, &format!("c{number}"), Some(&root)));
        let hashes: Vec<TokenHash> = hashes.collect();
        for left in [ORPHANED_AT_ONCE_MAX + 1, 1] {
            assert!(!orphan_children(&mut tx, &root).unwrap());
            assert_eq!(children(&mut tx, &root, count).unwrap().len(), left);
        }
        assert!(orphan_children(&mut tx, &root).unwrap());
        assert_eq!(revoke(&mut tx, &root, NOW).unwrap(), [root]);
        assert!(hashes.iter().all(|hash| is_alive(&mut tx, hash, NOW)));
    }

    #[test]
    fn a_token_has_a_bounded_number_of_ancestors() {
        let mut tx = transaction();
        let mut last = add(&mut tx, "t", None);
        for number in 0..ANCESTORS_MAX {
            last = add(&mut tx, &format!("t{number}"), Some(&last));
        }
        let deeper = try_add(&mut tx, "deeper", new(Some(last.clone())));
        let text = "token would have more than 256 ancestors";
        assert_eq!(deeper.unwrap_err().to_string(), text);
        assert!(is_alive(&mut tx, &last, NOW));
    }
}
