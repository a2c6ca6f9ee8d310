//! Runs a component natively, in an ordinary test: with the host's own matcher and validator, its
//! rules for storage and its transactions, and a map for a disk.
//!
//! What it does not have: policies, leases that end by themselves, replication, limits on time and
//! memory, and real cryptography ([`crate::crypto`] is a stand-in here that keeps the rules and no
//! secrets). Those are the host's, and its conformance tests show them.

pub(crate) mod bench;
pub(crate) mod keys;
mod mount;
mod plugin;
mod sha256;
pub(crate) mod upstream;

pub use bench::Caller;
pub use keys::PublicKeys;
pub use mount::TestMount;
pub use plugin::Plugin;
pub use upstream::{Sent, Upstream};
