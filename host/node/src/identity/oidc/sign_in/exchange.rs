//! A code becomes an identity token and an access token.

use super::{No, Stop, plain};
use crate::identity::oidc::tokens::ready;
use crate::identity::oidc::{name, parts, refused};
use crate::identity::{directory, refused as refused_identity};
use crate::native::{Ask, Told};
use access::{Lifetime, NewToken, TokenId};
use base::{Answer, Refusal, chain};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use identity::oidc::{
    ClientApplication, ClientKind, Exchange, Grant, NamedKey, Provider, half_hash,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Of an access token's metadata: the scopes that it was made for.
pub(super) const SCOPES: &str = "scopes";

pub(in crate::identity) async fn exchange(ask: &mut Ask<'_>) -> Told {
    match tokens(ask).await {
        Ok(told) => Ok(answer(200, &told)),
        Err(Stop::No(no)) => {
            let told = json!({ "error": no.error, "error_description": no.description });
            Ok(answer(no.status, &told))
        }
        Err(Stop::Failed(refusal)) => Err(refusal),
    }
}

fn answer(status: u16, told: &Value) -> Answer {
    let headers = [("Cache-Control", "no-store"), ("Pragma", "no-cache")];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
    plain(status, told, headers.to_vec())
}

async fn tokens(ask: &mut Ask<'_>) -> Result<Value, Stop> {
    let provider_name = name(ask)?;
    let found = directory(ask).oidc_part::<Provider>(&provider_name);
    let missing = || No::new("invalid_request", "provider not found");
    let provider = found.map_err(refused)?.ok_or_else(missing)?;
    let client = client(ask, &provider)?;
    if ask.text("grant_type") != "authorization_code" {
        let text = "unsupported grant_type or parameter is empty value";
        return Err(No::new("unsupported_grant_type", text).into());
    }
    if ask.text("code").is_empty() {
        let text = "code parameter is required";
        return Err(No::new("invalid_request", text).into());
    }
    // Before the code is taken: to make a key may take long, and read anew what it writes.
    let missing = || Refusal::internal(format!("the key {:?} of a client is gone", client.key));
    let key = directory(ask).oidc_key(&client.key).map_err(refused)?;
    let key = ready(ask, key.ok_or_else(missing)?).await?;
    let code = ask.text("code").to_owned();
    let (redirect_uri, verifier) = (
        ask.text("redirect_uri").to_owned(),
        ask.text("code_verifier").to_owned(),
    );
    let exchange = Exchange {
        provider: &provider_name,
        code: &code,
        redirect_uri: &redirect_uri,
        verifier: &verifier,
    };
    let taken = directory(ask).take_code(&client, exchange);
    let invalid = || No::new("invalid_grant", "authorization grant is invalid or expired");
    let grant = taken.map_err(refused)?.ok_or_else(invalid)?;
    let access_token = access_token(ask, &client, &grant)?;
    let id_token = id_token(
        ask,
        &provider,
        &client,
        &key,
        &grant,
        (&code, &access_token),
    )?;
    Ok(json!({
        "access_token": access_token,
        "expires_in": client.access_token_ttl,
        "id_token": id_token,
        "token_type": "Bearer",
    }))
}

/// The client, which has proven who it is where it can.
fn client(ask: &mut Ask<'_>, provider: &Provider) -> Result<ClientApplication, Stop> {
    let (id, secret) = match basic(ask) {
        Some(both) => both,
        None => (
            ask.text("client_id").to_owned(),
            ask.text("client_secret").to_owned(),
        ),
    };
    if id.is_empty() {
        let text = "client_id parameter is required";
        return Err(No::new("invalid_request", text).into());
    }
    let failed = || No {
        status: 401,
        ..No::new("invalid_client", "client failed to authenticate")
    };
    let client = directory(ask).oidc_client(&id).map_err(refused)?;
    let client = client.ok_or_else(failed)?;
    let is_proven = match client.kind {
        ClientKind::Public => true,
        ClientKind::Confidential => client.secret.is(&secret),
    };
    if !is_proven {
        return Err(failed().into());
    }
    if !provider.allows(&client.id) {
        let text = "client is not authorized to use the provider";
        return Err(No::new("invalid_client", text).into());
    }
    Ok(client)
}

/// Id and secret from an `Authorization: Basic` header.
fn basic(ask: &Ask<'_>) -> Option<(String, String)> {
    let mut headers = ask.request.headers.iter();
    let (_, value) = headers.find(|(name, _)| name.eq_ignore_ascii_case("authorization"))?;
    let (scheme, encoded) = value.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

/// A token that may do nothing but ask for what it says of its entity.
fn access_token(
    ask: &mut Ask<'_>,
    client: &ClientApplication,
    grant: &Grant,
) -> Result<String, Refusal> {
    let node = ask.node;
    let entropy = node.parts.entropy.as_ref();
    let id = TokenId::make_service(entropy, ask.namespace.id);
    let ttl = client.access_token_ttl;
    let new = NewToken {
        parent: None,
        namespace: ask.namespace.id,
        policies: Vec::new(),
        path: ask.path.as_str().to_owned(),
        display_name: format!("oidc-{}", client.id),
        metadata: BTreeMap::from([
            (String::from("client_id"), client.id.clone()),
            (SCOPES.to_owned(), grant.scopes.join(" ")),
        ]),
        uses: 0,
        lifetime: Lifetime {
            ttl: ttl.max(1),
            explicit_max: ttl.max(1),
            ..Lifetime::default()
        },
        entity_id: grant.entity.clone(),
        role: String::new(),
        bound_cidrs: Vec::new(),
        method: None,
    };
    let made = access::make(ask.tx, &node.salt, entropy, ask.now, &id, new);
    made.map_err(|error| Refusal::internal(chain(&error)))?;
    Ok(id.expose().clone())
}

fn id_token(
    ask: &mut Ask<'_>,
    provider: &Provider,
    client: &ClientApplication,
    key: &NamedKey,
    grant: &Grant,
    (code, access_token): (&str, &str),
) -> Result<String, Stop> {
    let issuer = parts::issuer(ask, &grant.provider, provider)?;
    let (label, now) = (ask.namespace.label(), ask.now);
    let mut directory = directory(ask);
    let person = directory.person(&grant.entity).map_err(refused_identity)?;
    let gone = || No::new("invalid_request", "identity entity is gone or disabled");
    let person = person.filter(|person| !person.entity.disabled);
    let person = person.ok_or_else(gone)?;
    if !directory.is_assigned(client, &person).map_err(refused)? {
        let text = "identity entity not authorized by client assignment";
        return Err(No::new("invalid_request", text).into());
    }
    let claims = directory.claims_of_scopes(provider, &grant.scopes, &person, now);
    let mut claims = claims.map_err(|error| No::new("invalid_request", error.to_string()))?;
    let seconds = now.as_seconds();
    let ends = seconds.saturating_add(client.id_token_ttl);
    let algorithm = key.algorithm;
    claims.insert("at_hash".into(), half_hash(algorithm, access_token).into());
    claims.insert("aud".into(), client.id.as_str().into());
    claims.insert("c_hash".into(), half_hash(algorithm, code).into());
    claims.insert("exp".into(), ends.into());
    claims.insert("iat".into(), seconds.into());
    claims.insert("iss".into(), issuer.into());
    claims.insert("namespace".into(), label.into());
    claims.insert("sub".into(), person.entity.id.into());
    if !grant.nonce.is_empty() {
        claims.insert("nonce".into(), grant.nonce.as_str().into());
    }
    if let Some(at) = grant.auth_time {
        claims.insert("auth_time".into(), at.into());
    }
    Ok(directory.sign_claims(key, &claims).map_err(refused)?)
}
