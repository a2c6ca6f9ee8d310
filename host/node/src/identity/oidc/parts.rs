//! `identity/oidc/{scope,assignment,client,provider}`: what OpenID providers are made of.

use super::{NAME, config, name, refused};
use crate::identity::directory;
use crate::native::Does::Now;
use crate::native::{Ask, NativeField, NativeRoute, Told, body, on};
use base::{Answer, Envelope, Refusal};
use identity::oidc::{
    Assignment, ClientApplication, ClientChange, ClientKind, Part, Provider, ProviderChange, Scope,
};
use manifest::Access::Token;
use manifest::FieldKind::{Duration, Text, TextList};
use manifest::Operation::{Delete, List, Read, Update};
use serde_json::{Map, Value, json};

const SCOPE: &[NativeField] = &[
    NAME,
    body("description", Text, "For people."),
    body("template", Text, "Claims with holes, plain or in Base64."),
];
const ASSIGNMENT: &[NativeField] = &[
    NAME,
    body("entity_ids", TextList, "Ids of entities that may sign in."),
    body(
        "group_ids",
        TextList,
        "Ids of groups whose members may sign in.",
    ),
];
const CLIENT: &[NativeField] = &[
    NAME,
    body("client_type", Text, "`confidential` or `public`."),
    body("key", Text, "Name of the key that signs for it."),
    body("redirect_uris", TextList, "Where codes may be sent."),
    body(
        "assignments",
        TextList,
        "Names of assignments that say who may sign in.",
    ),
    body(
        "id_token_ttl",
        Duration,
        "How long an identity token lives.",
    ),
    body(
        "access_token_ttl",
        Duration,
        "How long an access token lives.",
    ),
];
const PROVIDER: &[NativeField] = &[
    NAME,
    body(
        "issuer",
        Text,
        "Scheme, host and port of the issuer; where this server is reached, when empty.",
    ),
    body(
        "allowed_client_ids",
        TextList,
        "Clients that may use it; `*` for all.",
    ),
    body(
        "scopes_supported",
        TextList,
        "Names of the scopes that it has.",
    ),
];

/// The routes.
#[rustfmt::skip]
pub(in crate::identity) const ROUTES: &[NativeRoute] = &[
    on(List, "oidc/scope", Token, Now(list_names::<Scope>), &[], "Lists the scopes."),
    on(Read, "oidc/scope/{name}", Token, Now(read_scope), &[NAME], "Reads a scope."),
    on(Update, "oidc/scope/{name}", Token, Now(write_scope), SCOPE, "Makes or changes a scope."),
    on(Delete, "oidc/scope/{name}", Token, Now(delete_scope), &[NAME], "Deletes a scope."),
    on(List, "oidc/assignment", Token, Now(list_names::<Assignment>), &[], "Lists the assignments."),
    on(Read, "oidc/assignment/{name}", Token, Now(read_assignment), &[NAME], "Reads an assignment."),
    on(Update, "oidc/assignment/{name}", Token, Now(write_assignment), ASSIGNMENT, "Makes or changes an assignment."),
    on(Delete, "oidc/assignment/{name}", Token, Now(delete_assignment), &[NAME], "Deletes an assignment."),
    on(List, "oidc/client", Token, Now(list_clients), &[], "Lists the clients."),
    on(Read, "oidc/client/{name}", Token, Now(read_client), &[NAME], "Reads a client."),
    on(Update, "oidc/client/{name}", Token, Now(write_client), CLIENT, "Makes or changes a client."),
    on(Delete, "oidc/client/{name}", Token, Now(delete_client), &[NAME], "Deletes a client."),
    on(List, "oidc/provider", Token, Now(list_providers), &[], "Lists the providers."),
    on(Read, "oidc/provider/{name}", Token, Now(read_provider), &[NAME], "Reads a provider."),
    on(Update, "oidc/provider/{name}", Token, Now(write_provider), PROVIDER, "Makes or changes a provider."),
    on(Delete, "oidc/provider/{name}", Token, Now(delete_provider), &[NAME], "Deletes a provider."),
];

fn text(ask: &Ask<'_>, name: &str) -> Option<String> {
    ask.some_text(name).map(str::to_owned)
}

fn all<P: Part>(ask: &mut Ask<'_>) -> Result<Vec<(String, P)>, Refusal> {
    let parts = directory(ask).oidc_parts::<P>().map_err(refused)?;
    match parts.is_empty() {
        true => Err(Refusal::not_found()),
        false => Ok(parts),
    }
}

/// The part that a request names, which must be there.
pub(super) fn named<P: Part>(ask: &mut Ask<'_>) -> Result<P, Refusal> {
    let name = name(ask)?;
    let found = directory(ask).oidc_part::<P>(&name).map_err(refused)?;
    found.ok_or_else(Refusal::not_found)
}

fn list_names<P: Part>(ask: &mut Ask<'_>) -> Told {
    let names: Vec<String> = all::<P>(ask)?.into_iter().map(|(name, _)| name).collect();
    Ok(Answer::data(&json!({ "keys": names })))
}

fn with_info(parts: Vec<(String, Value)>) -> Told {
    let keys: Vec<String> = parts.iter().map(|(name, _)| name.clone()).collect();
    let info: Map<String, Value> = parts.into_iter().collect();
    Ok(Answer::data(&json!({ "key_info": info, "keys": keys })))
}

fn read_scope(ask: &mut Ask<'_>) -> Told {
    let scope: Scope = named(ask)?;
    let told = json!({ "description": scope.description, "template": scope.template });
    Ok(Answer::data(&told))
}

fn write_scope(ask: &mut Ask<'_>) -> Told {
    let name = name(ask)?;
    let (description, template) = (text(ask, "description"), text(ask, "template"));
    let written = directory(ask).write_oidc_scope(&name, description, template);
    written.map_err(refused)?;
    Ok(Answer::Empty)
}

fn delete_scope(ask: &mut Ask<'_>) -> Told {
    let name = name(ask)?;
    directory(ask).delete_oidc_scope(&name).map_err(refused)?;
    Ok(Answer::Empty)
}

fn read_assignment(ask: &mut Ask<'_>) -> Told {
    let found: Assignment = named(ask)?;
    let told = json!({ "entity_ids": found.entity_ids, "group_ids": found.group_ids });
    Ok(Answer::data(&told))
}

fn write_assignment(ask: &mut Ask<'_>) -> Told {
    let name = name(ask)?;
    let (entities, groups) = (ask.texts("entity_ids"), ask.texts("group_ids"));
    let written = directory(ask).write_oidc_assignment(&name, entities, groups);
    written.map_err(refused)?;
    Ok(Answer::Empty)
}

fn delete_assignment(ask: &mut Ask<'_>) -> Told {
    let name = name(ask)?;
    let deleted = directory(ask).delete_oidc_assignment(&name);
    deleted.map_err(refused)?;
    Ok(Answer::Empty)
}

/// What is told of a client, but for its secret.
fn client(client: &ClientApplication) -> Value {
    json!({
        "access_token_ttl": client.access_token_ttl,
        "assignments": client.assignments,
        "authorization_code": true,
        "client_credentials": false,
        "client_id": client.id,
        "client_type": client.kind.name(),
        "id_token_ttl": client.id_token_ttl,
        "key": client.key,
        "redirect_uris": client.redirect_uris,
    })
}

fn list_clients(ask: &mut Ask<'_>) -> Told {
    let clients = all::<ClientApplication>(ask)?.into_iter();
    with_info(clients.map(|(name, one)| (name, client(&one))).collect())
}

fn read_client(ask: &mut Ask<'_>) -> Told {
    let found: ClientApplication = named(ask)?;
    let mut told = client(&found);
    if let (Value::Object(told), ClientKind::Confidential) = (&mut told, found.kind) {
        told.insert("client_secret".into(), found.secret.expose().into());
    }
    Ok(Answer::data(&told))
}

fn write_client(ask: &mut Ask<'_>) -> Told {
    let name = name(ask)?;
    let unknown = |kind: &str| Refusal::invalid(format!("invalid client_type {kind:?}"));
    let kind = match ask.some_text("client_type") {
        Some(kind) => Some(ClientKind::from_name(kind).ok_or_else(|| unknown(kind))?),
        None => None,
    };
    let change = ClientChange {
        kind,
        key: text(ask, "key"),
        redirect_uris: ask.texts("redirect_uris"),
        assignments: ask.texts("assignments"),
        id_token_ttl: ask.number("id_token_ttl"),
        access_token_ttl: ask.number("access_token_ttl"),
    };
    let written = directory(ask).write_oidc_client(&name, change);
    written.map_err(refused)?;
    Ok(Answer::Empty)
}

fn delete_client(ask: &mut Ask<'_>) -> Told {
    let name = name(ask)?;
    directory(ask).delete_oidc_client(&name).map_err(refused)?;
    Ok(Answer::Empty)
}

/// The issuer of a provider.
pub(super) fn issuer(
    ask: &mut Ask<'_>,
    name: &str,
    provider: &Provider,
) -> Result<String, Refusal> {
    let base = match provider.issuer.is_empty() {
        true => config::base(ask)?,
        false => provider.issuer.clone(),
    };
    let issuer = super::issuer(&base, ask.namespace);
    Ok(format!("{issuer}/provider/{name}"))
}

fn provider(ask: &mut Ask<'_>, name: &str, provider: &Provider) -> Result<Value, Refusal> {
    Ok(json!({
        "allowed_client_ids": provider.allowed_client_ids,
        "issuer": issuer(ask, name, provider)?,
        "scopes_supported": provider.scopes,
    }))
}

fn list_providers(ask: &mut Ask<'_>) -> Told {
    let mut told = Vec::new();
    for (name, one) in all::<Provider>(ask)? {
        let shown = provider(ask, &name, &one)?;
        told.push((name, shown));
    }
    with_info(told)
}

fn read_provider(ask: &mut Ask<'_>) -> Told {
    let found: Provider = named(ask)?;
    let name = name(ask)?;
    Ok(Answer::data(&provider(ask, &name, &found)?))
}

fn write_provider(ask: &mut Ask<'_>) -> Told {
    let name = name(ask)?;
    let issuer = text(ask, "issuer");
    let is_explicit = issuer.as_ref().is_some_and(|issuer| !issuer.is_empty());
    if let Some(issuer) = issuer.as_deref().filter(|issuer| !issuer.is_empty()) {
        config::check_issuer(issuer)?;
    }
    let change = ProviderChange {
        issuer,
        allowed_client_ids: ask.texts("allowed_client_ids"),
        scopes: ask.texts("scopes_supported"),
    };
    let written = directory(ask).write_oidc_provider(&name, change);
    written.map_err(refused)?;
    let mut warnings = conflicts(ask, &name)?;
    if is_explicit {
        warnings.insert(0, config::WARNING.to_owned());
    }
    if warnings.is_empty() {
        return Ok(Answer::Empty);
    }
    Ok(Answer::Envelope(Box::new(Envelope {
        warnings,
        ..Envelope::default()
    })))
}

/// Scopes of a provider that say something by the same name.
fn conflicts(ask: &mut Ask<'_>, name: &str) -> Result<Vec<String>, Refusal> {
    let mut directory = directory(ask);
    let found = directory.oidc_part::<Provider>(name).map_err(refused)?;
    let mut seen: Map<String, Value> = Map::new();
    let mut found_twice = Vec::new();
    for scope in found.unwrap_or_default().scopes {
        let part = directory.oidc_part::<Scope>(&scope).map_err(refused)?;
        let template = part.map(|part| part.template).unwrap_or_default();
        let template = identity::oidc::Template::parse(&template).map_err(refused)?;
        let claims = template.fill(None, base::Timestamp::default());
        for (claim, _) in claims.map_err(refused)? {
            if let Some(Value::String(other)) = seen.insert(claim.clone(), scope.as_str().into()) {
                found_twice.push(format!("conflict {claim:?} in scopes {scope:?}, {other:?}"));
            }
        }
    }
    if found_twice.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![format!(
        "Found scope templates with conflicting top-level keys: {}. This may result in an error if \
         the scopes are requested in an OIDC Authentication Request.",
        found_twice.join(", ")
    )])
}

fn delete_provider(ask: &mut Ask<'_>) -> Told {
    let name = name(ask)?;
    directory(ask)
        .delete_oidc_provider(&name)
        .map_err(refused)?;
    Ok(Answer::Empty)
}
