//! `mount`, `caller`, `incoming`, `system`, `clock`, `entropy`: what a component may know.

use super::bindings::engine::casemate::plugin as wit;
use super::state::State;
use crate::LimitExceeded;

impl wit::mount::Host for State {
    fn path(&mut self) -> wasmtime::Result<String> {
        Ok(self.facts.mount.path.clone())
    }
    fn accessor(&mut self) -> wasmtime::Result<String> {
        Ok(self.facts.mount.accessor.clone())
    }
    fn uuid(&mut self) -> wasmtime::Result<String> {
        Ok(self.facts.mount.uuid.clone())
    }
    fn namespace(&mut self) -> wasmtime::Result<String> {
        Ok(self.facts.mount.namespace.clone())
    }
    fn default_ttl_seconds(&mut self) -> wasmtime::Result<u64> {
        Ok(self.facts.mount.default_ttl_seconds)
    }
    fn max_ttl_seconds(&mut self) -> wasmtime::Result<u64> {
        Ok(self.facts.mount.max_ttl_seconds)
    }
    fn is_local(&mut self) -> wasmtime::Result<bool> {
        Ok(self.facts.mount.is_local)
    }
    fn option(&mut self, name: String) -> wasmtime::Result<Option<String>> {
        Ok(self.facts.mount.options.get(&name).cloned())
    }
    fn options(&mut self) -> wasmtime::Result<Vec<(String, String)>> {
        Ok(self.facts.mount.options.clone().into_iter().collect())
    }
}

impl wit::caller::Host for State {
    fn display_name(&mut self) -> wasmtime::Result<Option<String>> {
        Ok(self
            .facts
            .caller
            .as_ref()
            .map(|caller| caller.display_name.clone()))
    }
    fn entity_id(&mut self) -> wasmtime::Result<Option<String>> {
        Ok(self
            .facts
            .caller
            .as_ref()
            .and_then(|caller| caller.entity_id.clone()))
    }
    fn policies(&mut self) -> wasmtime::Result<Vec<String>> {
        let caller = self.facts.caller.as_ref();
        Ok(caller
            .map(|caller| caller.policies.clone())
            .unwrap_or_default())
    }
    fn accessor(&mut self) -> wasmtime::Result<Option<String>> {
        Ok(self
            .facts
            .caller
            .as_ref()
            .and_then(|caller| caller.accessor.clone()))
    }
    fn metadata(&mut self) -> wasmtime::Result<Vec<(String, String)>> {
        let caller = self.facts.caller.as_ref();
        Ok(caller
            .map(|caller| caller.metadata.clone())
            .unwrap_or_default())
    }
}

impl wit::incoming::Host for State {
    fn id(&mut self) -> wasmtime::Result<String> {
        Ok(self.facts.id.clone())
    }
    fn client_address(&mut self) -> wasmtime::Result<Option<String>> {
        let incoming = self.facts.incoming.as_ref();
        Ok(incoming.map(|incoming| incoming.client.address.ip().to_string()))
    }
    fn client_certificates(&mut self) -> wasmtime::Result<Vec<Vec<u8>>> {
        let incoming = self.facts.incoming.as_ref();
        Ok(incoming
            .map(|incoming| incoming.client.certificates.clone())
            .unwrap_or_default())
    }
    fn headers(&mut self) -> wasmtime::Result<Vec<(String, String)>> {
        let incoming = self.facts.incoming.as_ref();
        Ok(incoming
            .map(|incoming| incoming.headers.clone())
            .unwrap_or_default())
    }
    fn raw_body(&mut self) -> wasmtime::Result<Option<Vec<u8>>> {
        let body = self
            .facts
            .incoming
            .as_ref()
            .and_then(|incoming| incoming.raw_body.as_ref());
        Ok(body.map(|body| body.to_vec()))
    }
}

impl wit::system::Host for State {
    fn version(&mut self) -> wasmtime::Result<String> {
        Ok(self.facts.system.version.clone())
    }
    fn cluster_id(&mut self) -> wasmtime::Result<String> {
        Ok(self.facts.system.cluster_id.clone())
    }
    fn is_primary(&mut self) -> wasmtime::Result<bool> {
        Ok(self.facts.system.is_primary)
    }
}

impl wit::clock::Host for State {
    fn now_ms(&mut self) -> wasmtime::Result<u64> {
        Ok(self.facts.now.as_millis())
    }
}

impl wit::entropy::Host for State {
    fn random_bytes(&mut self, length: u32) -> wasmtime::Result<Vec<u8>> {
        let max = self.limits.random_bytes_max;
        if length > max {
            let what = "random bytes at once";
            let max = u64::from(max);
            return Err(self.stop(LimitExceeded { what, max }.into()));
        }
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
        self.machine.entropy.fill(&mut bytes);
        Ok(bytes)
    }
}
