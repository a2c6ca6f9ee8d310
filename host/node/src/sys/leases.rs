//! `sys/leases`.

use crate::expire::token_hash;
use crate::native::Does::{Later, Now};
use crate::native::{Ask, NativeField, NativeRoute, Told, body, on, path};
use crate::refusal::from_barrier;
use crate::secret;
use base::{Answer, Envelope, Refusal};
use manifest::Access::Token;
use manifest::FieldKind::{Boolean, Duration, Text};
use manifest::Operation::Update;
use serde_json::json;

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

/// The routes.
#[rustfmt::skip]
pub(super) const ROUTES: &[NativeRoute] = &[
    on(Update, "leases/lookup", Token, Now(lookup), LEASE, "Looks a lease up."),
    on(Update, "leases/renew", Token, Later(|ask| Box::pin(renew(ask))), LEASE, "Renews a lease."),
    on(Update, "leases/renew/{url_lease_id..}", Token, Later(|ask| Box::pin(renew(ask))), LEASE_AT, "Renews a lease."),
    on(Update, "leases/revoke", Token, Later(|ask| Box::pin(revoke(ask))), LEASE, "Revokes a lease."),
    on(Update, "leases/revoke/{url_lease_id..}", Token, Later(|ask| Box::pin(revoke(ask))), LEASE_AT, "Revokes a lease."),
];

pub(super) fn lookup(ask: &mut Ask<'_>) -> Told {
    let id = id(ask)?;
    let data = match token_hash(&id) {
        Some(hash) => {
            let token = access::find(ask.tx, &hash, ask.now).map_err(from_barrier)?;
            let token = token
                .filter(|token| token.lease_id(&hash) == id)
                .ok_or_else(invalid)?;
            json!({
                "id": id,
                "issue_time": token.created.to_rfc3339(),
                "expire_time": token.expires.map(base::Timestamp::to_rfc3339),
                "last_renewal": token.last_renewal.map(base::Timestamp::to_rfc3339),
                "renewable": token.is_renewable(),
                "ttl": token.remaining(ask.now).as_secs(),
            })
        }
        None => {
            let lease = lease::find(ask.tx, &id)
                .map_err(from_barrier)?
                .ok_or_else(invalid)?;
            json!({
                "id": id,
                "issue_time": lease.issued.to_rfc3339(),
                "expire_time": lease.expires.to_rfc3339(),
                "last_renewal": lease.last_renewal.map(base::Timestamp::to_rfc3339),
                "renewable": lease.terms.renewable,
                "ttl": lease.expires.since(ask.now).as_secs(),
            })
        }
    };
    Ok(Answer::data(&data))
}

pub(super) async fn renew(ask: &mut Ask<'_>) -> Told {
    let id = id(ask)?;
    if token_hash(&id).is_some() {
        return Err(Refusal::invalid(
            "tokens cannot be renewed through this endpoint",
        ));
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

pub(super) async fn revoke(ask: &mut Ask<'_>) -> Told {
    let id = id(ask)?;
    match token_hash(&id) {
        Some(hash) => {
            secret::revoke_token(ask.node, ask.tx, &hash)?;
        }
        None => {
            let tx = core::mem::replace(ask.tx, ask.node.begin());
            *ask.tx = secret::revoke(ask.node, tx, &id).await?;
        }
    }
    Ok(Answer::Empty)
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
