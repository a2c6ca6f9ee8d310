//! Requests that a web page of another origin sends: who may, and what browsers are told of it.

use crate::encode::{HttpReply, encode_error, encode_nothing};
use crate::service::AnyService;
use base::CrossOrigin;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN,
    VARY,
};
use http::{HeaderValue, Method, StatusCode, request};
use std::sync::Arc;

/// Verbs that a page may use.
const METHODS: &str = "DELETE,GET,OPTIONS,POST,PUT,LIST,SCAN";
/// How long a browser may remember the answer.
const SECONDS_MAX: &str = "300";
const YES: HeaderValue = HeaderValue::from_static("true");
const BY_ORIGIN: HeaderValue = HeaderValue::from_static("Origin");

/// A request of another origin, where there are rules for such.
pub(crate) struct Crossing {
    rules: Arc<CrossOrigin>,
    origin: HeaderValue,
}

impl Crossing {
    /// Costs one look at the headers where the request is not from a page.
    pub(crate) fn of(parts: &request::Parts, service: &dyn AnyService) -> Option<Self> {
        let origin = parts.headers.get(ORIGIN)?;
        if origin.is_empty() {
            return None;
        }
        Some(Self {
            rules: service.cross_origin()?,
            origin: origin.clone(),
        })
    }

    /// What is answered without the service: refusals, and what a browser asks beforehand.
    pub(crate) fn answer(&self, parts: &request::Parts) -> Option<HttpReply> {
        if !self.is_allowed() {
            return Some(encode_error(StatusCode::FORBIDDEN, "origin not allowed"));
        }
        if parts.method != Method::OPTIONS {
            return None;
        }
        let wanted = parts.headers.get(ACCESS_CONTROL_REQUEST_METHOD);
        let wanted = wanted.and_then(|wanted| wanted.to_str().ok());
        if !wanted.is_some_and(|wanted| METHODS.split(',').any(|method| method == wanted)) {
            return Some(encode_nothing(StatusCode::METHOD_NOT_ALLOWED));
        }
        let mut reply = encode_nothing(StatusCode::OK);
        let headers = reply.headers_mut();
        if let Ok(names) = HeaderValue::try_from(self.rules.headers.join(",")) {
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, names);
        }
        let methods = HeaderValue::from_static(METHODS);
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
        let seconds = HeaderValue::from_static(SECONDS_MAX);
        headers.insert(ACCESS_CONTROL_MAX_AGE, seconds);
        Some(reply)
    }

    /// Says that the page may see the response.
    pub(crate) fn mark(self, reply: &mut HttpReply) {
        if !self.is_allowed() || reply.status() == StatusCode::METHOD_NOT_ALLOWED {
            return;
        }
        let headers = reply.headers_mut();
        if self.rules.credentials {
            headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, YES);
        }
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, self.origin);
        headers.append(VARY, BY_ORIGIN);
    }

    fn is_allowed(&self) -> bool {
        let origin = self.origin.to_str();
        origin.is_ok_and(|origin| self.rules.allows(origin))
    }
}
