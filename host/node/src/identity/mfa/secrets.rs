//! `identity/mfa/method/totp/generate` and its like: the keys of authenticators.

use crate::identity::{directory, refused};
use crate::mfa;
use crate::native::Does::Now;
use crate::native::{Ask, NativeField, NativeRoute, Told, body, on};
use base::{Answer, Envelope, Refusal};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use manifest::Access::Token;
use manifest::FieldKind::Text;
use manifest::Operation::Update;
use serde_json::json;

const OWN: &[NativeField] = &[body("method_id", Text, "The method.")];
const OF: &[NativeField] = &[
    body("method_id", Text, "The method."),
    body("entity_id", Text, "The entity."),
];

/// The routes.
#[rustfmt::skip]
pub(in crate::identity) const ROUTES: &[NativeRoute] = &[
    on(Update, "mfa/method/totp/generate", Token, Now(generate), OWN, "Makes a key for the caller."),
    on(Update, "mfa/method/totp/admin-generate", Token, Now(admin_generate), OF, "Makes a key for an entity."),
    on(Update, "mfa/method/totp/admin-destroy", Token, Now(admin_destroy), OF, "Takes the key of an entity away."),
];

fn generate(ask: &mut Ask<'_>) -> Told {
    let method = method_id(ask)?;
    let entity = ask.caller()?.entity_id().to_owned();
    enrol(ask, &method, &entity)
}

fn admin_generate(ask: &mut Ask<'_>) -> Told {
    let method = method_id(ask)?;
    let entity = ask.text("entity_id").to_owned();
    enrol(ask, &method, &entity)
}

fn method_id(ask: &Ask<'_>) -> Result<String, Refusal> {
    match ask.text("method_id") {
        "" => Err(Refusal::invalid("missing method ID")),
        id => Ok(id.to_owned()),
    }
}

fn enrol(ask: &mut Ask<'_>, method: &str, entity: &str) -> Told {
    if entity.is_empty() {
        return Err(Refusal::invalid("missing entityID"));
    }
    let found = mfa::method(ask.tx, ask.namespace.id, method)?;
    let method = found.ok_or_else(|| {
        let text = format!("configuration for method ID {method:?} does not exist");
        Refusal::invalid(text)
    })?;
    check_entity(ask, entity)?;
    let entropy = ask.node.parts.entropy.as_ref();
    let enrolled = mfa::enrol(ask.tx, entropy, ask.namespace.id, &method, entity)?;
    let Some(enrolled) = enrolled else {
        let text = format!(
            "Entity already has a secret for MFA method {:?}",
            method.name
        );
        return Ok(Answer::Envelope(Box::new(Envelope {
            warnings: vec![text],
            ..Envelope::default()
        })));
    };
    Ok(Answer::data(&json!({
        "barcode": STANDARD.encode(enrolled.barcode.expose()),
        "url": enrolled.url.expose(),
    })))
}

fn check_entity(ask: &mut Ask<'_>, id: &str) -> Result<(), Refusal> {
    match directory(ask).entity(id).map_err(refused)? {
        Some(_) => Ok(()),
        None => Err(Refusal::invalid("invalid entity ID")),
    }
}

/// Says nothing of whether there was a key.
fn admin_destroy(ask: &mut Ask<'_>) -> Told {
    let method = method_id(ask)?;
    let entity = ask.text("entity_id").to_owned();
    if entity.is_empty() {
        return Err(Refusal::invalid("missing entity ID"));
    }
    check_entity(ask, &entity)?;
    mfa::destroy(ask.tx, ask.namespace.id, &method, &entity);
    Ok(Answer::Empty)
}
