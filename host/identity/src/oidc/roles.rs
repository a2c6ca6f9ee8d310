//! Roles: kinds of identity tokens.

use super::{NamedKey, OidcError, Template};
use crate::Directory;
use base::make_base62;
use locality::{PhysicalKey, SystemKey};
use serde::{Deserialize, Serialize};

/// A kind of identity token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// Name of the key that signs.
    pub key: String,
    /// Whom the tokens are for.
    pub client_id: String,
    /// Claims beside the usual ones; empty for none.
    pub template: String,
    /// How long a token lives, in seconds.
    pub ttl: u64,
}

/// What is to be changed of a role. None leaves a thing as it is.
#[derive(Clone, Debug, Default)]
pub struct RoleChange {
    /// Name of the key.
    pub key: Option<String>,
    /// Whom the tokens are for; made up, where it is new and nothing is said.
    pub client_id: Option<String>,
    /// The template, plain or in Base64.
    pub template: Option<String>,
    /// In seconds; a day, where it is new and nothing is said.
    pub ttl: Option<u64>,
}

const DAY: u64 = 86_400;
const CLIENT_ID_LENGTH: usize = 26;

impl Directory<'_> {
    /// The role of this name.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn oidc_role(&mut self, name: &str) -> Result<Option<Role>, OidcError> {
        let at = SystemKey::oidc_role(self.namespace, name);
        Ok(self.tx.read_json(&at)?)
    }

    /// All roles with their names.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn oidc_roles(&mut self) -> Result<Vec<(String, Role)>, OidcError> {
        let all = SystemKey::oidc_roles(self.namespace);
        let records: Vec<(PhysicalKey, Role)> = self.tx.records(&all, None, usize::MAX)?;
        let prefix = all.physical().path();
        let named = records.into_iter().filter_map(|(key, role)| {
            let name = key.path().strip_prefix(prefix)?.to_owned();
            Some((name, role))
        });
        Ok(named.collect())
    }

    /// Makes or changes a role.
    ///
    /// # Errors
    /// [`OidcError::Refused`] for a key that is not there, a template that is none, and tokens that
    /// outlive the publication of their key.
    pub fn write_oidc_role(&mut self, name: &str, change: RoleChange) -> Result<(), OidcError> {
        let mut role = match self.oidc_role(name)? {
            Some(role) => role,
            None => Role {
                key: String::new(),
                client_id: make_base62(self.entropy, CLIENT_ID_LENGTH),
                template: String::new(),
                ttl: DAY,
            },
        };
        if let Some(key) = change.key {
            role.key = key;
        }
        if role.key.is_empty() {
            return Err(OidcError::refused("the key parameter is required"));
        }
        if let Some(client_id) = change.client_id {
            role.client_id = client_id;
        }
        if let Some(template) = change.template {
            role.template = Template::decoded(template);
            Template::parse(&role.template)?.check()?;
        }
        if let Some(ttl) = change.ttl {
            role.ttl = ttl;
        }
        let key = self.oidc_key(&role.key)?;
        let missing = || OidcError::Refused(format!("cannot find key {:?}", role.key));
        let key: NamedKey = key.ok_or_else(missing)?;
        if role.ttl > key.verification_ttl {
            return Err(OidcError::refused(
                "a role's token ttl cannot be longer than the verification_ttl of the key it \
                 references",
            ));
        }
        let at = SystemKey::oidc_role(self.namespace, name);
        Ok(self.tx.write_json(&at, &role)?)
    }

    /// Removes a role. Removing one that is not there changes nothing.
    pub fn delete_oidc_role(&mut self, name: &str) {
        self.tx.delete(&SystemKey::oidc_role(self.namespace, name));
    }
}
