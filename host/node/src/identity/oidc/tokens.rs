//! `identity/oidc/token`: an identity token for the caller's entity.

use super::{NAME, config, make_keys, name, refused};
use crate::identity::{directory, refused as refused_identity};
use crate::native::Does::Later;
use crate::native::{Ask, NativeRoute, Told, on};
use base::{Answer, Refusal};
use identity::oidc::{KeyChange, NamedKey, Role, Template};
use manifest::Access::Token;
use manifest::Operation::Read;
use serde_json::json;

/// The route.
pub(in crate::identity) const ROUTES: &[NativeRoute] = &[on(
    Read,
    "oidc/token/{name}",
    Token,
    Later(|ask| Box::pin(token(ask))),
    &[NAME],
    "Makes an identity token for the caller's entity.",
)];

async fn token(ask: &mut Ask<'_>) -> Told {
    let name = name(ask)?;
    let found = directory(ask).oidc_role(&name).map_err(refused)?;
    let missing = || Refusal::invalid(format!("role {name:?} not found"));
    let role = found.ok_or_else(missing)?;
    let key = directory(ask).oidc_key(&role.key).map_err(refused)?;
    let missing = || Refusal::invalid(format!("key {:?} not found", role.key));
    let key = key.ok_or_else(missing)?;
    if !key.allows(&role.client_id) {
        return Err(Refusal::invalid(format!(
            "the key {:?} does not list the client ID of the role {name:?} as an allowed client ID",
            role.key
        )));
    }
    let entity = ask.caller()?.entity_id().to_owned();
    if entity.is_empty() {
        let text = "no entity associated with the request's token";
        return Err(Refusal::invalid(text));
    }
    let key = ready(ask, key).await?;
    let token = signed(ask, &role, &key, &entity)?;
    Ok(Answer::data(&json!({
        "client_id": role.client_id,
        "token": token,
        "ttl": role.ttl,
    })))
}

/// A key that can sign: made, where it has not signed before, and turned where its time has come.
/// On a secondary the one that is there goes on: the primary turns it, once it can be reached.
pub(super) async fn ready(ask: &mut Ask<'_>, key: NamedKey) -> Result<NamedKey, Refusal> {
    let now = ask.now;
    let count = match &key.ring {
        None => 2,
        Some(ring) if ring.rotates <= now && !ask.node.replication.is_secondary() => 1,
        Some(_) => return Ok(key),
    };
    let fresh = make_keys(ask.node, key.algorithm, count).await?;
    let mut directory = directory(ask);
    let done = match fresh.as_slice() {
        [fresh] => directory.rotate_oidc_key_if_due(&key.name, fresh),
        fresh => directory.write_oidc_key(&key.name, &KeyChange::default(), fresh),
    };
    done.map_err(refused)?;
    let key = directory.oidc_key(&key.name).map_err(refused)?;
    key.ok_or_else(|| Refusal::internal("a key was just written and is gone"))
}

fn signed(ask: &mut Ask<'_>, role: &Role, key: &NamedKey, entity: &str) -> Result<String, Refusal> {
    let issuer = config::current(ask)?;
    let label = ask.namespace.label();
    let now = ask.now;
    let mut directory = directory(ask);
    let person = directory.person(entity).map_err(refused_identity)?;
    let person = person.ok_or_else(Refusal::denied)?;
    let template = Template::parse(&role.template).map_err(refused)?;
    let mut claims = template.fill(Some(&person), now).map_err(refused)?;
    let seconds = now.as_seconds();
    claims.insert("aud".into(), role.client_id.as_str().into());
    claims.insert("exp".into(), seconds.saturating_add(role.ttl).into());
    claims.insert("iat".into(), seconds.into());
    claims.insert("iss".into(), issuer.into());
    claims.insert("namespace".into(), label.into());
    claims.insert("sub".into(), person.entity.id.into());
    directory.sign_claims(key, &claims).map_err(refused)
}
