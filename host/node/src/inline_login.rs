//! A login for one request, which its headers ask for: the request runs as whoever logs in, and no
//! token is stored or told. A request that asks for none pays a look at the names of its headers.
//!
//! The login is a request of its own, with its own records and limits; it must never give more than
//! the same login without the headers.

use crate::pipeline::{Place, Routed};
use crate::run::Answered;
use crate::unsealed::Unsealed;
use access::TokenId;
use base::{
    Answer, Grants, Map, Operation, Refusal, RefusalKind, Request, RequestPath, WithoutToken,
    make_uuid,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use core::pin::Pin;
use manifest::Access;
use serde_json::Value;
use std::sync::Arc;

/// Begins the names of all headers of such a login.
const PREFIX: &str = "x-vault-inline-auth-";
/// Where to log in; without it there is no login.
const PATH: &str = "x-vault-inline-auth-path";
/// Begins the names of those with the fields of the login.
const PARAMETER: &str = "x-vault-inline-auth-parameter-";

/// How long the token of such a login is good for, in seconds: longer than any request takes.
pub(crate) const TTL_SECONDS: u64 = 600;

/// What such a token does not do with itself: nobody else knows it.
const OF_THE_TOKEN_ITSELF: [&str; 3] = [
    "auth/token/lookup-self",
    "auth/token/renew-self",
    "auth/token/revoke-self",
];

/// Does the request ask for it?
pub(crate) fn is_asked(request: &Request) -> bool {
    header(request, PATH).is_some_and(|path| !path.is_empty())
}

/// Logs in as a request asks, to run it with the token that comes of it.
pub(crate) async fn log_in(
    node: &Arc<Unsealed>,
    place: &Place,
    request: &Request,
) -> Result<TokenId, Refusal> {
    if request.token.is_some() {
        return Err(wrong(
            "cannot layer inline authentication with token authentication",
        ));
    }
    if OF_THE_TOKEN_ITSELF.contains(&place.path.as_str()) {
        return Err(Refusal::new(RefusalKind::Denied, "bad token"));
    }
    let login = login(node, request)?;
    if node.quotas.limits_rates()
        && let Some(refusal) = node.limit_rate(&login).await.refusal
    {
        return Err(refusal);
    }
    let at = Place::find(&node.tables(), &login)?;
    if Routed::find(&login, &at).access() != Access::Login {
        return Err(Refusal::denied());
    }
    let granted = match handle(node, &login).await? {
        (Answer::Envelope(envelope), _) => envelope.auth,
        _ => None,
    };
    let token = granted.map(|granted| granted.client_token.expose().clone());
    token.and_then(TokenId::parse).ok_or_else(Refusal::denied)
}

/// A request within a request: its future is a box, so that the outer one has a size.
fn handle<'a>(
    node: &'a Arc<Unsealed>,
    request: &'a Request,
) -> Pin<Box<dyn Future<Output = Answered> + Send + 'a>> {
    Box::pin(node.handle(request))
}

/// The login that the headers describe.
fn login(node: &Unsealed, request: &Request) -> Result<Request, Refusal> {
    let path = header(request, PATH).unwrap_or_default();
    let path = RequestPath::parse(path).map_err(|error| wrong(&error.to_string()))?;
    match header(request, "x-vault-inline-auth-operation") {
        None | Some("update" | "create") => {}
        Some("read") => {
            let text = "failed to perform inline authentication: unsupported operation";
            return Err(Refusal::new(RefusalKind::UnsupportedOperation, text));
        }
        Some(_) => {
            let text = "expected a valid login operation in X-Vault-Inline-Auth-Operation";
            return Err(wrong(text));
        }
    }
    let namespace = match header(request, "x-vault-inline-auth-namespace") {
        None => request.namespace.clone(),
        Some(name) => namespace_named(name)?,
    };
    let tables = node.tables();
    if tables.namespaces.resolve(&namespace, &path).is_none() {
        return Err(wrong("inline auth namespace was not found"));
    }
    let headers = request.headers.iter();
    let headers = headers.filter(|(name, _)| !name.starts_with(PREFIX));
    Ok(Request {
        id: make_uuid(node.parts.entropy.as_ref()),
        operation: Operation::Update,
        path,
        namespace,
        token: None,
        data: parameters(request)?,
        raw_body: None,
        wrap_ttl: None,
        client: request.client.clone(),
        headers: headers.cloned().collect(),
        without_token: WithoutToken::default(),
        grants: Grants::ForOneRequest,
    })
}

/// As `X-Vault-Namespace` names it.
fn namespace_named(name: &str) -> Result<String, Refusal> {
    let path = RequestPath::parse(name).map_err(|error| wrong(&error.to_string()))?;
    Ok(match path.as_str().trim_end_matches('/') {
        "root" => String::new(),
        name => name.to_owned(),
    })
}

/// The fields of the login. Each stands in a header of any name, as an object in Base64.
fn parameters(request: &Request) -> Result<Map, Refusal> {
    let mut fields = Map::new();
    for (_, value) in request
        .headers
        .iter()
        .filter(|(name, _)| name.starts_with(PARAMETER))
    {
        let (key, value) = parameter(value)?;
        if fields.insert(key, value).is_some() {
            return Err(wrong("a request parameter stands twice"));
        }
    }
    Ok(fields)
}

fn parameter(text: &str) -> Result<(String, Value), Refusal> {
    let bytes = URL_SAFE_NO_PAD.decode(text);
    let bytes = bytes.map_err(|_| wrong("failed raw url-safe base64 decoding header value"))?;
    let object: Map =
        serde_json::from_slice(&bytes).map_err(|_| wrong("failed json decoding header value"))?;
    let (mut key, mut value) = (None, None);
    for (name, member) in object {
        match name.as_str() {
            "key" => key = Some(member),
            "value" => value = Some(member),
            _ => return Err(wrong("unexpected field in decoded request parameter")),
        }
    }
    match (key, value) {
        (Some(Value::String(key)), Some(value)) => Ok((key, value)),
        (Some(Value::String(_)), None) => Err(wrong("decoded header lacked `value` field")),
        _ => Err(wrong("decoded header lacked `key` field")),
    }
}

fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    let mut headers = request.headers.iter();
    let found = headers.find(|(header, _)| header == name);
    found.map(|(_, value)| value.as_str())
}

fn wrong(what: &str) -> Refusal {
    Refusal::invalid(format!("failed to perform inline authentication: {what}"))
}
