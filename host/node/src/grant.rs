//! From a login to a token: the component says who it is, the host makes the token.

use crate::engine::Pinned;
use crate::identity;
use crate::inline_login;
use crate::mfa::{self, Arriving};
use crate::pipeline::{Place, Recorded};
use crate::quotas;
use crate::refusal::from_barrier;
use crate::replication::forward;
use crate::unsealed::Unsealed;
use ::identity::Person;
use access::{Lifetime, NewToken, Token, TokenId, TokenType};
use barrier::Transaction;
use base::{AuthBlock, Envelope, Grants, Refusal, Timestamp, TokenKind, chain};
use locality::{Class, SystemKey};
use mount::MountEntry;
use plugin::Grant;
use std::sync::Arc;

/// Refuses a grant to somebody else than the method said before it looked at any secret: failures
/// are counted by what it said.
pub(crate) fn check_alias(identified: Option<&str>, grant: &Grant) -> Result<(), Refusal> {
    match identified {
        Some(alias) if alias != grant.alias => Err(Refusal::internal(format!(
            "an auth method identified {alias:?} and granted a token to {:?}",
            grant.alias
        ))),
        _ => Ok(()),
    }
}

/// Whom a login identified.
pub(crate) enum Identified {
    /// Somebody whose entity is found or made in the transaction of the login.
    Here,
    /// Somebody whose entity the primary made, or could not be asked for.
    Elsewhere(Option<Box<Person>>),
}

/// Has the primary make the entity of a login, where this is a secondary and it is not there as the
/// login says. A primary that is away fails no login: the token is one without an entity.
pub(crate) async fn identified(
    node: &Arc<Unsealed>,
    place: &Place,
    entry: &MountEntry,
    grant: &Grant,
) -> Result<Identified, Refusal> {
    let Some(secondary) = node.replication.secondary() else {
        return Ok(Identified::Here);
    };
    if !writes_shared(node, place, entry, grant)?.0 {
        return Ok(Identified::Here);
    }
    let asked = forward::log_in(node, &secondary, place.namespace.id, entry, grant).await?;
    let Some(made) = asked else {
        tracing::warn!(mount = %entry.path, "a login without an entity: the primary is away");
        return Ok(Identified::Elsewhere(None));
    };
    if entry.local && writes_shared(node, place, entry, grant)?.0 {
        node.transact(|tx| identity::adopt(node, tx, &place.namespace, entry, grant, &made))
            .await?;
    }
    let (writes, person) = writes_shared(node, place, entry, grant)?;
    Ok(Identified::Elsewhere(person.filter(|_| !writes)))
}

/// Would the login change what is replicated? And whose it is.
fn writes_shared(
    node: &Arc<Unsealed>,
    place: &Place,
    entry: &MountEntry,
    grant: &Grant,
) -> Result<(bool, Option<Box<Person>>), Refusal> {
    let mut tx = node.begin();
    let person = identity::log_in(node, &mut tx, &place.namespace, entry, grant)?;
    let writes = tx
        .written_keys()
        .any(|key| key.class() == Class::Replicated);
    Ok((writes, person.map(Box::new)))
}

/// Makes the token that a grant describes, in the transaction of the login, or says what the login has
/// to wait for.
pub(crate) fn token(
    node: &Arc<Unsealed>,
    tx: &mut Transaction,
    recorded: &Recorded<'_>,
    pinned: &Pinned,
    entry: &MountEntry,
    grant: Grant,
    who: Identified,
) -> Result<Envelope, Refusal> {
    let place = recorded.place();
    check_policies(&grant)?;
    let person = match who {
        Identified::Here => identity::log_in(node, tx, &place.namespace, entry, &grant)?,
        Identified::Elsewhere(person) => person.map(|person| *person),
    };
    let arriving = Arriving {
        request: recorded.request(),
        place,
        entry,
        person: person.as_ref(),
    };
    match mfa::stand_before(node, tx, &arriving, &grant)? {
        Some(waiting) => Ok(waiting),
        None => make_for(
            node,
            tx,
            (place, recorded.leases(), recorded.request().grants),
            pinned,
            entry,
            person,
            grant,
        ),
    }
}

/// As [`token`], for a login that waits for nothing any more.
pub(crate) fn make(
    node: &Arc<Unsealed>,
    tx: &mut Transaction,
    (place, leases): (&Place, &quotas::Room),
    pinned: &Pinned,
    entry: &MountEntry,
    grant: Grant,
) -> Result<Envelope, Refusal> {
    check_policies(&grant)?;
    let person = identity::log_in(node, tx, &place.namespace, entry, &grant)?;
    let about = (place, leases, Grants::Token);
    make_for(node, tx, about, pinned, entry, person, grant)
}

fn check_policies(grant: &Grant) -> Result<(), Refusal> {
    match grant.policies.iter().any(|policy| policy == "root") {
        true => Err(Refusal::internal("an auth method granted the root policy")),
        false => Ok(()),
    }
}

fn make_for(
    node: &Arc<Unsealed>,
    tx: &mut Transaction,
    (place, leases, grants): (&Place, &quotas::Room, Grants),
    pinned: &Pinned,
    entry: &MountEntry,
    person: Option<Person>,
    grant: Grant,
) -> Result<Envelope, Refusal> {
    let (entity_id, identity_policies) = match person {
        Some(person) => (person.entity.id.clone(), person.policies()),
        None => (String::new(), Vec::new()),
    };
    let kept = grant.clone();
    let mut policies = grant.policies;
    if !grant.token.no_default_policy {
        policies.push(String::from("default"));
    }
    let lifetime = lifetime(pinned, &kept);
    let method = entry
        .path
        .as_str()
        .trim_start_matches("auth/")
        .trim_end_matches('/');
    let mut new = NewToken {
        parent: None,
        namespace: place.namespace.id,
        policies,
        path: place.path.as_str().to_owned(),
        display_name: display_name(method, &grant.display_name),
        metadata: grant.metadata.into_iter().collect(),
        uses: grant.token.uses,
        lifetime,
        entity_id,
        role: String::new(),
        bound_cidrs: grant.token.bound_cidrs,
        method: Some(entry.id),
    };
    let kind = match grants {
        Grants::Token => kind(entry, grant.token.kind, &new)?,
        Grants::ForOneRequest => {
            new.uses = 0;
            new.lifetime = for_one_request(new.lifetime);
            TokenKind::Batch
        }
    };
    // A batch token has no lease, and is held back all the same.
    leases.ask(node, place)?;
    if kind == TokenKind::Service {
        leases.made();
    }
    let now = node.now();
    let entropy = node.parts.entropy.as_ref();
    let (id, token) = access::issue(tx, &node.salt, entropy, now, kind, new)
        .map_err(|error| Refusal::internal(chain(&error)))?;
    if kind == TokenKind::Service {
        // For the method, when it is to renew; a batch token is not.
        let hash = node.salt.hash(id.expose());
        tx.write_json(&SystemKey::token_grant(hash.as_str()), &kept)
            .map_err(from_barrier)?;
    }
    Ok(Envelope {
        auth: Some(Box::new(block(id, token, now, identity_policies))),
        ..Envelope::default()
    })
}

/// How long the token lives: as the method wants it, within what the mount allows.
fn lifetime(pinned: &Pinned, grant: &Grant) -> Lifetime {
    let max = match grant.terms.max_ttl_seconds {
        0 => pinned.facts.max_ttl_seconds,
        asked => asked.min(pinned.facts.max_ttl_seconds),
    };
    let ttl = match grant.terms.ttl_seconds {
        0 => pinned.facts.default_ttl_seconds.min(max),
        asked => asked.min(max),
    };
    Lifetime {
        ttl,
        explicit_max: grant.token.explicit_max_ttl_seconds,
        period: grant.token.period_seconds,
        max,
        renewable: grant.terms.renewable,
    }
}

/// A token that is stored nowhere, and is used at once or never.
fn for_one_request(lifetime: Lifetime) -> Lifetime {
    Lifetime {
        ttl: lifetime.ttl.min(inline_login::TTL_SECONDS),
        period: 0,
        renewable: false,
        ..lifetime
    }
}

/// The method's path, and who it is where the method has a name for that.
fn display_name(method: &str, name: &str) -> String {
    let method = method.replace('/', "-");
    match name {
        "" => method,
        name => format!("{method}-{name}"),
    }
}

/// The kind of token that the method asks for, or that its mount decides.
fn kind(
    entry: &MountEntry,
    asked: Option<TokenKind>,
    new: &NewToken,
) -> Result<TokenKind, Refusal> {
    let of_mount = TokenType::from_name(&entry.config.token_type).unwrap_or_default();
    let kind = of_mount.decide(asked);
    if kind == TokenKind::Batch && (new.uses > 0 || new.lifetime.period > 0) {
        let text = "batch tokens cannot have \"num_uses\" or \"period\" set";
        return Err(Refusal::invalid(text));
    }
    Ok(kind)
}

/// What is told of a new or renewed token.
pub(crate) fn block(
    id: TokenId,
    token: Token,
    now: Timestamp,
    identity_policies: Vec<String>,
) -> AuthBlock {
    let mut policies = [token.policies.as_slice(), &identity_policies].concat();
    policies.sort_unstable();
    policies.dedup();
    AuthBlock {
        client_token: id.into_secret(),
        lease_duration: token.remaining(now),
        renewable: token.is_renewable(),
        accessor: token.accessor,
        token_policies: token.policies,
        policies,
        identity_policies,
        metadata: match token.metadata.is_empty() {
            true => None,
            false => Some(token.metadata.into_iter().collect()),
        },
        entity_id: token.entity_id,
        kind: token.kind,
        orphan: token.parent.is_none(),
        uses: token.uses_left,
    }
}
