//! Who issues identity tokens.

use super::OidcError;
use crate::Directory;
use locality::SystemKey;
use serde::{Deserialize, Serialize};

#[derive(Debug, Default, Serialize, Deserialize)]
struct Config {
    issuer: String,
}

impl Directory<'_> {
    /// Scheme, host and port of the issuer; empty where nobody set it.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn oidc_issuer(&mut self) -> Result<String, OidcError> {
        let at = SystemKey::oidc_config(self.namespace);
        let config: Option<Config> = self.tx.read_json(&at)?;
        Ok(config.unwrap_or_default().issuer)
    }

    /// Sets scheme, host and port of the issuer; empty for where the server is reached.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn set_oidc_issuer(&mut self, issuer: &str) -> Result<(), OidcError> {
        let at = SystemKey::oidc_config(self.namespace);
        let issuer = issuer.to_owned();
        Ok(self.tx.write_json(&at, &Config { issuer })?)
    }
}
