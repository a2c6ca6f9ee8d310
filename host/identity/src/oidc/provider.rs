//! Making and removing what OpenID providers are made of.

use super::parts::{
    ALLOW_ALL, Assignment, ClientApplication, ClientKind, DEFAULT_PROVIDER, OPENID, Provider,
    Scope, unused,
};
use super::{ClientSecret, DEFAULT_KEY, OidcError, Template};
use crate::{Directory, Person};
use base::{Timestamp, make_base62};
use locality::SystemKey;
use serde_json::{Map, Value};

const DAY: u64 = 86_400;
const CLIENT_ID_LENGTH: usize = 32;
const SECRET_LENGTH: usize = 64;

/// What is to be changed of a client. None leaves a thing as it is.
#[derive(Clone, Debug, Default)]
pub struct ClientChange {
    /// Can it keep a secret? It can, where it is new and nothing is said.
    pub kind: Option<ClientKind>,
    /// Name of the key; the default one, where it is new and nothing is said.
    pub key: Option<String>,
    /// All places.
    pub redirect_uris: Option<Vec<String>>,
    /// All names.
    pub assignments: Option<Vec<String>>,
    /// In seconds; a day, where it is new and nothing is said.
    pub id_token_ttl: Option<u64>,
    /// In seconds; a day, where it is new and nothing is said.
    pub access_token_ttl: Option<u64>,
}

/// What is to be changed of a provider. None leaves a thing as it is.
#[derive(Clone, Debug, Default)]
pub struct ProviderChange {
    /// Scheme, host and port.
    pub issuer: Option<String>,
    /// All ids.
    pub allowed_client_ids: Option<Vec<String>>,
    /// All names.
    pub scopes: Option<Vec<String>>,
}

impl Directory<'_> {
    /// Makes or changes a scope.
    ///
    /// # Errors
    /// [`OidcError::Refused`] for the scope that is reserved, and a template that is none.
    pub fn write_oidc_scope(
        &mut self,
        name: &str,
        description: Option<String>,
        template: Option<String>,
    ) -> Result<(), OidcError> {
        if name == OPENID {
            let text = format!("the {name:?} scope name is reserved");
            return Err(OidcError::Refused(text));
        }
        let old: Option<Scope> = self.oidc_part(name)?;
        let mut scope = old.unwrap_or(Scope {
            description: String::new(),
            template: String::new(),
        });
        if let Some(description) = description {
            scope.description = description;
        }
        if let Some(template) = template {
            scope.template = Template::decoded(template);
            Template::parse(&scope.template)?.check()?;
        }
        self.save_oidc_part(name, &scope)
    }

    /// Removes a scope.
    ///
    /// # Errors
    /// [`OidcError::Refused`] where a provider has it.
    pub fn delete_oidc_scope(&mut self, name: &str) -> Result<(), OidcError> {
        let providers = self.oidc_parts::<Provider>()?.into_iter();
        let users = providers.filter(|(_, one)| one.scopes.iter().any(|scope| scope == name));
        unused::<Scope>(name, "providers", users.map(|(user, _)| user))?;
        self.forget_oidc_part::<Scope>(name);
        Ok(())
    }

    /// Makes or changes an assignment.
    ///
    /// # Errors
    /// [`OidcError::Refused`] for the one of everybody.
    pub fn write_oidc_assignment(
        &mut self,
        name: &str,
        entity_ids: Option<Vec<String>>,
        group_ids: Option<Vec<String>>,
    ) -> Result<(), OidcError> {
        if name == ALLOW_ALL {
            let text = format!("modification of assignment {name:?} not allowed");
            return Err(OidcError::Refused(text));
        }
        let old: Option<Assignment> = self.oidc_part(name)?;
        let mut assignment = old.unwrap_or(Assignment {
            entity_ids: Vec::new(),
            group_ids: Vec::new(),
        });
        if let Some(ids) = entity_ids {
            assignment.entity_ids = ids;
        }
        if let Some(ids) = group_ids {
            assignment.group_ids = ids;
        }
        self.save_oidc_part(name, &assignment)
    }

    /// Removes an assignment.
    ///
    /// # Errors
    /// [`OidcError::Refused`] for the one of everybody, and where a client names it.
    pub fn delete_oidc_assignment(&mut self, name: &str) -> Result<(), OidcError> {
        if name == ALLOW_ALL {
            let text = format!("deletion of assignment {name:?} not allowed");
            return Err(OidcError::Refused(text));
        }
        let clients = self.oidc_parts::<ClientApplication>()?.into_iter();
        let users = clients.filter(|(_, one)| one.assignments.iter().any(|it| it == name));
        unused::<Assignment>(name, "clients", users.map(|(user, _)| user))?;
        self.forget_oidc_part::<Assignment>(name);
        Ok(())
    }

    /// Makes or changes a client.
    ///
    /// # Errors
    /// [`OidcError::Refused`] as its texts say.
    pub fn write_oidc_client(&mut self, name: &str, change: ClientChange) -> Result<(), OidcError> {
        let old: Option<ClientApplication> = self.oidc_part(name)?;
        let is_changed = |what: bool, text: &str| match what {
            true => Err(OidcError::refused(text)),
            false => Ok(()),
        };
        if let Some(old) = &old {
            let kind = change.kind.is_some_and(|kind| kind != old.kind);
            is_changed(kind, "client_type modification is not allowed")?;
            let key = change.key.as_ref().is_some_and(|key| *key != old.key);
            is_changed(key, "key modification is not allowed")?;
        }
        let mut client = match old {
            Some(client) => client,
            None => self.new_client(&change),
        };
        if let Some(uris) = change.redirect_uris {
            client.redirect_uris = uris;
        }
        if let Some(names) = change.assignments {
            for assignment in &names {
                if self.oidc_part::<Assignment>(assignment)?.is_none() {
                    let text = format!("assignment {assignment:?} does not exist");
                    return Err(OidcError::Refused(text));
                }
            }
            client.assignments = names;
        }
        client.id_token_ttl = change.id_token_ttl.unwrap_or(client.id_token_ttl);
        client.access_token_ttl = change.access_token_ttl.unwrap_or(client.access_token_ttl);
        let missing = || OidcError::Refused(format!("key {:?} does not exist", client.key));
        let key = self.oidc_key(&client.key)?.ok_or_else(missing)?;
        if client.id_token_ttl > key.verification_ttl {
            return Err(OidcError::refused(
                "a client's id_token_ttl cannot be greater than the verification_ttl of the key it \
                 references",
            ));
        }
        let id = SystemKey::oidc_client_id(self.namespace, &client.id);
        self.tx.write_json(&id, name)?;
        self.save_oidc_part(name, &client)
    }

    fn new_client(&self, change: &ClientChange) -> ClientApplication {
        let kind = change.kind.unwrap_or(ClientKind::Confidential);
        ClientApplication {
            id: make_base62(self.entropy, CLIENT_ID_LENGTH),
            secret: match kind {
                ClientKind::Confidential => {
                    let secret = make_base62(self.entropy, SECRET_LENGTH);
                    ClientSecret::new(format!("hvo_secret_{secret}"))
                }
                ClientKind::Public => ClientSecret::default(),
            },
            kind,
            key: change.key.clone().unwrap_or_else(|| DEFAULT_KEY.to_owned()),
            redirect_uris: Vec::new(),
            assignments: Vec::new(),
            id_token_ttl: DAY,
            access_token_ttl: DAY,
        }
    }

    /// The client with this id.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn oidc_client(&mut self, id: &str) -> Result<Option<ClientApplication>, OidcError> {
        if !crate::limits::is_id(id) {
            return Ok(None);
        }
        let at = SystemKey::oidc_client_id(self.namespace, id);
        match self.tx.read_json::<String>(&at)? {
            Some(name) => self.oidc_part(&name),
            None => Ok(None),
        }
    }

    /// Removes a client.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn delete_oidc_client(&mut self, name: &str) -> Result<(), OidcError> {
        if let Some(client) = self.oidc_part::<ClientApplication>(name)? {
            let id = SystemKey::oidc_client_id(self.namespace, &client.id);
            self.tx.delete(&id);
        }
        self.forget_oidc_part::<ClientApplication>(name);
        Ok(())
    }

    /// Makes or changes a provider.
    ///
    /// # Errors
    /// [`OidcError::Refused`] for a scope that is not there.
    pub fn write_oidc_provider(
        &mut self,
        name: &str,
        change: ProviderChange,
    ) -> Result<(), OidcError> {
        let old: Option<Provider> = self.oidc_part(name)?;
        let mut provider = old.unwrap_or_default();
        if let Some(issuer) = change.issuer {
            provider.issuer = issuer;
        }
        if let Some(mut ids) = change.allowed_client_ids {
            ids.sort_unstable();
            ids.dedup();
            provider.allowed_client_ids = ids;
        }
        if let Some(mut scopes) = change.scopes {
            scopes.sort_unstable();
            scopes.dedup();
            for scope in &scopes {
                if self.oidc_part::<Scope>(scope)?.is_none() {
                    let text = format!("scope {scope:?} does not exist");
                    return Err(OidcError::Refused(text));
                }
            }
            provider.scopes = scopes;
        }
        self.save_oidc_part(name, &provider)
    }

    /// Removes a provider.
    ///
    /// # Errors
    /// [`OidcError::Refused`] for the one that is always there.
    pub fn delete_oidc_provider(&mut self, name: &str) -> Result<(), OidcError> {
        if name == DEFAULT_PROVIDER {
            let text = format!("deletion of OIDC provider {name:?} not allowed");
            return Err(OidcError::Refused(text));
        }
        self.forget_oidc_part::<Provider>(name);
        Ok(())
    }

    /// May somebody sign in at a client?
    ///
    /// # Errors
    /// When the storage fails.
    pub fn is_assigned(
        &mut self,
        client: &ClientApplication,
        person: &Person,
    ) -> Result<bool, OidcError> {
        for name in &client.assignments {
            let Some(assignment) = self.oidc_part::<Assignment>(name)? else {
                continue;
            };
            let is = |one: &String, id: &String| one == "*" || one == id;
            let mut entities = assignment.entity_ids.iter();
            if entities.any(|one| is(one, &person.entity.id)) {
                return Ok(true);
            }
            let in_group = |one: &String| person.groups().any(|group| is(one, &group.id));
            if assignment.group_ids.iter().any(in_group) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The claims of scopes that a provider has; the others are passed over.
    ///
    /// # Errors
    /// [`OidcError::Refused`] where two scopes say different things by one name.
    pub fn claims_of_scopes(
        &mut self,
        provider: &Provider,
        wanted: &[String],
        person: &Person,
        now: Timestamp,
    ) -> Result<Map<String, Value>, OidcError> {
        let mut claims = Map::new();
        let names = wanted.iter().filter(|name| provider.scopes.contains(name));
        for name in names {
            let Some(scope) = self.oidc_part::<Scope>(name)? else {
                continue;
            };
            for (claim, value) in Template::parse(&scope.template)?.fill(Some(person), now)? {
                if claims.get(&claim).is_some_and(|known| *known != value) {
                    let text = format!("conflicting claim {claim:?} in the requested scopes");
                    return Err(OidcError::Refused(text));
                }
                claims.insert(claim, value);
            }
        }
        Ok(claims)
    }
}
