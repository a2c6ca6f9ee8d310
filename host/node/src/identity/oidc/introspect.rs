//! `identity/oidc/introspect`: does an identity token still count?

use super::{config, refused};
use crate::identity::{directory, refused as refused_identity};
use crate::native::Does::Now;
use crate::native::{Ask, NativeField, NativeRoute, Told, body, on};
use base::{Answer, Json, Refusal};
use identity::oidc::{OidcError, Unverified};
use manifest::Access::Token;
use manifest::FieldKind::Text;
use manifest::Operation::Update;
use serde_json::{Value, json};

const TOKEN: &[NativeField] = &[
    body("token", Text, "The identity token."),
    body(
        "client_id",
        Text,
        "Whom it must be for; anybody, when not given.",
    ),
];

/// The route.
pub(in crate::identity) const ROUTES: &[NativeRoute] = &[on(
    Update,
    "oidc/introspect",
    Token,
    Now(introspect),
    TOKEN,
    "Says whether an identity token counts.",
)];

fn introspect(ask: &mut Ask<'_>) -> Told {
    let told = match check(ask)? {
        Ok(()) => json!({ "active": true }),
        Err(text) => json!({ "active": false, "error": text }),
    };
    Ok(Answer::Bare(Json::of(&told)))
}

/// `Ok(Err)` says why the token does not count.
fn check(ask: &mut Ask<'_>) -> Result<Result<(), String>, Refusal> {
    let text = ask.text("token").to_owned();
    let token = match Unverified::parse(&text) {
        Ok(token) => token,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let issuer = config::current(ask)?;
    let client = ask.text("client_id").to_owned();
    let now = ask.now;
    let mut directory = directory(ask);
    let keys = directory.oidc_keys().map_err(refused)?;
    let rings = keys.iter().filter_map(|key| key.ring.as_ref());
    let mut published = rings.flat_map(|ring| ring.published(now));
    let Some(key) = published.find(|key| key.id == token.key_id) else {
        let text = "unable to validate the token signature";
        return Ok(Err(text.to_owned()));
    };
    let claims = match token.verify(key, &issuer, now) {
        Ok(claims) => claims,
        Err(OidcError::NotValid(text)) => return Ok(Err(text)),
        Err(error) => return Err(refused(error)),
    };
    let claim = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
    if !client.is_empty() && claim("aud") != client {
        let text = "error validating claims: invalid audience claim (aud)";
        return Ok(Err(text.to_owned()));
    }
    let entity = directory.entity_now(claim("sub"));
    Ok(match entity.map_err(refused_identity)? {
        None => Err(String::from("entity was not found")),
        Some(entity) if entity.disabled => Err(String::from("entity is disabled")),
        Some(_) => Ok(()),
    })
}
