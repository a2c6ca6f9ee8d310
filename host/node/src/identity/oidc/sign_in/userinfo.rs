//! What an access token says of its entity.

use super::exchange::SCOPES;
use super::{No, Stop, plain};
use crate::identity::oidc::{name, refused};
use crate::identity::{directory, refused as refused_identity};
use crate::native::{Ask, Told};
use crate::refusal::from_barrier;
use base::Refusal;
use identity::oidc::{Claims, Provider};

pub(super) fn userinfo(ask: &mut Ask<'_>) -> Told {
    match claims(ask) {
        Ok(claims) => Ok(plain(200, &claims.into(), Vec::new())),
        Err(Stop::No(no)) => {
            let told = serde_json::json!({
                "error": no.error,
                "error_description": no.description,
            });
            let challenge = format!(
                "Bearer error=\"{}\",error_description=\"{}\"",
                no.error, no.description
            );
            let header = (String::from("WWW-Authenticate"), challenge);
            Ok(plain(no.status, &told, vec![header]))
        }
        Err(Stop::Failed(refusal)) => Err(refusal),
    }
}

fn denied() -> No {
    No {
        status: 401,
        ..No::new("invalid_token", "permission denied")
    }
}

fn claims(ask: &mut Ask<'_>) -> Result<Claims, Stop> {
    let provider_name = name(ask)?;
    let token = ask.request.token.as_ref().ok_or_else(denied)?;
    let hash = ask.node.salt.hash(token.expose());
    let token = access::find(ask.tx, &hash, ask.now).map_err(from_barrier)?;
    let token = token.ok_or_else(denied)?;
    // It must be one that the provider itself made: no other token has its path.
    let path = format!("identity/oidc/provider/{provider_name}/token");
    if token.path != path || token.namespace != ask.namespace.id {
        return Err(denied().into());
    }
    let rights = ask.node.rights_of(&token);
    let somebody = rights.map_err(|_| denied())?.somebody;
    let somebody = somebody.ok_or_else(denied)?;
    let found = directory(ask).oidc_part::<Provider>(&provider_name);
    let provider = found.map_err(refused)?;
    let provider = provider.ok_or_else(denied)?;
    let now = ask.now;
    let mut directory = directory(ask);
    let person = directory
        .person(&somebody.facts.id)
        .map_err(refused_identity)?;
    let person = person.ok_or_else(Refusal::denied)?;
    let scopes = token.metadata.get(SCOPES).map_or("", String::as_str);
    let scopes: Vec<String> = scopes.split(' ').map(str::to_owned).collect();
    let claims = directory.claims_of_scopes(&provider, &scopes, &person, now);
    let mut claims = claims.map_err(|error| No::new("invalid_request", error.to_string()))?;
    claims.insert("sub".into(), person.entity.id.into());
    Ok(claims)
}
