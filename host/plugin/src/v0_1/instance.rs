//! One instance for one call: made, asked, dropped.

use super::bindings::engine::casemate::plugin::types;
use super::bindings::engine::exports::casemate::plugin::engine;
use super::bindings::method::exports::casemate::plugin::method;
use super::interfaces::{Kind, interface_name};
use super::reply::{self, Reader};
use super::state::{Access, State};
use crate::runtime::Machine;
use crate::ticker::Running;
use crate::{
    Answer, Call, CallError, CallResult, ComponentError, Done, Grant, Lease, LeaseTerms, Matched,
    Renewal,
};
use std::sync::Arc;
use wasmtime::component::{
    Component, ComponentExportIndex, ComponentNamedList, InstancePre, Lift, Lower,
};
use wasmtime::{PoolConcurrencyLimitError, Store, Trap};

/// Machine code, linked to the host: instances come out of it.
pub(crate) struct Code {
    machine: Arc<Machine>,
    /// Name of the component, for the log.
    plugin: Arc<str>,
    pre: InstancePre<State>,
    functions: Functions,
}

/// Where the functions are, found once. A call looks at the types of the one that it needs; the
/// generated bindings would look at those of all, each time.
#[derive(Clone, Copy)]
struct Functions {
    start: ComponentExportIndex,
    tick: ComponentExportIndex,
    exists: ComponentExportIndex,
    handle: ComponentExportIndex,
    renew: ComponentExportIndex,
    own: Own,
}

/// What only one kind has.
#[derive(Clone, Copy)]
enum Own {
    Engine { revoke: ComponentExportIndex },
    Method { identify: ComponentExportIndex },
}

/// An instance that is ready to be asked once.
struct Instance {
    store: Store<State>,
    exports: wasmtime::component::Instance,
    _running: Running,
}

impl Functions {
    fn find(component: &Component, kind: Kind) -> Result<Self, ComponentError> {
        let interface = |name: &'static str| {
            let index = component.get_export_index(None, interface_name(name));
            index.ok_or(ComponentError::MissingExport(name))
        };
        let function = |of: &ComponentExportIndex, name: &'static str| {
            let index = component.get_export_index(Some(of), name);
            index.ok_or(ComponentError::MissingExport(name))
        };
        let lifecycle = interface("lifecycle")?;
        let (main, own) = match kind {
            Kind::Engine => {
                let engine = interface("engine")?;
                let revoke = function(&engine, "revoke")?;
                (engine, Own::Engine { revoke })
            }
            Kind::Method => {
                let method = interface("method")?;
                let identify = function(&method, "identify")?;
                (method, Own::Method { identify })
            }
        };
        Ok(Self {
            start: function(&lifecycle, "start")?,
            tick: function(&lifecycle, "tick")?,
            exists: function(&main, "exists")?,
            handle: function(&main, "handle")?,
            renew: function(&main, "renew")?,
            own,
        })
    }
}

type Said<T> = wasmtime::Result<Result<T, types::Failure>>;

impl Code {
    pub(crate) fn new(
        machine: &Arc<Machine>,
        component: &Component,
        kind: Kind,
        plugin: &str,
    ) -> Result<Self, ComponentError> {
        let pre = machine.linker.instantiate_pre(component);
        Ok(Self {
            machine: Arc::clone(machine),
            plugin: Arc::from(plugin),
            pre: pre.map_err(|error| ComponentError::Import(error.into()))?,
            functions: Functions::find(component, kind)?,
        })
    }

    pub(crate) async fn handle(&self, call: Call, matched: Matched) -> CallResult<Answer> {
        let request = request(matched)?;
        let mut at = self.instance(call, Access::ReadWrite).await?;
        let reader = Reader::new(at.store.data().limits.reply_bytes_max);
        let handle = &self.functions.handle;
        match self.functions.own {
            Own::Engine { .. } => {
                let said: Said<engine::Answer> = at.ask(handle, (&request,)).await;
                at.end(said, |answer| reader.engine_answer(answer))
            }
            Own::Method { .. } => {
                let said: Said<method::Answer> = at.ask(handle, (&request,)).await;
                at.end(said, |answer| reader.method_answer(answer))
            }
        }
    }

    pub(crate) async fn exists(&self, call: Call, matched: Matched) -> CallResult<bool> {
        let request = request(matched)?;
        let mut at = self.instance(call, Access::ReadOnly).await?;
        let said: Said<bool> = at.ask(&self.functions.exists, (&request,)).await;
        at.end(said, Ok)
    }

    pub(crate) async fn identify(
        &self,
        call: Call,
        matched: Matched,
    ) -> CallResult<Option<String>> {
        let Own::Method { identify } = &self.functions.own else {
            return Err(CallError::NoSuchExport("identify"));
        };
        let request = request(matched)?;
        let mut at = self.instance(call, Access::ReadOnly).await?;
        let said: wasmtime::Result<Option<String>> = at.ask(identify, (&request,)).await;
        at.end(said.map(Ok), Ok)
    }

    pub(crate) async fn renew_lease(
        &self,
        call: Call,
        lease: Lease,
        increment_seconds: u64,
    ) -> CallResult<Renewal> {
        let Own::Engine { .. } = self.functions.own else {
            return Err(CallError::NoSuchExport("renew"));
        };
        let mut at = self.instance(call, Access::ReadWrite).await?;
        let reader = Reader::new(at.store.data().limits.reply_bytes_max);
        let params = (&to_lease(lease), increment_seconds);
        let said: Said<types::Renewal> = at.ask(&self.functions.renew, params).await;
        at.end(said, |renewal| reader.renewal(renewal))
    }

    pub(crate) async fn revoke(&self, call: Call, lease: Lease) -> CallResult<()> {
        let Own::Engine { revoke } = &self.functions.own else {
            return Err(CallError::NoSuchExport("revoke"));
        };
        let mut at = self.instance(call, Access::ReadWrite).await?;
        let said: Said<()> = at.ask(revoke, (&to_lease(lease),)).await;
        at.end(said, Ok)
    }

    pub(crate) async fn renew_grant(
        &self,
        call: Call,
        grant: Grant,
        increment_seconds: u64,
    ) -> CallResult<Renewal> {
        let Own::Method { .. } = self.functions.own else {
            return Err(CallError::NoSuchExport("renew"));
        };
        let mut at = self.instance(call, Access::ReadWrite).await?;
        let reader = Reader::new(at.store.data().limits.reply_bytes_max);
        let params = (&to_grant(grant), increment_seconds);
        let said: Said<types::Renewal> = at.ask(&self.functions.renew, params).await;
        at.end(said, |renewal| reader.renewal(renewal))
    }

    pub(crate) async fn start(&self, call: Call) -> CallResult<()> {
        let mut at = self.instance(call, Access::ReadWrite).await?;
        let said: Said<()> = at.ask(&self.functions.start, ()).await;
        at.end(said, Ok)
    }

    pub(crate) async fn tick(&self, call: Call) -> CallResult<()> {
        let mut at = self.instance(call, Access::ReadWrite).await?;
        let said: Said<()> = at.ask(&self.functions.tick, ()).await;
        at.end(said, Ok)
    }

    async fn instance(&self, call: Call, access: Access) -> Result<Instance, CallError> {
        let running = self.machine.ticker.run();
        let state = State::new(call, Arc::clone(&self.plugin), access, &self.machine);
        let mut store = Store::new(&self.machine.engine, state);
        store.limiter(|state| state);
        store.epoch_deadline_callback(State::at_tick);
        store.set_epoch_deadline(1);
        match self.pre.instantiate_async(&mut store).await {
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
    async fn ask<P, R>(&mut self, function: &ComponentExportIndex, params: P) -> wasmtime::Result<R>
    where
        P: ComponentNamedList + Lower,
        R: 'static,
        (R,): ComponentNamedList + Lift,
    {
        let exports = self.exports;
        let function = exports.get_typed_func::<P, (R,)>(&mut self.store, function)?;
        function
            .call_async(&mut self.store, params)
            .await
            .map(|(said,)| said)
    }

    /// What the component said, read; the instance is gone.
    fn end<T, U>(
        mut self,
        said: Said<T>,
        read: impl FnOnce(T) -> Result<U, CallError>,
    ) -> CallResult<U> {
        let said = said.map_err(|error| why(&mut self.store, &error))?;
        let mut state = self.store.into_data();
        if let Some(stop) = state.take_stop() {
            return Err(stop);
        }
        let value = read(said.map_err(reply::failure)?)?;
        let Some(view) = state.view else {
            return Err(state.lost.unwrap_or(CallError::Overtaken));
        };
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

fn to_lease(lease: Lease) -> engine::Lease {
    engine::Lease {
        id: lease.id,
        kind: lease.kind,
        private: lease.private.as_str().to_owned(),
        issued_at_ms: lease.issued_at.as_millis(),
        terms: to_terms(lease.terms),
    }
}

fn to_grant(grant: Grant) -> method::Grant {
    method::Grant {
        alias: grant.alias,
        alias_metadata: grant.alias_metadata,
        display_name: grant.display_name,
        policies: grant.policies,
        metadata: grant.metadata,
        groups: grant.groups,
        private: grant.private.as_str().to_owned(),
        terms: to_terms(grant.terms),
        token: method::TokenShape {
            kind: match grant.token.kind {
                Some(base::TokenKind::Service) => method::TokenKind::Service,
                Some(base::TokenKind::Batch) => method::TokenKind::Batch,
                None => method::TokenKind::AsMounted,
            },
            period_seconds: grant.token.period_seconds,
            explicit_max_ttl_seconds: grant.token.explicit_max_ttl_seconds,
            uses: grant.token.uses,
            bound_cidrs: grant.token.bound_cidrs,
            no_default_policy: grant.token.no_default_policy,
        },
    }
}
