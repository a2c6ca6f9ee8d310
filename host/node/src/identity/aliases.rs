//! `identity/entity-alias`, and its older forms `identity/alias` and `identity/persona`.

use super::{PAGE, directory, given, metadata, named_mount, page, refused, shown};
use crate::native::Does::Now;
use crate::native::{Ask, NativeField, NativeRoute, Told, body, on, path};
use base::{Answer, Refusal};
use identity::{AliasChange, Page, Written};
use manifest::Access::Token;
use manifest::FieldKind::{Text, TextMap};
use manifest::Operation::{Delete, List, Read, Update};
use serde_json::{Value, json};

const ID: NativeField = path("id", "Id of the alias.");
const NAME: NativeField = body("name", Text, "Name at the auth mount.");
const MOUNT: NativeField = body("mount_accessor", Text, "Accessor of the auth mount.");
const CANONICAL: NativeField = body("canonical_id", Text, "Id of the entity.");
const ENTITY: NativeField = body("entity_id", Text, "Old name of `canonical_id`.");
const CUSTOM: NativeField = body("custom_metadata", TextMap, "Custom metadata, all of it.");
const OLD_CUSTOM: NativeField = body("metadata", TextMap, "Old name of `custom_metadata`.");
const NEW_ID: NativeField = body("id", Text, "Id of the alias to change.");

const NEW: &[NativeField] = &[NEW_ID, NAME, MOUNT, CANONICAL, ENTITY, CUSTOM];
const ONE: &[NativeField] = &[ID, NAME, MOUNT, CANONICAL, ENTITY, CUSTOM];
const NEW_PERSONA: &[NativeField] = &[NEW_ID, NAME, MOUNT, ENTITY, OLD_CUSTOM];
const PERSONA: &[NativeField] = &[ID, NAME, MOUNT, ENTITY, OLD_CUSTOM];

/// The routes.
#[rustfmt::skip]
pub(super) const ROUTES: &[NativeRoute] = &[
    on(Update, "entity-alias", Token, Now(write), NEW, "Makes or changes an alias of an entity."),
    on(List, "entity-alias/id", Token, Now(list), PAGE, "Lists the aliases of all entities."),
    on(Read, "entity-alias/id/{id}", Token, Now(read), &[ID], "Reads an alias."),
    on(Update, "entity-alias/id/{id}", Token, Now(write), ONE, "Changes an alias."),
    on(Delete, "entity-alias/id/{id}", Token, Now(delete), &[ID], "Deletes an alias."),
    on(Update, "alias", Token, Now(write), NEW, "Makes or changes an alias of an entity."),
    on(List, "alias/id", Token, Now(list), PAGE, "Lists the aliases of all entities."),
    on(Read, "alias/id/{id}", Token, Now(read), &[ID], "Reads an alias."),
    on(Update, "alias/id/{id}", Token, Now(write), ONE, "Changes an alias."),
    on(Delete, "alias/id/{id}", Token, Now(delete), &[ID], "Deletes an alias."),
    on(Update, "persona", Token, Now(write), NEW_PERSONA, "Makes or changes an alias of an entity."),
    on(List, "persona/id", Token, Now(list), PAGE, "Lists the aliases of all entities."),
    on(Read, "persona/id/{id}", Token, Now(read), &[ID], "Reads an alias."),
    on(Update, "persona/id/{id}", Token, Now(write), PERSONA, "Changes an alias."),
    on(Delete, "persona/id/{id}", Token, Now(delete), &[ID], "Deletes an alias."),
];

fn write(ask: &mut Ask<'_>) -> Told {
    let custom_metadata = metadata(ask, "custom_metadata");
    let change = AliasChange {
        id: given(ask, "id"),
        name: given(ask, "name"),
        mount: named_mount(ask)?,
        entity: given(ask, "canonical_id").or_else(|| given(ask, "entity_id")),
        custom_metadata: custom_metadata.or_else(|| metadata(ask, "metadata")),
    };
    let written = directory(ask).write_alias(change).map_err(refused)?;
    Ok(match written {
        Written::Created(alias) | Written::Changed(alias) => {
            Answer::data(&json!({ "canonical_id": alias.entity, "id": alias.id }))
        }
        Written::Same(_) => Answer::Empty,
    })
}

fn read(ask: &mut Ask<'_>) -> Told {
    let id = ask.text("id").to_owned();
    let found = directory(ask).alias(&id).map_err(refused)?;
    let found = found.ok_or_else(Refusal::not_found)?;
    let mut shown = shown::alias(ask, &found);
    if let Value::Object(members) = &mut shown {
        members.insert("namespace_id".into(), ask.namespace.label().into());
    }
    Ok(Answer::data(&shown))
}

fn delete(ask: &mut Ask<'_>) -> Told {
    let id = ask.text("id").to_owned();
    directory(ask).delete_alias(&id).map_err(refused)?;
    Ok(Answer::Empty)
}

fn list(ask: &mut Ask<'_>) -> Told {
    let after = ask.text("after").to_owned();
    let page = Page {
        after: &after,
        limit: page(ask).limit,
    };
    let aliases = directory(ask).aliases(page).map_err(refused)?;
    let told = aliases
        .iter()
        .map(|alias| (alias.id.clone(), shown::alias_in_list(ask, alias)));
    shown::list(told.collect())
}
