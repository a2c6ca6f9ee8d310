//! What belongs to one instance while it runs.

use super::bindings::engine::casemate::plugin as wit;
use crate::runtime::Machine;
use crate::{Call, CallError, Checkpoint, Leases, Limits, Passwords};
use barrier::{View, ViewError};
use base::Outbound;
use core::time::Duration;
use std::sync::Arc;
use wasmtime::component::ResourceTable;
use wasmtime::{ResourceLimiter, StoreContextMut, UpdateDeadline};

/// Data of the store: born with the instance, dropped with it.
pub(crate) struct State {
    /// None after a checkpoint that failed.
    pub(super) view: Option<View>,
    /// Why there is no view: what the call comes to, whatever the component makes of it.
    pub(super) lost: Option<CallError>,
    pub(super) facts: Facts,
    pub(super) limits: Arc<Limits>,
    pub(super) machine: Arc<Machine>,
    pub(super) access: Access,
    pub(super) leases: Leases,
    pub(super) acted_outside: bool,
    /// Of the HTTP requests in the making.
    pub(super) outgoing_bytes: usize,
    pub(super) log_lines: u32,
    pub(super) passwords_made: u32,
    pub(super) resources: ResourceTable,
    deadline_tick: u64,
    memory_bytes: usize,
    /// Why the host stopped the instance. The component cannot catch it, and it outlives whatever
    /// the component makes of it.
    stop: Option<CallError>,
}

/// What a component may be told of its call.
pub(super) struct Facts {
    pub(super) id: String,
    pub(super) plugin: Arc<str>,
    pub(super) mount: Arc<crate::MountFacts>,
    pub(super) system: Arc<crate::SystemFacts>,
    pub(super) now: base::Timestamp,
    pub(super) caller: Option<crate::Caller>,
    pub(super) incoming: Option<crate::Incoming>,
    pub(super) checkpoint: Option<Arc<dyn Checkpoint>>,
    pub(super) outbound: Option<Arc<dyn Outbound>>,
    pub(super) passwords: Option<Arc<dyn Passwords>>,
}

/// What a call may do to storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// `exists` and `identify`.
    ReadOnly,
    ReadWrite,
}

/// Core instances, memories and tables of one component. An encoded module is three instances, one
/// memory and two tables; several may be composed.
const INSTANCES_MAX: usize = 30;
const MEMORIES_MAX: usize = 10;
const TABLES_MAX: usize = 20;

/// Keys and outgoing requests that a component holds at one time.
const RESOURCES_MAX: usize = 1_000;

impl State {
    pub(crate) fn new(
        call: Call,
        plugin: Arc<str>,
        access: Access,
        machine: &Arc<Machine>,
    ) -> Self {
        let deadline_tick = machine.ticker.deadline(call.limits.deadline);
        let mut resources = ResourceTable::new();
        resources.set_max_capacity(RESOURCES_MAX);
        Self {
            view: Some(call.view.with_limits(call.limits.of_view())),
            lost: None,
            facts: Facts {
                id: call.id,
                plugin,
                mount: call.mount,
                system: call.system,
                now: call.now,
                caller: call.caller,
                incoming: call.incoming,
                checkpoint: call.checkpoint,
                outbound: call.outbound,
                passwords: call.passwords,
            },
            limits: call.limits,
            machine: Arc::clone(machine),
            access,
            leases: call.leases,
            acted_outside: false,
            outgoing_bytes: 0,
            log_lines: 0,
            passwords_made: 0,
            resources,
            deadline_tick,
            memory_bytes: 0,
            stop: None,
        }
    }

    /// Ends the instance for this reason: the result is to be returned to wasmtime as an error.
    pub(super) fn stop(&mut self, why: CallError) -> wasmtime::Error {
        let error = wasmtime::Error::msg("stopped by the host");
        self.stop.get_or_insert(why);
        error
    }

    /// Ends the instance for an error of the view.
    pub(super) fn stop_by_view(&mut self, error: ViewError) -> wasmtime::Error {
        let limit = |what, max: u64| CallError::Limit(crate::LimitExceeded { what, max });
        let why = match error {
            ViewError::WrongPlace => CallError::WrongPlace,
            ViewError::TooManyCalls(max) => limit("storage calls", max),
            ViewError::TooMuchWritten(max) => limit("written bytes", max as u64),
            other => CallError::Storage(other),
        };
        self.stop(why)
    }

    /// A key outside the manifest's prefixes is refused, and the operator hears of it: the component
    /// is broken, or tries something.
    pub(super) fn note_undeclared(&self, key: &str) {
        tracing::warn!(
            plugin = &*self.facts.plugin,
            mount = self.facts.mount.path,
            request = self.facts.id,
            key,
            "storage key outside every declared prefix refused",
        );
    }

    pub(super) fn resource_failed(&mut self, error: &wasmtime::Error) -> wasmtime::Error {
        self.stop(CallError::Trapped(format!("resource: {error}")))
    }

    /// How long the call may still take.
    pub(super) fn time_left(&self) -> Duration {
        self.machine.ticker.left_until(self.deadline_tick)
    }

    /// Why the instance ended, where the host ended it.
    pub(super) fn take_stop(&mut self) -> Option<CallError> {
        self.stop.take()
    }

    /// Asked when the engine's epoch has moved on: yields to the neighbors, or ends.
    pub(super) fn at_tick(
        mut store: StoreContextMut<'_, Self>,
    ) -> wasmtime::Result<UpdateDeadline> {
        let state = store.data_mut();
        if state.machine.ticker.ticks() < state.deadline_tick {
            return Ok(UpdateDeadline::Yield(1));
        }
        let deadline = state.limits.deadline;
        Err(state.stop(CallError::Deadline(deadline)))
    }
}

impl ResourceLimiter for State {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let more = desired.saturating_sub(current);
        let total = self.memory_bytes.saturating_add(more);
        let max = self.limits.memory_bytes_max;
        if total > max {
            // Not `Ok(false)`: most components then abort, and nobody learns why.
            return Err(self.stop(CallError::Memory(max)));
        }
        self.memory_bytes = total;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let max = self.limits.table_elements_max;
        if desired > max {
            let what = "table elements";
            let max = max as u64;
            return Err(self.stop(crate::LimitExceeded { what, max }.into()));
        }
        Ok(true)
    }

    fn instances(&self) -> usize {
        INSTANCES_MAX
    }

    fn tables(&self) -> usize {
        TABLES_MAX
    }

    fn memories(&self) -> usize {
        MEMORIES_MAX
    }
}

impl wit::types::Host for State {}
impl wit::manifest::Host for State {}
