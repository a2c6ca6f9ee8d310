//! `identity/group`.

use super::{PAGE, directory, given, metadata, named, page, refused, shown};
use crate::native::Does::Now;
use crate::native::{Ask, NativeField, NativeRoute, Told, body, on, path};
use base::{Answer, Refusal};
use identity::{Group, GroupChange, GroupKind, Named, Page, Written};
use manifest::Access::Token;
use manifest::FieldKind::{Text, TextList, TextMap};
use manifest::Operation::{Delete, List, Read, Update};
use serde_json::{Value, json};

const ID: NativeField = path("id", "Id of the group.");
const NAME: NativeField = path("name", "Name of the group.");
const NEW_ID: NativeField = body("id", Text, "Id of the group to change.");
const NEW_NAME: NativeField = body("name", Text, "Name; one is made up when not given.");
const TYPE: NativeField = body("type", Text, "`internal` or `external`.");
const METADATA: NativeField = body("metadata", TextMap, "Metadata, all of it.");
const POLICIES: NativeField = body("policies", TextList, "Policies, all of them.");
const ENTITIES: NativeField = body("member_entity_ids", TextList, "Ids of all member entities.");
const GROUPS: NativeField = body("member_group_ids", TextList, "Ids of all member groups.");

const GROUP: &[NativeField] = &[NEW_ID, NEW_NAME, TYPE, METADATA, POLICIES, ENTITIES, GROUPS];
const BY_ID: &[NativeField] = &[ID, NEW_NAME, TYPE, METADATA, POLICIES, ENTITIES, GROUPS];
const BY_NAME: &[NativeField] = &[NAME, NEW_ID, TYPE, METADATA, POLICIES, ENTITIES, GROUPS];

/// The routes.
#[rustfmt::skip]
pub(super) const ROUTES: &[NativeRoute] = &[
    on(Update, "group", Token, Now(write), GROUP, "Makes or changes a group."),
    on(List, "group/id", Token, Now(list), PAGE, "Lists the groups by their ids."),
    on(Read, "group/id/{id}", Token, Now(read), &[ID], "Reads a group."),
    on(Update, "group/id/{id}", Token, Now(write), BY_ID, "Changes a group."),
    on(Delete, "group/id/{id}", Token, Now(delete), &[ID], "Deletes a group."),
    on(List, "group/name", Token, Now(list_names), PAGE, "Lists the groups by their names."),
    on(Read, "group/name/{name..}", Token, Now(read_named), &[NAME], "Reads a group."),
    on(Update, "group/name/{name..}", Token, Now(write_named), BY_NAME, "Makes or changes a group."),
    on(Delete, "group/name/{name..}", Token, Now(delete_named), &[NAME], "Deletes a group."),
];

fn write(ask: &mut Ask<'_>) -> Told {
    let named = named(ask);
    write_as(ask, named)
}

fn write_named(ask: &mut Ask<'_>) -> Told {
    let name = given(ask, "name");
    write_as(ask, Named { id: None, name })
}

fn write_as(ask: &mut Ask<'_>, named: Named) -> Told {
    let unknown = |kind: &str| Refusal::invalid(format!("invalid group type {kind:?}"));
    let kind = match ask.text("type") {
        "" => None,
        kind => Some(GroupKind::from_name(kind).ok_or_else(|| unknown(kind))?),
    };
    let change = GroupChange {
        kind,
        metadata: metadata(ask, "metadata"),
        policies: ask.texts("policies"),
        entities: ask.texts("member_entity_ids"),
        groups: ask.texts("member_group_ids"),
    };
    let written = directory(ask).write_group(named, change).map_err(refused)?;
    Ok(match written {
        Written::Created(group) => Answer::data(&json!({ "id": group.id, "name": group.name })),
        Written::Changed(_) | Written::Same(_) => Answer::Empty,
    })
}

fn read(ask: &mut Ask<'_>) -> Told {
    let id = ask.text("id").to_owned();
    let found = directory(ask).group(&id).map_err(refused)?;
    answer(ask, found)
}

fn read_named(ask: &mut Ask<'_>) -> Told {
    let found = named_group(ask)?;
    answer(ask, found)
}

fn named_group(ask: &mut Ask<'_>) -> Result<Option<Group>, Refusal> {
    let name = ask.text("name").to_owned();
    directory(ask).group_named(&name).map_err(refused)
}

fn answer(ask: &mut Ask<'_>, found: Option<Group>) -> Told {
    let found = found.ok_or_else(Refusal::not_found)?;
    Ok(Answer::data(&shown::group(ask, &found)?))
}

fn delete(ask: &mut Ask<'_>) -> Told {
    let id = ask.text("id").to_owned();
    directory(ask).delete_group(&id).map_err(refused)?;
    Ok(Answer::Empty)
}

fn delete_named(ask: &mut Ask<'_>) -> Told {
    if let Some(group) = named_group(ask)? {
        directory(ask).delete_group(&group.id).map_err(refused)?;
    }
    Ok(Answer::Empty)
}

fn list(ask: &mut Ask<'_>) -> Told {
    let after = ask.text("after").to_owned();
    let page = Page {
        after: &after,
        limit: page(ask).limit,
    };
    let groups = directory(ask).groups(page).map_err(refused)?;
    let mut entries = Vec::with_capacity(groups.len());
    for group in groups {
        let mut directory = directory(ask);
        let members = directory.members(&group.id).map_err(refused)?.len();
        let parents = directory.parents(&group.id).map_err(refused)?.len();
        let mut told = json!({
            "name": group.name,
            "num_member_entities": members,
            "num_parent_groups": parents,
        });
        if let (Value::Object(told), Some(alias)) = (&mut told, &group.alias) {
            let brief = shown::alias_in_brief(ask, &alias.id, &alias.accessor, &alias.name);
            told.insert("alias".into(), brief);
        }
        entries.push((group.id, told));
    }
    shown::list(entries)
}

fn list_names(ask: &mut Ask<'_>) -> Told {
    let all = directory(ask).groups(Page::ALL).map_err(refused)?;
    shown::names(ask, all.into_iter().map(|group| group.name).collect())
}
