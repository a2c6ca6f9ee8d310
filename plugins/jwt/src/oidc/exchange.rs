//! From a code to the claims of an ID token (OpenID Connect Core 1.0, sections 3.1.3 and 5.3).

use super::redirect;
use super::state::{Done, State};
use crate::claims;
use crate::config::Config;
use crate::login::{self, Refused};
use crate::provider::{self, Discovery};
use crate::role::Role;
use crate::token::times;
use sdk::{Ctx, Json, Level};
use serde::Deserialize;
use std::collections::BTreeMap;

/// What the token endpoint gives (RFC 6749, 5.1).
#[derive(Default, Deserialize)]
struct Tokens {
    #[serde(default)]
    access_token: String,
    #[serde(default)]
    id_token: String,
    #[serde(default)]
    refresh_token: String,
}

/// What it gives instead (RFC 6749, 5.2).
#[derive(Deserialize)]
struct TokensRefused {
    error: String,
    #[serde(default)]
    error_description: String,
}

/// The claims of whom a code stands for.
///
/// # Errors
/// Why there are none.
pub(super) fn by_code(
    ctx: &mut Ctx,
    config: &Config,
    role: &Role,
    state: &State,
    code: &str,
) -> Result<Done, Refused> {
    let known = provider::known(ctx, config)?;
    let discovery = known
        .discovery
        .ok_or_else(|| told("no discovery document"))?;
    let tokens = tokens(ctx, config, &discovery, state, code)?;
    let mut claims = id_token(ctx, config, role, &discovery, state, &tokens.id_token)?;
    if !discovery.userinfo_endpoint.is_empty() {
        add_user_info(ctx, config, &discovery, &tokens.access_token, &mut claims);
    }
    let mut metadata = BTreeMap::new();
    for name in role.oauth2_metadata.iter().flatten() {
        let token = match name.as_str() {
            "access_token" => &tokens.access_token,
            "id_token" => &tokens.id_token,
            _ => &tokens.refresh_token,
        };
        if !token.is_empty() {
            metadata.insert(format!("oauth2_{name}"), token.clone());
        }
    }
    Ok(Done { claims, metadata })
}

/// The claims of an ID token that came by a form, without a code.
///
/// # Errors
/// Why it is not believed.
pub(super) fn by_id_token(
    ctx: &mut Ctx,
    config: &Config,
    role: &Role,
    state: &State,
    token: &str,
) -> Result<Done, Refused> {
    let known = provider::known(ctx, config)?;
    let discovery = known
        .discovery
        .ok_or_else(|| told("no discovery document"))?;
    let claims = id_token(ctx, config, role, &discovery, state, token)?;
    let metadata = BTreeMap::new();
    Ok(Done { claims, metadata })
}

fn told(why: impl Into<String>) -> Refused {
    Refused::Token(why.into())
}

fn tokens(
    ctx: &mut Ctx,
    config: &Config,
    discovery: &Discovery,
    state: &State,
    code: &str,
) -> Result<Tokens, Refused> {
    let form = redirect::query(&[
        ("code", code),
        ("code_verifier", &state.verifier),
        ("grant_type", "authorization_code"),
        ("redirect_uri", &state.redirect_uri),
    ]);
    // RFC 6749, 2.3.1: both halves are escaped.
    let id = redirect::escaped(&config.oidc_client_id);
    let secret = redirect::escaped(&config.oidc_client_secret);
    let basic = format!(
        "Basic {}",
        sdk::to_base64(format!("{id}:{secret}").as_bytes())
    );
    let headers = [
        ("authorization", basic.as_str()),
        ("content-type", "application/x-www-form-urlencoded"),
        ("accept", "application/json"),
    ];
    let (url, pem) = (&discovery.token_endpoint, &config.oidc_discovery_ca_pem);
    let answer = provider::send(ctx, config, pem, "POST", url, &headers, form.as_bytes());
    let answer = answer.map_err(told)?;
    if answer.status != 200 {
        let refused: Option<TokensRefused> = serde_json::from_slice(&answer.body).ok();
        return Err(told(match refused {
            Some(refused) => format!("{:?} {:?}", refused.error, refused.error_description),
            None => format!("{url}: status {}", answer.status),
        }));
    }
    let tokens: Tokens = serde_json::from_slice(&answer.body)
        .map_err(|_| told("the provider's answer cannot be read"))?;
    match (tokens.access_token.is_empty(), tokens.id_token.is_empty()) {
        (true, _) => Err(told("server response missing access_token")),
        (_, true) => Err(told("id_token is missing")),
        _ => Ok(tokens),
    }
}

fn id_token(
    ctx: &mut Ctx,
    config: &Config,
    role: &Role,
    discovery: &Discovery,
    state: &State,
    token: &str,
) -> Result<Json, Refused> {
    let claims = login::believed(ctx, config, token)?;
    check(ctx, config, role, discovery, state, &claims).map_err(Refused::Token)?;
    Ok(claims)
}

/// Section 3.1.3.7, in its order.
fn check(
    ctx: &Ctx,
    config: &Config,
    role: &Role,
    discovery: &Discovery,
    state: &State,
    claims: &Json,
) -> Result<(), String> {
    if claims::text(claims, "iss")? != Some(discovery.issuer.as_str()) {
        return Err("invalid issuer".into());
    }
    let client = config.oidc_client_id.as_str();
    let audiences = claims::audiences(claims)?;
    if !audiences.contains(&client) {
        return Err("invalid audience: the token is not for this client".into());
    }
    match claims::text(claims, "azp")? {
        Some(party) if party != client => return Err("invalid authorized party (azp)".into()),
        None if audiences.len() > 1 => return Err("invalid authorized party (azp)".into()),
        _ => {}
    }
    let is_bound = |audience: &&str| role.audiences().iter().any(|bound| bound == audience);
    if !role.audiences().is_empty() && !audiences.iter().any(is_bound) {
        return Err("invalid id_token audiences".into());
    }
    for needed in ["exp", "iat"] {
        if times::seconds(claims, needed)
            .map_err(|wrong| wrong.to_string())?
            .is_none()
        {
            return Err(format!("missing {needed} claim"));
        }
    }
    let now = ctx.now_ms();
    times::check(claims, login::leeways(role), now).map_err(|wrong| wrong.to_string())?;
    let nonce = claims::text(claims, "nonce")?.unwrap_or_default();
    if !ctx.equal(nonce.as_bytes(), state.nonce.as_bytes()) {
        return Err("invalid id_token nonce".into());
    }
    check_age(role, claims, now)?;
    match claims::text(claims, "sub")? {
        None | Some("") => Err("missing sub claim".into()),
        Some(subject) if !role.bound_subject.is_empty() && subject != role.bound_subject => {
            Err("sub claim does not match bound subject".into())
        }
        Some(_) => Ok(()),
    }
}

/// Has the user proven who they are lately enough?
fn check_age(role: &Role, claims: &Json, now_ms: u64) -> Result<(), String> {
    if role.max_age == 0 {
        return Ok(());
    }
    let at = times::seconds(claims, "auth_time").map_err(|wrong| wrong.to_string())?;
    let at = at.ok_or("missing auth_time claim when max age was requested")?;
    let max_age = i64::try_from(role.max_age).unwrap_or(i64::MAX);
    let latest = at
        .saturating_add(max_age)
        .saturating_add(times::skew(login::leeways(role)));
    match i128::from(latest) * 1000 < i128::from(now_ms) {
        true => Err("auth_time is beyond max age".into()),
        false => Ok(()),
    }
}

/// Adds what the provider tells beside the ID token. What is signed stands: it is not replaced.
fn add_user_info(
    ctx: &mut Ctx,
    config: &Config,
    discovery: &Discovery,
    access_token: &str,
    claims: &mut Json,
) {
    let bearer = format!("Bearer {access_token}");
    let headers = [("authorization", bearer.as_str())];
    let (url, pem) = (&discovery.userinfo_endpoint, &config.oidc_discovery_ca_pem);
    let answer = provider::send(ctx, config, pem, "GET", url, &headers, b"");
    let found = answer.ok().filter(|answer| answer.status == 200);
    let found = found.and_then(|answer| serde_json::from_slice::<Json>(&answer.body).ok());
    // Section 5.3.2: of another subject, it must not be used.
    let same = |found: &Json| {
        let subject = found.get("sub").and_then(Json::as_str);
        subject.is_some() && subject == claims.get("sub").and_then(Json::as_str)
    };
    match (found.filter(same), claims) {
        (Some(Json::Object(found)), Json::Object(claims)) => {
            for (name, value) in found {
                claims.entry(name).or_insert(value);
            }
        }
        _ => ctx.log(
            Level::Warn,
            "the provider's user info is left out: none, or of another subject",
        ),
    }
}
