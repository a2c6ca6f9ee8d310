//! Makes tokens.

use super::{asked, person, roles};
use crate::grant;
use crate::native::{Ask, Told};
use crate::pipeline::{Caller, Place};
use crate::refusal::from_barrier;
use access::{AccessError, Lifetime, NewToken, Token, TokenId, TokenRole};
use base::{Answer, Envelope, Refusal, TokenKind, chain};

pub(super) async fn child(ask: &mut Ask<'_>) -> Told {
    let parentless = ask.flag("no_parent");
    if parentless && !ask.has_sudo()? {
        return Err(Refusal::invalid(
            "root or sudo privileges required to create orphan token",
        ));
    }
    let lineage = if parentless {
        Lineage::Orphan
    } else {
        Lineage::Child
    };
    make(ask, lineage, None).await
}

pub(super) async fn orphan(ask: &mut Ask<'_>) -> Told {
    make(ask, Lineage::Orphan, None).await
}

pub(super) async fn by_role(ask: &mut Ask<'_>) -> Told {
    let name = ask.text("role_name").to_owned();
    let role = roles::find(ask.tx, ask.namespace.id, &name)?;
    let role = role.ok_or_else(|| Refusal::invalid(format!("unknown role {name}")))?;
    let lineage = match role.orphan {
        true => Lineage::Orphan,
        false => Lineage::Child,
    };
    make(ask, lineage, Some(&role)).await
}

/// Does the token end with its maker?
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lineage {
    Child,
    Orphan,
}

async fn make(ask: &mut Ask<'_>, lineage: Lineage, role: Option<&TokenRole>) -> Told {
    let caller = ask.caller()?.clone();
    check_caller(&caller.token)?;
    let alias = alias(ask, role)?;
    let kind = asked::kind(ask, role)?;
    let sudo = ask.has_sudo()?;
    if caller.token.namespace != ask.namespace.id && !sudo {
        return Err(Refusal::invalid(
            "root or sudo privileges required to directly generate a token in a child namespace",
        ));
    }
    let id = id(ask, sudo)?;
    let policies = asked::policies(ask, &caller, role, sudo)?;
    let terms = asked::terms(ask, role, sudo, policies.contains("root"))?;
    let uses = asked::uses(ask, role)?;
    if kind == TokenKind::Batch {
        asked::check_batch(&policies, &terms.within_role, uses)?;
    }
    if policies.contains("root") && caller.token.expires.is_some() && terms.own.ttl == 0 {
        return Err(Refusal::invalid(
            "expiring root tokens cannot create non-expiring root tokens",
        ));
    }
    let mut warnings = terms.warnings;
    warnings.extend(asked::missing(ask, &policies)?);
    let person = match &alias {
        Some(alias) => Some(person::of(ask, alias).await?),
        None => None,
    };
    let new = NewToken {
        parent: (lineage == Lineage::Child).then(|| caller.hash.clone()),
        namespace: ask.namespace.id,
        policies: policies.into_iter().collect(),
        path: path(ask, role),
        display_name: asked::display_name(ask),
        metadata: asked::metadata(ask),
        uses,
        lifetime: terms.within_role,
        entity_id: match (&person, lineage) {
            (Some(person), _) => person.entity.id.clone(),
            (None, Lineage::Orphan) => String::new(),
            (None, Lineage::Child) => caller.entity_id().to_owned(),
        },
        role: role.map_or_else(String::new, |_| ask.text("role_name").to_owned()),
        bound_cidrs: bound_cidrs(ask, &caller, role),
        method: None,
    };
    // Whoever is to mend things can always be made a root token.
    if ask.node.quotas.limits_leases() && !new.policies.iter().any(|policy| policy == "root") {
        let place = Place::find(&ask.node.tables(), ask.request)?;
        ask.leases.ask(ask.node, &place)?;
    }
    if kind == TokenKind::Service {
        ask.leases.made();
    }
    let (id, token) = store(ask, kind, id, new, terms.own)?;
    let identity_policies = match person {
        // Not what is kept in memory: the entity may be as new as the token.
        Some(person) => person.policies(),
        None => ask.node.identity_policies(&token)?,
    };
    let auth = grant::block(id, token, ask.now, identity_policies);
    let auth = Some(Box::new(auth));
    Ok(Answer::Envelope(Box::new(Envelope {
        auth,
        warnings,
        ..Envelope::default()
    })))
}

fn check_caller(token: &Token) -> Result<(), Refusal> {
    if token.kind == TokenKind::Batch {
        return Err(Refusal::invalid("batch tokens cannot create more tokens"));
    }
    if token.uses_left > 0 || token.is_spent {
        // Its children would outlive its last use.
        return Err(Refusal::invalid(
            "restricted use token cannot generate child tokens",
        ));
    }
    Ok(())
}

/// The alias whose entity the token is to stand for.
fn alias(ask: &Ask<'_>, role: Option<&TokenRole>) -> Result<Option<String>, Refusal> {
    let alias = ask.text("entity_alias");
    if alias.is_empty() {
        return Ok(None);
    }
    match role {
        None => Err(Refusal::invalid(
            "'entity_alias' is only allowed in combination with token role",
        )),
        Some(role) if !role.permits_alias(alias) => {
            Err(Refusal::invalid("invalid 'entity_alias' value"))
        }
        Some(_) => Ok(Some(alias.to_lowercase())),
    }
}

/// Stores the token, or seals it into its id. What binds it of its role is looked up again when it
/// is renewed, so its own terms are what is kept.
fn store(
    ask: &mut Ask<'_>,
    kind: TokenKind,
    id: Option<TokenId>,
    new: NewToken,
    own: Lifetime,
) -> Result<(TokenId, Token), Refusal> {
    let (salt, now) = (&ask.node.salt, ask.now);
    let entropy = ask.node.parts.entropy.clone();
    let made = match (kind, id) {
        (TokenKind::Service, Some(id)) => {
            access::make(ask.tx, salt, entropy.as_ref(), now, &id, new).map(|token| (id, token))
        }
        (kind, _) => access::issue(ask.tx, salt, entropy.as_ref(), now, kind, new),
    };
    let (id, mut token) = made.map_err(|error| match error {
        AccessError::Duplicate | AccessError::TooLong | AccessError::TooDeep => {
            Refusal::invalid(error.to_string())
        }
        error @ AccessError::Storage(_) => Refusal::internal(chain(&error)),
    })?;
    if kind == TokenKind::Service && token.lifetime != own {
        token.lifetime = own;
        let hash = salt.hash(id.expose());
        access::save(ask.tx, &hash, token.expires, &token).map_err(from_barrier)?;
    }
    Ok((id, token))
}

fn path(ask: &Ask<'_>, role: Option<&TokenRole>) -> String {
    let path = ask.path.as_str();
    match role.map(|role| role.path_suffix.trim_start_matches('/')) {
        Some(suffix) if !suffix.is_empty() => format!("{path}/{suffix}"),
        _ => path.to_owned(),
    }
}

fn bound_cidrs(ask: &Ask<'_>, caller: &Caller, role: Option<&TokenRole>) -> Vec<String> {
    match role {
        Some(role) if role.strictly_bind_ip => {
            let address = ask.request.client.address.ip().to_canonical();
            vec![address.to_string()]
        }
        Some(role) if !role.bound_cidrs.is_empty() => role.bound_cidrs.clone(),
        _ => caller.token.bound_cidrs.clone(),
    }
}

/// The id that is asked for.
fn id(ask: &Ask<'_>, sudo: bool) -> Result<Option<TokenId>, Refusal> {
    let refused = |text: &str| Err(Refusal::invalid(text));
    match ask.text("id") {
        "" => Ok(None),
        _ if !sudo => refused("root or sudo privileges required to specify token id"),
        id if id.starts_with("hvs.") => refused("custom token ID cannot have the 'hvs.' prefix"),
        id if id.starts_with("s.") => refused("custom token ID cannot have the 's.' prefix"),
        id if id.contains('.') => refused("custom token ID cannot have a '.' in the value"),
        id => match TokenId::parse(id.to_owned()) {
            Some(id) => Ok(Some(id)),
            None => refused("invalid token id"),
        },
    }
}
