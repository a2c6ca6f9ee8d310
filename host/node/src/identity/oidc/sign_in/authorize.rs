//! A code for who is signed in here, to sign in there.

use super::{No, Stop, plain};
use crate::identity::oidc::{name, refused};
use crate::identity::{directory, refused as refused_identity};
use crate::native::{Ask, Told};
use base::Refusal;
use identity::oidc::{Challenge, ClientApplication, ClientKind, Grant, OPENID, Provider};
use serde_json::json;

pub(super) fn authorize(ask: &mut Ask<'_>) -> Told {
    let state = ask.text("state").to_owned();
    match code(ask) {
        Ok(code) => Ok(plain(
            200,
            &json!({ "code": code, "state": state }),
            Vec::new(),
        )),
        Err(Stop::No(no)) => {
            let told = json!({
                "error": no.error,
                "error_description": no.description,
                "state": state,
            });
            Ok(plain(no.status, &told, Vec::new()))
        }
        Err(Stop::Failed(refusal)) => Err(refusal),
    }
}

fn code(ask: &mut Ask<'_>) -> Result<String, Stop> {
    let provider_name = name(ask)?;
    let (client, provider) = client(ask, &provider_name)?;
    let redirect_uri = ask.text("redirect_uri").to_owned();
    if redirect_uri.is_empty() {
        let text = "redirect_uri parameter is required";
        return Err(No::new("invalid_request", text).into());
    }
    if !identity::oidc::may_redirect(&client, &redirect_uri) {
        let text = "redirect_uri is not allowed for the client";
        return Err(No::new("invalid_redirect_uri", text).into());
    }
    if !provider.allows(&client.id) {
        let text = "client is not authorized to use the provider";
        return Err(No::new("unauthorized_client", text).into());
    }
    let scopes = ask.text("scope").split_whitespace();
    let scopes: Vec<String> = scopes.map(str::to_owned).collect();
    if !scopes.iter().any(|scope| scope == OPENID) {
        let text = format!("scope parameter must contain the {OPENID:?} value");
        return Err(No::new("invalid_request", text).into());
    }
    if ask.text("response_type") != "code" {
        let text = "unsupported response_type value";
        return Err(No::new("unsupported_response_type", text).into());
    }
    let challenge = challenge(ask, client.kind)?;
    let entity = entity(ask, &client)?;
    let auth_time = auth_time(ask)?;
    let grant = Grant {
        provider: provider_name,
        client_id: client.id,
        entity,
        redirect_uri,
        nonce: ask.text("nonce").to_owned(),
        scopes,
        challenge,
        auth_time,
        ends: Grant::end(ask.now),
    };
    Ok(directory(ask).make_code(&grant).map_err(refused)?)
}

fn client(ask: &mut Ask<'_>, provider: &str) -> Result<(ClientApplication, Provider), Stop> {
    let found = directory(ask).oidc_part::<Provider>(provider);
    let provider = found.map_err(refused)?;
    let provider = provider.ok_or_else(|| No::new("invalid_request", "provider not found"))?;
    let id = ask.text("client_id").to_owned();
    if id.is_empty() {
        let text = "client_id parameter is required";
        return Err(No::new("invalid_client_id", text).into());
    }
    let client = directory(ask).oidc_client(&id).map_err(refused)?;
    let missing = || No::new("invalid_client_id", "client with client_id not found");
    let client = client.ok_or_else(missing)?;
    Ok((client, provider))
}

/// The proof that who ends the sign-in will have to give.
fn challenge(ask: &Ask<'_>, kind: ClientKind) -> Result<Option<Challenge>, Stop> {
    let challenge = ask.text("code_challenge");
    if challenge.is_empty() {
        return match kind {
            ClientKind::Confidential => Ok(None),
            ClientKind::Public => {
                let text = "PKCE is required for public clients";
                Err(No::new("invalid_request", text).into())
            }
        };
    }
    let method = match ask.text("code_challenge_method") {
        "" => "plain",
        method => method,
    };
    let wrong = || No::new("invalid_request", "invalid code_challenge or method");
    Ok(Some(Challenge::new(method, challenge).ok_or_else(wrong)?))
}

fn entity(ask: &mut Ask<'_>, client: &ClientApplication) -> Result<String, Stop> {
    let id = ask.caller()?.entity_id().to_owned();
    if id.is_empty() {
        let text = "identity entity must be associated with the request";
        return Err(No::new("access_denied", text).into());
    }
    let mut directory = directory(ask);
    let person = directory.person(&id).map_err(refused_identity)?;
    let person = person.ok_or_else(Refusal::denied)?;
    if !directory.is_assigned(client, &person).map_err(refused)? {
        let text = "identity entity not authorized by client assignment";
        return Err(No::new("access_denied", text).into());
    }
    Ok(person.entity.id)
}

/// When the caller logged in, where the client wants to know; refused, where it is too long ago.
fn auth_time(ask: &Ask<'_>) -> Result<Option<u64>, Stop> {
    let Some(max_age) = ask.number("max_age") else {
        return Ok(None);
    };
    let at = ask.caller()?.token.created;
    if ask.now.since(at).as_secs() > max_age {
        let text = "active re-authentication is required by max_age";
        return Err(No::new("max_age_violation", text).into());
    }
    Ok(Some(at.as_seconds()))
}
