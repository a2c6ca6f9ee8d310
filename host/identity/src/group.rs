//! Groups and who is in them.

use crate::directory::{Directory, Page};
use crate::limits::{check_metadata, check_name, is_id, policies};
use crate::{Group, GroupKind, IdentityError, Metadata, Named, Written};
use locality::SystemKey;
use std::collections::BTreeSet;

/// What is to be changed of a group. None leaves a thing as it is.
#[derive(Clone, Debug, Default)]
pub struct GroupChange {
    /// Who decides on its members; internal, where it is new and nothing is said.
    pub kind: Option<GroupKind>,
    /// All metadata.
    pub metadata: Option<Metadata>,
    /// All policies.
    pub policies: Option<Vec<String>>,
    /// Ids of all entities that are members.
    pub entities: Option<Vec<String>>,
    /// Ids of all groups that are members.
    pub groups: Option<Vec<String>>,
}

impl Directory<'_> {
    /// The group with this id.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn group(&mut self, id: &str) -> Result<Option<Group>, IdentityError> {
        if !is_id(id) {
            return Ok(None);
        }
        Ok(self.tx.read_json(&SystemKey::group(self.namespace, id))?)
    }

    /// The group with this name.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn group_named(&mut self, name: &str) -> Result<Option<Group>, IdentityError> {
        let key = SystemKey::group_name(self.namespace, name);
        match self.tx.read_json::<String>(&key)? {
            Some(id) => self.group(&id),
            None => Ok(None),
        }
    }

    /// Groups in the order of their ids.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn groups(&mut self, page: Page<'_>) -> Result<Vec<Group>, IdentityError> {
        let all = SystemKey::groups(self.namespace);
        let after = Self::start(&all, page);
        let records = self.tx.records(&all, after.as_ref(), page.limit)?;
        Ok(records.into_iter().map(|(_, group)| group).collect())
    }

    /// Ids of the entities that are members of a group, not of the groups in it.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn members(&mut self, group: &str) -> Result<Vec<String>, IdentityError> {
        self.names_below(&SystemKey::group_members(self.namespace, group))
    }

    /// Ids of the groups that a group is a member of.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn parents(&mut self, group: &str) -> Result<Vec<String>, IdentityError> {
        self.names_below(&SystemKey::parents_of_group(self.namespace, group))
    }

    /// Ids of the groups that an entity is a member of itself.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn direct_groups(&mut self, entity: &str) -> Result<Vec<String>, IdentityError> {
        self.names_below(&SystemKey::groups_of_entity(self.namespace, entity))
    }

    /// Ids of the groups above `direct`, without those that are in `direct`.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn inherited_groups(&mut self, direct: &[String]) -> Result<Vec<String>, IdentityError> {
        let mut seen: BTreeSet<String> = direct.iter().cloned().collect();
        let mut waiting: Vec<String> = direct.to_vec();
        while let Some(group) = waiting.pop() {
            for parent in self.parents(&group)? {
                if seen.insert(parent.clone()) {
                    waiting.push(parent);
                }
            }
        }
        Ok(seen.into_iter().filter(|id| !direct.contains(id)).collect())
    }

    /// Changes a group, or makes one where the name is new or none is given.
    ///
    /// # Errors
    /// [`IdentityError`] as its variants say.
    pub fn write_group(
        &mut self,
        named: Named,
        change: GroupChange,
    ) -> Result<Written<Group>, IdentityError> {
        let found = match (&named.id, &named.name) {
            (Some(id), _) => Some(self.group(id)?.ok_or(IdentityError::NoGroup)?),
            (None, Some(name)) => self.group_named(name)?,
            (None, None) => None,
        };
        let is_new = found.is_none();
        let kind = change.kind.unwrap_or(GroupKind::Internal);
        let mut group = match found {
            Some(group) if change.kind.is_some_and(|kind| kind != group.kind) => {
                return Err(IdentityError::GroupKindChanged);
            }
            Some(group) => group,
            None => self.blank_group(kind),
        };
        if let Some(name) = named.name {
            self.rename_group(&mut group, name)?;
        }
        if let Some(metadata) = change.metadata {
            check_metadata("group", &metadata)?;
            group.metadata = metadata;
        }
        if let Some(given) = change.policies {
            group.policies = policies(given)?;
        }
        let is_external = group.kind == GroupKind::External;
        if let Some(groups) = change.groups.filter(|ids| !(is_external && ids.is_empty())) {
            if is_external {
                return Err(IdentityError::ExternalGroups);
            }
            self.set_member_groups(&mut group, groups)?;
        }
        if let Some(entities) = change
            .entities
            .filter(|ids| !(is_external && ids.is_empty()))
        {
            if is_external {
                return Err(IdentityError::ExternalMembers);
            }
            self.set_members(&group.id, entities)?;
        }
        self.touch_group(&mut group)?;
        Ok(match is_new {
            true => Written::Created(group),
            false => Written::Changed(group),
        })
    }

    /// A new group with a name of its own; not stored yet.
    pub(crate) fn blank_group(&self, kind: GroupKind) -> Group {
        Group {
            id: self.make_id(),
            name: self.make_name("group"),
            kind,
            metadata: Metadata::new(),
            policies: Vec::new(),
            groups: Vec::new(),
            alias: None,
            created: self.now,
            updated: self.now,
            writes: 0,
        }
    }

    fn rename_group(&mut self, group: &mut Group, name: String) -> Result<(), IdentityError> {
        check_name(&name)?;
        if let Some(other) = self.group_named(&name)?
            && other.id != group.id
        {
            return Err(IdentityError::GroupNameInUse);
        }
        self.tx
            .delete(&SystemKey::group_name(self.namespace, &group.name));
        group.name = name;
        Ok(())
    }

    /// Stores a group that was changed.
    pub(crate) fn touch_group(&mut self, group: &mut Group) -> Result<(), IdentityError> {
        group.updated = self.now;
        group.writes += 1;
        let name = SystemKey::group_name(self.namespace, &group.name);
        self.tx.write_json(&name, &group.id)?;
        let key = SystemKey::group(self.namespace, &group.id);
        Ok(self.tx.write_json(&key, group)?)
    }

    fn set_members(&mut self, group: &str, wanted: Vec<String>) -> Result<(), IdentityError> {
        let wanted: BTreeSet<String> = wanted.into_iter().collect();
        let now: BTreeSet<String> = self.members(group)?.into_iter().collect();
        for entity in wanted.difference(&now) {
            if self.entity(entity)?.is_none() {
                return Err(IdentityError::NoMember(entity.clone()));
            }
            self.note_member(group, entity);
        }
        for entity in now.difference(&wanted) {
            self.forget_member(group, entity);
        }
        Ok(())
    }

    pub(crate) fn note_member(&mut self, group: &str, entity: &str) {
        let namespace = self.namespace;
        let keys = [
            SystemKey::group_member(namespace, group, entity),
            SystemKey::group_of_entity(namespace, entity, group),
        ];
        for key in &keys {
            self.tx.put(key, Vec::new());
        }
    }

    pub(crate) fn forget_member(&mut self, group: &str, entity: &str) {
        let namespace = self.namespace;
        let keys = [
            SystemKey::group_member(namespace, group, entity),
            SystemKey::group_of_entity(namespace, entity, group),
        ];
        for key in &keys {
            self.tx.delete(key);
        }
    }

    fn set_member_groups(
        &mut self,
        group: &mut Group,
        wanted: Vec<String>,
    ) -> Result<(), IdentityError> {
        let wanted: BTreeSet<String> = wanted.into_iter().collect();
        let now: BTreeSet<String> = group.groups.iter().cloned().collect();
        for member in wanted.difference(&now) {
            if *member == group.id {
                return Err(IdentityError::OwnMember(member.clone()));
            }
            if self.group(member)?.is_none() {
                return Err(IdentityError::NoMemberGroup(member.clone()));
            }
            // A circle would be closed by a member that is above the group already.
            let above = self.inherited_groups(core::slice::from_ref(&group.id))?;
            if above.contains(member) {
                return Err(IdentityError::Cycle(member.clone()));
            }
            let key = SystemKey::parent_of_group(self.namespace, member, &group.id);
            self.tx.put(&key, Vec::new());
        }
        for member in now.difference(&wanted) {
            self.tx.delete(&SystemKey::parent_of_group(
                self.namespace,
                member,
                &group.id,
            ));
        }
        group.groups = wanted.into_iter().collect();
        Ok(())
    }

    /// Removes a group, from the groups that it is in as well. Removing one that is not there
    /// changes nothing.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn delete_group(&mut self, id: &str) -> Result<(), IdentityError> {
        let Some(group) = self.group(id)? else {
            return Ok(());
        };
        for entity in self.members(&group.id)? {
            self.forget_member(&group.id, &entity);
        }
        for member in &group.groups {
            let key = SystemKey::parent_of_group(self.namespace, member, &group.id);
            self.tx.delete(&key);
        }
        for above in self.parents(&group.id)? {
            let key = SystemKey::parent_of_group(self.namespace, &group.id, &above);
            self.tx.delete(&key);
            if let Some(mut above) = self.group(&above)? {
                above.groups.retain(|member| *member != group.id);
                self.touch_group(&mut above)?;
            }
        }
        if let Some(alias) = &group.alias {
            self.forget_group_alias(alias);
        }
        self.tx
            .delete(&SystemKey::group_name(self.namespace, &group.name));
        self.tx.delete(&SystemKey::group(self.namespace, &group.id));
        Ok(())
    }
}
