//! Clients that read their own writes on whichever cluster they ask: an answer to a write says how far
//! the logs were, and a request that says so again is answered by whoever has come as far.

use crate::refusal::from_barrier;
use crate::replication::Role;
use crate::unsealed::Unsealed;
use access::{IndexKey, IndexToken};
use base::{Refusal, RefusalKind, Request, Secret};
use locality::SystemKey;

/// How far the logs are after a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Index {
    /// The log of this cluster.
    pub(crate) local: u64,
    /// The log of the primary, as far as it is known to be here or was written.
    pub(crate) replicated: u64,
}

impl Unsealed {
    /// What is said of a write that is entry `local` of this cluster's log.
    pub(crate) fn index_at(&self, local: u64) -> Index {
        let replicated = match self.replication.secondary() {
            Some(secondary) => secondary.position().index,
            None => local,
        };
        Index { local, replicated }
    }

    /// What a client keeps of it; None where the key for that is not here yet.
    pub(crate) fn index_token(&self, index: Index) -> Option<String> {
        let token = IndexToken {
            cluster: self.cluster.id.clone(),
            local: index.local,
            replicated: index.replicated,
        };
        self.index_key().ok()?.map(|key| key.sign(&token))
    }

    fn index_key(&self) -> Result<Option<&IndexKey>, Refusal> {
        if let Some(key) = self.index_key.get() {
            return Ok(Some(key));
        }
        let stored = self.begin().get(&SystemKey::index_key());
        let Some(stored) = stored.map_err(from_barrier)? else {
            return Ok(None);
        };
        let stored = Secret::new(stored.expose().clone());
        Ok(Some(self.index_key.get_or_init(|| IndexKey::new(&stored))))
    }

    /// Refuses a request that wants more to be here than is, or wants to be answered elsewhere.
    pub(crate) fn check_session(&self, request: &Request) -> Result<(), Refusal> {
        // Most requests want nothing of the kind.
        let value_of = |name: &str| {
            let mut headers = request.headers.iter();
            let found = headers.find(|(header, _)| header == name);
            found.map(|(_, value)| value.as_str())
        };
        if !self.parts.settings.forwards_by_header {
            let disabled = |name: &str| {
                let text = format!("forwarding via header {name} disabled in configuration");
                Err(Refusal::invalid(text))
            };
            if value_of("x-vault-forward").is_some() {
                return disabled("X-Vault-Forward");
            }
            if value_of("x-vault-inconsistent") == Some("forward-active-node") {
                return disabled("X-Vault-Inconsistent");
            }
        }
        // Where it is allowed, this is the active node: what it has not, no other node of the cluster
        // has.
        if value_of("x-vault-index").is_none() {
            return Ok(());
        }
        let headers = request.headers.iter();
        let values = headers.filter(|(header, _)| header == "x-vault-index");
        let key = self.index_key()?;
        for value in values.flat_map(|(_, value)| value.split(',')) {
            let token = key.and_then(|key| key.read(value.trim()));
            // What cannot be read is of a cluster that this one knows nothing of.
            let is_here = token.is_some_and(|token| self.has(&token));
            if !is_here {
                let text = "required index state not present";
                return Err(Refusal::new(RefusalKind::PreconditionFailed, text));
            }
        }
        Ok(())
    }

    fn has(&self, token: &IndexToken) -> bool {
        let applied = self.committer.index();
        if token.cluster == self.cluster.id {
            // On a secondary the primary's part has to be here as well.
            let position = self.replication.secondary();
            let replicated = position.map(|secondary| secondary.position().index);
            return token.local <= applied
                && replicated.is_none_or(|index| token.replicated <= index);
        }
        match self.replication.role() {
            Role::Secondary(secondary) => token.replicated <= secondary.position().index,
            Role::Primary(_) => token.replicated <= applied,
            Role::Off | Role::Joining(_) => false,
        }
    }
}
