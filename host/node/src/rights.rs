//! What a token may do: by its own policies, and by those of the entity that it stands for.

use crate::people::Somebody;
use crate::unsealed::Unsealed;
use access::Token;
use base::Refusal;
use policy::Acl;
use std::sync::Arc;

/// What a token may do, and for whom.
pub(crate) struct Rights {
    pub(crate) acl: Arc<Acl>,
    /// The entity; None for a token that stands for nobody.
    pub(crate) somebody: Option<Arc<Somebody>>,
}

impl Unsealed {
    /// What a token may do. Nothing, where its entity is disabled or gone.
    pub(crate) fn rights_of(&self, token: &Token) -> Result<Rights, Refusal> {
        if token.entity_id.is_empty() {
            return Ok(Rights {
                acl: self.acl_of(token)?,
                somebody: None,
            });
        }
        let somebody = self.somebody(token)?.ok_or_else(Refusal::denied)?;
        if somebody.is_disabled {
            return Err(Refusal::denied());
        }
        let acl = match somebody.list(&token.policies) {
            Some(acl) => acl,
            None => self.list_for(token, &somebody)?,
        };
        Ok(Rights {
            acl,
            somebody: Some(somebody),
        })
    }

    /// Compiles the list of a token for its entity.
    fn list_for(&self, token: &Token, somebody: &Somebody) -> Result<Arc<Acl>, Refusal> {
        let changes = &self.parts.changes;
        let before = changes.count();
        let tables = self.tables();
        let namespace = tables.namespaces.with_id(token.namespace);
        let namespace = namespace.ok_or_else(Refusal::denied)?;
        let policies = somebody.with_own(&token.policies);
        let begin = || self.begin();
        let acl = self
            .acls
            .of_somebody(begin, changes, namespace, &policies, &somebody.facts)?;
        if changes.count() == before {
            somebody.keep(&token.policies, &acl);
        }
        Ok(acl)
    }

    /// The entity of a token; None where it has none, and where the entity is gone.
    pub(crate) fn somebody(&self, token: &Token) -> Result<Option<Arc<Somebody>>, Refusal> {
        if token.entity_id.is_empty() {
            return Ok(None);
        }
        self.people.of(
            || self.begin(),
            &self.parts.changes,
            token.namespace,
            &token.entity_id,
            self.parts.entropy.as_ref(),
        )
    }

    /// The policies that a token has by its entity.
    pub(crate) fn identity_policies(&self, token: &Token) -> Result<Vec<String>, Refusal> {
        let somebody = self.somebody(token)?;
        Ok(somebody.map_or_else(Vec::new, |one| one.policies.clone()))
    }
}
