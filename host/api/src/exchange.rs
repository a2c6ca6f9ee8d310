//! One request and its response.

use crate::body::{BodyFault, Room, collect, discard, read_data};
use crate::cross_origin::Crossing;
use crate::decode::{HeadFault, NAMESPACE, read_head};
use crate::encode::{Asked, HttpReply, encode, encode_error, encode_home, encode_refusal};
use crate::finish::{Abandoned, Finishing};
use crate::forwarded::ForwardedRules;
use crate::limits::Limits;
use crate::query::into_data;
use crate::response_headers::ResponseHeaders;
use crate::service::AnyService;
use base::{Client, Entropy, Operation, Refusal, RefusalKind, Request, make_uuid};
use bytes::Bytes;
use http::header::EXPECT;
use http::{Method, StatusCode, request};
use hyper::body::Body;
use std::sync::Arc;

/// What all exchanges of a listener share.
pub(crate) struct Shared {
    pub(crate) service: Arc<dyn AnyService>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) limits: Limits,
    pub(crate) forwarded: Option<ForwardedRules>,
    pub(crate) has_ui: bool,
    pub(crate) headers: ResponseHeaders,
    pub(crate) room: Room,
    pub(crate) abandoned: Abandoned,
}

/// Reads a request, has it answered, writes the response.
pub(crate) async fn exchange<B>(
    shared: &Shared,
    peer: &Client,
    request: http::Request<B>,
) -> HttpReply
where
    B: Body<Data = Bytes> + Unpin,
{
    let (parts, body) = request.into_parts();
    let crossing = Crossing::of(&parts, shared.service.as_ref());
    let early = crossing
        .as_ref()
        .and_then(|crossing| crossing.answer(&parts));
    let mut reply = match early {
        Some(reply) => reply,
        None => read_and_answer(shared, peer, parts, body).await,
    };
    if let Some(crossing) = crossing {
        crossing.mark(&mut reply);
    }
    shared.headers.apply(&mut reply);
    reply
}

async fn read_and_answer<B>(
    shared: &Shared,
    peer: &Client,
    parts: request::Parts,
    body: B,
) -> HttpReply
where
    B: Body<Data = Bytes> + Unpin,
{
    let head = match read_head(
        &parts,
        peer.address,
        &shared.limits,
        shared.forwarded.as_ref(),
    ) {
        Ok(head) => head,
        Err(fault) => return refuse_head(fault, &parts.method, shared.has_ui),
    };
    let takes_body = matches!(head.operation, Operation::Update | Operation::Patch);
    // Held until the end, as the request is.
    let mut _collected = None;
    let (data, raw_body) = if takes_body {
        let mut body = body;
        let collected = match collect(&mut body, &shared.limits, &shared.room).await {
            Ok(collected) => collected,
            Err(fault) => {
                // A client that waits for leave to send it gets the refusal instead.
                if !parts.headers.contains_key(EXPECT) {
                    discard(&mut body, &shared.limits).await;
                }
                return refuse_body(fault);
            }
        };
        let data = match read_data(&collected.bytes, &head.content_type, &shared.limits) {
            Ok(data) => data,
            Err(refusal) => return encode_refusal(&refusal),
        };
        let raw_body = collected.bytes.clone();
        _collected = Some(collected);
        (data, Some(raw_body))
    } else {
        (into_data(head.query), None)
    };
    let asked = Asked {
        method: parts.method,
        uri: parts.uri,
        namespace: parts.headers.get(NAMESPACE).cloned(),
    };
    let request = Request {
        id: make_uuid(shared.entropy.as_ref()),
        operation: head.operation,
        path: head.path,
        namespace: head.namespace,
        token: head.token,
        data,
        raw_body,
        wrap_ttl: head.wrap_ttl,
        client: Client {
            address: head.address,
            certificates: peer.certificates.clone(),
        },
        headers: head.headers,
        // What the listener lets pass, its service knows.
        without_token: base::WithoutToken::default(),
        grants: base::Grants::default(),
    };
    answer(shared, request, &asked).await
}

async fn answer(shared: &Shared, request: Request, asked: &Asked) -> HttpReply {
    let duration_max = shared.limits.request_duration_max;
    let id = request.id.clone();
    let pending = Arc::clone(&shared.service).begin(request);
    let finishing = Finishing::new(pending, shared.abandoned.clone(), duration_max);
    match tokio::time::timeout(duration_max, finishing).await {
        Ok(Ok(reply)) => encode(reply, asked),
        Ok(Err(_)) => {
            tracing::error!(request_id = id, "the handler of a request panicked");
            encode_refusal(&Refusal::internal(""))
        }
        Err(_) => {
            tracing::warn!(request_id = id, "a request took too long");
            let message = "request took too long";
            encode_refusal(&Refusal::new(RefusalKind::Unavailable, message))
        }
    }
}

fn refuse_head(fault: HeadFault, method: &Method, has_ui: bool) -> HttpReply {
    match fault {
        HeadFault::Refused(refusal) => encode_refusal(&refusal),
        HeadFault::HeaderTooLong => encode_error(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "header too long",
        ),
        HeadFault::Home if has_ui && matches!(*method, Method::GET | Method::HEAD) => encode_home(),
        HeadFault::Home | HeadFault::NoSuchPlace => encode_error(StatusCode::NOT_FOUND, ""),
    }
}

fn refuse_body(fault: BodyFault) -> HttpReply {
    match fault {
        BodyFault::Refused(refusal) => encode_refusal(&refusal),
        BodyFault::Slow => encode_error(StatusCode::REQUEST_TIMEOUT, "body came too slowly"),
        BodyFault::Broken => encode_error(StatusCode::BAD_REQUEST, "body ended early"),
    }
}
