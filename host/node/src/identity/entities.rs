//! `identity/entity`.

use super::{PAGE, directory, given, metadata, named, page, refused, shown};
use crate::mfa;
use crate::native::Does::Now;
use crate::native::{Ask, NativeField, NativeRoute, Told, body, on, path};
use base::{Answer, Refusal};
use identity::{Entity, EntityChange, Named, Page, Written};
use manifest::Access::Token;
use manifest::FieldKind::{Boolean, Text, TextList, TextMap};
use manifest::Operation::{Delete, List, Read, Update};
use serde_json::{Value, json};

const ID: NativeField = path("id", "Id of the entity.");
const NAME: NativeField = path("name", "Name of the entity.");
const METADATA: NativeField = body("metadata", TextMap, "Metadata, all of it.");
const POLICIES: NativeField = body("policies", TextList, "Policies, all of them.");
const DISABLED: NativeField = body("disabled", Boolean, "May its tokens not be used?");

const BY_ID: &[NativeField] = &[
    ID,
    body("name", Text, "Name of the entity."),
    METADATA,
    POLICIES,
    DISABLED,
];
const BY_NAME: &[NativeField] = &[
    NAME,
    body("id", Text, "Not used: the path names the entity."),
    METADATA,
    POLICIES,
    DISABLED,
];
const ENTITY: &[NativeField] = &[
    body("id", Text, "Id of the entity to change."),
    body("name", Text, "Name; one is made up when not given."),
    METADATA,
    POLICIES,
    DISABLED,
];
const IDS: &[NativeField] = &[body("entity_ids", TextList, "Ids of the entities.")];

/// The routes.
#[rustfmt::skip]
pub(super) const ROUTES: &[NativeRoute] = &[
    on(Update, "entity", Token, Now(write), ENTITY, "Makes or changes an entity."),
    on(Update, "entity/batch-delete", Token, Now(delete_all), IDS, "Deletes entities."),
    on(List, "entity/id", Token, Now(list), PAGE, "Lists the entities by their ids."),
    on(Read, "entity/id/{id}", Token, Now(read), &[ID], "Reads an entity."),
    on(Update, "entity/id/{id}", Token, Now(write), BY_ID, "Changes an entity."),
    on(Delete, "entity/id/{id}", Token, Now(delete), &[ID], "Deletes an entity."),
    on(List, "entity/name", Token, Now(list_names), PAGE, "Lists the entities by their names."),
    on(Read, "entity/name/{name..}", Token, Now(read_named), &[NAME], "Reads an entity."),
    on(Update, "entity/name/{name..}", Token, Now(write_named), BY_NAME, "Makes or changes an entity."),
    on(Delete, "entity/name/{name..}", Token, Now(delete_named), &[NAME], "Deletes an entity."),
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
    let change = EntityChange {
        metadata: metadata(ask, "metadata"),
        policies: ask.texts("policies"),
        disabled: ask.input.get("disabled").and_then(Value::as_bool),
    };
    let written = directory(ask)
        .write_entity(named, change)
        .map_err(refused)?;
    Ok(match written {
        Written::Created(entity) => {
            let data = json!({ "aliases": null, "id": entity.id, "name": entity.name });
            Answer::data(&data)
        }
        Written::Changed(_) | Written::Same(_) => Answer::Empty,
    })
}

fn read(ask: &mut Ask<'_>) -> Told {
    let id = ask.text("id").to_owned();
    let found = directory(ask).entity(&id).map_err(refused)?;
    answer(ask, found)
}

fn read_named(ask: &mut Ask<'_>) -> Told {
    let found = named_entity(ask)?;
    answer(ask, found)
}

fn named_entity(ask: &mut Ask<'_>) -> Result<Option<Entity>, Refusal> {
    let name = ask.text("name").to_owned();
    directory(ask).entity_named(&name).map_err(refused)
}

fn answer(ask: &mut Ask<'_>, found: Option<Entity>) -> Told {
    let found = found.ok_or_else(Refusal::not_found)?;
    Ok(Answer::data(&shown::entity(ask, found)?))
}

fn delete(ask: &mut Ask<'_>) -> Told {
    let id = ask.text("id").to_owned();
    forget(ask, &id)?;
    Ok(Answer::Empty)
}

/// Removes an entity, and its keys of second factors.
fn forget(ask: &mut Ask<'_>, id: &str) -> Result<(), Refusal> {
    directory(ask).delete_entity(id).map_err(refused)?;
    mfa::forget_entity(ask.tx, ask.namespace.id, id)
}

fn delete_named(ask: &mut Ask<'_>) -> Told {
    if let Some(entity) = named_entity(ask)? {
        forget(ask, &entity.id)?;
    }
    Ok(Answer::Empty)
}

fn delete_all(ask: &mut Ask<'_>) -> Told {
    let ids = ask.texts("entity_ids").unwrap_or_default();
    if ids.is_empty() {
        return Err(Refusal::invalid("missing entity ids to delete"));
    }
    for id in ids {
        forget(ask, &id)?;
    }
    Ok(Answer::Empty)
}

fn list(ask: &mut Ask<'_>) -> Told {
    let after = ask.text("after").to_owned();
    let page = Page {
        after: &after,
        limit: page(ask).limit,
    };
    let entities = directory(ask).entities(page).map_err(refused)?;
    let mut entries = Vec::with_capacity(entities.len());
    for entity in entities {
        let aliases = directory(ask).aliases_of(&entity.id).map_err(refused)?;
        let mut told = json!({ "name": entity.name });
        if !aliases.is_empty() {
            let brief = aliases
                .iter()
                .map(|one| shown::alias_in_brief(ask, &one.id, &one.accessor, &one.name));
            let brief: Vec<Value> = brief.collect();
            told = json!({ "aliases": brief, "name": entity.name });
        }
        entries.push((entity.id, told));
    }
    shown::list(entries)
}

fn list_names(ask: &mut Ask<'_>) -> Told {
    let all = directory(ask).entities(Page::ALL).map_err(refused)?;
    shown::names(ask, all.into_iter().map(|entity| entity.name).collect())
}
