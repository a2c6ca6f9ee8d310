//! Codes: what an application gets for its users, to change it into tokens. Each counts once, for a
//! few minutes, and only for the application that it was made for.

use super::OidcError;
use super::parts::{ClientApplication, ClientKind};
use crate::Directory;
use barrier::keys::{Hash, digest, equal};
use base::{Timestamp, make_base62};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use core::time::Duration;
use locality::{PhysicalKey, SystemKey};
use serde::{Deserialize, Serialize};

const LENGTH: usize = 32;
const LIFE: Duration = Duration::from_secs(300);
const VERIFIER_BYTES: core::ops::RangeInclusive<usize> = 43..=128;

/// How who ends a sign-in proves that it began it (RFC 7636).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    /// `plain` or `S256`.
    pub method: String,
    /// What the verifier must lead to.
    pub challenge: String,
}

impl Challenge {
    /// A challenge by one of the two methods; None for another, and for a challenge that is none.
    pub fn new(method: &str, challenge: &str) -> Option<Self> {
        let is_known = matches!(method, "plain" | "S256");
        (is_known && VERIFIER_BYTES.contains(&challenge.len())).then(|| Self {
            method: method.to_owned(),
            challenge: challenge.to_owned(),
        })
    }

    fn is_met(&self, verifier: &str) -> bool {
        if !VERIFIER_BYTES.contains(&verifier.len()) {
            return false;
        }
        let found = match self.method.as_str() {
            "S256" => BASE64URL.encode(digest(Hash::Sha2_256, verifier.as_bytes())),
            _ => verifier.to_owned(),
        };
        equal(found.as_bytes(), self.challenge.as_bytes())
    }
}

/// What a code stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Name of the provider.
    pub provider: String,
    /// Id of the client.
    pub client_id: String,
    /// The entity that signs in.
    pub entity: String,
    /// Where the code was sent.
    pub redirect_uri: String,
    /// Comes back in the token; empty for none.
    pub nonce: String,
    /// What was asked for.
    pub scopes: Vec<String>,
    /// The proof that is asked for.
    pub challenge: Option<Challenge>,
    /// When the entity logged in, where the client wants to know.
    pub auth_time: Option<u64>,
    /// Until when the code counts.
    pub ends: Timestamp,
}

/// What comes with a code.
#[derive(Clone, Copy, Debug)]
pub struct Exchange<'a> {
    /// Name of the provider that is asked.
    pub provider: &'a str,
    /// The code.
    pub code: &'a str,
    /// Where it was sent.
    pub redirect_uri: &'a str,
    /// The proof; empty for none.
    pub verifier: &'a str,
}

impl Grant {
    /// When a code that is made now ends.
    pub fn end(now: Timestamp) -> Timestamp {
        now.plus(LIFE)
    }
}

/// A code is a secret: storage has its hash.
fn hash(code: &str) -> String {
    let bytes = digest(Hash::Sha2_256, code.as_bytes());
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Directory<'_> {
    /// A code for a grant.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn make_code(&mut self, grant: &Grant) -> Result<String, OidcError> {
        let code = make_base62(self.entropy, LENGTH);
        let at = SystemKey::oidc_code(self.namespace, &hash(&code));
        self.tx.write_json(&at, grant)?;
        Ok(code)
    }

    /// What a code stands for, if all that comes with it fits. The code is gone then, and also where
    /// it does not fit: it may have been stolen.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn take_code(
        &mut self,
        client: &ClientApplication,
        exchange: Exchange<'_>,
    ) -> Result<Option<Grant>, OidcError> {
        let at = SystemKey::oidc_code(self.namespace, &hash(exchange.code));
        let Some(grant) = self.tx.read_json::<Grant>(&at)? else {
            return Ok(None);
        };
        self.tx.delete(&at);
        let is_proven = match &grant.challenge {
            Some(challenge) => challenge.is_met(exchange.verifier),
            None => client.kind == ClientKind::Confidential && exchange.verifier.is_empty(),
        };
        let fits = grant.client_id == client.id
            && grant.provider == exchange.provider
            && grant.redirect_uri == exchange.redirect_uri
            && self.now < grant.ends
            && is_proven;
        Ok(fits.then_some(grant))
    }

    /// Removes codes that nobody came for.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn drop_old_codes(&mut self) -> Result<(), OidcError> {
        let all = SystemKey::oidc_codes(self.namespace);
        let records: Vec<(PhysicalKey, Grant)> = self.tx.records(&all, None, usize::MAX)?;
        for (key, _) in records.iter().filter(|(_, grant)| grant.ends <= self.now) {
            self.tx.delete(key);
        }
        Ok(())
    }
}

/// Is a place among those that a client may be sent to? The port does not count on the machine
/// itself (RFC 8252, 7.3).
pub fn may_redirect(client: &ClientApplication, wanted: &str) -> bool {
    let mut uris = client.redirect_uris.iter();
    uris.any(|known| {
        known == wanted || loopback(known).is_some_and(|it| Some(it) == loopback(wanted))
    })
}

/// A place on the machine itself, without its port: host, and what comes after.
fn loopback(uri: &str) -> Option<(&str, &str)> {
    let rest = uri.strip_prefix("http://")?;
    let host = ["127.0.0.1", "[::1]"]
        .into_iter()
        .find(|host| rest.starts_with(host))?;
    let rest = rest.strip_prefix(host)?;
    let after = match rest.strip_prefix(':') {
        Some(rest) => rest.trim_start_matches(|digit: char| digit.is_ascii_digit()),
        None => rest,
    };
    (after.is_empty() || after.starts_with(['/', '?'])).then_some((host, after))
}
