//! `sys/leases`.

use crate::expire::token_hash;
use crate::native::{Ask, Told};
use crate::refusal::from_barrier;
use crate::secret;
use base::{Answer, Envelope, Json, Refusal};
use serde_json::{Value, json};

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
    Ok(Answer::Envelope(Box::new(Envelope::with_data(Json::of::<
        Value,
    >(&data)))))
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
    let (tx, lease, warnings) = secret::renew(ask.node, tx, &id, increment).await?;
    *ask.tx = tx;
    Ok(Answer::Envelope(Box::new(Envelope {
        lease,
        warnings,
        ..Envelope::default()
    })))
}

pub(super) async fn revoke(ask: &mut Ask<'_>) -> Told {
    let id = id(ask)?;
    match token_hash(&id) {
        Some(hash) => secret::revoke_token(ask.node, ask.tx, &hash)?,
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
