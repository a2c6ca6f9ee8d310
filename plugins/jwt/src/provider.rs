//! What an identity provider publishes: its discovery document and its keys.
//!
//! Both are kept, so that logins do not wait for the provider. One login at a time fetches them anew:
//! it says so in storage before it asks, and the others go on with what is known.
//!
//! ```text
//!  fetched ──▶ fresh ──15 min──▶ one login fetches, others use what is known ──24 h──▶ nothing is known
//!     └── an unknown key id: fetched again, unless somebody tried within the last 10 s
//! ```

use crate::config::{Config, Source};
use crate::store;
use crate::token::jwk::{self, PublicKey};
use core::time::Duration;
use sdk::http::Response;
use sdk::{Ctx, Failure, FailureKind, Level, Result};
use serde::{Deserialize, Serialize};

/// How long what was fetched is used without a second thought.
const FRESH_MS: u64 = 15 * 60 * 1000;
/// How long it is used while it cannot be fetched anew.
const USABLE_MS: u64 = 24 * 60 * 60 * 1000;
/// How long after an attempt the next one is made.
const RETRY_MS: u64 = 10 * 1000;
/// How long the provider may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Longest answer.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
/// Longest URL in a discovery document.
const URL_BYTES_MAX: usize = 2048;

/// What is known of the provider.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Known {
    /// None where only a set of keys is configured.
    pub(crate) discovery: Option<Discovery>,
    pub(crate) keys: Vec<PublicKey>,
    /// 0 for never.
    pub(crate) fetched_at_ms: u64,
    /// When somebody last began to fetch it.
    pub(crate) tried_at_ms: u64,
}

/// The discovery document, as far as we need it (OpenID Connect Discovery 1.0, RFC 8414).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Discovery {
    pub(crate) issuer: String,
    #[serde(default)]
    pub(crate) authorization_endpoint: String,
    #[serde(default)]
    pub(crate) token_endpoint: String,
    #[serde(default)]
    pub(crate) userinfo_endpoint: String,
    pub(crate) jwks_uri: String,
}

impl Discovery {
    fn is_bounded(&self) -> bool {
        [
            &self.issuer,
            &self.authorization_endpoint,
            &self.token_endpoint,
            &self.userinfo_endpoint,
            &self.jwks_uri,
        ]
        .iter()
        .all(|url| url.len() <= URL_BYTES_MAX)
    }
}

/// The certificates of a PEM text; none where there are not only certificates in it.
pub(crate) fn certificates(pem: &str) -> Option<Vec<Vec<u8>>> {
    let blocks = sdk::from_pem(pem)?;
    let certificate = |block: sdk::PemBlock| (block.label == "CERTIFICATE").then_some(block.bytes);
    blocks.into_iter().map(certificate).collect()
}

/// Why nothing was fetched for a new configuration.
pub(crate) struct Unfetched {
    /// What was being done.
    pub(crate) doing: &'static str,
    /// What a caller is told who needs it.
    pub(crate) refusal: String,
}

/// Fetches what a new configuration needs; none where it needs nothing. Why it failed is in the log.
///
/// # Errors
/// What to tell the operator.
pub(crate) fn first_fetch(ctx: &mut Ctx, config: &Config) -> Result<Option<Known>, Unfetched> {
    let doing = match config.source() {
        Some(Source::Set(_)) => "error checking jwks URL",
        Some(Source::Discovery(_)) => "error checking oidc discovery URL",
        Some(Source::Keys) | None => return Ok(None),
    };
    fetch(ctx, config).map(Some).map_err(|wrong| {
        let whole = format!("{doing}: {wrong}");
        ctx.log(Level::Warn, &whole);
        // Of a set Vault tells the caller no more.
        let refusal = match config.source() {
            Some(Source::Discovery(_)) => whole,
            _ => doing.into(),
        };
        Unfetched { doing, refusal }
    })
}

/// What is known, fetched anew where it is old.
///
/// # Errors
/// Unavailable, where nothing is known.
pub(crate) fn known(ctx: &mut Ctx, config: &Config) -> Result<Known> {
    let known = store::provider(ctx)?.unwrap_or_default();
    let now = ctx.now_ms();
    if now < known.fetched_at_ms.saturating_add(FRESH_MS) {
        return Ok(known);
    }
    let is_usable = now < known.fetched_at_ms.saturating_add(USABLE_MS);
    match refresh(ctx, config, &known) {
        Ok(Some(fresh)) => Ok(fresh),
        Ok(None) if is_usable => Ok(known),
        Ok(None) => Err(unavailable(
            "the provider was asked a moment ago, try again",
        )),
        Err(_) if is_usable => Ok(known),
        Err(failure) => Err(failure),
    }
}

/// What the provider publishes now, since what is known was not enough; none where somebody asked it
/// a moment ago.
///
/// # Errors
/// Unavailable, where it does not answer.
pub(crate) fn refresh(ctx: &mut Ctx, config: &Config, known: &Known) -> Result<Option<Known>> {
    let now = ctx.now_ms();
    if now < known.tried_at_ms.saturating_add(RETRY_MS) {
        return Ok(None);
    }
    // Said and kept before the provider is asked: others then do not ask as well, even if this login
    // comes to nothing.
    let tried = Known {
        tried_at_ms: now,
        ..known.clone()
    };
    store::put_provider(ctx, &tried)?;
    ctx.checkpoint()?;
    let fetched = fetch(ctx, config);
    let fresh = fetched.map_err(|wrong| unavailable(format!("fetching keys: {wrong}")))?;
    store::put_provider(ctx, &fresh)?;
    ctx.checkpoint()?;
    Ok(Some(fresh))
}

fn unavailable(message: impl Into<String>) -> Failure {
    Failure::new(FailureKind::Unavailable, message)
}

fn fetch(ctx: &mut Ctx, config: &Config) -> Result<Known, String> {
    let (discovery, url, pem) = match config.source() {
        Some(Source::Set(url)) => (None, url.to_owned(), &config.jwks_ca_pem),
        Some(Source::Discovery(url)) => {
            let found = discover(ctx, config, url)?;
            let keys_at = found.jwks_uri.clone();
            (Some(found), keys_at, &config.oidc_discovery_ca_pem)
        }
        Some(Source::Keys) | None => return Err("no URL to fetch keys from".into()),
    };
    let body = get(ctx, config, pem, &url)?;
    let keys = jwk::keys_of_set(&body).ok_or("the answer is no set of keys")?;
    let now = ctx.now_ms();
    Ok(Known {
        discovery,
        keys,
        fetched_at_ms: now,
        tried_at_ms: now,
    })
}

fn discover(ctx: &mut Ctx, config: &Config, url: &str) -> Result<Discovery, String> {
    let at = format!(
        "{}/.well-known/openid-configuration",
        url.trim_end_matches('/')
    );
    let body = get(ctx, config, &config.oidc_discovery_ca_pem, &at)?;
    let found: Discovery = serde_json::from_slice(&body)
        .map_err(|wrong| format!("the discovery document cannot be read: {wrong}"))?;
    if found.issuer != url {
        return Err(format!(
            "issuer did not match the returned issuer, expected {url:?} got {:?}",
            found.issuer
        ));
    }
    match found.is_bounded() {
        true => Ok(found),
        false => Err(format!("a URL of more than {URL_BYTES_MAX} bytes")),
    }
}

fn get(ctx: &mut Ctx, config: &Config, pem: &str, url: &str) -> Result<Vec<u8>, String> {
    let answer = send(ctx, config, pem, "GET", url, &[], b"")?;
    match answer.status {
        200 => Ok(answer.body),
        status => Err(format!("{url}: status {status}")),
    }
}

/// Asks the provider.
///
/// # Errors
/// What went wrong, where no answer came.
pub(crate) fn send(
    ctx: &mut Ctx,
    config: &Config,
    pem: &str,
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Result<Response, String> {
    let mut request = ctx.http(method, url).timeout(TIMEOUT);
    for certificate in certificates(pem).unwrap_or_default() {
        request = request.trust(&certificate);
    }
    if let Some(name) = config.override_allowed_server_names.first() {
        request = request.server_name(name);
    }
    for (name, value) in headers {
        request = request.header(name, value);
    }
    if !body.is_empty() {
        request = request.body(body);
    }
    let answer = request.send().map_err(|wrong| format!("{url}: {wrong}"))?;
    match answer.body.len() <= ANSWER_BYTES_MAX {
        true => Ok(answer),
        false => Err(format!("{url}: more than {ANSWER_BYTES_MAX} bytes")),
    }
}
