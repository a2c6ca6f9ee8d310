//! `sys/leases`: leases of secrets, and those that end tokens. The paths that clients knew before
//! lead to the same.

use super::prefixes::{self, End};
use crate::expire::token_hash;
use crate::native::Does::{Later, Now};
use crate::native::{Ask, NativeField, NativeRoute, Told, body, on, path, query};
use crate::refusal::from_barrier;
use crate::{lease_search, secret, token};
use base::{Answer, Envelope, NamespaceId, Refusal};
use lease::SecretLease;
use manifest::Access::{Sudo, Token};
use manifest::FieldKind::{Boolean, Duration, Text};
use manifest::Operation::{List, Read, Update};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const LEASE: &[NativeField] = &[
    body("lease_id", Text, "The lease."),
    body("increment", Duration, "How long to extend it."),
    body("sync", Boolean, "Wait until it is done?"),
];
const LEASE_AT: &[NativeField] = &[
    path("url_lease_id", "The lease."),
    body("lease_id", Text, "The lease."),
    body("increment", Duration, "How long to extend it."),
    body("sync", Boolean, "Wait until it is done?"),
];
const PREFIX: &[NativeField] = &[
    path("prefix", "What their ids begin with."),
    body("sync", Boolean, "Wait until it is done?"),
];
const FOLDER: &[NativeField] = &[path("prefix", "The folder of ids.")];
const WHICH: &[NativeField] = &[
    query("type", Text, "`irrevocable`."),
    query("include_child_namespaces", Boolean, "Those below as well?"),
    query("limit", Text, "How many to show; `none` for all."),
];

/// The routes.
#[rustfmt::skip]
pub(super) const ROUTES: &[NativeRoute] = &[
    on(Update, "leases/lookup", Token, Now(lookup), LEASE, "Looks a lease up."),
    on(List, "leases/lookup", Sudo, Now(list), &[], "Lists ids of leases."),
    on(List, "leases/lookup/{prefix..}", Sudo, Now(list), FOLDER, "Lists ids of leases."),
    on(Read, "leases/count", Token, Now(count), WHICH, "Counts the leases that could not be ended."),
    on(Read, "leases", Sudo, Now(show), WHICH, "Shows the leases that could not be ended, and why."),
    on(Update, "leases/tidy", Token, Now(tidy), &[], "Looks for leases of what is gone, in the background."),
    on(Update, "leases/renew", Token, Later(|ask| Box::pin(renew(ask))), LEASE, "Renews a lease."),
    on(Update, "leases/renew/{url_lease_id..}", Token, Later(|ask| Box::pin(renew(ask))), LEASE_AT, "Renews a lease."),
    on(Update, "leases/revoke", Token, Later(|ask| Box::pin(revoke(ask))), LEASE, "Revokes a lease."),
    on(Update, "leases/revoke/{url_lease_id..}", Token, Later(|ask| Box::pin(revoke(ask))), LEASE_AT, "Revokes a lease."),
    on(Update, "leases/revoke-prefix/{prefix..}", Sudo, Later(|ask| Box::pin(revoke_below(ask))), PREFIX, "Revokes all leases whose ids begin so."),
    on(Update, "leases/revoke-force/{prefix..}", Sudo, Later(|ask| Box::pin(forget_below(ask))), PREFIX, "Revokes all leases whose ids begin so, and forgets those that cannot be."),
    on(Update, "renew", Token, Later(|ask| Box::pin(renew(ask))), LEASE, "Old path of `leases/renew`."),
    on(Update, "renew/{url_lease_id..}", Token, Later(|ask| Box::pin(renew(ask))), LEASE_AT, "Old path of `leases/renew`."),
    on(Update, "revoke", Token, Later(|ask| Box::pin(revoke(ask))), LEASE, "Old path of `leases/revoke`."),
    on(Update, "revoke/{url_lease_id..}", Token, Later(|ask| Box::pin(revoke(ask))), LEASE_AT, "Old path of `leases/revoke`."),
    on(Update, "revoke-prefix/{prefix..}", Sudo, Later(|ask| Box::pin(revoke_below(ask))), PREFIX, "Old path of `leases/revoke-prefix`."),
    on(Update, "revoke-force/{prefix..}", Sudo, Later(|ask| Box::pin(forget_below(ask))), PREFIX, "Old path of `leases/revoke-force`."),
];

/// Most irrevocable leases that are shown, unless all are asked for.
const SHOWN_MAX: usize = 10_000;

fn lookup(ask: &mut Ask<'_>) -> Told {
    let id = id(ask)?;
    if !is_reachable(ask, &id) {
        return Err(invalid());
    }
    let mut data = match token_hash(&id) {
        Some(hash) => {
            let token = access::find(ask.tx, &hash, ask.now).map_err(from_barrier)?;
            let token = token
                .filter(|token| token.lease_id(&hash) == id)
                .ok_or_else(invalid)?;
            json!({
                "id": id,
                "path": token.path,
                "issue_time": token.created.to_rfc3339(),
                "expire_time": token.expires.map(base::Timestamp::to_rfc3339),
                "last_renewal": token.last_renewal.map(base::Timestamp::to_rfc3339),
                "renewable": token.is_renewable(),
                "ttl": token.remaining(ask.now).as_secs(),
            })
        }
        None => {
            let lease = lease::find(ask.tx, &id).map_err(from_barrier)?;
            // One that has ended and could not be undone is shown, one that waits for it is not.
            let lease = lease
                .filter(|lease| lease.is_alive(ask.now) || lease.irrevocable.is_some())
                .ok_or_else(invalid)?;
            of_secret(ask, &id, &lease)
        }
    };
    let tables = ask.node.tables();
    let namespace = tables.namespaces.with_id(NamespaceId::marked_on(&id));
    if let (Some(namespace), Value::Object(members)) = (namespace, &mut data)
        && !namespace.is_root()
    {
        members.insert("namespace_path".into(), namespace.path.as_str().into());
    }
    Ok(Answer::data(&data))
}

fn of_secret(ask: &Ask<'_>, id: &str, lease: &SecretLease) -> Value {
    let mut data = json!({
        "id": id,
        "path": id.rsplit_once('/').map_or("", |(path, _)| path),
        "issue_time": lease.issued.to_rfc3339(),
        "expire_time": lease.expires.to_rfc3339(),
        "last_renewal": lease.last_renewal.map(base::Timestamp::to_rfc3339),
        "renewable": lease.terms.renewable,
        "ttl": lease.expires.since(ask.now).as_secs(),
    });
    if let (Some(reason), Value::Object(members)) = (&lease.irrevocable, &mut data) {
        members.insert("revoke_error".into(), reason.as_str().into());
    }
    data
}

/// May a lease with this id be spoken of? One of the request's own namespace, or of one below.
fn is_reachable(ask: &Ask<'_>, id: &str) -> bool {
    let tables = ask.node.tables();
    let namespace = tables.namespaces.with_id(NamespaceId::marked_on(id));
    namespace.is_some_and(|namespace| namespace.is_within(ask.namespace))
}

fn list(ask: &mut Ask<'_>) -> Told {
    let folder = ask.text("prefix").to_owned();
    let names = lease::names_below(ask.tx, ask.namespace.id, &folder).map_err(from_barrier)?;
    match names.is_empty() {
        true => Err(Refusal::not_found()),
        false => Ok(Answer::data(&json!({ "keys": names }))),
    }
}

/// The irrevocable leases of the request's namespace, and of those below where they are asked for.
fn irrevocable(ask: &mut Ask<'_>, limit: usize) -> Result<Vec<(String, SecretLease)>, Refusal> {
    if ask.text("type") != "irrevocable" {
        return Err(Refusal::not_found());
    }
    let tables = ask.node.tables();
    let mut namespaces = vec![ask.namespace.id];
    if ask.flag("include_child_namespaces") {
        let below = tables.namespaces.below(ask.namespace);
        namespaces.extend(below.map(|namespace| namespace.id));
    }
    let mut leases = Vec::new();
    for namespace in namespaces {
        let room = limit.saturating_sub(leases.len());
        leases.extend(lease::irrevocable(ask.tx, namespace, room).map_err(from_barrier)?);
    }
    Ok(leases)
}

/// The accessor of a lease's mount.
fn accessor(ask: &Ask<'_>, lease: &SecretLease) -> String {
    let tables = ask.node.tables();
    let mount = tables.with_id(lease.namespace, lease.mount);
    mount.map_or_else(
        || String::from("mount-accessor-not-found"),
        |mount| mount.0.accessor.clone(),
    )
}

fn count(ask: &mut Ask<'_>) -> Told {
    let leases = irrevocable(ask, usize::MAX)?;
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for (_, lease) in &leases {
        *counts.entry(accessor(ask, lease)).or_default() += 1;
    }
    Ok(Answer::data(
        &json!({ "lease_count": leases.len(), "counts": counts }),
    ))
}

fn show(ask: &mut Ask<'_>) -> Told {
    let limit = match ask.text("limit") {
        "" => SHOWN_MAX,
        "none" => usize::MAX,
        text => text
            .parse()
            .map_err(|_| Refusal::invalid("invalid 'limit' provided"))?,
    };
    let mut leases = irrevocable(ask, limit.saturating_add(1))?;
    let is_cut = leases.len() > limit;
    leases.truncate(limit);
    let shown: Vec<Value> = leases
        .iter()
        .map(|(id, lease)| {
            json!({
                "lease_id": id,
                "mount_id": accessor(ask, lease),
                "error": lease.irrevocable,
            })
        })
        .collect();
    let data = json!({ "lease_count": leases.len(), "leases": shown });
    let mut envelope = Envelope::with_data(base::Json::of(&data));
    if is_cut {
        envelope.warnings.push(String::from(
            "There are more irrevocable leases than are shown. For all of them, ask with the limit \"none\".",
        ));
    }
    Ok(Answer::Envelope(Box::new(envelope)))
}

fn tidy(ask: &mut Ask<'_>) -> Told {
    lease_search::start(ask.node, ask.namespace);
    Ok(token::tidy::started())
}

async fn renew(ask: &mut Ask<'_>) -> Told {
    let id = id(ask)?;
    if token_hash(&id).is_some() {
        return Err(Refusal::invalid(
            "tokens cannot be renewed through this endpoint",
        ));
    }
    if !is_reachable(ask, &id) {
        return Err(Refusal::invalid("lease not found"));
    }
    let increment = ask.number("increment").unwrap_or(0);
    let tx = core::mem::replace(ask.tx, ask.node.begin());
    let renewed = secret::renew(ask.node, tx, &id, increment).await?;
    *ask.tx = renewed.tx;
    ask.acted_outside = renewed.acted_outside;
    Ok(Answer::Envelope(Box::new(Envelope {
        lease: renewed.lease,
        warnings: renewed.warnings,
        ..Envelope::default()
    })))
}

/// Revokes a lease: at once where it is asked for, else it ends now and is undone in the background.
async fn revoke(ask: &mut Ask<'_>) -> Told {
    let id = id(ask)?;
    if !is_reachable(ask, &id) {
        return Ok(Answer::Empty);
    }
    if let Some(hash) = token_hash(&id) {
        // By its whole id: the hash alone would reach the tokens of all namespaces.
        let token = access::find(ask.tx, &hash, ask.now).map_err(from_barrier)?;
        if token.is_some_and(|token| token.lease_id(&hash) == id) {
            secret::revoke_token(ask.node, ask.tx, &hash)?;
        }
        return Ok(Answer::Empty);
    }
    let found = lease::find(ask.tx, &id).map_err(from_barrier)?;
    let Some(lease) = found else {
        return Ok(Answer::Empty);
    };
    if ask.flag("sync") || lease.irrevocable.is_some() {
        let tx = core::mem::replace(ask.tx, ask.node.begin());
        *ask.tx = secret::revoke(ask.node, tx, &id).await?;
    } else {
        lease::end_now(ask.tx, &id, ask.now).map_err(from_barrier)?;
    }
    Ok(Answer::Empty)
}

async fn revoke_below(ask: &mut Ask<'_>) -> Told {
    let how = match ask.flag("sync") {
        true => End::AtOnce,
        false => End::InBackground,
    };
    prefixes::end_all(ask, how).await
}

async fn forget_below(ask: &mut Ask<'_>) -> Told {
    prefixes::end_all(ask, End::ByForce).await
}

fn id(ask: &Ask<'_>) -> Result<String, Refusal> {
    let id = match ask.text("lease_id") {
        "" => ask.text("url_lease_id"),
        id => id,
    };
    match id {
        "" => Err(Refusal::invalid("lease_id must be specified")),
        id => Ok(id.to_owned()),
    }
}

fn invalid() -> Refusal {
    Refusal::invalid("invalid lease")
}
