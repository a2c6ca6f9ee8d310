//! Clients that read their own writes on whichever cluster they ask: an answer to a write says how far
//! the logs were, and a request that says so again is answered by whoever has come as far.

mod here;

use crate::refusal::from_barrier;
use crate::replication::{Role, Secondary};
use crate::unsealed::Unsealed;
use access::{Era, IndexKey, IndexToken};
use base::{Refusal, RefusalKind, Request, Secret};
use here::{Here, Part};
use locality::SystemKey;

/// How far the logs are after a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Index {
    /// The log of this cluster.
    pub(crate) local: u64,
    /// Which primary's log the other one is; None where there is none.
    era: Option<Era>,
    /// The log of the primary, as far as it is known to be here or was written.
    replicated: u64,
}

impl Index {
    /// What was written for it on the primary that a secondary follows is in it as well.
    pub(crate) fn with_written(self, secondary: &Secondary, index: u64) -> Self {
        let record = &secondary.record;
        let here = self
            .era
            .as_ref()
            .map(|era| (era.generation, self.replicated));
        // The log of an earlier primary is over: what is larger there is before all of this one's.
        if here >= Some((record.generation, index)) {
            return self;
        }
        Self {
            era: Some(Era::new(&record.relation, record.generation)),
            replicated: index,
            ..self
        }
    }
}

impl Unsealed {
    /// What is said of a write that is entry `local` of this cluster's log.
    pub(crate) fn index_at(&self, local: u64) -> Index {
        let part = self.part(local);
        let replicated = part.as_ref().map_or(local, |part| part.index);
        Index {
            local,
            era: part.map(|part| part.era),
            replicated,
        }
    }

    /// What it has of a primary's log, where its own ends at `applied`.
    fn part(&self, applied: u64) -> Option<Part> {
        match self.replication.role() {
            Role::Primary(primary) => Some(Part {
                era: Era::new(&primary.record.relation, primary.record.generation),
                index: applied,
                leads: true,
            }),
            Role::Secondary(secondary) => {
                let position = secondary.position();
                // Until it has everything of the next primary, it has all that it wrote as one.
                let leads = secondary.has_led(&position);
                Some(Part {
                    era: Era::new(&position.relation, position.generation),
                    index: if leads { applied } else { position.index },
                    leads,
                })
            }
            Role::Off | Role::Joining(_) => None,
        }
    }

    /// What a client keeps of it; None where the key for that is not here yet.
    pub(crate) fn index_token(&self, index: Index) -> Option<String> {
        let token = IndexToken {
            cluster: self.cluster.id.clone(),
            era: index.era,
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
        let local = self.committer.index();
        let here = Here {
            cluster: &self.cluster.id,
            local,
            part: self.part(local),
        };
        for value in values.flat_map(|(_, value)| value.split(',')) {
            let text = "required index state not present";
            let refuse = |text: String| Err(Refusal::new(RefusalKind::PreconditionFailed, text));
            let Some(wanted) = key.and_then(|key| key.read(value.trim())) else {
                // What cannot be read is of a cluster that this one knows nothing of.
                return refuse(text.to_owned());
            };
            if let Some(lack) = here.lacks(&wanted) {
                return refuse(format!("{text}: {lack}"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_is_here_and_what_was_written_for_it_the_later_is_kept() {
        let secondary = Secondary::of_generation("r", 2);
        let index = |generation, replicated| Index {
            local: 9,
            era: Some(Era::new("r", generation)),
            replicated,
        };
        for (here, written, expected) in [
            (index(2, 20), 21, index(2, 21)),
            (index(2, 20), 19, index(2, 20)),
            (index(1, 900), 21, index(2, 21)),
        ] {
            assert_eq!(here.with_written(&secondary, written), expected);
        }
    }
}
