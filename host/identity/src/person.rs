//! All that a request needs to know of its caller's entity.

use crate::directory::Directory;
use crate::{Alias, Entity, Group, IdentityError};

/// An entity with its aliases and all groups that it is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The entity.
    pub entity: Entity,
    /// Its names at auth mounts, the oldest first.
    pub aliases: Vec<Alias>,
    /// Groups that it is a member of itself.
    pub direct: Vec<Group>,
    /// Groups that those are in.
    pub inherited: Vec<Group>,
}

impl Person {
    /// All its groups.
    pub fn groups(&self) -> impl Iterator<Item = &Group> {
        self.direct.iter().chain(&self.inherited)
    }

    /// Policies of the entity and of its groups, sorted, each once.
    pub fn policies(&self) -> Vec<String> {
        let of_groups = self.groups().flat_map(|group| &group.policies);
        let mut all: Vec<String> = of_groups.chain(&self.entity.policies).cloned().collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

impl Directory<'_> {
    /// The entity with this id, or the one that it became part of, with all that belongs to it.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn person(&mut self, id: &str) -> Result<Option<Person>, IdentityError> {
        let Some(entity) = self.entity_now(id)? else {
            return Ok(None);
        };
        self.person_of(entity).map(Some)
    }

    /// All that belongs to an entity.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn person_of(&mut self, entity: Entity) -> Result<Person, IdentityError> {
        let direct = self.direct_groups(&entity.id)?;
        let inherited = self.inherited_groups(&direct)?;
        Ok(Person {
            aliases: self.aliases_of(&entity.id)?,
            direct: self.all_groups(&direct)?,
            inherited: self.all_groups(&inherited)?,
            entity,
        })
    }

    fn all_groups(&mut self, ids: &[String]) -> Result<Vec<Group>, IdentityError> {
        let mut groups = Vec::with_capacity(ids.len());
        for id in ids {
            groups.extend(self.group(id)?);
        }
        Ok(groups)
    }
}
