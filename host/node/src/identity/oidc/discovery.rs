//! `identity/oidc/.well-known`: how others find and check identity tokens. Anybody may ask.

use super::{config, refused};
use crate::identity::directory;
use crate::native::Does::Now;
use crate::native::{Ask, NativeRoute, Told, on};
use base::{Answer, Json, Raw, Refusal};
use identity::oidc::{Algorithm, NamedKey, jwk};
use manifest::Access::Public;
use manifest::Operation::Read;
use serde_json::{Value, json};

/// The routes.
#[rustfmt::skip]
pub(in crate::identity) const ROUTES: &[NativeRoute] = &[
    on(Read, "oidc/.well-known/openid-configuration", Public, Now(configuration), &[], "Where things are."),
    on(Read, "oidc/.well-known/keys", Public, Now(keys), &[], "The public keys that sign identity tokens."),
];

fn configuration(ask: &mut Ask<'_>) -> Told {
    let issuer = config::current(ask)?;
    let told = json!({
        "issuer": issuer,
        "jwks_uri": format!("{issuer}/.well-known/keys"),
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": algorithms(),
    });
    Ok(kept_for_an_hour(&told))
}

pub(super) fn algorithms() -> Vec<&'static str> {
    Algorithm::ALL.iter().map(|one| one.name()).collect()
}

/// An answer that is the same for everybody, and seldom changes.
pub(super) fn kept_for_an_hour(told: &Value) -> Answer {
    Answer::Raw(Raw {
        status: 200,
        content_type: String::from("application/json"),
        headers: vec![(String::from("Cache-Control"), String::from("max-age=3600"))],
        body: told.to_string().into_bytes(),
    })
}

/// The public halves of all keys that a role signs with.
fn keys(ask: &mut Ask<'_>) -> Told {
    let mut directory = directory(ask);
    let roles = directory.oidc_roles().map_err(refused)?;
    let keys = directory.oidc_keys().map_err(refused)?;
    let used = keys
        .iter()
        .filter(|key| roles.iter().any(|(_, role)| role.key == key.name));
    let shown = published(ask, used)?;
    Ok(Answer::Bare(Json::of(&json!({ "keys": shown }))))
}

/// What is published of these keys now.
pub(super) fn published<'a>(
    ask: &Ask<'_>,
    keys: impl Iterator<Item = &'a NamedKey>,
) -> Result<Vec<Value>, Refusal> {
    let rings = keys.filter_map(|key| key.ring.as_ref());
    rings
        .flat_map(|ring| ring.published(ask.now))
        .map(|key| jwk(key).map_err(refused))
        .collect()
}
