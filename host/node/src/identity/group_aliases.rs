//! `identity/group-alias`.

use super::{PAGE, directory, given, named_mount, page, refused, shown};
use crate::native::Does::Now;
use crate::native::{Ask, NativeField, NativeRoute, Told, body, on, path};
use base::{Answer, Refusal};
use identity::{Group, GroupAlias, GroupAliasChange, Page, Written};
use manifest::Access::Token;
use manifest::FieldKind::Text;
use manifest::Operation::{Delete, List, Read, Update};
use serde_json::json;

const ID: NativeField = path("id", "Id of the group alias.");
const NAME: NativeField = body("name", Text, "Name of the group at the auth mount.");
const MOUNT: NativeField = body("mount_accessor", Text, "Accessor of the auth mount.");
const CANONICAL: NativeField = body("canonical_id", Text, "Id of the group.");

const NEW: &[NativeField] = &[
    body("id", Text, "Id of the group alias to change."),
    NAME,
    MOUNT,
    CANONICAL,
];
const ONE: &[NativeField] = &[ID, NAME, MOUNT, CANONICAL];

/// The routes.
#[rustfmt::skip]
pub(super) const ROUTES: &[NativeRoute] = &[
    on(Update, "group-alias", Token, Now(write), NEW, "Makes or changes the alias of a group."),
    on(List, "group-alias/id", Token, Now(list), PAGE, "Lists the aliases of all groups."),
    on(Read, "group-alias/id/{id}", Token, Now(read), &[ID], "Reads a group alias."),
    on(Update, "group-alias/id/{id}", Token, Now(write), ONE, "Changes a group alias."),
    on(Delete, "group-alias/id/{id}", Token, Now(delete), &[ID], "Deletes a group alias."),
];

fn write(ask: &mut Ask<'_>) -> Told {
    let name = given(ask, "name").ok_or_else(|| Refusal::invalid("missing alias name"))?;
    let mount = named_mount(ask)?;
    let mount = mount.ok_or_else(|| Refusal::invalid("missing mount_accessor"))?;
    let change = GroupAliasChange {
        id: given(ask, "id"),
        name,
        accessor: mount.accessor,
        group: given(ask, "canonical_id"),
    };
    let written = directory(ask).write_group_alias(change).map_err(refused)?;
    Ok(match written {
        Written::Created(group) | Written::Changed(group) | Written::Same(group) => {
            let id = group.alias.map(|alias| alias.id).unwrap_or_default();
            Answer::data(&json!({ "canonical_id": group.id, "id": id }))
        }
    })
}

fn read(ask: &mut Ask<'_>) -> Told {
    let id = ask.text("id").to_owned();
    let found = directory(ask).group_with_alias(&id).map_err(refused)?;
    let (group, alias) = found.and_then(with_alias).ok_or_else(Refusal::not_found)?;
    Ok(Answer::data(&shown::group_alias_alone(ask, &group, &alias)))
}

fn with_alias(mut group: Group) -> Option<(Group, GroupAlias)> {
    let alias = group.alias.take()?;
    Some((group, alias))
}

fn delete(ask: &mut Ask<'_>) -> Told {
    let id = ask.text("id").to_owned();
    directory(ask).delete_group_alias(&id).map_err(refused)?;
    Ok(Answer::Empty)
}

fn list(ask: &mut Ask<'_>) -> Told {
    let after = ask.text("after").to_owned();
    let page = Page {
        after: &after,
        limit: page(ask).limit,
    };
    let groups = directory(ask).groups_with_alias(page).map_err(refused)?;
    let told = groups
        .into_iter()
        .filter_map(with_alias)
        .map(|(group, alias)| {
            let told = shown::group_alias_in_list(ask, &group, &alias);
            (alias.id, told)
        });
    shown::list(told.collect())
}
