//! The head of an HTTP request, read as Vault reads it. Decides no more than what is malformed.

use crate::forwarded::ForwardedRules;
use crate::limits::Limits;
use crate::query::{read_flag, read_pairs};
use base::{Operation, Refusal, RefusalKind, RequestPath, Secret, parse_duration};
use core::net::SocketAddr;
use core::time::Duration;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName};
use http::{HeaderValue, Method, request};

/// All of a request but its body.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) operation: Operation,
    pub(crate) path: RequestPath,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) namespace: String,
    pub(crate) token: Option<Secret<String>>,
    pub(crate) wrap_ttl: Option<Duration>,
    pub(crate) address: SocketAddr,
    pub(crate) content_type: String,
    pub(crate) headers: Vec<(String, String)>,
}

/// Why a head is not taken.
#[derive(Debug)]
pub(crate) enum HeadFault {
    /// Nothing is served there.
    NoSuchPlace,
    /// The root of the site.
    Home,
    /// A header is too long.
    HeaderTooLong,
    /// As the words say.
    Refused(Refusal),
}

impl From<Refusal> for HeadFault {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

const TOKEN: HeaderName = HeaderName::from_static("x-vault-token");
const WRAP_TTL: HeaderName = HeaderName::from_static("x-vault-wrap-ttl");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
pub(crate) const NAMESPACE: HeaderName = HeaderName::from_static("x-vault-namespace");

/// Reads `parts`, which came from `connection`.
pub(crate) fn read_head(
    parts: &request::Parts,
    connection: SocketAddr,
    limits: &Limits,
    forwarded: Option<&ForwardedRules>,
) -> Result<Head, HeadFault> {
    if parts
        .headers
        .values()
        .any(|value| value.len() > limits.header_value_bytes_max)
    {
        return Err(HeadFault::HeaderTooLong);
    }
    let Some(encoded) = parts.uri.path().strip_prefix("/v1/") else {
        return Err(match parts.uri.path() {
            "/" => HeadFault::Home,
            _ => HeadFault::NoSuchPlace,
        });
    };
    let path = RequestPath::decode(encoded).map_err(|e| Refusal::invalid(e.to_string()))?;
    let mut query = read_pairs(parts.uri.query().unwrap_or_default())
        .map_err(|_| Refusal::invalid("malformed query"))?;
    let operation = read_operation(&parts.method, &mut query)?;
    let path = match operation {
        Operation::List | Operation::Scan => path.into_folder(),
        Operation::Update | Operation::Patch if path.as_str().ends_with('/') => {
            return Err(Refusal::invalid("cannot write to a path ending in '/'").into());
        }
        _ => path,
    };
    let content_type = only(&parts.headers, &CONTENT_TYPE)?.unwrap_or_default();
    if operation == Operation::Patch && media_type(content_type) != "application/merge-patch+json" {
        let message = format!(
            "PATCH requires Content-Type of application/merge-patch+json, provided {content_type}"
        );
        return Err(Refusal::new(RefusalKind::UnsupportedMediaType, message).into());
    }
    Ok(Head {
        operation,
        path,
        query,
        namespace: read_namespace(&parts.headers)?,
        token: read_token(&parts.headers)?,
        wrap_ttl: read_wrap_ttl(&parts.headers)?,
        address: read_address(&parts.headers, connection, forwarded)?,
        content_type: content_type.to_owned(),
        headers: other_headers(&parts.headers),
    })
}

/// `application/json` of `application/json; charset=utf-8`, in lowercase.
pub(crate) fn media_type(content_type: &str) -> String {
    let (media, _) = content_type.split_once(';').unwrap_or((content_type, ""));
    media.trim().to_ascii_lowercase()
}

/// The verb and the flags that change its meaning; those are taken out of the query.
fn read_operation(
    method: &Method,
    query: &mut Vec<(String, String)>,
) -> Result<Operation, Refusal> {
    match method.as_str() {
        "GET" | "HEAD" => {}
        "POST" | "PUT" => return Ok(Operation::Update),
        "PATCH" => return Ok(Operation::Patch),
        "DELETE" => return Ok(Operation::Delete),
        "LIST" => return Ok(Operation::List),
        "SCAN" => return Ok(Operation::Scan),
        _ => return Err(Refusal::new(RefusalKind::UnsupportedOperation, "")),
    }
    if query.is_empty() {
        return Ok(Operation::Read);
    }
    let wants_help = query.iter().any(|(name, _)| name == "help");
    let flag = |wanted: &str| match query.iter().find(|(name, _)| name == wanted) {
        Some((_, value)) => read_flag(value).ok_or_else(|| Refusal::invalid("")),
        None => Ok(false),
    };
    let (lists, scans) = (flag("list")?, flag("scan")?);
    query.retain(|(name, _)| !matches!(name.as_str(), "list" | "scan" | "help"));
    match (wants_help, lists, scans) {
        (_, true, true) => Err(Refusal::invalid("")),
        (true, _, _) => Ok(Operation::Help),
        (_, true, _) => Ok(Operation::List),
        (_, _, true) => Ok(Operation::Scan),
        _ => Ok(Operation::Read),
    }
}

/// The value of a header that may come once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Refusal> {
    let mut values = headers.get_all(name).iter();
    let Some(first) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(Refusal::invalid(format!("header {name} given twice")));
    }
    text_of(first)
        .map(Some)
        .ok_or_else(|| Refusal::invalid(format!("header {name} is not UTF-8")))
}

fn text_of(value: &HeaderValue) -> Option<&str> {
    core::str::from_utf8(value.as_bytes()).ok()
}

fn read_token(headers: &HeaderMap) -> Result<Option<Secret<String>>, Refusal> {
    let own = only(headers, &TOKEN)?.unwrap_or_default().trim();
    let token = if own.is_empty() {
        only(headers, &AUTHORIZATION)?
            .and_then(bearer)
            .unwrap_or_default()
    } else {
        own
    };
    Ok((!token.is_empty()).then(|| Secret::new(token.to_owned())))
}

/// `x` of `Bearer x`.
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn read_namespace(headers: &HeaderMap) -> Result<String, Refusal> {
    let Some(text) = only(headers, &NAMESPACE)? else {
        return Ok(String::new());
    };
    let path = RequestPath::parse(text).map_err(|e| Refusal::invalid(e.to_string()))?;
    let namespace = path.as_str().trim_end_matches('/');
    Ok(if namespace == "root" {
        String::new()
    } else {
        namespace.to_owned()
    })
}

fn read_wrap_ttl(headers: &HeaderMap) -> Result<Option<Duration>, Refusal> {
    let Some(text) = only(headers, &WRAP_TTL)? else {
        return Ok(None);
    };
    let wrong =
        |what: String| Refusal::invalid(format!("error parsing X-Vault-Wrap-TTL header: {what}"));
    if let Some(positive) = text.trim().strip_prefix('-')
        && parse_duration(positive).is_ok()
    {
        return Err(wrong("requested wrap ttl cannot be negative".to_owned()));
    }
    let ttl = parse_duration(text).map_err(|e| wrong(e.to_string()))?;
    Ok((!ttl.is_zero()).then_some(ttl))
}

fn read_address(
    headers: &HeaderMap,
    connection: SocketAddr,
    forwarded: Option<&ForwardedRules>,
) -> Result<SocketAddr, Refusal> {
    let Some(rules) = forwarded else {
        return Ok(connection);
    };
    let values = headers.get_all(&FORWARDED_FOR).iter().map(text_of);
    let values: Option<Vec<&str>> = values.collect();
    let values = values.ok_or_else(|| Refusal::invalid("header x-forwarded-for is not UTF-8"))?;
    rules
        .client_address(connection, &values)
        .map_err(Refusal::invalid)
}

/// All headers but those that hold a token.
fn other_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let holds_token = |name: &HeaderName, value: &HeaderValue| {
        *name == TOKEN
            || *name == http::header::COOKIE
            || (*name == AUTHORIZATION && text_of(value).is_none_or(|text| bearer(text).is_some()))
    };
    headers
        .iter()
        .filter(|(name, value)| !holds_token(name, value))
        .map(|(name, value)| {
            let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), text)
        })
        .collect()
}
