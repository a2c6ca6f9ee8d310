//! The engine: one for all components of a host.

use crate::heavy::Heavy;
use crate::ticker::Ticker;
use crate::v0_1::{self, State};
use crate::{Cause, Compiler, RuntimeError};
use aws_lc_rs::digest::{Context, SHA256};
use base::Entropy;
use core::hash::{Hash, Hasher};
use core::time::Duration;
use std::sync::Arc;
use wasmtime::component::Linker;
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

/// Bounds of the engine, for all components together. What one call may use is
/// [`Limits`](crate::Limits).
#[derive(Clone, Debug)]
pub struct RuntimeConfig {
    /// Calls at one time; more are [`Busy`](crate::CallError::Busy). Each takes address space, and
    /// memory only while it runs.
    pub calls_max: u32,
    /// Most linear memory that any component can be given, in bytes.
    pub memory_bytes_max: usize,
    /// Most elements that any table can be given.
    pub table_elements_max: usize,
    /// Stack of WebAssembly code, in bytes. Recursion past it traps.
    pub stack_bytes_max: usize,
    /// How often a running component yields to its neighbors, and how fine deadlines are.
    pub tick: Duration,
    /// How much of a memory stays with the pool when its instance is gone, zeroed, in bytes. It
    /// saves page faults, and costs this much for each instance that ran at the same time.
    pub memory_bytes_kept: usize,
    /// Threads that hash passwords and make RSA keys; what is more than they can take is refused.
    pub heavy_threads: usize,
    /// Who makes machine code.
    pub compiler: Compiler,
}

impl Default for RuntimeConfig {
    fn default() -> Self {
        Self {
            calls_max: 512,
            memory_bytes_max: 256 << 20,
            table_elements_max: 40_000,
            stack_bytes_max: 512 << 10,
            tick: Duration::from_millis(2),
            memory_bytes_kept: 512 << 10,
            heavy_threads: 2,
            compiler: Compiler::Here,
        }
    }
}

/// Runs components. Cheap to clone; the last clone stops the thread that measures time.
#[derive(Clone)]
pub struct Runtime {
    pub(crate) machine: Arc<Machine>,
}

/// What all calls share.
pub(crate) struct Machine {
    pub(crate) engine: Engine,
    pub(crate) linker: Linker<State>,
    pub(crate) ticker: Ticker,
    pub(crate) heavy: Heavy,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) config: RuntimeConfig,
}

/// Core instances that one component becomes, at most: an encoded module is three.
const CORE_INSTANCES_PER_COMPONENT: u32 = 3;

/// Room on a call's stack for the host's functions, in bytes.
const HOST_STACK_BYTES: usize = 512 << 10;

impl Runtime {
    /// Sets up the engine. Takes the address space for all calls, and hardly any memory.
    ///
    /// # Errors
    /// When the system gives no such address space, or no thread.
    pub fn new(config: RuntimeConfig, entropy: Arc<dyn Entropy>) -> Result<Self, RuntimeError> {
        let engine = Engine::new(&engine_config(&config));
        let engine = engine.map_err(|error| RuntimeError::Engine(Cause::from(error)))?;
        let linker = v0_1::linker(&engine);
        let linker = linker.map_err(|error| RuntimeError::Engine(Cause::from(error)))?;
        let ticker = Ticker::start(engine.clone(), config.tick).map_err(RuntimeError::Thread)?;
        let heavy = Heavy::start(config.heavy_threads).map_err(RuntimeError::Thread)?;
        let machine = Machine {
            engine,
            linker,
            ticker,
            heavy,
            entropy,
            config,
        };
        Ok(Self {
            machine: Arc::new(machine),
        })
    }

    /// No operator can tune more [`memory_bytes_max`](crate::Limits::memory_bytes_max).
    pub fn memory_bytes_max(&self) -> usize {
        self.machine.config.memory_bytes_max
    }

    /// Names the hosts that can load each other's machine code: same wasmtime, same processor
    /// features, same configuration. Part of the key under which an artifact is stored.
    pub fn host_kind(&self) -> String {
        let mut hasher = Sha256Hasher(Context::new(&SHA256));
        self.machine
            .engine
            .precompile_compatibility_hash()
            .hash(&mut hasher);
        let digest = hasher.0.finish();
        let half = digest.as_ref().iter().take(16);
        let hash: String = half.map(|byte| format!("{byte:02x}")).collect();
        format!("wasmtime-{hash}")
    }
}

/// The engine's compatibility hash, long enough that no two kinds of host share one by accident.
struct Sha256Hasher(Context);

impl Hasher for Sha256Hasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        0
    }
}

pub(crate) fn engine_config(from: &RuntimeConfig) -> Config {
    let mut pool = PoolingAllocationConfig::new();
    let calls = from.calls_max;
    let cores = calls.saturating_mul(CORE_INSTANCES_PER_COMPONENT);
    pool.total_component_instances(calls)
        .total_core_instances(cores)
        .total_memories(calls)
        .total_tables(calls.saturating_mul(2))
        .total_stacks(calls)
        .max_memory_size(from.memory_bytes_max)
        .max_core_instance_size(4 << 20)
        .max_component_instance_size(4 << 20)
        .table_elements(from.table_elements_max)
        .table_keep_resident(64 << 10)
        .max_unused_warm_slots(32);
    if PoolingAllocationConfig::is_pagemap_scan_available() {
        pool.pagemap_scan(Enabled::Yes)
            .linear_memory_keep_resident(from.memory_bytes_kept);
    } else {
        // Without it the kept part is zeroed whole each time: what is kept must be small.
        let kept = from.memory_bytes_kept.min(MEMORY_BYTES_KEPT_WITHOUT_SCAN);
        pool.linear_memory_keep_resident(kept);
    }
    let mut config = Config::new();
    config
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        .concurrency_support(false)
        .epoch_interruption(true)
        .memory_init_cow(true)
        .max_wasm_stack(from.stack_bytes_max)
        .async_stack_size(from.stack_bytes_max.saturating_add(HOST_STACK_BYTES))
        .wasm_relaxed_simd(false)
        .wasm_memory64(false);
    config
}

/// Zeroing this much costs less than the page faults it saves.
const MEMORY_BYTES_KEPT_WITHOUT_SCAN: usize = 128 << 10;
