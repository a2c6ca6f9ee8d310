//! What OpenID providers are made of: scopes, assignments, clients and the providers themselves.

use super::{ClientSecret, OidcError};
use crate::Directory;
use locality::{PhysicalKey, SystemKey};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The assignment of everybody. It is always there.
pub const ALLOW_ALL: &str = "allow_all";
/// The provider that is always there.
pub const DEFAULT_PROVIDER: &str = "default";
/// The scope that every request has.
pub const OPENID: &str = "openid";

/// A thing of a kind, stored under its name.
pub trait Part: Serialize + DeserializeOwned {
    /// The kind, as it stands in keys and texts.
    const KIND: &'static str;

    /// The one of this name that is there without having been made.
    fn built_in(_name: &str) -> Option<Self> {
        None
    }

    /// The name of the one that is there without having been made.
    const BUILT_IN: Option<&'static str> = None;
}

/// Claims that a client may ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// For people.
    pub description: String,
    /// Claims with holes.
    pub template: String,
}

impl Part for Scope {
    const KIND: &'static str = "scope";
}

/// Who may sign in at a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// Ids of entities; `*` for all.
    pub entity_ids: Vec<String>,
    /// Ids of groups; `*` for all.
    pub group_ids: Vec<String>,
}

impl Part for Assignment {
    const KIND: &'static str = "assignment";
    const BUILT_IN: Option<&'static str> = Some(ALLOW_ALL);

    fn built_in(name: &str) -> Option<Self> {
        let all = || vec![String::from("*")];
        (name == ALLOW_ALL).then(|| Self {
            entity_ids: all(),
            group_ids: all(),
        })
    }
}

/// Can the client keep a secret?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClientKind {
    /// It can, and proves who it is by it.
    Confidential,
    /// It cannot, and must prove that it began what it ends (RFC 7636).
    Public,
}

impl ClientKind {
    /// As clients name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Confidential => "confidential",
            Self::Public => "public",
        }
    }

    /// Reads [`name`](Self::name); None for every other text.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Confidential, Self::Public]
            .into_iter()
            .find(|kind| kind.name() == name)
    }
}

/// An application that people sign in to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ClientApplication {
    /// Its id.
    pub id: String,
    /// Its secret; empty for a public one.
    pub secret: ClientSecret,
    /// Can it keep a secret?
    pub kind: ClientKind,
    /// Name of the key that signs for it.
    pub key: String,
    /// Where codes may be sent.
    pub redirect_uris: Vec<String>,
    /// Names of the assignments that say who may sign in.
    pub assignments: Vec<String>,
    /// How long an identity token lives, in seconds.
    pub id_token_ttl: u64,
    /// How long an access token lives, in seconds.
    pub access_token_ttl: u64,
}

impl Part for ClientApplication {
    const KIND: &'static str = "client";
}

/// An issuer of identity tokens to applications.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provider {
    /// Scheme, host and port; empty for where the server is reached.
    pub issuer: String,
    /// Ids of the clients that may use it; `*` for all.
    pub allowed_client_ids: Vec<String>,
    /// Names of the scopes that it has, besides `openid`.
    pub scopes: Vec<String>,
}

impl Provider {
    /// May a client use it?
    pub fn allows(&self, client: &str) -> bool {
        let mut allowed = self.allowed_client_ids.iter();
        allowed.any(|one| one == "*" || one == client)
    }
}

impl Part for Provider {
    const KIND: &'static str = "provider";
    const BUILT_IN: Option<&'static str> = Some(DEFAULT_PROVIDER);

    fn built_in(name: &str) -> Option<Self> {
        (name == DEFAULT_PROVIDER).then(|| Self {
            allowed_client_ids: vec![String::from("*")],
            ..Self::default()
        })
    }
}

impl Directory<'_> {
    /// The part of this name.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn oidc_part<P: Part>(&mut self, name: &str) -> Result<Option<P>, OidcError> {
        let at = SystemKey::oidc_part(self.namespace, P::KIND, name);
        let stored: Option<P> = self.tx.read_json(&at)?;
        Ok(stored.or_else(|| P::built_in(name)))
    }

    /// All parts of a kind with their names, in the order of these.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn oidc_parts<P: Part>(&mut self) -> Result<Vec<(String, P)>, OidcError> {
        let all = SystemKey::oidc_parts(self.namespace, P::KIND);
        let records: Vec<(PhysicalKey, P)> = self.tx.records(&all, None, usize::MAX)?;
        let prefix = all.physical().path();
        let named = records.into_iter().filter_map(|(key, part)| {
            let name = key.path().strip_prefix(prefix)?.to_owned();
            Some((name, part))
        });
        let mut parts: Vec<(String, P)> = named.collect();
        if let Some(name) = P::BUILT_IN
            && !parts.iter().any(|(known, _)| known == name)
            && let Some(part) = P::built_in(name)
        {
            parts.push((name.to_owned(), part));
        }
        parts.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(parts)
    }

    /// Stores a part that was checked.
    pub(crate) fn save_oidc_part<P: Part>(
        &mut self,
        name: &str,
        part: &P,
    ) -> Result<(), OidcError> {
        let at = SystemKey::oidc_part(self.namespace, P::KIND, name);
        Ok(self.tx.write_json(&at, part)?)
    }

    pub(crate) fn forget_oidc_part<P: Part>(&mut self, name: &str) {
        let at = SystemKey::oidc_part(self.namespace, P::KIND, name);
        self.tx.delete(&at);
    }
}

/// Refuses to remove what others name.
pub(crate) fn unused<P: Part>(
    name: &str,
    by: &str,
    users: impl Iterator<Item = String>,
) -> Result<(), OidcError> {
    let users: Vec<String> = users.collect();
    if users.is_empty() {
        return Ok(());
    }
    Err(OidcError::Refused(format!(
        "unable to delete {} {name:?} because it is currently referenced by these {by}: {}",
        P::KIND,
        users.join(", ")
    )))
}
