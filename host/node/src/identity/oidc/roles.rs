//! `identity/oidc/role`.

use super::{NAME, name, refused};
use crate::identity::directory;
use crate::native::Does::Now;
use crate::native::{Ask, NativeField, NativeRoute, Told, body, on};
use base::{Answer, Refusal};
use identity::oidc::RoleChange;
use manifest::Access::Token;
use manifest::FieldKind::{Duration, Text};
use manifest::Operation::{Delete, List, Read, Update};
use serde_json::json;

const ROLE: &[NativeField] = &[
    NAME,
    body("key", Text, "Name of the key that signs."),
    body("template", Text, "Claims with holes, plain or in Base64."),
    body("ttl", Duration, "How long a token lives."),
    body("client_id", Text, "Whom the tokens are for."),
];

/// The routes.
#[rustfmt::skip]
pub(in crate::identity) const ROUTES: &[NativeRoute] = &[
    on(List, "oidc/role", Token, Now(list), &[], "Lists the roles."),
    on(Read, "oidc/role/{name}", Token, Now(read), &[NAME], "Reads a role."),
    on(Update, "oidc/role/{name}", Token, Now(write), ROLE, "Makes or changes a role."),
    on(Delete, "oidc/role/{name}", Token, Now(delete), &[NAME], "Deletes a role."),
];

fn list(ask: &mut Ask<'_>) -> Told {
    let roles = directory(ask).oidc_roles().map_err(refused)?;
    if roles.is_empty() {
        return Err(Refusal::not_found());
    }
    let names: Vec<&String> = roles.iter().map(|(name, _)| name).collect();
    Ok(Answer::data(&json!({ "keys": names })))
}

fn read(ask: &mut Ask<'_>) -> Told {
    let name = name(ask)?;
    let found = directory(ask).oidc_role(&name).map_err(refused)?;
    let role = found.ok_or_else(Refusal::not_found)?;
    Ok(Answer::data(&json!({
        "client_id": role.client_id,
        "key": role.key,
        "template": role.template,
        "ttl": role.ttl,
    })))
}

fn write(ask: &mut Ask<'_>) -> Told {
    let name = name(ask)?;
    let text = |name: &str| ask.some_text(name).map(str::to_owned);
    let change = RoleChange {
        key: text("key"),
        client_id: text("client_id").filter(|id| !id.is_empty()),
        template: text("template"),
        ttl: ask.number("ttl"),
    };
    let written = directory(ask).write_oidc_role(&name, change);
    written.map_err(refused)?;
    Ok(Answer::Empty)
}

fn delete(ask: &mut Ask<'_>) -> Told {
    let name = name(ask)?;
    directory(ask).delete_oidc_role(&name);
    Ok(Answer::Empty)
}
