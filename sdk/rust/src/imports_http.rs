//! The host's HTTP client, in a component.

use crate::bindings::host::casemate::plugin::http_client as host;
use crate::host::Host;
use crate::http::{HttpError, Response};

pub(crate) struct HostRequest(host::Outgoing);

impl Host {
    pub(crate) fn http(&self, method: &str, url: &str) -> HostRequest {
        HostRequest(host::Outgoing::new(method, url))
    }
}

impl HostRequest {
    pub(crate) fn header(&mut self, name: &str, value: &str) {
        self.0.header(name, value);
    }

    pub(crate) fn body(&mut self, bytes: &[u8]) {
        self.0.body(bytes);
    }

    pub(crate) fn timeout_ms(&mut self, milliseconds: u32) {
        self.0.timeout_ms(milliseconds);
    }

    pub(crate) fn trust(&mut self, certificate: &[u8]) {
        self.0.trust(certificate);
    }

    pub(crate) fn server_name(&mut self, name: &str) {
        self.0.server_name(name);
    }

    pub(crate) fn send(self) -> Result<Response, HttpError> {
        let response = self.0.send().map_err(|error| match error {
            host::Error::NotGranted(host) => HttpError::NotGranted(host),
            host::Error::Malformed(what) => HttpError::Malformed(what),
            host::Error::Timeout => HttpError::Timeout,
            host::Error::TooLarge(limit) => HttpError::TooLarge(limit),
            host::Error::Unreachable(why) => HttpError::Unreachable(why),
        })?;
        Ok(Response {
            status: response.status,
            headers: response.headers,
            body: response.body,
        })
    }
}
