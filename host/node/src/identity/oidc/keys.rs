//! `identity/oidc/key`.

use super::{NAME, make_keys, name, refused};
use crate::identity::directory;
use crate::native::Does::{Later, Now};
use crate::native::{Ask, NativeField, NativeRoute, Told, body, on};
use base::{Answer, Refusal};
use identity::oidc::{Algorithm, KeyChange};
use manifest::Access::Token;
use manifest::FieldKind::{Duration, Text, TextList};
use manifest::Operation::{Delete, List, Read, Update};
use serde_json::json;

const KEY: &[NativeField] = &[
    NAME,
    body(
        "algorithm",
        Text,
        "`RS256`, `ES256`, `EdDSA` and their like.",
    ),
    body("rotation_period", Duration, "How long a key signs."),
    body(
        "verification_ttl",
        Duration,
        "How long its public half is published after that.",
    ),
    body(
        "allowed_client_ids",
        TextList,
        "Clients that it signs for; `*` for all.",
    ),
];
const ROTATE: &[NativeField] = &[
    NAME,
    body(
        "verification_ttl",
        Duration,
        "How long the public half of the old key is published.",
    ),
];

/// The routes.
#[rustfmt::skip]
pub(in crate::identity) const ROUTES: &[NativeRoute] = &[
    on(List, "oidc/key", Token, Now(list), &[], "Lists the named keys."),
    on(Read, "oidc/key/{name}", Token, Now(read), &[NAME], "Reads a named key."),
    on(Update, "oidc/key/{name}", Token, Later(|ask| Box::pin(write(ask))), KEY, "Makes or changes a named key."),
    on(Delete, "oidc/key/{name}", Token, Now(delete), &[NAME], "Deletes a named key."),
    on(Update, "oidc/key/{name}/rotate", Token, Later(|ask| Box::pin(rotate(ask))), ROTATE, "Lets the next key of a name sign."),
];

fn list(ask: &mut Ask<'_>) -> Told {
    let keys = directory(ask).oidc_keys().map_err(refused)?;
    let names: Vec<&String> = keys.iter().map(|key| &key.name).collect();
    Ok(Answer::data(&json!({ "keys": names })))
}

fn read(ask: &mut Ask<'_>) -> Told {
    let name = name(ask)?;
    let found = directory(ask).oidc_key(&name).map_err(refused)?;
    let key = found.ok_or_else(Refusal::not_found)?;
    Ok(Answer::data(&json!({
        "algorithm": key.algorithm.name(),
        "allowed_client_ids": key.allowed_client_ids,
        "rotation_period": key.rotation_period,
        "verification_ttl": key.verification_ttl,
    })))
}

async fn write(ask: &mut Ask<'_>) -> Told {
    let name = name(ask)?;
    let unknown = |name: &str| Refusal::invalid(format!("unknown signing algorithm {name:?}"));
    let algorithm = match ask.some_text("algorithm") {
        Some(name) => Some(Algorithm::from_name(name).ok_or_else(|| unknown(name))?),
        None => None,
    };
    let change = KeyChange {
        algorithm,
        rotation_period: ask.number("rotation_period"),
        verification_ttl: ask.number("verification_ttl"),
        allowed_client_ids: ask.texts("allowed_client_ids"),
    };
    let wanted = directory(ask).keys_to_write(&name, &change);
    let (algorithm, count) = wanted.map_err(refused)?;
    let fresh = make_keys(ask.node, algorithm, count).await?;
    let written = directory(ask).write_oidc_key(&name, &change, &fresh);
    written.map_err(refused)?;
    Ok(Answer::Empty)
}

fn delete(ask: &mut Ask<'_>) -> Told {
    let name = name(ask)?;
    directory(ask).delete_oidc_key(&name).map_err(refused)?;
    Ok(Answer::Empty)
}

async fn rotate(ask: &mut Ask<'_>) -> Told {
    let name = name(ask)?;
    let found = directory(ask).oidc_key(&name).map_err(refused)?;
    let missing = || Refusal::invalid(format!("no named key found at {name:?}"));
    let key = found.ok_or_else(missing)?;
    if key.ring.is_none() {
        // The default key before its first use: what would be new is not even old.
        return Ok(Answer::Empty);
    }
    let fresh = make_keys(ask.node, key.algorithm, 1).await?;
    let ttl = ask.number("verification_ttl");
    for fresh in &fresh {
        let rotated = directory(ask).rotate_oidc_key(&name, ttl, fresh);
        rotated.map_err(refused)?;
    }
    Ok(Answer::Empty)
}
