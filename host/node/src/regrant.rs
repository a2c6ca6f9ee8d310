//! Renews the token of a login: the method that granted it decides, the host clamps.

use crate::call;
use crate::engine::{Engine, Pinned};
use crate::native::Ask;
use crate::own_work::Started;
use crate::refusal::from_barrier;
use crate::replication::errands::{self, At};
use crate::run::ATTEMPTS_MAX;
use access::{Token, TokenHash};
use base::{MountId, NamespaceId, Refusal};
use core::mem;
use locality::{Local, SystemKey};
use mount::MountEntry;
use plugin::{CallError, Grant, Incoming, Renewal};
use std::sync::Arc;

/// Asks the method; the token's lifetime becomes what the method says, within what the mount allows.
/// Gives for how many seconds to renew, zero for as many as at first, and the method's remarks.
pub(crate) async fn renew(
    ask: &mut Ask<'_>,
    method: MountId,
    hash: &TokenHash,
    token: &mut Token,
    increment: u64,
) -> Result<(u64, Vec<String>), Refusal> {
    let key = SystemKey::token_grant(hash.as_str());
    let tables = ask.node.tables();
    let mount = tables
        .with_id(token.namespace, method)
        .filter(|mount| !mount.0.is_going());
    let Some((entry, Engine::Component(pinned))) = mount.map(AsRef::as_ref) else {
        return Err(Refusal::invalid(
            "the auth method of this token is not available",
        ));
    };
    if !pinned.started.is_done() {
        return Err(Started::refusal());
    }
    let (grant, renewal) = asked(ask, (token.namespace, entry), pinned, &key, increment).await?;
    ask.tx.depend_on(&pinned.place.key);
    // Where the call committed half-way, the token can have been revoked since.
    let alive = access::find(ask.tx, hash, ask.now).map_err(from_barrier)?;
    alive.ok_or_else(|| Refusal::invalid("token not found"))?;
    let Renewal {
        terms,
        private,
        warnings,
    } = renewal;
    let max = pinned.facts.max_ttl_seconds;
    token.lifetime.max = match terms.max_ttl_seconds {
        0 => max,
        asked => asked.min(max),
    };
    token.lifetime.renewable = terms.renewable;
    if let Some(private) = private {
        let kept = Grant { private, ..grant };
        ask.tx.write_json(&key, &kept).map_err(from_barrier)?;
    }
    Ok((terms.ttl_seconds, warnings))
}

/// What the method says of a grant, or that of the primary where it writes what is shared. The
/// transaction goes on after it.
async fn asked(
    ask: &mut Ask<'_>,
    (namespace, entry): (NamespaceId, &MountEntry),
    pinned: &Arc<Pinned>,
    key: &SystemKey<Local>,
    increment: u64,
) -> Result<(Grant, Renewal), Refusal> {
    let mut attempts = 0;
    loop {
        let grant: Option<Grant> = ask.tx.read_json(key).map_err(from_barrier)?;
        let grant =
            grant.ok_or_else(|| Refusal::internal("a token of a login without its grant"))?;
        let tx = mem::replace(ask.tx, ask.node.begin());
        let mut call = call::of_host(ask.node, tx, namespace, entry, pinned);
        // A method may want to see again whom it granted the token to.
        call.incoming = Some(Incoming {
            client: ask.request.client.clone(),
            headers: Vec::new(),
            raw_body: None,
        });
        let component = &pinned.component;
        match component.renew_grant(call, grant.clone(), increment).await {
            Ok(done) => {
                let tx = done.view.into_transaction();
                *ask.tx = tx.map_err(|error| Refusal::internal(error.to_string()))?;
                ask.acted_outside = done.acted_outside;
                return Ok((grant, done.value));
            }
            Err(CallError::Overtaken) if attempts < ATTEMPTS_MAX => attempts += 1,
            Err(CallError::WrongPlace) => {
                let mount = entry.id;
                let at = At { namespace, mount };
                let client = &ask.request.client;
                let renewal = errands::regrant(ask.node, at, &grant, client, increment).await?;
                *ask.tx = ask.node.begin();
                ask.acted_outside = true;
                return Ok((grant, renewal));
            }
            Err(error) => return Err(error.to_refusal()),
        }
    }
}
