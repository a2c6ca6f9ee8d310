//! What people with shares of the key do together: change the unseal keys, make a root token. The
//! rules are [`seal`]'s; here is where attempts are kept and what becomes of them.
//!
//! Attempts of callers without a token, where a listener lets them begin one, are kept apart: no
//! stranger can end or block the attempt of an operator.

use crate::keys::{seal_threshold, wrapped_root};
use crate::native::Ask;
use base::{NamespaceId, Refusal};
use seal::{CancelBy, GenerateRoot, Rekey, ValidThreshold};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The attempts of a node. Sealing ends them.
#[derive(Default)]
pub(crate) struct Ceremonies {
    of_known: Mutex<Attempts>,
    of_anybody: Mutex<Attempts>,
    /// Whoever holds it may bring an attempt to its end; one after the other.
    pub(crate) turn: tokio::sync::Mutex<()>,
}

/// One attempt of each kind.
#[derive(Default)]
pub(crate) struct Attempts {
    pub(crate) rekey: Rekey,
    pub(crate) generate: GenerateRoot,
}

impl Ceremonies {
    /// The attempts that a caller can see.
    pub(crate) fn of(&self, ask: &Ask<'_>) -> MutexGuard<'_, Attempts> {
        let attempts = match ask.caller {
            Some(_) => &self.of_known,
            None => &self.of_anybody,
        };
        attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends all attempts: their shares are those of a seal that is no more.
    pub(crate) fn end(&self) {
        for attempts in [&self.of_known, &self.of_anybody] {
            *attempts.lock().unwrap_or_else(PoisonError::into_inner) = Attempts::default();
        }
    }
}

/// Who ends an attempt, as the rules want to know it.
pub(crate) fn cancel_by<'a>(ask: &'a Ask<'_>) -> CancelBy<'a> {
    match ask.caller {
        Some(_) => CancelBy::Known,
        None => CancelBy::Anybody(ask.text("nonce")),
    }
}

/// What the seal needs now, and what it keeps of the root key.
pub(crate) fn seal_now(ask: &Ask<'_>) -> Result<(ValidThreshold, Vec<u8>), Refusal> {
    Ok((seal_threshold(ask.node)?, wrapped_root(ask.node)?))
}

/// There is one seal, and it is not a namespace's.
pub(crate) fn only_in_root(ask: &Ask<'_>) -> Result<(), Refusal> {
    match ask.namespace.id {
        NamespaceId::ROOT => Ok(()),
        _ => Err(Refusal::invalid("operation unavailable in namespaces")),
    }
}
