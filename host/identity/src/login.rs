//! From a login to its entity.

use crate::directory::Directory;
use crate::limits::check_name;
use crate::{Entity, GroupKind, IdentityError, Metadata, Mount};
use std::collections::BTreeSet;

/// What an auth mount says of somebody who logs in.
#[derive(Clone, Debug)]
pub struct Login<'a> {
    /// The mount.
    pub mount: Mount,
    /// A stable name.
    pub name: &'a str,
    /// Kept with the alias.
    pub metadata: Metadata,
    /// Names of the groups that the mount counts the caller to.
    pub groups: &'a [String],
}

impl Directory<'_> {
    /// The entity of who logs in, made where the name is new. Its memberships of the mount's groups
    /// are from now on those that the login names.
    ///
    /// # Errors
    /// [`IdentityError::Disabled`] where the entity may not log in.
    pub fn log_in(&mut self, login: Login<'_>) -> Result<Entity, IdentityError> {
        check_name(login.name)?;
        let accessor = login.mount.accessor.clone();
        let known = self.alias_named(&login.mount, login.name)?;
        let entity = match known {
            Some(mut alias) => {
                let entity = self.entity(&alias.entity)?;
                let entity = entity.ok_or(IdentityError::NoEntity)?;
                if alias.metadata != login.metadata {
                    alias.metadata = login.metadata;
                    alias.updated = self.now;
                    self.save_alias(&alias)?;
                }
                entity
            }
            None => {
                let entity = self.make_entity()?;
                let mut alias = self.blank_alias(&entity, login.mount, login.name.to_owned());
                alias.metadata = login.metadata;
                self.save_alias(&alias)?;
                entity
            }
        };
        if entity.disabled {
            return Err(IdentityError::Disabled);
        }
        self.renew_memberships(&entity.id, &accessor, login.groups)?;
        Ok(entity)
    }

    /// A new entity with no name at any mount yet: for somebody whose mount is on another cluster.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn log_in_elsewhere(&mut self) -> Result<Entity, IdentityError> {
        self.make_entity()
    }

    /// Gives an entity that was [made elsewhere](Self::log_in_elsewhere) the name that it logs in by,
    /// unless somebody has it by now.
    ///
    /// # Errors
    /// [`IdentityError::NoEntity`] where the entity is not here.
    pub fn adopt(&mut self, id: &str, login: Login<'_>) -> Result<(), IdentityError> {
        check_name(login.name)?;
        if self.alias_named(&login.mount, login.name)?.is_some() {
            return Ok(());
        }
        let entity = self.entity(id)?.ok_or(IdentityError::NoEntity)?;
        let mut alias = self.blank_alias(&entity, login.mount, login.name.to_owned());
        alias.metadata = login.metadata;
        self.save_alias(&alias)
    }

    /// Makes the memberships of the external groups of a mount those that it names.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn renew_memberships(
        &mut self,
        entity: &str,
        accessor: &str,
        names: &[String],
    ) -> Result<(), IdentityError> {
        let mut wanted = BTreeSet::new();
        for name in names {
            wanted.extend(self.group_named_at(accessor, name)?.map(|group| group.id));
        }
        let mut have = BTreeSet::new();
        for id in self.direct_groups(entity)? {
            let group = self.group(&id)?;
            let is_of_mount = group.is_some_and(|group| {
                let alias = group.alias.as_ref();
                group.kind == GroupKind::External
                    && alias.is_some_and(|alias| alias.accessor == accessor)
            });
            if is_of_mount {
                have.insert(id);
            }
        }
        for group in wanted.difference(&have) {
            self.note_member(group, entity);
        }
        for group in have.difference(&wanted) {
            self.forget_member(group, entity);
        }
        Ok(())
    }
}
