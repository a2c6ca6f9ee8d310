//! Batch tokens: not stored, but sealed into their own id by the keyring. One without a parent is
//! good wherever the keyring is; one with a parent where that parent is, and as long.

use crate::{AccessError, Lifetime, NewToken, Token, TokenHash, TokenId};
use barrier::Transaction;
use base::{NamespaceId, Timestamp, TokenKind};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use core::time::Duration;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const PREFIX: &str = "hvb.";

/// What a batch token carries. Names are short: all of it goes over the wire with every request.
#[derive(Serialize, Deserialize)]
struct Carried {
    #[serde(rename = "n")]
    namespace: NamespaceId,
    #[serde(rename = "p")]
    policies: Vec<String>,
    #[serde(rename = "a")]
    path: String,
    #[serde(rename = "d")]
    display_name: String,
    /// Milliseconds since the epoch.
    #[serde(rename = "c")]
    created: u64,
    #[serde(rename = "t")]
    ttl: u64,
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    parent: Option<TokenHash>,
    #[serde(rename = "m", default, skip_serializing_if = "BTreeMap::is_empty")]
    metadata: BTreeMap<String, String>,
    #[serde(rename = "e", default, skip_serializing_if = "String::is_empty")]
    entity_id: String,
    #[serde(rename = "r", default, skip_serializing_if = "String::is_empty")]
    role: String,
    #[serde(rename = "b", default, skip_serializing_if = "Vec::is_empty")]
    bound_cidrs: Vec<String>,
}

/// Does an id belong to a batch token?
pub(crate) fn is_batch(id: &str) -> bool {
    id.starts_with(PREFIX)
}

/// Makes a batch token. Uses, periods and explicit maxima are none of its terms.
pub(crate) fn make(
    tx: &Transaction,
    now: Timestamp,
    new: NewToken,
) -> Result<(TokenId, Token), AccessError> {
    let mut policies = new.policies;
    policies.sort_unstable();
    policies.dedup();
    let ends = new.lifetime.ends(now, now, 0);
    let carried = Carried {
        namespace: new.namespace,
        policies,
        path: new.path,
        display_name: new.display_name,
        created: now.as_millis(),
        ttl: ends.map_or(0, |end| end.since(now).as_secs()),
        parent: new.parent,
        metadata: new.metadata,
        entity_id: new.entity_id,
        role: new.role,
        bound_cidrs: new.bound_cidrs,
    };
    let plain = serde_json::to_vec(&carried).map_err(|_| AccessError::TooLong)?;
    let sealed = tx.seal_batch_token(&plain)?;
    let id = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(sealed));
    let id = TokenId::parse(id).ok_or(AccessError::TooLong)?;
    Ok((id, token(carried)))
}

/// The token that an id carries, alive or not. None for an id that no keyring of ours sealed.
pub(crate) fn open(tx: &Transaction, id: &str) -> Option<Token> {
    let sealed = URL_SAFE_NO_PAD.decode(id.strip_prefix(PREFIX)?).ok()?;
    let plain = tx.open_batch_token(&sealed)?;
    serde_json::from_slice(plain.expose()).ok().map(token)
}

fn token(carried: Carried) -> Token {
    let created = Timestamp::from_millis(carried.created);
    Token {
        accessor: String::new(),
        parent: carried.parent,
        namespace: carried.namespace,
        policies: carried.policies,
        path: carried.path,
        display_name: carried.display_name,
        metadata: carried.metadata,
        kind: TokenKind::Batch,
        uses_left: 0,
        is_spent: false,
        created,
        lifetime: Lifetime {
            ttl: carried.ttl,
            ..Lifetime::default()
        },
        // One without a time to live cannot be: it would never end, and cannot be revoked.
        expires: Some(created.plus(Duration::from_secs(carried.ttl))),
        last_renewal: None,
        entity_id: carried.entity_id,
        role: carried.role,
        bound_cidrs: carried.bound_cidrs,
        method: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{entropy, new, transaction};
    use crate::{TokenSalt, issue, lookup, revoke};

    fn asked(parent: Option<TokenHash>) -> NewToken {
        let lifetime = Lifetime {
            ttl: 60,
            ..Lifetime::default()
        };
        NewToken {
            lifetime,
            ..new(parent)
        }
    }

    #[test]
    fn a_batch_token_carries_what_it_is_until_its_time() {
        let (salt, mut tx) = (TokenSalt::new(&[1; 32]), transaction());
        let now = Timestamp::from_millis(10_000);
        let made = issue(
            &mut tx,
            &salt,
            entropy().as_ref(),
            now,
            TokenKind::Batch,
            asked(None),
        );
        let (id, token) = made.unwrap();
        assert!(id.expose().starts_with("hvb."));
        let mut alive = |millis: u64| {
            let at = Timestamp::from_millis(millis);
            lookup(&mut tx, &salt, id.expose(), at).unwrap()
        };
        assert_eq!(alive(10_001).unwrap().1, token);
        assert!(alive(69_999).is_some() && alive(70_000).is_none());
        assert!(tx.is_read_only(), "nothing of it is stored");
    }

    #[test]
    fn it_dies_with_its_parent() {
        let (salt, mut tx) = (TokenSalt::new(&[1; 32]), transaction());
        let now = Timestamp::from_millis(10_000);
        let make = |tx: &mut Transaction, kind, new| {
            issue(tx, &salt, entropy().as_ref(), now, kind, new).unwrap()
        };
        let (parent, _) = make(&mut tx, TokenKind::Service, new(None));
        let parent = salt.hash(parent.expose());
        let (child, _) = make(&mut tx, TokenKind::Batch, asked(Some(parent.clone())));
        let is_alive = |tx: &mut Transaction| {
            let found = lookup(tx, &salt, child.expose(), now);
            found.unwrap().is_some()
        };
        assert!(is_alive(&mut tx));
        revoke(&mut tx, &parent, now).unwrap();
        assert!(!is_alive(&mut tx));
    }

    #[test]
    fn what_was_not_sealed_here_is_no_token() {
        let mut tx = transaction();
        let now = Timestamp::from_millis(10_000);
        let (id, _) = make(&tx, now, asked(None)).unwrap();
        let salt = TokenSalt::new(&[1; 32]);
        let mut forged = id.expose().clone();
        forged.pop();
        for id in ["hvb.", "hvb.AAAA", "hvb.ü", forged.as_str()] {
            assert!(lookup(&mut tx, &salt, id, now).unwrap().is_none(), "{id}");
        }
    }
}
