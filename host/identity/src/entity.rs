//! Entities.

use crate::directory::{Directory, Page};
use crate::limits::{check_metadata, check_name, is_id, policies};
use crate::{Entity, IdentityError, Metadata};
use locality::SystemKey;

/// What is named, or wanted to be.
#[derive(Clone, Debug, Default)]
pub struct Named {
    /// Its id, where it is named by that.
    pub id: Option<String>,
    /// Its name; the new one, where it is named by its id.
    pub name: Option<String>,
}

/// What is to be changed of an entity. None leaves a thing as it is.
#[derive(Clone, Debug, Default)]
pub struct EntityChange {
    /// All metadata.
    pub metadata: Option<Metadata>,
    /// All policies.
    pub policies: Option<Vec<String>>,
    /// May its tokens not be used?
    pub disabled: Option<bool>,
}

/// What became of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written<T> {
    /// It is new.
    Created(T),
    /// It was there.
    Changed(T),
    /// It was there, and as it was to be.
    Same(T),
}

impl Directory<'_> {
    /// The entity with this id.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn entity(&mut self, id: &str) -> Result<Option<Entity>, IdentityError> {
        if !is_id(id) {
            return Ok(None);
        }
        Ok(self.tx.read_json(&SystemKey::entity(self.namespace, id))?)
    }

    /// The entity with this id, or the one that it became part of.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn entity_now(&mut self, id: &str) -> Result<Option<Entity>, IdentityError> {
        if let Some(entity) = self.entity(id)? {
            return Ok(Some(entity));
        }
        if !is_id(id) {
            return Ok(None);
        }
        let key = SystemKey::entity_merged(self.namespace, id);
        match self.tx.read_json::<String>(&key)? {
            Some(to) => self.entity(&to),
            None => Ok(None),
        }
    }

    /// The entity with this name.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn entity_named(&mut self, name: &str) -> Result<Option<Entity>, IdentityError> {
        let key = SystemKey::entity_name(self.namespace, name);
        match self.tx.read_json::<String>(&key)? {
            Some(id) => self.entity(&id),
            None => Ok(None),
        }
    }

    /// Entities in the order of their ids.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn entities(&mut self, page: Page<'_>) -> Result<Vec<Entity>, IdentityError> {
        let all = SystemKey::entities(self.namespace);
        let after = Self::start(&all, page);
        let records = self.tx.records(&all, after.as_ref(), page.limit)?;
        Ok(records.into_iter().map(|(_, entity)| entity).collect())
    }

    /// Changes an entity, or makes one where the name is new or none is given.
    ///
    /// # Errors
    /// [`IdentityError`] as its variants say.
    pub fn write_entity(
        &mut self,
        named: Named,
        change: EntityChange,
    ) -> Result<Written<Entity>, IdentityError> {
        let found = match (&named.id, &named.name) {
            (Some(id), _) => Some(self.entity(id)?.ok_or(IdentityError::NoEntity)?),
            (None, Some(name)) => self.entity_named(name)?,
            (None, None) => None,
        };
        let is_new = found.is_none();
        let mut entity = match found {
            Some(entity) => entity,
            None => self.blank_entity(),
        };
        if let Some(name) = named.name {
            self.rename_entity(&mut entity, name)?;
        }
        if let Some(metadata) = change.metadata {
            check_metadata("entity", &metadata)?;
            entity.metadata = metadata;
        }
        if let Some(given) = change.policies {
            entity.policies = policies(given)?;
        }
        entity.disabled = change.disabled.unwrap_or(entity.disabled);
        entity.updated = self.now;
        self.save_entity(&entity)?;
        Ok(match is_new {
            true => Written::Created(entity),
            false => Written::Changed(entity),
        })
    }

    /// A new entity with a name of its own; not stored yet.
    pub(crate) fn blank_entity(&self) -> Entity {
        Entity {
            id: self.make_id(),
            name: self.make_name("entity"),
            metadata: Metadata::new(),
            policies: Vec::new(),
            disabled: false,
            created: self.now,
            updated: self.now,
            merged: Vec::new(),
        }
    }

    fn rename_entity(&mut self, entity: &mut Entity, name: String) -> Result<(), IdentityError> {
        check_name(&name)?;
        if let Some(other) = self.entity_named(&name)?
            && other.id != entity.id
        {
            return Err(IdentityError::EntityNameInUse);
        }
        self.tx
            .delete(&SystemKey::entity_name(self.namespace, &entity.name));
        entity.name = name;
        Ok(())
    }

    pub(crate) fn save_entity(&mut self, entity: &Entity) -> Result<(), IdentityError> {
        let name = SystemKey::entity_name(self.namespace, &entity.name);
        self.tx.write_json(&name, &entity.id)?;
        let key = SystemKey::entity(self.namespace, &entity.id);
        Ok(self.tx.write_json(&key, entity)?)
    }

    /// Removes an entity with its aliases and memberships. Removing one that is not there changes
    /// nothing.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn delete_entity(&mut self, id: &str) -> Result<(), IdentityError> {
        let Some(entity) = self.entity(id)? else {
            return Ok(());
        };
        self.forget_aliases_of(&entity.id)?;
        for group in self.direct_groups(&entity.id)? {
            self.forget_member(&group, &entity.id);
        }
        for merged in &entity.merged {
            self.tx
                .delete(&SystemKey::entity_merged(self.namespace, merged));
        }
        self.forget_entity(&entity);
        Ok(())
    }

    pub(crate) fn forget_entity(&mut self, entity: &Entity) {
        self.tx
            .delete(&SystemKey::entity_name(self.namespace, &entity.name));
        self.tx
            .delete(&SystemKey::entity(self.namespace, &entity.id));
    }
}
