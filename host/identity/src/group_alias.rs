//! Names of external groups at auth mounts.

use crate::directory::{Directory, Page};
use crate::limits::{check_name, is_accessor, is_id};
use crate::{Group, GroupAlias, GroupKind, IdentityError, Written};
use locality::{PhysicalKey, SystemKey};

/// What is to be written of a group alias.
#[derive(Clone, Debug, Default)]
pub struct GroupAliasChange {
    /// Its id; None where it is to be made.
    pub id: Option<String>,
    /// Its name.
    pub name: String,
    /// Accessor of its mount.
    pub accessor: String,
    /// Its group; where none is named, it keeps its own, and a new alias gets a new one.
    pub group: Option<String>,
}

impl Directory<'_> {
    /// The group whose alias has this id.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn group_with_alias(&mut self, id: &str) -> Result<Option<Group>, IdentityError> {
        if !is_id(id) {
            return Ok(None);
        }
        let key = SystemKey::group_alias_owner(self.namespace, id);
        match self.tx.read_json::<String>(&key)? {
            Some(group) => self.group(&group),
            None => Ok(None),
        }
    }

    /// The group that has this name at a mount.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn group_named_at(
        &mut self,
        accessor: &str,
        name: &str,
    ) -> Result<Option<Group>, IdentityError> {
        if !is_accessor(accessor) {
            return Ok(None);
        }
        let key = SystemKey::group_alias_name(self.namespace, accessor, name);
        match self.tx.read_json::<String>(&key)? {
            Some(group) => self.group(&group),
            None => Ok(None),
        }
    }

    /// Groups that have an alias, in the order of the aliases' ids.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn groups_with_alias(&mut self, page: Page<'_>) -> Result<Vec<Group>, IdentityError> {
        let all = SystemKey::group_alias_owners(self.namespace);
        let after = Self::start(&all, page);
        let owners: Vec<(PhysicalKey, String)> =
            self.tx.records(&all, after.as_ref(), page.limit)?;
        let mut groups = Vec::with_capacity(owners.len());
        for (_, group) in owners {
            groups.extend(self.group(&group)?);
        }
        Ok(groups)
    }

    /// Changes the alias of a group, or makes one. A group has one alias: a new one takes the place
    /// of the old.
    ///
    /// # Errors
    /// [`IdentityError`] as its variants say.
    pub fn write_group_alias(
        &mut self,
        change: GroupAliasChange,
    ) -> Result<Written<Group>, IdentityError> {
        check_name(&change.name)?;
        let own = match &change.id {
            Some(id) => Some(
                self.group_with_alias(id)?
                    .ok_or(IdentityError::NoGroupAlias)?,
            ),
            None => None,
        };
        let target = match &change.group {
            Some(id) => Some(self.group(id)?.ok_or(IdentityError::NoGroupOfAlias)?),
            None => None,
        };
        if target
            .as_ref()
            .is_some_and(|group| group.kind == GroupKind::Internal)
        {
            return Err(IdentityError::AliasOfInternal);
        }
        if let Some(other) = self.group_named_at(&change.accessor, &change.name)?
            && own.as_ref().is_none_or(|own| own.id != other.id)
        {
            return Err(IdentityError::GroupAliasNameInUse);
        }
        let is_new = own.is_none();
        let kept = own.as_ref().and_then(|own| own.alias.clone());
        if let Some(alias) = &kept {
            self.forget_group_alias(alias);
        }
        let mut group = match (own, target) {
            (Some(mut own), Some(target)) if own.id != target.id => {
                own.alias = None;
                self.touch_group(&mut own)?;
                target
            }
            (Some(own), _) => own,
            (None, Some(target)) => target,
            (None, None) => self.blank_group(GroupKind::External),
        };
        if let Some(old) = &group.alias {
            self.forget_group_alias(old);
        }
        let alias = GroupAlias {
            id: kept
                .as_ref()
                .map_or_else(|| self.make_id(), |alias| alias.id.clone()),
            name: change.name,
            accessor: change.accessor,
            created: kept.map_or(self.now, |alias| alias.created),
            updated: self.now,
        };
        let owner = SystemKey::group_alias_owner(self.namespace, &alias.id);
        self.tx.write_json(&owner, &group.id)?;
        let name = SystemKey::group_alias_name(self.namespace, &alias.accessor, &alias.name);
        self.tx.write_json(&name, &group.id)?;
        group.alias = Some(alias);
        self.touch_group(&mut group)?;
        Ok(match is_new {
            true => Written::Created(group),
            false => Written::Changed(group),
        })
    }

    pub(crate) fn forget_group_alias(&mut self, alias: &GroupAlias) {
        self.tx
            .delete(&SystemKey::group_alias_owner(self.namespace, &alias.id));
        let name = SystemKey::group_alias_name(self.namespace, &alias.accessor, &alias.name);
        self.tx.delete(&name);
    }

    /// Removes the alias with this id from its group. Removing one that is not there changes nothing.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn delete_group_alias(&mut self, id: &str) -> Result<(), IdentityError> {
        let Some(mut group) = self.group_with_alias(id)? else {
            return Ok(());
        };
        if let Some(alias) = group.alias.take() {
            self.forget_group_alias(&alias);
        }
        self.touch_group(&mut group)
    }
}
