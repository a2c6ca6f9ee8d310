//! Lengthens the life of tokens.

use super::{named, own as own_token, with_accessor};
use crate::native::{Ask, Told};
use crate::refusal::from_barrier;
use crate::{grant, regrant};
use access::{Token, TokenHash, TokenId};
use base::{Answer, Envelope, Refusal};

pub(super) async fn by_id(ask: &mut Ask<'_>) -> Told {
    let found = named(ask)?;
    let (hash, token) = found.ok_or_else(|| Refusal::invalid("token not found"))?;
    let id = ask.text("token").to_owned();
    renew(ask, &hash, token, Some(id)).await
}

pub(super) async fn own(ask: &mut Ask<'_>) -> Told {
    let (hash, _) = own_token(ask)?;
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
    if !token.is_renewable() {
        return Err(Refusal::invalid("lease is not renewable"));
    }
    let ended = token.expires;
    let mut wanted = ask.number("increment").unwrap_or(0);
    let mut warnings = Vec::new();
    if let Some(method) = token.method {
        (wanted, warnings) = regrant::renew(ask, method, hash, &mut token, wanted).await?;
    }
    token.expires = token.lifetime.ends(token.created, ask.now, wanted);
    token.last_renewal = Some(ask.now);
    access::save(ask.tx, hash, ended, &token).map_err(from_barrier)?;
    ask.node.wake_expirer();
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
