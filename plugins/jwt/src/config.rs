//! `config`: whose tokens the mount believes.

use crate::provider;
use crate::store;
use crate::token::Algorithm;
use crate::token::jwk::{self, PublicKey};
use sdk::{Ctx, Fields, Json, Map, Reply, Result, invalid, json};
use serde::{Deserialize, Serialize};

/// Most public keys that are given by hand.
const KEYS_MAX: usize = 64;

const ONE_SOURCE: &str = "exactly one of 'jwt_validation_pubkeys', 'jwks_url', 'jwks_pairs', 'oidc_discovery_url', or 'provider_config' must be set";

/// Providers that need nothing beside the standards, as far as we go.
const PROVIDERS: [&str; 3] = ["azure", "ibmisam", "secureauth"];

/// What was configured. The secret is in it, so it is kept under the seal as well.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Config {
    pub(crate) oidc_discovery_url: String,
    pub(crate) oidc_discovery_ca_pem: String,
    pub(crate) oidc_client_id: String,
    pub(crate) oidc_client_secret: String,
    pub(crate) oidc_response_mode: String,
    pub(crate) oidc_response_types: Vec<String>,
    pub(crate) jwks_url: String,
    pub(crate) jwks_ca_pem: String,
    pub(crate) jwt_validation_pubkeys: Vec<String>,
    pub(crate) jwt_supported_algs: Vec<String>,
    pub(crate) bound_issuer: String,
    pub(crate) default_role: String,
    pub(crate) provider_config: Map,
    pub(crate) namespace_in_state: bool,
    pub(crate) override_allowed_server_names: Vec<String>,
}

/// Where the keys come from.
pub(crate) enum Source<'c> {
    /// Given by hand.
    Keys,
    /// A set at this URL.
    Set(&'c str),
    /// A provider whose discovery document is below this URL.
    Discovery(&'c str),
}

impl Config {
    pub(crate) fn source(&self) -> Option<Source<'_>> {
        let given = [
            !self.jwt_validation_pubkeys.is_empty(),
            !self.jwks_url.is_empty(),
            !self.oidc_discovery_url.is_empty(),
        ];
        match given {
            [true, false, false] => Some(Source::Keys),
            [false, true, false] => Some(Source::Set(&self.jwks_url)),
            [false, false, true] => Some(Source::Discovery(&self.oidc_discovery_url)),
            _ => None,
        }
    }

    /// Can people log in through their browsers?
    pub(crate) const fn has_client(&self) -> bool {
        !self.oidc_client_id.is_empty()
    }

    /// The keys that were given by hand.
    pub(crate) fn keys(&self) -> Result<Vec<PublicKey>> {
        let wrong =
            || invalid("error parsing public key: data does not contain any valid public keys");
        let keys = self.jwt_validation_pubkeys.iter();
        keys.map(|text| jwk::key_of_pem(text).ok_or_else(wrong))
            .collect()
    }

    /// Does the mount take this algorithm? Any, where nothing is said.
    pub(crate) fn takes(&self, algorithm: Algorithm) -> bool {
        let mut names = self.jwt_supported_algs.iter();
        self.jwt_supported_algs.is_empty() || names.any(|name| name == algorithm.name())
    }

    fn check(&self, ctx: &Ctx) -> Result<()> {
        let source = self.source().ok_or_else(|| invalid(ONE_SOURCE))?;
        self.check_client(&source)?;
        for (pem, wrong) in [
            (&self.jwks_ca_pem, "error checking jwks_ca_pem"),
            (
                &self.oidc_discovery_ca_pem,
                "error checking oidc discovery URL: could not parse CA PEM value successfully",
            ),
        ] {
            if !pem.is_empty() && provider::certificates(pem).is_none() {
                return Err(invalid(wrong));
            }
        }
        if self.override_allowed_server_names.len() > 1 {
            return Err(invalid("override_allowed_server_names takes one name here"));
        }
        if self.jwt_validation_pubkeys.len() > KEYS_MAX {
            return Err(invalid(format!("at most {KEYS_MAX} public keys")));
        }
        for key in self.keys()? {
            let info = sdk::from_base64(&key.info).unwrap_or_default();
            ctx.public_key(&info)
                .map_err(|error| invalid(format!("error parsing public key: {error}")))?;
        }
        for name in &self.jwt_supported_algs {
            if Algorithm::from_name(name).is_none() {
                return Err(invalid(format!(
                    "invalid jwt_supported_algs: unsupported signing algorithm {name:?}"
                )));
            }
        }
        check_provider(&self.provider_config)
    }

    fn check_client(&self, source: &Source<'_>) -> Result<()> {
        let has_secret = !self.oidc_client_secret.is_empty();
        if self.has_client() != has_secret {
            return Err(invalid(
                "both 'oidc_client_id' and 'oidc_client_secret' must be set for OIDC",
            ));
        }
        if has_secret && !matches!(source, Source::Discovery(_)) {
            return Err(invalid("'oidc_discovery_url' must be set for OIDC"));
        }
        let mode = self.oidc_response_mode.as_str();
        if !matches!(mode, "" | "query" | "form_post") {
            return Err(invalid(format!("invalid response_mode: {mode:?}")));
        }
        let types = &self.oidc_response_types;
        if types.iter().any(|one| one != "code" && one != "id_token") {
            return Err(invalid(format!(
                "invalid response_types [{}]. 'code' and 'id_token' are allowed",
                types.join(" ")
            )));
        }
        if mode != "form_post" && types.iter().any(|one| one == "id_token") {
            return Err(invalid(
                "query response_mode may not be used with an id_token response_type",
            ));
        }
        Ok(())
    }
}

fn check_provider(config: &Map) -> Result<()> {
    if config.is_empty() {
        return Ok(());
    }
    let Some(name) = config.get("provider").and_then(Json::as_str) else {
        return Err(invalid(
            "invalid provider_config: 'provider' field not found in provider_config",
        ));
    };
    match PROVIDERS.contains(&name) {
        true => Ok(()),
        false => Err(invalid(format!(
            "invalid provider_config: provider {name:?} not found in custom providers"
        ))),
    }
}

#[derive(Fields)]
pub(crate) struct Write {
    /// URL below which the provider's discovery document lies. Excludes jwks_url and
    /// jwt_validation_pubkeys.
    oidc_discovery_url: Option<String>,
    /// Certificates (PEM) that the provider's must be signed by; those of the system where there are none.
    oidc_discovery_ca_pem: Option<String>,
    /// How the provider knows this server.
    oidc_client_id: Option<String>,
    /// How this server proves it to the provider.
    #[field(sensitive)]
    oidc_client_secret: Option<String>,
    /// How the provider sends the browser back: "query" or "form_post".
    oidc_response_mode: Option<String>,
    /// What the provider is asked for: "code" or "id_token".
    oidc_response_types: Option<Vec<String>>,
    /// URL of the key set that signs tokens.
    jwks_url: Option<String>,
    /// Certificates (PEM) that the key set's server must be signed by; those of the system where there are
    /// none.
    jwks_ca_pem: Option<String>,
    /// Public keys (PEM) that sign tokens.
    jwt_validation_pubkeys: Option<Vec<String>>,
    /// Algorithms that are taken; all that there are where none are named.
    jwt_supported_algs: Option<Vec<String>>,
    /// Who must have issued a token.
    bound_issuer: Option<String>,
    /// The role of a login that names none.
    #[field(kind = "lower-text")]
    default_role: Option<String>,
    /// What one provider needs beside the standards.
    provider_config: Option<Map>,
    /// Is the namespace told in the state rather than in the redirect URI?
    namespace_in_state: Option<bool>,
    /// Name that a server's certificate must have, in place of the one in its URL.
    override_allowed_server_names: Option<Vec<String>>,
    /// Are keys that cannot be fetched now only worth a warning?
    skip_jwks_validation: Option<bool>,
}

pub(crate) fn read(ctx: &Ctx, (): ()) -> Result<Reply> {
    let config = store::config(ctx)?.ok_or_else(sdk::not_found)?;
    Reply::data(&json!({
        "bound_issuer": config.bound_issuer,
        "default_role": config.default_role,
        "jwks_ca_pem": config.jwks_ca_pem,
        "jwks_url": config.jwks_url,
        "jwt_supported_algs": config.jwt_supported_algs,
        "jwt_validation_pubkeys": config.jwt_validation_pubkeys,
        "namespace_in_state": config.namespace_in_state,
        "oidc_client_id": config.oidc_client_id,
        "oidc_discovery_ca_pem": config.oidc_discovery_ca_pem,
        "oidc_discovery_url": config.oidc_discovery_url,
        "oidc_response_mode": config.oidc_response_mode,
        "oidc_response_types": config.oidc_response_types,
        "override_allowed_server_names": config.override_allowed_server_names,
        "provider_config": config.provider_config,
        "status": "valid",
    }))
}

/// Replaces the whole configuration, but for `namespace_in_state`.
pub(crate) fn write(ctx: &mut Ctx, new: Write) -> Result<Reply> {
    let before = store::config(ctx)?;
    let is_in_state = before.is_none_or(|config| config.namespace_in_state);
    let trimmed = |keys: Vec<String>| keys.iter().map(|key| key.trim().to_owned()).collect();
    let config = Config {
        oidc_discovery_url: new.oidc_discovery_url.unwrap_or_default(),
        oidc_discovery_ca_pem: new.oidc_discovery_ca_pem.unwrap_or_default(),
        oidc_client_id: new.oidc_client_id.unwrap_or_default(),
        oidc_client_secret: new.oidc_client_secret.unwrap_or_default(),
        oidc_response_mode: new.oidc_response_mode.unwrap_or_default(),
        oidc_response_types: new.oidc_response_types.unwrap_or_default(),
        jwks_url: new.jwks_url.unwrap_or_default(),
        jwks_ca_pem: new.jwks_ca_pem.unwrap_or_default(),
        jwt_validation_pubkeys: trimmed(new.jwt_validation_pubkeys.unwrap_or_default()),
        jwt_supported_algs: new.jwt_supported_algs.unwrap_or_default(),
        bound_issuer: new.bound_issuer.unwrap_or_default(),
        default_role: new.default_role.unwrap_or_default(),
        provider_config: new.provider_config.unwrap_or_default(),
        namespace_in_state: new.namespace_in_state.unwrap_or(is_in_state),
        override_allowed_server_names: new.override_allowed_server_names.unwrap_or_default(),
    };
    config.check(ctx)?;
    let fetched = provider::first_fetch(ctx, &config);
    match fetched {
        Ok(Some(known)) => store::put_provider(ctx, &known)?,
        Ok(None) => store::forget_provider(ctx)?,
        Err(wrong) if new.skip_jwks_validation == Some(true) => {
            store::forget_provider(ctx)?;
            ctx.warn(wrong.doing);
        }
        Err(wrong) => return Err(invalid(wrong.refusal)),
    }
    store::put_config(ctx, &config)?;
    Ok(Reply::Empty)
}
