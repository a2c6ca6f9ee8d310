//! `http-client`: requests in the making, and the way out that the mount was granted.

use super::bindings::engine::casemate::plugin::http_client::{Error, Host, HostOutgoing, Response};
use super::state::{Access, State};
use crate::{CallError, Leases, LimitExceeded};
use base::{OutboundError, OutboundRequest};
use core::mem;
use core::time::Duration;
use wasmtime::component::Resource;

/// A request in the making. What the parts are worth is seen when it is sent.
#[expect(unreachable_pub, reason = "the generated code names it as its own")]
#[derive(Default)]
pub struct Outgoing {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    timeout: Option<Duration>,
    trust: Vec<Vec<u8>>,
    server_name: Option<String>,
    /// Of all of it.
    bytes: usize,
}

type Outcome = wasmtime::Result<Result<Response, Error>>;

/// What an entry of a list takes at least.
const ENTRY_BYTES: usize = 64;

impl State {
    /// Changes a request that grows by so many bytes.
    fn change(
        &mut self,
        request: &Resource<Outgoing>,
        more: usize,
        act: impl FnOnce(&mut Outgoing) -> usize,
    ) -> wasmtime::Result<()> {
        let max = self.limits.outbound_bytes_max;
        self.outgoing_bytes = self.outgoing_bytes.saturating_add(more);
        if self.outgoing_bytes > max {
            let what = "bytes of HTTP requests in the making";
            let max = max as u64;
            return Err(self.stop(LimitExceeded { what, max }.into()));
        }
        let freed = match self.resources.get_mut(request) {
            Ok(request) => {
                let freed = act(request);
                request.bytes = request.bytes.saturating_add(more).saturating_sub(freed);
                freed
            }
            Err(error) => return Err(self.resource_failed(&error.into())),
        };
        self.outgoing_bytes = self.outgoing_bytes.saturating_sub(freed);
        Ok(())
    }
}

impl Host for State {}

impl HostOutgoing for State {
    fn new(&mut self, method: String, url: String) -> wasmtime::Result<Resource<Outgoing>> {
        let pushed = self.resources.push(Outgoing::default());
        let request = pushed.map_err(|error| self.resource_failed(&error.into()))?;
        let borrowed = Resource::new_borrow(request.rep());
        self.change(&borrowed, method.len() + url.len(), |request| {
            (request.method, request.url) = (method, url);
            0
        })?;
        Ok(request)
    }

    fn header(
        &mut self,
        request: Resource<Outgoing>,
        name: String,
        value: String,
    ) -> wasmtime::Result<()> {
        let more = name.len() + value.len() + ENTRY_BYTES;
        self.change(&request, more, |request| {
            request.headers.push((name, value));
            0
        })
    }

    fn body(&mut self, request: Resource<Outgoing>, bytes: Vec<u8>) -> wasmtime::Result<()> {
        self.change(&request, bytes.len(), |request| {
            mem::replace(&mut request.body, bytes).len()
        })
    }

    fn timeout_ms(
        &mut self,
        request: Resource<Outgoing>,
        milliseconds: u32,
    ) -> wasmtime::Result<()> {
        self.change(&request, 0, |request| {
            request.timeout = Some(Duration::from_millis(milliseconds.into()));
            0
        })
    }

    fn trust(&mut self, request: Resource<Outgoing>, certificate: Vec<u8>) -> wasmtime::Result<()> {
        self.change(&request, certificate.len() + ENTRY_BYTES, |request| {
            request.trust.push(certificate);
            0
        })
    }

    fn server_name(&mut self, request: Resource<Outgoing>, name: String) -> wasmtime::Result<()> {
        self.change(&request, name.len(), |request| {
            let before = request.server_name.replace(name);
            before.map_or(0, |before| before.len())
        })
    }

    async fn send(&mut self, request: Resource<Outgoing>) -> Outcome {
        let left = self.time_left();
        let request = match self.resources.get(&request) {
            Ok(request) => request,
            Err(error) => return Err(self.resource_failed(&error.into())),
        };
        // What only reads is asked before anybody has decided that the caller may do anything.
        let way_out = self.facts.outbound.clone();
        let Some(way_out) = way_out.filter(|_| self.access == Access::ReadWrite) else {
            return Ok(Err(Error::NotGranted(request.url.clone())));
        };
        let is_a_look = matches!(request.method.as_str(), "GET" | "HEAD");
        if !is_a_look && self.leases == Leases::Full {
            return Err(self.stop(CallError::NoRoom));
        }
        let sent = way_out.send(OutboundRequest {
            method: request.method.clone(),
            url: request.url.clone(),
            headers: request.headers.clone(),
            body: request.body.clone(),
            timeout: request.timeout.map_or(left, |timeout| timeout.min(left)),
            trust: request.trust.clone(),
            server_name: request.server_name.clone(),
            identity: None,
            response_bytes_max: self.limits.outbound_bytes_max,
        });
        let answer = sent.await;
        let went_out = !matches!(
            answer,
            Err(OutboundError::NotGranted(_) | OutboundError::Malformed(_))
        );
        self.acted_outside |= went_out && !is_a_look;
        Ok(match answer {
            Ok(response) => Ok(Response {
                status: response.status,
                headers: response.headers,
                body: response.body,
            }),
            Err(OutboundError::NotGranted(what)) => Err(Error::NotGranted(what)),
            Err(OutboundError::Malformed(what)) => Err(Error::Malformed(what)),
            Err(OutboundError::Timeout) => Err(Error::Timeout),
            Err(OutboundError::TooLarge(max)) => Err(Error::TooLarge(max)),
            Err(OutboundError::Unreachable(why)) => Err(Error::Unreachable(why)),
        })
    }

    fn drop(&mut self, request: Resource<Outgoing>) -> wasmtime::Result<()> {
        match self.resources.delete(request) {
            Ok(request) => {
                self.outgoing_bytes = self.outgoing_bytes.saturating_sub(request.bytes);
                Ok(())
            }
            Err(error) => Err(self.resource_failed(&error.into())),
        }
    }
}
