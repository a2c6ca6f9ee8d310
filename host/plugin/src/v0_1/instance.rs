//! One instance for one call: made, asked, dropped.

use super::bindings::engine::casemate::plugin::types;
use super::bindings::engine::exports::casemate::plugin::engine as engine_exports;
use super::bindings::engine::{SecretsEngine, SecretsEnginePre};
use super::bindings::method::exports::casemate::plugin::method as method_exports;
use super::bindings::method::{AuthMethod, AuthMethodPre};
use super::interfaces::Kind;
use super::reply::{self, Reader};
use super::state::{Access, State};
use crate::runtime::Machine;
use crate::ticker::Running;
use crate::{
    Answer, Call, CallError, CallResult, ComponentError, Done, Grant, Lease, LeaseTerms, Matched,
    Renewal,
};
use std::sync::Arc;
use wasmtime::component::Component;
use wasmtime::{PoolConcurrencyLimitError, Store, Trap};

/// Machine code, linked to the host: instances come out of it.
pub(crate) struct Code {
    machine: Arc<Machine>,
    /// Name of the component, for the log.
    plugin: Arc<str>,
    pre: Pre,
}

enum Pre {
    Engine(SecretsEnginePre<State>),
    Method(AuthMethodPre<State>),
}

enum Exports {
    Engine(SecretsEngine),
    Method(AuthMethod),
}

/// An instance that is ready to be asked once.
struct Instance {
    store: Store<State>,
    exports: Exports,
    _running: Running,
}

impl Code {
    pub(crate) fn new(
        machine: &Arc<Machine>,
        component: &Component,
        kind: Kind,
        plugin: &str,
    ) -> Result<Self, ComponentError> {
        let pre = machine.linker.instantiate_pre(component);
        let pre = pre.map_err(|error| ComponentError::Import(error.into()))?;
        let pre = match kind {
            Kind::Engine => SecretsEnginePre::new(pre).map(Pre::Engine),
            Kind::Method => AuthMethodPre::new(pre).map(Pre::Method),
        };
        Ok(Self {
            machine: Arc::clone(machine),
            plugin: Arc::from(plugin),
            pre: pre.map_err(|error| ComponentError::Export(error.into()))?,
        })
    }

    pub(crate) async fn handle(&self, call: Call, matched: Matched) -> CallResult<Answer> {
        let request = request(matched)?;
        let mut at = self.instance(call, Access::ReadWrite).await?;
        let reader = Reader::new(at.store.data().limits.reply_bytes_max);
        match &at.exports {
            Exports::Engine(exports) => {
                let exports = exports.casemate_plugin_engine();
                let said = exports.call_handle(&mut at.store, &request).await;
                at.end(said, |answer| reader.engine_answer(answer))
            }
            Exports::Method(exports) => {
                let exports = exports.casemate_plugin_method();
                let said = exports.call_handle(&mut at.store, &request).await;
                at.end(said, |answer| reader.method_answer(answer))
            }
        }
    }

    pub(crate) async fn exists(&self, call: Call, matched: Matched) -> CallResult<bool> {
        let request = request(matched)?;
        let mut at = self.instance(call, Access::ReadOnly).await?;
        let said = match &at.exports {
            Exports::Engine(exports) => {
                let exports = exports.casemate_plugin_engine();
                exports.call_exists(&mut at.store, &request).await
            }
            Exports::Method(exports) => {
                let exports = exports.casemate_plugin_method();
                exports.call_exists(&mut at.store, &request).await
            }
        };
        at.end(said, Ok)
    }

    pub(crate) async fn identify(
        &self,
        call: Call,
        matched: Matched,
    ) -> CallResult<Option<String>> {
        let request = request(matched)?;
        let mut at = self.instance(call, Access::ReadOnly).await?;
        let Exports::Method(exports) = &at.exports else {
            return Err(CallError::NoSuchExport("identify"));
        };
        let exports = exports.casemate_plugin_method();
        let said = exports.call_identify(&mut at.store, &request).await;
        at.end(said.map(Ok), Ok)
    }

    pub(crate) async fn renew_lease(
        &self,
        call: Call,
        lease: Lease,
        increment_seconds: u64,
    ) -> CallResult<Renewal> {
        let mut at = self.instance(call, Access::ReadWrite).await?;
        let Exports::Engine(exports) = &at.exports else {
            return Err(CallError::NoSuchExport("renew"));
        };
        let exports = exports.casemate_plugin_engine();
        let lease = to_lease(lease);
        let said = exports
            .call_renew(&mut at.store, &lease, increment_seconds)
            .await;
        let reader = Reader::new(at.store.data().limits.reply_bytes_max);
        at.end(said, |renewal| reader.renewal(renewal))
    }

    pub(crate) async fn revoke(&self, call: Call, lease: Lease) -> CallResult<()> {
        let mut at = self.instance(call, Access::ReadWrite).await?;
        let Exports::Engine(exports) = &at.exports else {
            return Err(CallError::NoSuchExport("revoke"));
        };
        let exports = exports.casemate_plugin_engine();
        let said = exports.call_revoke(&mut at.store, &to_lease(lease)).await;
        at.end(said, Ok)
    }

    pub(crate) async fn renew_grant(
        &self,
        call: Call,
        grant: Grant,
        increment_seconds: u64,
    ) -> CallResult<Renewal> {
        let mut at = self.instance(call, Access::ReadWrite).await?;
        let Exports::Method(exports) = &at.exports else {
            return Err(CallError::NoSuchExport("renew"));
        };
        let exports = exports.casemate_plugin_method();
        let grant = to_grant(grant);
        let said = exports
            .call_renew(&mut at.store, &grant, increment_seconds)
            .await;
        let reader = Reader::new(at.store.data().limits.reply_bytes_max);
        at.end(said, |renewal| reader.renewal(renewal))
    }

    pub(crate) async fn start(&self, call: Call) -> CallResult<()> {
        let mut at = self.instance(call, Access::ReadWrite).await?;
        let said = match &at.exports {
            Exports::Engine(exports) => {
                let exports = exports.casemate_plugin_lifecycle();
                exports.call_start(&mut at.store).await
            }
            Exports::Method(exports) => {
                let exports = exports.casemate_plugin_lifecycle();
                exports.call_start(&mut at.store).await
            }
        };
        at.end(said, Ok)
    }

    pub(crate) async fn tick(&self, call: Call) -> CallResult<()> {
        let mut at = self.instance(call, Access::ReadWrite).await?;
        let said = match &at.exports {
            Exports::Engine(exports) => {
                let exports = exports.casemate_plugin_lifecycle();
                exports.call_tick(&mut at.store).await
            }
            Exports::Method(exports) => {
                let exports = exports.casemate_plugin_lifecycle();
                exports.call_tick(&mut at.store).await
            }
        };
        at.end(said, Ok)
    }

    async fn instance(&self, call: Call, access: Access) -> Result<Instance, CallError> {
        let running = self.machine.ticker.run();
        let state = State::new(call, Arc::clone(&self.plugin), access, &self.machine);
        let mut store = Store::new(&self.machine.engine, state);
        store.limiter(|state| state);
        store.epoch_deadline_callback(State::at_tick);
        store.set_epoch_deadline(1);
        let exports = match &self.pre {
            Pre::Engine(pre) => pre.instantiate_async(&mut store).await.map(Exports::Engine),
            Pre::Method(pre) => pre.instantiate_async(&mut store).await.map(Exports::Method),
        };
        match exports {
            Ok(exports) => Ok(Instance {
                store,
                exports,
                _running: running,
            }),
            Err(error) => Err(why(&mut store, &error)),
        }
    }
}

impl Instance {
    /// What the component said, read; the instance is gone.
    fn end<T, U>(
        mut self,
        said: wasmtime::Result<Result<T, types::Failure>>,
        read: impl FnOnce(T) -> Result<U, CallError>,
    ) -> CallResult<U> {
        let said = said.map_err(|error| why(&mut self.store, &error))?;
        let mut state = self.store.into_data();
        if let Some(stop) = state.take_stop() {
            return Err(stop);
        }
        let value = read(said.map_err(reply::failure)?)?;
        // A checkpoint failed, and the component went on as if it had not.
        let view = state.view.ok_or(CallError::Overtaken)?;
        Ok(Done {
            view,
            value,
            acted_outside: state.acted_outside,
        })
    }
}

/// Why an instance ended before it had answered.
fn why(store: &mut Store<State>, error: &wasmtime::Error) -> CallError {
    if let Some(stop) = store.data_mut().take_stop() {
        return stop;
    }
    if error.downcast_ref::<PoolConcurrencyLimitError>().is_some() {
        return CallError::Busy;
    }
    CallError::Trapped(match error.downcast_ref::<Trap>() {
        Some(trap) => trap.to_string(),
        None => error.to_string(),
    })
}

fn request(matched: Matched) -> Result<types::Request, CallError> {
    Ok(types::Request {
        operation: match matched.operation {
            manifest::Operation::Read => types::Operation::Read,
            manifest::Operation::Update => types::Operation::Update,
            manifest::Operation::Patch => types::Operation::Patch,
            manifest::Operation::Delete => types::Operation::Delete,
            manifest::Operation::List => types::Operation::List,
            manifest::Operation::Scan => types::Operation::Scan,
        },
        route: u32::try_from(matched.route).map_err(|_| CallError::NoSuchExport("route"))?,
        path: matched.path,
        input: matched.input,
    })
}

const fn to_terms(terms: LeaseTerms) -> types::LeaseTerms {
    types::LeaseTerms {
        ttl_seconds: terms.ttl_seconds,
        max_ttl_seconds: terms.max_ttl_seconds,
        renewable: terms.renewable,
    }
}

fn to_lease(lease: Lease) -> engine_exports::Lease {
    engine_exports::Lease {
        id: lease.id,
        kind: lease.kind,
        private: lease.private.as_str().to_owned(),
        issued_at_ms: lease.issued_at.as_millis(),
        terms: to_terms(lease.terms),
    }
}

fn to_grant(grant: Grant) -> method_exports::Grant {
    method_exports::Grant {
        alias: grant.alias,
        alias_metadata: grant.alias_metadata,
        display_name: grant.display_name,
        policies: grant.policies,
        metadata: grant.metadata,
        groups: grant.groups,
        private: grant.private.as_str().to_owned(),
        terms: to_terms(grant.terms),
        token: method_exports::TokenShape {
            kind: match grant.token.kind {
                Some(base::TokenKind::Service) => method_exports::TokenKind::Service,
                Some(base::TokenKind::Batch) => method_exports::TokenKind::Batch,
                None => method_exports::TokenKind::AsMounted,
            },
            period_seconds: grant.token.period_seconds,
            explicit_max_ttl_seconds: grant.token.explicit_max_ttl_seconds,
            uses: grant.token.uses,
            bound_cidrs: grant.token.bound_cidrs,
            no_default_policy: grant.token.no_default_policy,
        },
    }
}
