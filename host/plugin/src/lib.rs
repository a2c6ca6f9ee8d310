//! Components: compiled, pinned, called, contained. The only room that knows WebAssembly.
//!
//! ```text
//!  bytes ─ inspect ─▶ Inspected: digest, imports, manifest      shown to the operator, then pinned
//!    │
//!    └─ compile ─▶ Component ── artifact ──▶ barrier ── load ──▶ Component
//!                     │
//!          Call ─▶ fresh instance ─▶ Done { view, value }  |  CallError: nothing to commit
//!                     │
//!        storage, keys, time, randomness, log: what it imports, and nothing else
//! ```
//!
//! An instance serves one call and is dropped: nothing is kept between requests. A component that
//! loops yields to its neighbors at each tick and ends at its deadline; its memory, its storage
//! calls, what it writes, logs and answers are bounded by [`Limits`]. No generated type and none of
//! wasmtime leaves this room.

mod artifact;
mod call;
mod compiler;
mod component;
mod error;
mod exports;
mod heavy;
mod inspect;
mod limits;
mod runtime;
mod said;
mod ticker;
mod v0_1;

pub use artifact::TrustedArtifact;
pub use call::{
    Answer, Call, CallResult, Caller, Checkpoint, CheckpointError, Committing, Done, Grant,
    Incoming, Lease, LeaseTerms, LeasedSecret, Leases, Matched, MountFacts, Outcome, PasswordError,
    Passwords, Renewal, SystemFacts, TokenShape,
};
pub use compiler::{COMPILE, Compiler, compile_standard_input};
pub use component::Component;
pub use error::{CallError, Cause, ComponentError, Failure, FailureKind, RuntimeError};
pub use exports::kind_of;
pub use inspect::{Inspected, digest_of};
pub use limits::{LimitExceeded, Limits};
pub use runtime::{Runtime, RuntimeConfig};
pub use said::{check_raw, check_said};
pub use v0_1::Kind;
