//! What stands between a stopped server and its keys.
//!
//! ```text
//!  shares ─ shamir ─▶ key-encryption key ─ unwrap ─▶ root key ─▶ keyring (in `barrier`)
//! ```
//!
//! Shares protect a key that wraps the root key, never the root key itself: the seal of a cluster
//! can change without one entry being sealed anew. Where keys have to leave for another cluster, they
//! go in a [`sealed_box`]; where shares leave for their holders, they may be encrypted to keys of theirs.
//! Nothing here is stored and nothing is logged.

mod config;
mod field;
mod generate;
mod handing;
mod progress;
mod quorum;
mod rekey;
pub mod sealed_box;
mod shamir;
mod threshold;
mod wrap;

pub use config::{SealConfig, SealKind};
pub use generate::{Cover, GenerateRoot, GenerateStatus, Generated, Hidden};
pub use handing::{Backup, Handed, Handing, HandingError};
pub use progress::{Progress, Submitted, UnsealProgress};
pub use quorum::{CANCEL_GUARD, CancelBy, QuorumError};
pub use rekey::{
    NewSeal, Rekey, RekeyPlan, RekeyStatus, Rekeyed, Verification, Verified, VerifyStatus,
};
pub use shamir::{Share, ShareError, combine, split};
pub use threshold::{ThresholdError, ValidThreshold};
pub use wrap::{KEY_BYTES, Key, UnwrapError, unwrap_root_key, wrap_root_key};

#[cfg(test)]
mod testing;
