//! `identity/oidc/token`: an identity token for the caller's entity.

use super::{NAME, config, make_keys, name, refused};
use crate::identity::{directory, refused as refused_identity};
use crate::namespaces;
use crate::native::Does::Later;
use crate::native::{Ask, NativeRoute, Told, on};
use crate::replication::errands;
use crate::unsealed::Unsealed;
use barrier::Transaction;
use base::{Answer, NamespaceId, Refusal};
use identity::Directory;
use identity::oidc::{KeyChange, NamedKey, Role, Template};
use manifest::Access::Token;
use manifest::Operation::Read;
use mount::Namespace;
use serde_json::json;
use std::sync::Arc;

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
        None if ask.node.replication.is_secondary() => return made_there(ask, &key.name).await,
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

/// On a secondary a key that has not signed before is made by the primary.
async fn made_there(ask: &mut Ask<'_>, name: &str) -> Result<NamedKey, Refusal> {
    errands::make_key(ask.node, ask.namespace.id, name).await?;
    *ask.tx = ask.node.begin();
    let key = directory(ask).oidc_key(name).map_err(refused)?;
    let key = key.filter(|key| key.ring.is_some());
    key.ok_or_else(|| Refusal::internal("a key was just made on the primary and is gone"))
}

/// Makes a key for a secondary, where it has not signed before; the entry of the log that has it.
pub(crate) async fn make_before_use(
    node: &Arc<Unsealed>,
    namespace: NamespaceId,
    name: &str,
) -> Result<u64, Refusal> {
    let tables = node.tables();
    let namespace = tables.namespaces.with_id(namespace);
    let namespace = namespace.ok_or_else(namespaces::not_found)?;
    let stored = |tx: &mut Transaction| {
        let key = of(node, tx, namespace).oidc_key(name).map_err(refused)?;
        key.ok_or_else(|| Refusal::invalid(format!("key {name:?} not found")))
    };
    let key = stored(&mut node.begin())?;
    if key.ring.is_none() {
        let fresh = make_keys(node, key.algorithm, 2).await?;
        let made = node.transact(|tx| {
            if stored(tx)?.ring.is_some() {
                return Ok(());
            }
            let mut directory = of(node, tx, namespace);
            let written = directory.write_oidc_key(name, &KeyChange::default(), &fresh);
            written.map_err(refused)
        });
        made.await?;
    }
    Ok(node.committer.index())
}

fn of<'a>(node: &'a Unsealed, tx: &'a mut Transaction, namespace: &'a Namespace) -> Directory<'a> {
    let entropy = node.parts.entropy.as_ref();
    Directory::new(tx, namespace.id, namespace.label(), node.now(), entropy)
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
