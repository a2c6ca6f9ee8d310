//! `oidc/auth_url`: where to send the browser.

use super::redirect;
use super::state::{self, State};
use crate::config::Config;
use crate::provider::{self, Discovery};
use crate::role::{CallbackMode, Role, RoleType};
use crate::store;
use crate::token::base64url;
use sdk::crypto::Hash;
use sdk::{Ctx, Fields, Map, Reply, Result, invalid, json};

/// Seconds between two questions of a client that waits, where the role does not say.
const POLL_SECONDS: i64 = 5;
/// Longest redirect URI.
const REDIRECT_BYTES_MAX: usize = 2048;

#[derive(Fields)]
pub(crate) struct Begin {
    /// The role to log in to; the configured one where none is named.
    #[field(kind = "lower-text", default = "")]
    role: String,
    /// Where the provider is to send the browser back to.
    #[field(default = "")]
    redirect_uri: String,
    /// What the client will show when it comes back.
    #[field(sensitive, default = "")]
    client_nonce: String,
}

pub(crate) fn auth_url(ctx: &mut Ctx, asked: Begin) -> Result<Reply> {
    let config = store::needed_config(ctx)?;
    if !config.has_client() {
        return Err(invalid("OIDC login is not configured for this mount"));
    }
    let (name, role) = store::named_role(ctx, &config, &asked.role)?;
    if asked.redirect_uri.is_empty() {
        return Err(invalid("missing redirect_uri"));
    }
    let is_allowed = asked.redirect_uri.len() <= REDIRECT_BYTES_MAX
        && redirect::is_allowed(&asked.redirect_uri, role.redirect_uris());
    if role.role_type != RoleType::Oidc || !is_allowed {
        // Vault tells nobody why.
        return Reply::data(&json!({ "auth_url": "" }));
    }
    match role.callback_mode {
        CallbackMode::Client => {}
        CallbackMode::Direct if asked.client_nonce.is_empty() => {
            return Err(invalid("missing client_nonce"));
        }
        CallbackMode::Direct => {}
        CallbackMode::Device => return Err(invalid("the device flow is not supported")),
    }
    let known = provider::known(ctx, &config)?;
    let endpoint = known
        .discovery
        .filter(|found| !found.authorization_endpoint.is_empty());
    let discovery =
        endpoint.ok_or_else(|| invalid("the provider has no authorization endpoint"))?;
    let begun = State {
        mode: role.callback_mode,
        ..State::make(ctx, &name, &asked.redirect_uri, &asked.client_nonce)
    };
    let sealed = begun.seal(ctx)?;
    let sealed = match config.namespace_in_state {
        true => state::with_namespace(&sealed, &ctx.namespace()),
        false => sealed,
    };
    let mut answer = Map::new();
    let url = url(ctx, &config, &role, &discovery, &begun, &sealed);
    answer.insert("auth_url".into(), url.into());
    if role.callback_mode == CallbackMode::Direct {
        let seconds = match role.poll_interval {
            1.. => role.poll_interval,
            _ => POLL_SECONDS,
        };
        answer.insert("poll_interval".into(), seconds.to_string().into());
        answer.insert("state".into(), sealed.into());
    }
    Reply::data(&answer)
}

fn url(
    ctx: &Ctx,
    config: &Config,
    role: &Role,
    discovery: &Discovery,
    begun: &State,
    sealed: &str,
) -> String {
    let types = match config.oidc_response_types.is_empty() {
        true => String::from("code"),
        false => config.oidc_response_types.join(" "),
    };
    let max_age = role.max_age.to_string();
    let challenge = base64url::encode(&ctx.digest(Hash::Sha2_256, begun.verifier.as_bytes()));
    let scopes: Vec<&str> = role
        .oidc_scopes
        .iter()
        .flatten()
        .map(String::as_str)
        .collect();
    let scopes = ["openid"]
        .into_iter()
        .chain(scopes.into_iter().filter(|scope| *scope != "openid"));
    let scopes = scopes.collect::<Vec<&str>>().join(" ");
    let mut pairs = vec![("client_id", config.oidc_client_id.as_str())];
    if types.contains("code") {
        pairs.push(("code_challenge", &challenge));
        pairs.push(("code_challenge_method", "S256"));
    }
    if role.max_age > 0 {
        pairs.push(("max_age", &max_age));
    }
    pairs.push(("nonce", &begun.nonce));
    pairs.push(("redirect_uri", &begun.redirect_uri));
    if !config.oidc_response_mode.is_empty() && config.oidc_response_mode != "query" {
        pairs.push(("response_mode", &config.oidc_response_mode));
    }
    pairs.push(("response_type", &types));
    pairs.push(("scope", &scopes));
    pairs.push(("state", sealed));
    let endpoint = &discovery.authorization_endpoint;
    let mark = if endpoint.contains('?') { '&' } else { '?' };
    format!("{endpoint}{mark}{}", redirect::query(&pairs))
}
