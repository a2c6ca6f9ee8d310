//! What the tests of this crate share.

use crate::{Lifetime, NewToken, Token, TokenHash};
use barrier::{Keyring, Transaction};
use base::{Entropy, NamespaceId, Timestamp, TokenKind};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use storage::Storage;

struct Counting(AtomicU64);

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let number = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            chunk.copy_from_slice(&number.to_be_bytes()[..chunk.len()]);
        }
    }
}

pub(crate) fn entropy() -> Arc<dyn Entropy> {
    Arc::new(Counting(AtomicU64::new(1)))
}

/// On an empty storage, with a keyring of its own.
pub(crate) fn transaction() -> Transaction {
    let now = Timestamp::from_millis(5);
    let keyring = Arc::new(Keyring::make(entropy().as_ref(), now));
    let snapshot = storage::Memory::new().snapshot();
    Transaction::new(snapshot, keyring, entropy(), 0)
}

pub(crate) fn new(parent: Option<TokenHash>) -> NewToken {
    NewToken {
        parent,
        namespace: NamespaceId::ROOT,
        policies: vec![String::from("default")],
        path: String::from("auth/token/create"),
        display_name: String::from("token"),
        metadata: BTreeMap::new(),
        uses: 0,
        lifetime: Lifetime::default(),
        entity_id: String::new(),
        role: String::new(),
        bound_cidrs: Vec::new(),
        method: None,
    }
}

/// A token that lives for ever.
pub(crate) fn token() -> Token {
    Token {
        accessor: String::from("a"),
        parent: None,
        namespace: NamespaceId::ROOT,
        policies: Vec::new(),
        path: String::new(),
        display_name: String::new(),
        metadata: BTreeMap::new(),
        kind: TokenKind::Service,
        uses_left: 0,
        is_spent: false,
        created: Timestamp::from_millis(0),
        lifetime: Lifetime::default(),
        expires: None,
        last_renewal: None,
        entity_id: String::new(),
        role: String::new(),
        bound_cidrs: Vec::new(),
        method: None,
    }
}
