//! Names of entities at auth mounts.

use crate::directory::{Directory, Page};
use crate::limits::{check_metadata, check_name, is_accessor, is_id};
use crate::{Alias, Entity, IdentityError, Metadata, Mount, Placement, Written};
use locality::{PhysicalKey, SystemKey};

/// What is to be written of an alias. None leaves a thing as it is.
#[derive(Clone, Debug, Default)]
pub struct AliasChange {
    /// Its id; None where it is named by its mount and name, or is to be made.
    pub id: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Its mount.
    pub mount: Option<Mount>,
    /// Its entity. A new alias that names none gets a new one.
    pub entity: Option<String>,
    /// All custom metadata.
    pub custom_metadata: Option<Metadata>,
}

const PLACEMENTS: [Placement; 2] = [Placement::Shared, Placement::Local];

impl Directory<'_> {
    fn alias_key(&self, placement: Placement, entity: &str, id: &str) -> PhysicalKey {
        let namespace = self.namespace;
        match placement {
            Placement::Shared => SystemKey::entity_alias(namespace, entity, id).into_physical(),
            Placement::Local => {
                SystemKey::local_entity_alias(namespace, entity, id).into_physical()
            }
        }
    }

    fn owner_key(&self, placement: Placement, id: &str) -> PhysicalKey {
        let namespace = self.namespace;
        match placement {
            Placement::Shared => SystemKey::entity_alias_owner(namespace, id).into_physical(),
            Placement::Local => SystemKey::local_entity_alias_owner(namespace, id).into_physical(),
        }
    }

    fn alias_name_key(&self, placement: Placement, accessor: &str, name: &str) -> PhysicalKey {
        let namespace = self.namespace;
        match placement {
            Placement::Shared => {
                SystemKey::entity_alias_name(namespace, accessor, name).into_physical()
            }
            Placement::Local => {
                SystemKey::local_entity_alias_name(namespace, accessor, name).into_physical()
            }
        }
    }

    /// The alias with this id.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn alias(&mut self, id: &str) -> Result<Option<Alias>, IdentityError> {
        if !is_id(id) {
            return Ok(None);
        }
        for placement in PLACEMENTS {
            let owner = self.owner_key(placement, id);
            if let Some(entity) = self.tx.read_json::<String>(&owner)? {
                let key = self.alias_key(placement, &entity, id);
                return Ok(self.tx.read_json(&key)?);
            }
        }
        Ok(None)
    }

    /// The alias with this name at a mount.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn alias_named(
        &mut self,
        accessor: &str,
        name: &str,
    ) -> Result<Option<Alias>, IdentityError> {
        if !is_accessor(accessor) {
            return Ok(None);
        }
        for placement in PLACEMENTS {
            let key = self.alias_name_key(placement, accessor, name);
            if let Some(id) = self.tx.read_json::<String>(&key)? {
                return self.alias(&id);
            }
        }
        Ok(None)
    }

    /// All aliases of an entity, the oldest first.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn aliases_of(&mut self, entity: &str) -> Result<Vec<Alias>, IdentityError> {
        let shared = SystemKey::aliases_of_entity(self.namespace, entity);
        let local = SystemKey::local_aliases_of_entity(self.namespace, entity);
        let mut records: Vec<(PhysicalKey, Alias)> = self.tx.records(&shared, None, usize::MAX)?;
        records.extend(self.tx.records(&local, None, usize::MAX)?);
        let mut aliases: Vec<Alias> = records.into_iter().map(|(_, alias)| alias).collect();
        aliases.sort_by(|one, other| (one.created, &one.id).cmp(&(other.created, &other.id)));
        Ok(aliases)
    }

    /// Aliases in the order of their ids.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn aliases(&mut self, page: Page<'_>) -> Result<Vec<Alias>, IdentityError> {
        let shared = SystemKey::entity_alias_owners(self.namespace);
        let local = SystemKey::local_entity_alias_owners(self.namespace);
        let (one, other) = (Self::start(&shared, page), Self::start(&local, page));
        let mut owners: Vec<(PhysicalKey, String)> =
            self.tx.records(&shared, one.as_ref(), page.limit)?;
        owners.extend(self.tx.records(&local, other.as_ref(), page.limit)?);
        owners.sort_by(|(one, _), (other, _)| one.path().cmp(other.path()));
        owners.truncate(page.limit);
        let mut aliases = Vec::with_capacity(owners.len());
        for (key, _) in owners {
            let id = key.path().rsplit('/').next().unwrap_or_default();
            aliases.extend(self.alias(id)?);
        }
        Ok(aliases)
    }

    /// Changes an alias, or makes one.
    ///
    /// # Errors
    /// [`IdentityError`] as its variants say.
    pub fn write_alias(&mut self, change: AliasChange) -> Result<Written<Alias>, IdentityError> {
        if let Some(metadata) = &change.custom_metadata {
            check_metadata("custom", metadata)?;
        }
        if let Some(name) = &change.name {
            check_name(name)?;
        }
        if let Some(id) = &change.id {
            let alias = self.alias(id)?.ok_or(IdentityError::NoAlias)?;
            return self.change_alias(alias, change);
        }
        let (Some(mount), Some(name)) = (&change.mount, &change.name) else {
            return Err(IdentityError::AliasUnnamed);
        };
        match self.alias_named(&mount.accessor, name)? {
            Some(alias) => {
                // Who names it by mount and name says all of it.
                let custom_metadata = change.custom_metadata.clone();
                let custom_metadata = Some(custom_metadata.unwrap_or_default());
                let change = AliasChange {
                    custom_metadata,
                    ..change
                };
                self.change_alias(alias, change)
            }
            None => self.make_alias(mount.clone(), name.clone(), change),
        }
    }

    fn make_alias(
        &mut self,
        mount: Mount,
        name: String,
        change: AliasChange,
    ) -> Result<Written<Alias>, IdentityError> {
        let entity = match &change.entity {
            Some(id) => self.entity(id)?.ok_or(IdentityError::NoCanonical)?,
            None => self.make_entity()?,
        };
        if self.has_alias_at(&entity.id, &mount.accessor, "")? {
            return Err(IdentityError::SecondAlias);
        }
        let mut alias = self.blank_alias(&entity, mount, name);
        alias.custom_metadata = Some(change.custom_metadata.unwrap_or_default());
        self.save_alias(&alias)?;
        Ok(Written::Created(alias))
    }

    pub(crate) fn make_entity(&mut self) -> Result<Entity, IdentityError> {
        let entity = self.blank_entity();
        self.save_entity(&entity)?;
        Ok(entity)
    }

    /// A new alias; not stored yet.
    pub(crate) fn blank_alias(&self, entity: &Entity, mount: Mount, name: String) -> Alias {
        Alias {
            id: self.make_id(),
            entity: entity.id.clone(),
            name,
            accessor: mount.accessor,
            placement: mount.placement,
            metadata: Metadata::new(),
            custom_metadata: None,
            created: self.now,
            updated: self.now,
            merged_from: Vec::new(),
        }
    }

    fn change_alias(
        &mut self,
        old: Alias,
        change: AliasChange,
    ) -> Result<Written<Alias>, IdentityError> {
        let mut alias = old.clone();
        if let Some(name) = change.name {
            alias.name = name;
        }
        if let Some(mount) = change.mount {
            alias.accessor = mount.accessor;
            alias.placement = mount.placement;
        }
        if let Some(metadata) = change.custom_metadata {
            alias.custom_metadata = Some(metadata);
        }
        if let Some(id) = change.entity {
            let entity = self.entity(&id)?.ok_or(IdentityError::NoNewCanonical)?;
            alias.entity = entity.id;
        }
        if alias == old {
            return Ok(Written::Same(old));
        }
        if let Some(other) = self.alias_named(&alias.accessor, &alias.name)?
            && other.id != old.id
        {
            return Err(IdentityError::AliasNameInUse);
        }
        if self.has_alias_at(&alias.entity, &alias.accessor, &old.id)? {
            return Err(IdentityError::SecondAliasByMove);
        }
        self.forget_alias(&old);
        alias.updated = self.now;
        self.save_alias(&alias)?;
        Ok(Written::Changed(alias))
    }

    /// Has the entity an alias at the mount, besides the one with the id `own`?
    fn has_alias_at(
        &mut self,
        entity: &str,
        accessor: &str,
        own: &str,
    ) -> Result<bool, IdentityError> {
        let aliases = self.aliases_of(entity)?;
        Ok(aliases
            .iter()
            .any(|alias| alias.accessor == accessor && alias.id != own))
    }

    pub(crate) fn save_alias(&mut self, alias: &Alias) -> Result<(), IdentityError> {
        let placement = alias.placement;
        let owner = self.owner_key(placement, &alias.id);
        self.tx.write_json(&owner, &alias.entity)?;
        let name = self.alias_name_key(placement, &alias.accessor, &alias.name);
        self.tx.write_json(&name, &alias.id)?;
        let key = self.alias_key(placement, &alias.entity, &alias.id);
        Ok(self.tx.write_json(&key, alias)?)
    }

    pub(crate) fn forget_alias(&mut self, alias: &Alias) {
        let placement = alias.placement;
        for key in [
            self.owner_key(placement, &alias.id),
            self.alias_name_key(placement, &alias.accessor, &alias.name),
            self.alias_key(placement, &alias.entity, &alias.id),
        ] {
            self.tx.delete(&key);
        }
    }

    /// Removes an alias. Removing one that is not there changes nothing.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn delete_alias(&mut self, id: &str) -> Result<(), IdentityError> {
        if let Some(alias) = self.alias(id)? {
            self.forget_alias(&alias);
        }
        Ok(())
    }
}
