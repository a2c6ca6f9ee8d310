//! What is told of entities, aliases and groups. Clients compare it field by field.

use super::{auth_mount, refused};
use crate::native::Ask;
use base::Refusal;
use identity::{Alias, Entity, Group, GroupAlias, Metadata};
use serde_json::{Map, Value, json};

/// `null` for nothing, as clients know it.
pub(super) fn or_null<T: serde::Serialize>(list: &[T]) -> Value {
    match list.is_empty() {
        true => Value::Null,
        false => json!(list),
    }
}

fn metadata(metadata: &Metadata) -> Value {
    match metadata.is_empty() {
        true => Value::Null,
        false => json!(metadata),
    }
}

/// Path and type of a mount; empty where it is gone.
fn mount(ask: &Ask<'_>, accessor: &str) -> (String, String) {
    match auth_mount(ask, accessor) {
        Some(mount) => (mount.0.path.as_str().to_owned(), mount.0.plugin.clone()),
        None => (String::new(), String::new()),
    }
}

/// All that is told of an entity.
pub(super) fn entity(ask: &mut Ask<'_>, entity: Entity) -> Result<Value, Refusal> {
    let person = super::directory(ask).person_of(entity).map_err(refused)?;
    let ids =
        |groups: &[Group]| -> Vec<String> { groups.iter().map(|group| group.id.clone()).collect() };
    let (direct, inherited) = (ids(&person.direct), ids(&person.inherited));
    let all: Vec<&String> = direct.iter().chain(&inherited).collect();
    let aliases: Vec<Value> = person.aliases.iter().map(|one| alias(ask, one)).collect();
    let entity = &person.entity;
    Ok(json!({
        "aliases": aliases,
        "creation_time": entity.created.to_rfc3339(),
        "direct_group_ids": direct,
        "disabled": entity.disabled,
        "group_ids": all,
        "id": entity.id,
        "inherited_group_ids": inherited,
        "last_update_time": entity.updated.to_rfc3339(),
        "merged_entity_ids": or_null(&entity.merged),
        "metadata": metadata(&entity.metadata),
        "name": entity.name,
        "namespace_id": ask.namespace.label(),
        "policies": entity.policies,
    }))
}

/// What is told of an alias inside its entity.
pub(super) fn alias(ask: &Ask<'_>, alias: &Alias) -> Value {
    let (path, kind) = mount(ask, &alias.accessor);
    json!({
        "canonical_id": alias.entity,
        "creation_time": alias.created.to_rfc3339(),
        "custom_metadata": alias.custom_metadata,
        "id": alias.id,
        "last_update_time": alias.updated.to_rfc3339(),
        "local": alias.placement == identity::Placement::Local,
        "merged_from_canonical_ids": or_null(&alias.merged_from),
        "metadata": metadata(&alias.metadata),
        "mount_accessor": alias.accessor,
        "mount_path": path,
        "mount_type": kind,
        "name": alias.name,
    })
}

/// What a list of aliases tells of one.
pub(super) fn alias_in_list(ask: &Ask<'_>, one: &Alias) -> Value {
    without(
        alias(ask, one),
        &[
            "creation_time",
            "id",
            "last_update_time",
            "merged_from_canonical_ids",
        ],
    )
}

/// What a list of entities or groups tells of an alias.
pub(super) fn alias_in_brief(ask: &Ask<'_>, id: &str, accessor: &str, name: &str) -> Value {
    let (path, kind) = mount(ask, accessor);
    json!({
        "id": id,
        "mount_accessor": accessor,
        "mount_path": path,
        "mount_type": kind,
        "name": name,
    })
}

/// All that is told of a group.
pub(super) fn group(ask: &mut Ask<'_>, group: &Group) -> Result<Value, Refusal> {
    let mut directory = super::directory(ask);
    let members = directory.members(&group.id).map_err(refused)?;
    let parents = directory.parents(&group.id).map_err(refused)?;
    let alias = match &group.alias {
        Some(alias) => group_alias(ask, group, alias),
        None => json!({}),
    };
    Ok(json!({
        "alias": alias,
        "creation_time": group.created.to_rfc3339(),
        "id": group.id,
        "last_update_time": group.updated.to_rfc3339(),
        "member_entity_ids": or_null(&members),
        "member_group_ids": or_null(&group.groups),
        "metadata": metadata(&group.metadata),
        "modify_index": group.writes,
        "name": group.name,
        "namespace_id": ask.namespace.label(),
        "parent_group_ids": or_null(&parents),
        "policies": or_null(&group.policies),
        "type": group.kind.name(),
    }))
}

/// What is told of an alias inside its group.
pub(super) fn group_alias(ask: &Ask<'_>, group: &Group, alias: &GroupAlias) -> Value {
    let (path, kind) = mount(ask, &alias.accessor);
    json!({
        "canonical_id": group.id,
        "creation_time": alias.created.to_rfc3339(),
        "id": alias.id,
        "last_update_time": alias.updated.to_rfc3339(),
        "merged_from_canonical_ids": null,
        "metadata": null,
        "mount_accessor": alias.accessor,
        "mount_path": path,
        "mount_type": kind,
        "name": alias.name,
    })
}

/// What is told of a group alias by itself.
pub(super) fn group_alias_alone(ask: &Ask<'_>, group: &Group, alias: &GroupAlias) -> Value {
    let mut shown = group_alias(ask, group, alias);
    if let Value::Object(members) = &mut shown {
        members.insert("custom_metadata".into(), Value::Null);
        members.insert("local".into(), false.into());
        members.insert("namespace_id".into(), ask.namespace.label().into());
    }
    shown
}

/// What a list of group aliases tells of one.
pub(super) fn group_alias_in_list(ask: &Ask<'_>, group: &Group, alias: &GroupAlias) -> Value {
    without(
        group_alias_alone(ask, group, alias),
        &[
            "creation_time",
            "id",
            "last_update_time",
            "merged_from_canonical_ids",
            "namespace_id",
        ],
    )
}

fn without(mut shown: Value, names: &[&str]) -> Value {
    if let Value::Object(members) = &mut shown {
        members.retain(|name, _| !names.contains(&name.as_str()));
    }
    shown
}

/// Keys and what is told of each; nothing at all where there are none.
pub(super) fn list(entries: Vec<(String, Value)>) -> crate::native::Told {
    if entries.is_empty() {
        return Err(Refusal::not_found());
    }
    let keys: Vec<&String> = entries.iter().map(|(key, _)| key).collect();
    let keys = json!(keys);
    let key_info: Map<String, Value> = entries.into_iter().collect();
    Ok(base::Answer::data(
        &json!({ "key_info": key_info, "keys": keys }),
    ))
}

/// Names in order, from `after` on.
pub(super) fn names(ask: &Ask<'_>, mut names: Vec<String>) -> crate::native::Told {
    let page = super::page(ask);
    names.sort_unstable();
    names.retain(|name| page.after.is_empty() || name.as_str() > page.after);
    names.truncate(page.limit);
    if names.is_empty() {
        return Err(Refusal::not_found());
    }
    Ok(base::Answer::data(&json!({ "keys": names })))
}
