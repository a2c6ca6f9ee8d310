//! `identity/oidc/provider/{name}/…`: signing in at applications (OpenID Connect Core, RFC 6749).

mod authorize;
mod exchange;
mod userinfo;

use super::discovery::{algorithms, kept_for_an_hour, published};
use super::{NAME, name, parts, refused};
use crate::identity::directory;
use crate::native::Does::{Later, Now};
use crate::native::{Ask, NativeField, NativeRoute, Told, body, on};
use base::{Answer, Json, Raw, Refusal};
use identity::oidc::{ClientApplication, Provider};
use manifest::Access::{Public, Token};
use manifest::FieldKind::{Integer, Text};
use manifest::Operation::{Read, Update};
use serde_json::{Value, json};

const AUTHORIZE: &[NativeField] = &[
    NAME,
    body("client_id", Text, "Id of the client."),
    body("redirect_uri", Text, "Where the code is to be sent."),
    body("response_type", Text, "`code`."),
    body("scope", Text, "Names of scopes, `openid` among them."),
    body("state", Text, "Comes back as it is."),
    body("nonce", Text, "Comes back in the identity token."),
    body(
        "max_age",
        Integer,
        "How long ago the login may be, in seconds.",
    ),
    body("code_challenge", Text, "What the verifier must lead to."),
    body("code_challenge_method", Text, "`S256` or `plain`."),
];
const EXCHANGE: &[NativeField] = &[
    NAME,
    body(
        "client_id",
        Text,
        "Id of the client, where no header says it.",
    ),
    SECRET,
    body("grant_type", Text, "`authorization_code`."),
    CODE,
    body("redirect_uri", Text, "Where the code was sent."),
    body("code_verifier", Text, "Leads to the challenge."),
];
const SECRET: NativeField = body(
    "client_secret",
    Text,
    "Its secret, where no header says it.",
);
const CODE: NativeField = body("code", Text, "The code.");

/// The routes.
#[rustfmt::skip]
pub(in crate::identity) const ROUTES: &[NativeRoute] = &[
    on(Read, "oidc/provider/{name}/.well-known/openid-configuration", Public, Now(configuration), &[NAME], "Where things of a provider are."),
    on(Read, "oidc/provider/{name}/.well-known/keys", Public, Now(keys), &[NAME], "The public keys of a provider."),
    on(Read, "oidc/provider/{name}/authorize", Token, Now(authorize::authorize), AUTHORIZE, "Makes a code for the caller's entity."),
    on(Update, "oidc/provider/{name}/authorize", Token, Now(authorize::authorize), AUTHORIZE, "Makes a code for the caller's entity."),
    on(Update, "oidc/provider/{name}/token", Public, Later(|ask| Box::pin(exchange::exchange(ask))), EXCHANGE, "Changes a code into tokens."),
    on(Read, "oidc/provider/{name}/userinfo", Public, Now(userinfo::userinfo), &[NAME], "What an access token says of its entity."),
    on(Update, "oidc/provider/{name}/userinfo", Public, Now(userinfo::userinfo), &[NAME], "What an access token says of its entity."),
];

fn configuration(ask: &mut Ask<'_>) -> Told {
    let provider: Provider = parts::named(ask)?;
    let name = name(ask)?;
    let issuer = parts::issuer(ask, &name, &provider)?;
    let base = issuer.split("/v1/").next().unwrap_or_default();
    let scopes: Vec<&str> = provider
        .scopes
        .iter()
        .map(String::as_str)
        .chain([identity::oidc::OPENID])
        .collect();
    Ok(kept_for_an_hour(&json!({
        "issuer": issuer,
        "jwks_uri": format!("{issuer}/.well-known/keys"),
        "authorization_endpoint": format!(
            "{base}/ui/vault/{}identity/oidc/provider/{name}/authorize",
            ask.namespace.path
        ),
        "token_endpoint": format!("{issuer}/token"),
        "userinfo_endpoint": format!("{issuer}/userinfo"),
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "id_token_signing_alg_values_supported": algorithms(),
        "response_types_supported": ["code"],
        "scopes_supported": scopes,
        "claims_supported": [],
        "subject_types_supported": ["public"],
        "grant_types_supported": ["authorization_code"],
        "token_endpoint_auth_methods_supported": [
            "none",
            "client_secret_basic",
            "client_secret_post",
        ],
    })))
}

/// The public halves of the keys that sign for the provider's clients.
fn keys(ask: &mut Ask<'_>) -> Told {
    let provider: Provider = parts::named(ask)?;
    let mut directory = directory(ask);
    let clients = directory
        .oidc_parts::<ClientApplication>()
        .map_err(refused)?;
    let keys = directory.oidc_keys().map_err(refused)?;
    let is_used = |name: &String| {
        let mut clients = clients.iter();
        clients.any(|(_, client)| client.key == *name && provider.allows(&client.id))
    };
    let shown = published(ask, keys.iter().filter(|key| is_used(&key.name)))?;
    Ok(Answer::Bare(Json::of(&json!({ "keys": shown }))))
}

/// An answer of the protocols, which have a shape of their own.
fn plain(status: u16, told: &Value, headers: Vec<(String, String)>) -> Answer {
    Answer::Raw(Raw {
        status,
        content_type: String::from("application/json"),
        headers,
        body: told.to_string().into_bytes(),
    })
}

/// How the protocols say no.
struct No {
    status: u16,
    error: &'static str,
    description: String,
}

impl No {
    fn new(error: &'static str, description: impl Into<String>) -> Self {
        Self {
            status: 400,
            error,
            description: description.into(),
        }
    }
}

/// Why there is no answer as it was hoped for: the protocol's no, or a failure of ours.
enum Stop {
    No(No),
    Failed(Refusal),
}

impl From<No> for Stop {
    fn from(no: No) -> Self {
        Self::No(no)
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Failed(refusal)
    }
}
