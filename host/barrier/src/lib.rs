//! The only room with data keys: every entry on disk is sealed here, and opened nowhere else.
//!
//! ```text
//!  plugin ──▶ View ─────────────▶ Transaction ──────────▶ Commit ──▶ journal
//!             one mount;          a snapshot, and what    each value sealed once,
//!             class by the rules  the request wrote       for its key and its class
//!                                        │
//!                                     Keyring   terms ▶ AES-256-GCM keys
//! ```
//!
//! A value is bound to its physical key, and the class is a part of that key: a value which was
//! moved to another entry, mount, namespace or class does not open.
//! Nothing here logs a value, knows a clock or draws randomness of its own.

mod children;
mod error;
mod keyring;
pub mod keys;
mod limits;
mod logical;
mod reads;
mod rotation;
mod scan;
mod transaction;
mod value;
mod view;

pub use children::Page;
pub use error::{BarrierError, NotAuthentic};
pub use keyring::{Counts, Keyring, RootKey, StoredKeyring, TermStatus};
pub use limits::ViewLimits;
pub use logical::InvalidKey;
pub use reads::Reads;
pub use rotation::{RotationError, RotationPolicy};
pub use transaction::{Address, Commit, Transaction};
pub use value::{Plaintext, SealWrap};
pub use view::{View, ViewError, WriteFence};
