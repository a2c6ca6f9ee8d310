//! `identity/lookup`: finds by what one knows. Who is not found is no error.

use super::{auth_mount, directory, given, login, refused, shown};
use crate::native::Does::Now;
use crate::native::{Ask, NativeField, NativeRoute, Told, body, on};
use base::{Answer, Refusal};
use manifest::Access::Token;
use manifest::FieldKind::Text;
use manifest::Operation::Update;

const BY: &[NativeField] = &[
    body("id", Text, "Its id."),
    body("name", Text, "Its name."),
    body("alias_id", Text, "Id of an alias of it."),
    body("alias_name", Text, "Name of an alias of it."),
    body(
        "alias_mount_accessor",
        Text,
        "Accessor of the alias' auth mount.",
    ),
];

/// The routes.
#[rustfmt::skip]
pub(super) const ROUTES: &[NativeRoute] = &[
    on(Update, "lookup/entity", Token, Now(entity), BY, "Looks an entity up."),
    on(Update, "lookup/group", Token, Now(group), BY, "Looks a group up."),
];

/// By what a thing is looked for.
enum By {
    Id(String),
    Name(String),
    Alias(String),
    AliasName { accessor: String, name: String },
}

fn by(ask: &Ask<'_>) -> Result<By, Refusal> {
    let accessor = given(ask, "alias_mount_accessor");
    let alias_name = given(ask, "alias_name");
    let at_mount = match (accessor, alias_name) {
        (Some(accessor), Some(name)) => Some(By::AliasName { accessor, name }),
        (None, None) => None,
        _ => {
            return Err(Refusal::invalid(
                "both 'alias_name' and 'alias_mount_accessor' needs to be set",
            ));
        }
    };
    let mut ways = [
        given(ask, "id").map(By::Id),
        given(ask, "name").map(By::Name),
        given(ask, "alias_id").map(By::Alias),
        at_mount,
    ]
    .into_iter()
    .flatten();
    match (ways.next(), ways.next()) {
        (Some(way), None) => Ok(way),
        (None, _) => Err(Refusal::invalid("query parameter not supplied")),
        (Some(_), Some(_)) => Err(Refusal::invalid(
            "query parameter conflict; please supply distinct set of query parameters",
        )),
    }
}

fn entity(ask: &mut Ask<'_>) -> Told {
    let by = by(ask)?;
    let mount = match &by {
        By::AliasName { accessor, .. } => auth_mount(ask, accessor),
        By::Id(_) | By::Name(_) | By::Alias(_) => None,
    };
    let mut directory = directory(ask);
    let found = match by {
        By::Id(id) => directory.entity(&id),
        By::Name(name) => directory.entity_named(&name),
        By::Alias(id) => match directory.alias(&id).map_err(refused)? {
            Some(alias) => directory.entity(&alias.entity),
            None => Ok(None),
        },
        By::AliasName { name, .. } => {
            let alias = mount.map(|mount| directory.alias_named(&login::mount(&mount.0), &name));
            match alias.transpose().map_err(refused)?.flatten() {
                Some(alias) => directory.entity(&alias.entity),
                None => Ok(None),
            }
        }
    };
    Ok(match found.map_err(refused)? {
        Some(entity) => Answer::data(&shown::entity(ask, entity)?),
        None => Answer::Empty,
    })
}

fn group(ask: &mut Ask<'_>) -> Told {
    let by = by(ask)?;
    let mut directory = directory(ask);
    let found = match by {
        By::Id(id) => directory.group(&id),
        By::Name(name) => directory.group_named(&name),
        By::Alias(id) => directory.group_with_alias(&id),
        By::AliasName { accessor, name } => directory.group_named_at(&accessor, &name),
    };
    Ok(match found.map_err(refused)? {
        Some(group) => Answer::data(&shown::group(ask, &group)?),
        None => Answer::Empty,
    })
}
