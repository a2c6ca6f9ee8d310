//! Lengthens the life of tokens.

use super::{asked, named, only_stored, own as own_token, roles, with_accessor};
use crate::native::{Ask, Told};
use crate::refusal::from_barrier;
use crate::{grant, regrant};
use access::{Lifetime, Token, TokenHash, TokenId};
use base::{Answer, Envelope, Refusal};

pub(super) async fn by_id(ask: &mut Ask<'_>) -> Told {
    let found = named(ask)?;
    let (hash, token) = found.ok_or_else(|| Refusal::invalid("token not found"))?;
    let id = ask.text("token").to_owned();
    renew(ask, &hash, token, Some(id)).await
}

pub(super) async fn own(ask: &mut Ask<'_>) -> Told {
    let (hash, _) = own_token(ask)?;
    only_stored(&ask.caller()?.token, "renewed")?;
    // From storage: what the caller had may have been renewed since.
    let token = access::find(ask.tx, &hash, ask.now).map_err(from_barrier)?;
    let token = token.ok_or_else(Refusal::denied)?;
    let id = ask.request.token.as_ref().map(|id| id.expose().clone());
    renew(ask, &hash, token, id).await
}

pub(super) async fn by_accessor(ask: &mut Ask<'_>) -> Told {
    let (hash, token) = with_accessor(ask)?;
    renew(ask, &hash, token, None).await
}

async fn renew(ask: &mut Ask<'_>, hash: &TokenHash, mut token: Token, id: Option<String>) -> Told {
    only_stored(&token, "renewed")?;
    if !token.is_renewable() {
        return Err(Refusal::invalid("lease is not renewable"));
    }
    let ended = token.expires;
    let mut wanted = ask.number("increment").unwrap_or(0);
    let mut warnings = Vec::new();
    if let Some(method) = token.method {
        (wanted, warnings) = regrant::renew(ask, method, hash, &mut token, wanted).await?;
    }
    let granted = within_role(ask, &token)?.grant(token.created, ask.now, wanted);
    token.expires = granted.end;
    warnings.extend(granted.capped.map(asked::told));
    token.last_renewal = Some(ask.now);
    access::save(ask.tx, hash, ended, &token).map_err(from_barrier)?;
    let id = TokenId::parse(id.unwrap_or_default()).unwrap_or_else(TokenId::unknown);
    let identity_policies = ask.node.identity_policies(&token)?;
    let auth = Some(Box::new(grant::block(
        id,
        token,
        ask.now,
        identity_policies,
    )));
    Ok(Answer::Envelope(Box::new(Envelope {
        auth,
        warnings,
        ..Envelope::default()
    })))
}

/// The terms of a token, within those that its role has now.
fn within_role(ask: &mut Ask<'_>, token: &Token) -> Result<Lifetime, Refusal> {
    if token.role.is_empty() || !token.path.starts_with("auth/token/") {
        return Ok(token.lifetime);
    }
    let name = &token.role;
    let role = roles::find(ask.tx, token.namespace, name)?;
    let gone = || {
        let text = format!("original token role {name:?} could not be found, not renewing");
        Refusal::invalid(text)
    };
    let role = role.ok_or_else(gone)?;
    Ok(token.lifetime.within(role.period, role.explicit_max))
}
