//! What holds whatever happens. One file each; each says what it protects.
//!
//! Those that look at the network are shown every frame as it is sent, before any delay; those that
//! look at storage are called between the steps of a run, and where nothing moves.

mod acked_write_survives;
mod applied_monotonic;
mod batch_is_atomic;
mod digest_equal_at_equal_index;
mod filtered_never_leaves_primary;
mod index_is_kept;
mod local_never_leaves_cluster;
mod revoked_secondary_gets_nothing;

pub(crate) use acked_write_survives::{Acked, Wrote};
pub(crate) use applied_monotonic::{Applied, Seen};
pub(crate) use batch_is_atomic::Batches;
pub(crate) use digest_equal_at_equal_index::{check_digests, check_entries};
pub(crate) use filtered_never_leaves_primary::Filtered;
pub(crate) use index_is_kept::{Indexes, Told as ToldOfIndex};
pub(crate) use local_never_leaves_cluster::{CANARY, Locals};
pub(crate) use revoked_secondary_gets_nothing::Revoked;

use journal::Op;
use replication::{Event, Follow, Method, Question, Told};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What was found, and what it takes to look.
#[derive(Default)]
pub(crate) struct Watch {
    inner: Mutex<Inner>,
}

#[derive(Default)]
pub(crate) struct Inner {
    pub(crate) violations: Vec<String>,
    pub(crate) locals: Locals,
    pub(crate) filtered: Filtered,
    pub(crate) revoked: Revoked,
    pub(crate) applied: Applied,
    pub(crate) trace: Trace,
}

/// What happened, as a number: two runs of one seed have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trace {
    pub(crate) sum: u64,
    pub(crate) frames: u64,
    pub(crate) entries: u64,
}

impl Default for Trace {
    fn default() -> Self {
        Self {
            sum: 0xcbf2_9ce4_8422_2325,
            frames: 0,
            entries: 0,
        }
    }
}

impl Trace {
    pub(crate) fn add(&mut self, text: &str) {
        for byte in text.bytes() {
            self.sum = (self.sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

/// A frame that was understood.
pub(crate) enum Said {
    Follow,
    Has,
    Event(Event),
    Question,
    Told(Told),
    Other,
}

impl Said {
    fn of(method: &str, is_answer: bool, is_first: bool, frame: &[u8]) -> Result<Self, String> {
        let wrong = |error: replication::WireError| format!("{method}: {error}");
        let decoded = match (Method::from_name(method), is_answer, is_first) {
            (Some(Method::Follow), false, true) => {
                replication::decode::<Follow>(frame).map_err(wrong)?;
                Self::Follow
            }
            (Some(Method::Follow), false, false) => Self::Has,
            (Some(Method::Follow), true, _) => {
                Self::Event(replication::decode(frame).map_err(wrong)?)
            }
            (Some(Method::Compare), false, _) => {
                replication::decode::<Question>(frame).map_err(wrong)?;
                Self::Question
            }
            (Some(Method::Compare), true, _) => {
                Self::Told(replication::decode(frame).map_err(wrong)?)
            }
            _ => Self::Other,
        };
        Ok(decoded)
    }

    /// The entries in it.
    pub(crate) fn ops(&self) -> Vec<&Op> {
        match self {
            Self::Event(Event::Entry { batches, .. }) => {
                batches.iter().flat_map(|batch| &batch.ops).collect()
            }
            Self::Told(Told::Entries(ops)) => ops.iter().collect(),
            _ => Vec::new(),
        }
    }

    const fn name(&self) -> &'static str {
        match self {
            Self::Follow => "follow",
            Self::Has => "has",
            Self::Event(Event::Entry { .. }) => "entry",
            Self::Event(Event::Keys { .. }) => "keys",
            Self::Event(Event::Upto { .. }) => "upto",
            Self::Event(_) => "event",
            Self::Question => "question",
            Self::Told(_) => "told",
            Self::Other => "other",
        }
    }
}

impl Watch {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes something that must not be.
    pub(crate) fn violated(&self, what: String) {
        self.lock().violations.push(what);
    }

    /// Looks at a frame as it is sent.
    pub(crate) fn frame(
        &self,
        method: &str,
        caller: &str,
        way: (&str, &str),
        frame: &[u8],
        is_first: bool,
    ) {
        let (from, to) = way;
        let mut inner = self.lock();
        let said = match Said::of(method, from != caller, is_first, frame) {
            Ok(said) => said,
            Err(error) => {
                inner
                    .violations
                    .push(format!("a frame that is no message: {error}"));
                return;
            }
        };
        inner.trace.frames += 1;
        inner.trace.entries += u64::try_from(said.ops().len()).unwrap_or(0);
        inner
            .trace
            .add(&format!("{from}>{to} {method} {}", said.name()));
        let found = [
            inner.locals.check(frame, &said),
            inner.filtered.check(to, &said),
            inner.revoked.check(caller, to, frame, &said),
        ];
        if from != caller {
            inner.applied.sent(caller, &said);
        }
        let found = found.into_iter().flatten();
        let found = found.map(|what| format!("{what} ({from} to {to}, {method})"));
        let found: Vec<String> = found.collect();
        inner.violations.extend(found);
    }
}
