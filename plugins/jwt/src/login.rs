//! `login`: with a token that somebody else has signed.

use crate::cel::Terms;
use crate::claims;
use crate::config::{Config, Source};
use crate::provider::{self, Known};
use crate::role::{Role, RoleType};
use crate::store;
use crate::token::times::{self, Leeways};
use crate::token::{Unverified, verify};
use core::time::Duration;
use sdk::{Ctx, Fields, Grant, Json, Level, Login, Raw, Renewal, Result, invalid};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Fields)]
pub(crate) struct WithToken {
    /// The role to log in to; the configured one where none is named.
    #[field(kind = "lower-text", default = "")]
    pub(crate) role: String,
    /// The signed token.
    #[field(sensitive, default = "")]
    pub(crate) jwt: String,
}

/// What is kept for renewals.
#[derive(Serialize, Deserialize)]
pub(crate) struct Granted {
    role: String,
    /// Of a role that is a program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by_program: Option<Terms>,
}

impl Granted {
    /// By a role that is a program.
    pub(crate) fn by_program(role: &str, terms: Terms) -> Self {
        Self {
            role: role.into(),
            by_program: Some(terms),
        }
    }
}

/// What a role wants of any token.
pub(crate) struct Bounds<'r> {
    pub(crate) audiences: &'r [String],
    /// Empty for anybody.
    pub(crate) subject: &'r str,
    pub(crate) leeways: Leeways,
}

/// Nobody: who the token claims to be is not known before it is verified, and a token that somebody
/// made up must not lock its namesake out.
pub(crate) fn identify<F: Fields>(_: &Ctx, _: F) -> Result<Option<String>> {
    Ok(None)
}

pub(crate) fn login(ctx: &mut Ctx, given: WithToken) -> Result<Login> {
    let config = store::needed_config(ctx)?;
    let (name, role) = store::named_role(ctx, &config, &given.role)?;
    if role.role_type == RoleType::Oidc {
        return Err(invalid("role with oidc role_type is not allowed"));
    }
    if given.jwt.is_empty() {
        return Err(invalid("missing token"));
    }
    if !role.token.admits_client(ctx) {
        return Err(sdk::denied("permission denied"));
    }
    let claims = believed(ctx, &config, &given.jwt).map_err(|refused| {
        refused.told("error validating token: error verifying token signature")
    })?;
    check_claims(ctx, &config, &role, &claims)?;
    grant(ctx, &name, &role, &claims, BTreeMap::new()).map(Login::Grant)
}

/// Why a token is not believed.
pub(crate) enum Refused {
    /// The token is at fault.
    Token(String),
    /// We are, or the provider.
    Other(sdk::Failure),
}

impl Refused {
    /// As the caller is told, behind what was being done.
    pub(crate) fn told(self, doing: &str) -> sdk::Failure {
        match self {
            Self::Token(why) => invalid(format!("{doing}: {why}")),
            Self::Other(failure) => failure,
        }
    }
}

impl From<sdk::Failure> for Refused {
    fn from(failure: sdk::Failure) -> Self {
        Self::Other(failure)
    }
}

/// The claims of a token that one of the configured keys has signed.
pub(crate) fn believed(ctx: &mut Ctx, config: &Config, token: &str) -> Result<Json, Refused> {
    let token = Unverified::parse(token).map_err(|wrong| Refused::Token(wrong.to_string()))?;
    if !config.takes(token.algorithm) {
        return Err(Refused::Other(invalid(
            "error validating token: invalid algorithm (alg) header parameter: token signed with \
             unexpected algorithm",
        )));
    }
    let unsigned =
        || Refused::Token("no known key successfully validated the token signature".into());
    if let Some(Source::Keys) = config.source() {
        let keys = config.keys()?;
        return verify::verified(ctx, &token, keys.iter()).ok_or_else(unsigned);
    }
    let known = provider::known(ctx, config)?;
    if let Some(claims) = by_provider(ctx, &token, &known) {
        return Ok(claims);
    }
    // The provider may have a new key. Where the token names one that is known, it has not.
    let is_known = token.key_id.is_some() && known.keys.iter().any(|key| key.id == token.key_id);
    if is_known {
        return Err(unsigned());
    }
    let fresh = provider::refresh(ctx, config, &known)?;
    let claims = fresh.and_then(|fresh| by_provider(ctx, &token, &fresh));
    claims.ok_or_else(unsigned)
}

fn by_provider(ctx: &Ctx, token: &Unverified<'_>, known: &Known) -> Option<Json> {
    let may_be = |key: &&crate::token::PublicKey| token.key_id.is_none() || key.id == token.key_id;
    verify::verified(ctx, token, known.keys.iter().filter(may_be))
}

fn check_claims(ctx: &Ctx, config: &Config, role: &Role, claims: &Json) -> Result<()> {
    let bounds = Bounds {
        audiences: role.audiences(),
        subject: &role.bound_subject,
        leeways: leeways(role),
    };
    check_token(ctx, config, &bounds, claims)
        .map_err(|wrong| invalid(format!("error validating token: {wrong}")))?;
    let audiences = claims::audiences(claims).unwrap_or_default();
    if role.audiences().is_empty() && !audiences.is_empty() {
        return Err(invalid(
            "audience claim found in JWT but no audiences bound to the role",
        ));
    }
    claims::check_bound(role, claims)
}

/// # Errors
/// What the token is not.
pub(crate) fn check_token(
    ctx: &Ctx,
    config: &Config,
    bounds: &Bounds<'_>,
    claims: &Json,
) -> Result<(), String> {
    let issuer = claims::text(claims, "iss")?.unwrap_or_default();
    let subject = claims::text(claims, "sub")?.unwrap_or_default();
    let audiences = claims::audiences(claims)?;
    if !config.bound_issuer.is_empty() && issuer != config.bound_issuer {
        return Err("invalid issuer (iss) claim".into());
    }
    if !bounds.subject.is_empty() && subject != bounds.subject {
        return Err("invalid subject (sub) claim".into());
    }
    let is_bound = |audience: &&str| bounds.audiences.iter().any(|bound| bound == audience);
    if !bounds.audiences.is_empty() && !audiences.iter().any(is_bound) {
        return Err(
            "invalid audience (aud) claim: audience claim does not match any expected audience"
                .into(),
        );
    }
    times::check(claims, bounds.leeways, ctx.now_ms()).map_err(|wrong| wrong.to_string())
}

pub(crate) const fn leeways(role: &Role) -> Leeways {
    Leeways {
        clock_skew: role.clock_skew_leeway,
        expiration: role.expiration_leeway,
        not_before: role.not_before_leeway,
    }
}

/// What the role gives to whom the claims name.
pub(crate) fn grant(
    ctx: &Ctx,
    name: &str,
    role: &Role,
    claims: &Json,
    more: BTreeMap<String, String>,
) -> Result<Grant> {
    if role.verbose_oidc_logging {
        ctx.log(Level::Debug, &format!("role {name}: claims {claims}"));
    }
    let user = claims::user(role, claims)?;
    let groups = claims::groups(role, claims)?;
    let mut metadata = claims::metadata(role, claims)?;
    metadata.insert("role".into(), name.into());
    let mut grant = role.token.grant(ctx, user)?;
    grant.alias_metadata = metadata.clone().into_iter().collect();
    metadata.extend(more);
    grant.metadata = metadata.into_iter().collect();
    grant.groups = groups;
    grant.private = Raw::of(&Granted {
        role: name.into(),
        by_program: None,
    })?;
    Ok(grant)
}

pub(crate) fn renew(ctx: &mut Ctx, grant: Grant, increment: Duration) -> Result<Renewal> {
    let Granted { role, by_program } = grant.private()?;
    let missing = || {
        invalid(format!(
            "failed to renew entry: role {role} does not exist during renewal"
        ))
    };
    match by_program {
        None => {
            let role = store::role(ctx, &role)?.ok_or_else(missing)?;
            Ok(role.token.renewal(increment))
        }
        Some(terms) => {
            store::cel_role(ctx, &role)?.ok_or_else(missing)?;
            Ok(terms.renewal(increment))
        }
    }
}
