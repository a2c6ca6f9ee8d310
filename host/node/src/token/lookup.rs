//! What is told of tokens.

use super::{named, own as own_token, with_accessor};
use crate::native::{Ask, Told};
use crate::refusal::from_barrier;
use access::Token;
use base::{Answer, Refusal, RefusalKind, TokenKind};
use locality::{PhysicalKey, SystemKey};
use serde_json::{Value, json};

pub(super) fn by_id(ask: &mut Ask<'_>) -> Told {
    if ask.text("token").is_empty() {
        return own(ask);
    }
    let found = named(ask)?;
    let (_, token) = found.ok_or_else(|| Refusal::new(RefusalKind::Denied, "bad token"))?;
    let id = ask.text("token").to_owned();
    answer(ask, &token, &id)
}

pub(super) fn own(ask: &mut Ask<'_>) -> Told {
    let (_, token) = own_token(ask)?;
    let id = ask
        .request
        .token
        .as_ref()
        .map(|id| id.expose().clone())
        .unwrap_or_default();
    answer(ask, &token, &id)
}

pub(super) fn by_accessor(ask: &mut Ask<'_>) -> Told {
    let (_, token) = with_accessor(ask)?;
    answer(ask, &token, "")
}

fn answer(ask: &Ask<'_>, token: &Token, id: &str) -> Told {
    let somebody = ask.node.somebody(token)?;
    let entity_id = somebody
        .as_ref()
        .map_or(token.entity_id.as_str(), |one| &one.facts.id);
    let mut data = json!({
        "accessor": token.accessor,
        "creation_time": token.created.as_seconds(),
        "creation_ttl": token.lifetime.ttl,
        "display_name": token.display_name,
        "entity_id": entity_id,
        "expire_time": token.expires.map(base::Timestamp::to_rfc3339),
        "explicit_max_ttl": token.lifetime.explicit_max,
        "id": id,
        "meta": match token.metadata.is_empty() {
            true => Value::Null,
            false => json!(token.metadata),
        },
        "num_uses": match token.is_spent {
            true => -1,
            false => i64::from(token.uses_left),
        },
        "orphan": token.parent.is_none(),
        "path": token.path,
        "policies": token.policies,
        "ttl": token.remaining(ask.now).as_secs(),
        "type": match token.kind {
            TokenKind::Service => "service",
            TokenKind::Batch => "batch",
        },
    });
    if let Value::Object(members) = &mut data {
        members.insert("issue_time".into(), token.created.to_rfc3339().into());
        members.insert("renewable".into(), token.is_renewable().into());
        if let Some(somebody) = somebody.filter(|one| !one.policies.is_empty()) {
            members.insert("identity_policies".into(), json!(somebody.policies));
            members.insert("external_namespace_policies".into(), json!({}));
        }
        let tables = ask.node.tables();
        let namespace = tables.namespaces.with_id(token.namespace);
        if let Some(namespace) = namespace.filter(|namespace| !namespace.is_root()) {
            members.insert("namespace_path".into(), namespace.path.as_str().into());
        }
        if token.lifetime.period > 0 {
            members.insert("period".into(), token.lifetime.period.into());
        }
        if !token.role.is_empty() {
            members.insert("role".into(), token.role.as_str().into());
        }
        if !token.bound_cidrs.is_empty() {
            members.insert("bound_cidrs".into(), json!(token.bound_cidrs));
        }
        if let Some(renewed) = token.last_renewal {
            members.insert("last_renewal".into(), renewed.to_rfc3339().into());
            members.insert("last_renewal_time".into(), renewed.as_seconds().into());
        }
    }
    Ok(Answer::data(&data))
}

pub(super) fn accessors(ask: &mut Ask<'_>) -> Told {
    let all = SystemKey::accessors(ask.namespace.id);
    let keys = ask.tx.keys(&all, None, usize::MAX).map_err(from_barrier)?;
    let prefix = all.physical().path();
    let name = |key: &PhysicalKey| Some(key.path().strip_prefix(prefix)?.to_owned());
    let names: Vec<String> = keys.iter().filter_map(name).collect();
    if names.is_empty() {
        return Err(Refusal::not_found());
    }
    Ok(Answer::data(&json!({ "keys": names })))
}
