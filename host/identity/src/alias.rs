//! Names of entities at auth mounts.

use crate::directory::{Directory, Page};
use crate::limits::{check_metadata, check_name, is_id};
use crate::{Alias, Entity, IdentityError, Metadata, Mount, Placement, Written};
use barrier::Transaction;
use base::{MountId, NamespaceId};
use locality::{Class, PhysicalKey, SystemKey};
use serde::{Deserialize, Serialize};

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

/// Whose alias one with this id is, and at which mount.
#[derive(Serialize, Deserialize)]
struct Owner {
    entity: String,
    mount: MountId,
}

/// Which alias has this name.
#[derive(Serialize, Deserialize)]
struct Holder {
    entity: String,
    id: String,
}

/// The keys of an alias, by how far its mount travels.
#[derive(Clone, Copy)]
struct Keys(NamespaceId, Placement);

impl Keys {
    fn of_entity(self, entity: &str, id: &str) -> PhysicalKey {
        match self.1 {
            Placement::Shared => SystemKey::entity_alias(self.0, entity, id).into_physical(),
            Placement::Local => SystemKey::local_entity_alias(self.0, entity, id).into_physical(),
        }
    }

    fn owner(self, id: &str) -> PhysicalKey {
        match self.1 {
            Placement::Shared => SystemKey::entity_alias_owner(self.0, id).into_physical(),
            Placement::Local => SystemKey::local_entity_alias_owner(self.0, id).into_physical(),
        }
    }

    fn at(self, mount: MountId, entity: &str, id: &str) -> PhysicalKey {
        match self.1 {
            Placement::Shared => SystemKey::alias_at(self.0, mount, entity, id).into_physical(),
            Placement::Local => {
                SystemKey::local_alias_at(self.0, mount, entity, id).into_physical()
            }
        }
    }

    fn name(self, mount: MountId, name: &str) -> PhysicalKey {
        match self.1 {
            Placement::Shared => SystemKey::alias_name_at(self.0, mount, name).into_physical(),
            Placement::Local => SystemKey::local_alias_name_at(self.0, mount, name).into_physical(),
        }
    }
}

/// Forgets that there is an alias which was kept at a key among the entries of its mount.
pub fn forget_kept_at(tx: &mut Transaction, key: &PhysicalKey) {
    let Some((entity, id)) = locality::alias_kept_at(key) else {
        return;
    };
    let placement = match key.class() {
        Class::Local => Placement::Local,
        Class::Replicated | Class::Ignored => Placement::Shared,
    };
    let keys = Keys(key.namespace(), placement);
    tx.delete(&keys.of_entity(entity, id));
    tx.delete(&keys.owner(id));
}

impl Directory<'_> {
    const fn alias_keys(&self, placement: Placement) -> Keys {
        Keys(self.namespace, placement)
    }

    /// The alias with this id. One whose mount is not here is not here either.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn alias(&mut self, id: &str) -> Result<Option<Alias>, IdentityError> {
        if !is_id(id) {
            return Ok(None);
        }
        for keys in PLACEMENTS.map(|placement| self.alias_keys(placement)) {
            if let Some(owner) = self.tx.read_json::<Owner>(&keys.owner(id))? {
                let key = keys.at(owner.mount, &owner.entity, id);
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
        mount: &Mount,
        name: &str,
    ) -> Result<Option<Alias>, IdentityError> {
        let keys = self.alias_keys(mount.placement);
        let holder = self.tx.read_json::<Holder>(&keys.name(mount.id, name))?;
        let Some(holder) = holder else {
            return Ok(None);
        };
        let key = keys.at(mount.id, &holder.entity, &holder.id);
        Ok(self.tx.read_json(&key)?)
    }

    /// Where the aliases of an entity are, those of mounts that are not here as well.
    fn places_of(&mut self, entity: &str) -> Result<Vec<(Keys, String, MountId)>, IdentityError> {
        let shared = SystemKey::aliases_of_entity(self.namespace, entity);
        let local = SystemKey::local_aliases_of_entity(self.namespace, entity);
        let mut rows: Vec<(PhysicalKey, MountId)> = self.tx.records(&shared, None, usize::MAX)?;
        let shared_count = rows.len();
        rows.extend(self.tx.records(&local, None, usize::MAX)?);
        let places = rows.into_iter().enumerate().map(|(number, (key, mount))| {
            let placement = match number < shared_count {
                true => Placement::Shared,
                false => Placement::Local,
            };
            let id = key.path().rsplit('/').next().unwrap_or_default();
            (self.alias_keys(placement), id.to_owned(), mount)
        });
        Ok(places.collect())
    }

    /// All aliases of an entity whose mounts are here, the oldest first.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn aliases_of(&mut self, entity: &str) -> Result<Vec<Alias>, IdentityError> {
        let mut aliases: Vec<Alias> = Vec::new();
        for (keys, id, mount) in self.places_of(entity)? {
            aliases.extend(self.tx.read_json::<Alias>(&keys.at(mount, entity, &id))?);
        }
        aliases.sort_by(|one, other| (one.created, &one.id).cmp(&(other.created, &other.id)));
        Ok(aliases)
    }

    /// Removes all aliases of an entity.
    pub(crate) fn forget_aliases_of(&mut self, entity: &str) -> Result<(), IdentityError> {
        for (keys, id, mount) in self.places_of(entity)? {
            if let Some(alias) = self.tx.read_json::<Alias>(&keys.at(mount, entity, &id))? {
                self.forget_alias(&alias);
            }
            self.tx.delete(&keys.of_entity(entity, &id));
            self.tx.delete(&keys.owner(&id));
        }
        Ok(())
    }

    /// Aliases whose mounts are here, in the order of their ids.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn aliases(&mut self, page: Page<'_>) -> Result<Vec<Alias>, IdentityError> {
        let shared = SystemKey::entity_alias_owners(self.namespace);
        let local = SystemKey::local_entity_alias_owners(self.namespace);
        let (one, other) = (Self::start(&shared, page), Self::start(&local, page));
        let mut owners: Vec<(PhysicalKey, Owner)> =
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
        match self.alias_named(mount, name)? {
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
            mount: mount.id,
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
            alias.mount = mount.id;
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
        if let Some(other) = self.alias_named(&alias.mount(), &alias.name)?
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
        let keys = self.alias_keys(alias.placement);
        let (entity, id) = (alias.entity.clone(), alias.id.clone());
        let owner = Owner {
            entity: entity.clone(),
            mount: alias.mount,
        };
        self.tx.write_json(&keys.owner(&id), &owner)?;
        let name = keys.name(alias.mount, &alias.name);
        let key = keys.at(alias.mount, &entity, &id);
        let of_entity = keys.of_entity(&entity, &id);
        self.tx.write_json(&name, &Holder { entity, id })?;
        self.tx.write_json(&of_entity, &alias.mount)?;
        Ok(self.tx.write_json(&key, alias)?)
    }

    pub(crate) fn forget_alias(&mut self, alias: &Alias) {
        let keys = self.alias_keys(alias.placement);
        for key in [
            keys.owner(&alias.id),
            keys.name(alias.mount, &alias.name),
            keys.at(alias.mount, &alias.entity, &alias.id),
            keys.of_entity(&alias.entity, &alias.id),
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
