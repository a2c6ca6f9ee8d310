//! What answers a component's HTTP requests, in a test.

use super::bench::Bench;
use crate::host::Host;
use crate::http::{HttpError, Response};
use core::cell::RefCell;
use std::rc::Rc;

/// A request as it would have left the host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// GET, POST, …
    pub method: String,
    /// The whole of it.
    pub url: String,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The bytes.
    pub body: Vec<u8>,
}

/// Answers every request of a test.
pub type Upstream = fn(&Sent) -> Result<Response, HttpError>;

pub(crate) struct HostRequest {
    sent: Sent,
    bench: Rc<RefCell<Bench>>,
}

impl Host {
    pub(crate) fn http(&self, method: &str, url: &str) -> HostRequest {
        let sent = Sent {
            method: method.into(),
            url: url.into(),
            ..Sent::default()
        };
        let bench = Rc::clone(&self.0);
        HostRequest { sent, bench }
    }
}

impl HostRequest {
    pub(crate) fn header(&mut self, name: &str, value: &str) {
        self.sent.headers.push((name.into(), value.into()));
    }

    pub(crate) fn body(&mut self, bytes: &[u8]) {
        self.sent.body = bytes.to_vec();
    }

    pub(crate) const fn timeout_ms(&mut self, _: u32) {}

    pub(crate) const fn trust(&mut self, _: &[u8]) {}

    pub(crate) const fn server_name(&mut self, _: &str) {}

    pub(crate) fn send(self) -> Result<Response, HttpError> {
        let upstream = self.bench.borrow().upstream;
        match upstream {
            Some(upstream) => upstream(&self.sent),
            None => Err(HttpError::NotGranted(self.sent.url)),
        }
    }
}
