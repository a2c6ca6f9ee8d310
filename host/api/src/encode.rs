//! A reply as an HTTP response. The status is chosen here, last of all.

use crate::decode::NAMESPACE;
use crate::envelope::{Writer, write_envelope};
use crate::health::{HealthQuery, write_health};
use crate::query::read_pairs;
use crate::reply_body::ReplyBody;
use base::{Answer, Flow, HealthReport, RateReport, Raw, Refusal, RefusalKind, Reply};
use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, LOCATION, RETRY_AFTER,
    STRICT_TRANSPORT_SECURITY, TRANSFER_ENCODING,
};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri};

/// What of a request its response needs.
#[derive(Debug)]
pub(crate) struct Asked {
    /// Wants HEAD no body?
    pub(crate) method: Method,
    /// Holds what `sys/health` is asked for.
    pub(crate) uri: Uri,
    /// Sent back as it came.
    pub(crate) namespace: Option<HeaderValue>,
}

pub(crate) type HttpReply = Response<ReplyBody>;

const RATE_LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const RATE_REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RATE_RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");
const INDEX: HeaderName = HeaderName::from_static("x-vault-index");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
/// Sent over plain connections too, as Vault does: a proxy in front may well speak TLS.
const TRANSPORT: HeaderValue = HeaderValue::from_static("max-age=31536000; includeSubDomains");

/// Writes `reply`.
pub(crate) fn encode(reply: Reply, asked: &Asked) -> HttpReply {
    let (index, rate) = (reply.index, reply.rate);
    let mut response = match reply.outcome {
        Ok(answer) => encode_answer(answer, &reply.request_id, asked),
        // The service has logged the reason; it is not for the client.
        Err(refusal) => encode_refusal(&refusal),
    };
    let headers = response.headers_mut();
    if let Some(namespace) = &asked.namespace {
        headers.insert(NAMESPACE, namespace.clone());
    }
    if let Some(value) = index.and_then(|index| HeaderValue::try_from(index).ok()) {
        headers.insert(INDEX, value);
    }
    tell_rate(headers, &rate);
    if asked.method == Method::HEAD {
        return without_body(response);
    }
    response
}

/// As Vault has it: what fits in a header each, and where nothing fits any more when to try again.
fn tell_rate(headers: &mut HeaderMap, rate: &RateReport) {
    if let Some(room) = rate.room {
        headers.insert(RATE_LIMIT, room.limit.into());
        headers.insert(RATE_REMAINING, room.remaining.into());
        headers.insert(RATE_RESET, room.reset.into());
    }
    if let Some(seconds) = rate.retry_after {
        headers.insert(RETRY_AFTER, seconds.into());
    }
}

fn encode_answer(answer: Answer, request_id: &str, asked: &Asked) -> HttpReply {
    let envelope =
        |status, envelope: &base::Envelope| response(status, write_envelope(request_id, envelope));
    match answer {
        Answer::Empty => response(StatusCode::NO_CONTENT, Vec::new()),
        Answer::Envelope(body) => envelope(StatusCode::OK, &body),
        Answer::Accepted(body) => envelope(StatusCode::ACCEPTED, &body),
        Answer::Missing(body) => envelope(StatusCode::NOT_FOUND, &body),
        Answer::Bare(json) => {
            let mut out = Writer(Vec::with_capacity(json.as_str().len() + 1));
            out.raw(json.as_str());
            out.raw("\n");
            response(StatusCode::OK, out.0)
        }
        Answer::Health(report) => encode_health(&report, &asked.uri),
        Answer::Raw(raw) => encode_raw(raw),
        Answer::Flow(flow) => encode_flow(flow),
    }
}

fn encode_health(report: &HealthReport, uri: &Uri) -> HttpReply {
    let query = read_pairs(uri.query().unwrap_or_default()).ok();
    match query.as_deref().and_then(HealthQuery::read) {
        Some(query) => response(query.status(report), write_health(report)),
        None => encode_refusal(&Refusal::invalid("")),
    }
}

fn encode_raw(raw: Raw) -> HttpReply {
    let status = StatusCode::from_u16(raw.status).ok();
    let Some(status) = status.filter(|status| status.as_u16() >= 200) else {
        tracing::error!(
            status = raw.status,
            "an engine answered with no HTTP status"
        );
        return encode_refusal(&Refusal::internal(""));
    };
    let mut reply = response(status, raw.body);
    let headers = reply.headers_mut();
    headers.remove(CONTENT_TYPE);
    if let Ok(media) = HeaderValue::try_from(raw.content_type)
        && !media.is_empty()
    {
        headers.insert(CONTENT_TYPE, media);
    }
    for (name, value) in raw.headers {
        // Framing is hyper's; what would break it is left out, as is what is no header at all.
        let Ok(name) = HeaderName::try_from(name) else {
            continue;
        };
        if let (false, Ok(value)) = (
            [CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION].contains(&name),
            HeaderValue::try_from(value),
        ) {
            headers.insert(name, value);
        }
    }
    reply
}

fn encode_flow(flow: Flow) -> HttpReply {
    let mut reply = response(StatusCode::OK, Vec::new());
    if let Ok(media) = HeaderValue::try_from(flow.content_type) {
        reply.headers_mut().insert(CONTENT_TYPE, media);
    }
    *reply.body_mut() = ReplyBody::Flow {
        pieces: flow.pieces,
        in_flight: None,
    };
    reply
}

/// A status without a body.
pub(crate) fn encode_nothing(status: StatusCode) -> HttpReply {
    let mut reply = response(status, Vec::new());
    reply.headers_mut().remove(CONTENT_TYPE);
    reply
}

/// An error as Vault words it.
pub(crate) fn encode_refusal(refusal: &Refusal) -> HttpReply {
    encode_error(status_of(refusal.kind), &refusal.message)
}

/// `{"errors":[message]}`, or an empty list for an empty message.
pub(crate) fn encode_error(status: StatusCode, message: &str) -> HttpReply {
    let mut out = Writer(Vec::with_capacity(16 + message.len()));
    out.raw("{\"errors\":[");
    if !message.is_empty() {
        out.value(message);
    }
    out.raw("]}\n");
    response(status, out.0)
}

/// To the user interface.
pub(crate) fn encode_home() -> HttpReply {
    let mut reply = response(StatusCode::TEMPORARY_REDIRECT, Vec::new());
    let place = HeaderValue::from_static("/ui/");
    reply.headers_mut().insert(LOCATION, place);
    reply
}

const fn status_of(kind: RefusalKind) -> StatusCode {
    match kind {
        RefusalKind::Invalid => StatusCode::BAD_REQUEST,
        RefusalKind::Denied => StatusCode::FORBIDDEN,
        RefusalKind::NotFound => StatusCode::NOT_FOUND,
        RefusalKind::UnsupportedOperation => StatusCode::METHOD_NOT_ALLOWED,
        RefusalKind::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
        RefusalKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        RefusalKind::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        RefusalKind::TooMany => StatusCode::TOO_MANY_REQUESTS,
        RefusalKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        RefusalKind::Sealed | RefusalKind::Unavailable | RefusalKind::WrongPlace => {
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}

fn response(status: StatusCode, body: Vec<u8>) -> HttpReply {
    let mut response = Response::new(ReplyBody::Whole(Bytes::from(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, NO_STORE);
    headers.insert(CONTENT_TYPE, JSON);
    headers.insert(STRICT_TRANSPORT_SECURITY, TRANSPORT);
    response
}

/// The same head, with the length that the body would have.
fn without_body(mut response: HttpReply) -> HttpReply {
    use hyper::body::Body as _;
    let length = response.body().size_hint().lower();
    if length > 0 {
        response.headers_mut().insert(CONTENT_LENGTH, length.into());
    }
    *response.body_mut() = ReplyBody::Whole(Bytes::new());
    response
}
