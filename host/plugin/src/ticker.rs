//! The beat of the runtime: one thread that moves the engine's epoch on while calls run.

use core::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use core::time::Duration;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use wasmtime::Engine;

/// Ticks without a call after which the thread rests. Waking it costs a call as much as running, so
/// it does not rest between the calls of a busy server.
const QUIET_TICKS_MAX: u32 = 100;

/// Owns the thread; it ends with this value.
#[derive(Debug)]
pub(crate) struct Ticker {
    beat: Arc<Beat>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Beat {
    period: Duration,
    ticks: AtomicU64,
    running: AtomicUsize,
    idle: AtomicBool,
    stopped: AtomicBool,
}

/// A call that runs: as long as there is one, the ticker ticks.
#[derive(Debug)]
pub(crate) struct Running(Arc<Beat>);

impl Ticker {
    pub(crate) fn start(engine: Engine, period: Duration) -> std::io::Result<Self> {
        let beat = Arc::new(Beat {
            period,
            ticks: AtomicU64::new(0),
            running: AtomicUsize::new(0),
            idle: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
        });
        let thread = thread::Builder::new().name(String::from("plugin-ticker"));
        let thread = thread.spawn({
            let beat = Arc::clone(&beat);
            move || beat.run(&engine)
        })?;
        Ok(Self {
            beat,
            thread: Some(thread),
        })
    }

    /// Ticks since the start; may stand still while no call runs.
    pub(crate) fn ticks(&self) -> u64 {
        self.beat.ticks.load(Ordering::Relaxed)
    }

    /// The tick at which `after` has surely gone by.
    pub(crate) fn deadline(&self, after: Duration) -> u64 {
        self.ticks().saturating_add(self.ticks_of(after))
    }

    /// So many ticks take at least as long.
    pub(crate) fn ticks_of(&self, after: Duration) -> u64 {
        let ticks = after
            .as_nanos()
            .div_ceil(self.beat.period.as_nanos().max(1));
        // One more: the present tick may be nearly over.
        u64::try_from(ticks).unwrap_or(u64::MAX).saturating_add(1)
    }

    /// The time from now to a tick.
    pub(crate) fn left_until(&self, tick: u64) -> Duration {
        let ticks = tick.saturating_sub(self.ticks());
        let ticks = u32::try_from(ticks).unwrap_or(u32::MAX);
        self.beat.period.saturating_mul(ticks)
    }

    pub(crate) fn run(&self) -> Running {
        self.beat.running.fetch_add(1, Ordering::SeqCst);
        if self.beat.idle.load(Ordering::SeqCst)
            && let Some(thread) = &self.thread
        {
            thread.thread().unpark();
        }
        Running(Arc::clone(&self.beat))
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.beat.stopped.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // The thread runs nothing that could fail, and a failure would not matter here.
            drop(thread.join());
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Beat {
    fn run(&self, engine: &Engine) {
        let mut quiet_ticks = 0_u32;
        while !self.stopped.load(Ordering::SeqCst) {
            if self.running.load(Ordering::SeqCst) > 0 {
                quiet_ticks = 0;
            } else if quiet_ticks < QUIET_TICKS_MAX {
                quiet_ticks += 1;
            } else {
                self.idle.store(true, Ordering::SeqCst);
                // Asked again: a call that began in between has not seen the flag.
                if self.running.load(Ordering::SeqCst) == 0 {
                    thread::park();
                }
                self.idle.store(false, Ordering::SeqCst);
                quiet_ticks = 0;
                continue;
            }
            thread::park_timeout(self.period);
            self.ticks.fetch_add(1, Ordering::Relaxed);
            engine.increment_epoch();
        }
    }
}
