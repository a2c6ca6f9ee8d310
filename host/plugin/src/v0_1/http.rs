//! `http-client`: nothing is granted yet, and a component is told so.

use super::bindings::engine::casemate::plugin::http_client::{Error, Host, HostOutgoing, Response};
use super::state::State;
use wasmtime::component::Resource;

/// A request in the making.
#[expect(unreachable_pub, reason = "the generated code names it as its own")]
pub struct Outgoing {
    url: String,
}

impl Host for State {}

impl HostOutgoing for State {
    fn new(&mut self, _method: String, url: String) -> wasmtime::Result<Resource<Outgoing>> {
        let pushed = self.resources.push(Outgoing { url });
        pushed.map_err(|error| self.resource_failed(&error.into()))
    }
    fn header(
        &mut self,
        _request: Resource<Outgoing>,
        _name: String,
        _value: String,
    ) -> wasmtime::Result<()> {
        Ok(())
    }
    fn body(&mut self, _request: Resource<Outgoing>, _bytes: Vec<u8>) -> wasmtime::Result<()> {
        Ok(())
    }
    fn timeout_ms(
        &mut self,
        _request: Resource<Outgoing>,
        _milliseconds: u32,
    ) -> wasmtime::Result<()> {
        Ok(())
    }
    fn trust(
        &mut self,
        _request: Resource<Outgoing>,
        _certificate: Vec<u8>,
    ) -> wasmtime::Result<()> {
        Ok(())
    }
    fn server_name(&mut self, _request: Resource<Outgoing>, _name: String) -> wasmtime::Result<()> {
        Ok(())
    }
    fn send(&mut self, request: Resource<Outgoing>) -> wasmtime::Result<Result<Response, Error>> {
        let request = self.resources.get(&request);
        let url = request
            .map(|request| request.url.clone())
            .unwrap_or_default();
        Ok(Err(Error::NotGranted(url)))
    }
    fn drop(&mut self, request: Resource<Outgoing>) -> wasmtime::Result<()> {
        match self.resources.delete(request) {
            Ok(_) => Ok(()),
            Err(error) => Err(self.resource_failed(&error.into())),
        }
    }
}
