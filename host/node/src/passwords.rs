//! Password policies as they are stored, and the passwords that components make by them.

use barrier::{BarrierError, Transaction, View};
use base::{Entropy, NamespaceId};
use locality::SystemKey;
use plugin::{PasswordError, Passwords};
use policy::PasswordPolicy;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Longest name that is looked for.
const NAME_BYTES_MAX: usize = 1_024;

/// A stored password policy.
#[derive(Serialize, Deserialize)]
pub(crate) struct Stored {
    /// As it was written.
    pub(crate) text: String,
}

impl Stored {
    /// The policy of that name; None where there is none.
    pub(crate) fn find(
        tx: &mut Transaction,
        namespace: NamespaceId,
        name: &str,
    ) -> Result<Option<Self>, BarrierError> {
        tx.read_json(&SystemKey::password_policy(namespace, name))
    }
}

/// Makes passwords by the policies of one namespace.
pub(crate) struct OfNamespace {
    pub(crate) namespace: NamespaceId,
    pub(crate) entropy: Arc<dyn Entropy>,
}

impl Passwords for OfNamespace {
    /// The policy is read in the call's own transaction: one that is changed meanwhile overtakes it.
    fn make(&self, view: &mut View, policy: &str) -> Result<String, PasswordError> {
        // An empty name would be the folder of all policies, and no stored one is as long.
        if policy.is_empty() || policy.len() > NAME_BYTES_MAX {
            return Err(PasswordError::Unknown);
        }
        let stored = view
            .for_host(|tx| Stored::find(tx, self.namespace, policy))
            .map_err(PasswordError::View)?;
        let stored = stored.ok_or(PasswordError::Unknown)?;
        let parsed = PasswordPolicy::parse(&stored.text);
        let parsed = parsed.map_err(|error| PasswordError::Damaged(error.to_string()))?;
        let made = parsed.make_password(self.entropy.as_ref());
        made.ok_or(PasswordError::Unmet)
    }
}
