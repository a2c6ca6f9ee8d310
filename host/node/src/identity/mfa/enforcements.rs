//! `identity/mfa/login-enforcement`: who needs a second factor.

use crate::identity::{auth_mount, directory, refused};
use crate::mfa::{self, Enforcement};
use crate::native::Does::Now;
use crate::native::{Ask, NativeField, NativeRoute, Told, body, on, path};
use crate::refusal::from_barrier;
use base::{Answer, Map, Refusal, make_uuid};
use locality::SystemKey;
use manifest::Access::Token;
use manifest::FieldKind::{Name, TextList};
use manifest::Operation::{Delete, List, Read, Update};
use mount::{MountKind, Namespace};
use serde_json::{Value, json};

const NAME: NativeField = NativeField {
    kind: Name,
    ..path("name", "Name of the enforcement.")
};
const AT: &[NativeField] = &[NAME];
const ENFORCEMENT: &[NativeField] = &[
    NAME,
    body("mfa_method_ids", TextList, "Methods, any of which does."),
    body(
        "auth_method_accessors",
        TextList,
        "Auth methods whose logins need it.",
    ),
    body(
        "auth_method_types",
        TextList,
        "Types of auth methods whose logins need it.",
    ),
    body("identity_group_ids", TextList, "Groups that need it."),
    body("identity_entity_ids", TextList, "Entities that need it."),
];

/// The routes.
#[rustfmt::skip]
pub(in crate::identity) const ROUTES: &[NativeRoute] = &[
    on(List, "mfa/login-enforcement", Token, Now(list), &[], "Lists the enforcements."),
    on(Read, "mfa/login-enforcement/{name}", Token, Now(read), AT, "Reads an enforcement."),
    on(Update, "mfa/login-enforcement/{name}", Token, Now(write), ENFORCEMENT, "Makes or changes an enforcement."),
    on(Delete, "mfa/login-enforcement/{name}", Token, Now(delete), AT, "Deletes an enforcement."),
];

/// Each login reads all of them.
const ENFORCEMENTS_MAX: usize = 1000;
/// Names in one list.
const NAMES_MAX: usize = 1000;

fn list(ask: &mut Ask<'_>) -> Told {
    let all = mfa::enforcements(ask.tx, ask.namespace.id)?;
    if all.is_empty() {
        return Err(Refusal::not_found());
    }
    let keys: Vec<&String> = all.iter().map(|one| &one.name).collect();
    let info = all
        .iter()
        .map(|one| (one.name.clone(), shown(ask.namespace, one)));
    let info: Map = info.collect();
    Ok(Answer::data(&json!({ "keys": keys, "key_info": info })))
}

fn read(ask: &mut Ask<'_>) -> Told {
    let name = ask.text("name").to_owned();
    let found = mfa::enforcement(ask.tx, ask.namespace.id, &name)?;
    let found = found.ok_or_else(Refusal::not_found)?;
    Ok(Answer::data(&shown(ask.namespace, &found)))
}

fn shown(namespace: &Namespace, one: &Enforcement) -> Value {
    json!({
        "auth_method_accessors": one.accessors,
        "auth_method_types": one.types,
        "id": one.id,
        "identity_entity_ids": one.entities,
        "identity_group_ids": one.groups,
        "mfa_method_ids": one.methods,
        "name": one.name,
        "namespace_id": namespace.label(),
        "namespace_path": namespace.path,
    })
}

/// What is not given stays, but for the methods, which must be given.
fn write(ask: &mut Ask<'_>) -> Told {
    let namespace = ask.namespace.id;
    let name = ask.text("name").to_owned();
    let methods = ask.texts("mfa_method_ids").unwrap_or_default();
    if methods.is_empty() {
        return Err(Refusal::invalid("missing method ids"));
    }
    let before = mfa::enforcement(ask.tx, namespace, &name)?;
    if before.is_none() && mfa::enforcements(ask.tx, namespace)?.len() >= ENFORCEMENTS_MAX {
        return Err(Refusal::invalid("too many login enforcements"));
    }
    let mut new = before.unwrap_or_else(|| Enforcement {
        id: make_uuid(ask.node.parts.entropy.as_ref()),
        name,
        ..Enforcement::default()
    });
    new.methods = methods;
    for (field, list) in [
        ("auth_method_accessors", &mut new.accessors),
        ("auth_method_types", &mut new.types),
        ("identity_group_ids", &mut new.groups),
        ("identity_entity_ids", &mut new.entities),
    ] {
        if let Some(given) = ask.texts(field) {
            *list = given;
        }
    }
    check(ask, &new)?;
    let key = SystemKey::mfa_enforcement(namespace, &new.name);
    ask.tx.write_json(&key, &new).map_err(from_barrier)?;
    Ok(Answer::Empty)
}

/// All that it names must be there.
fn check(ask: &mut Ask<'_>, new: &Enforcement) -> Result<(), Refusal> {
    let invalid = |text: &str| Err(Refusal::invalid(text));
    let lists = [
        &new.methods,
        &new.accessors,
        &new.types,
        &new.groups,
        &new.entities,
    ];
    if lists.iter().any(|list| list.len() > NAMES_MAX) {
        return invalid("a list of a login enforcement is too long");
    }
    for id in &new.methods {
        if mfa::method(ask.tx, ask.namespace.id, id)?.is_none() {
            return invalid("one of the provided method ids doesn't exist");
        }
    }
    if lists.iter().skip(1).all(|list| list.is_empty()) {
        return invalid(
            "One of auth_method_accessors, auth_method_types, identity_group_ids, identity_entity_ids must be specified",
        );
    }
    let mut accessors = new.accessors.iter();
    if accessors.any(|accessor| auth_mount(ask, accessor).is_none()) {
        return invalid("one of the auth method accessors provided is invalid");
    }
    if new.types.iter().any(|kind| !is_mounted(ask, kind)) {
        return invalid("one of the auth method types provided is invalid");
    }
    for id in &new.groups {
        if directory(ask).group(id).map_err(refused)?.is_none() {
            return invalid("one of the provided group ids doesn't exist");
        }
    }
    for id in &new.entities {
        if directory(ask).entity(id).map_err(refused)?.is_none() {
            return invalid("one of the provided entity ids doesn't exist");
        }
    }
    Ok(())
}

fn is_mounted(ask: &Ask<'_>, kind: &str) -> bool {
    let tables = ask.node.tables();
    let table = tables.of(ask.namespace.id);
    let mut mounts = table.into_iter().flat_map(|table| table.iter());
    mounts.any(|mount| mount.0.kind == MountKind::Auth && mount.0.plugin == kind)
}

fn delete(ask: &mut Ask<'_>) -> Told {
    let key = SystemKey::mfa_enforcement(ask.namespace.id, ask.text("name"));
    ask.tx.delete(&key);
    Ok(Answer::Empty)
}
