//! The certificates of a relation between clusters.
//!
//! ```text
//!   Authority (one for each relation, kept by the primary)
//!     ├── the primary's     server only, for the name `primary.casemate`
//!     └── a secondary's     client only, `casemate:secondary:<id>`
//! ```
//!
//! Whoever is connected to trusts the authority of the relation and nothing else: no list of the
//! system, no other relation. What a certificate may be used for is written in it, so that a
//! secondary cannot pass for the primary. A secondary is removed by its
//! [`fingerprint`], not by a list that has to be signed and fetched.
//!
//! Keys are made by the provider of cryptography with its own randomness; serial numbers come from
//! the entropy that is passed in. Nothing here is stored and nothing is logged.

mod authority;
mod error;
mod parameters;

pub use authority::{Authority, Issued, fingerprint};
pub use error::AuthorityError;
pub use parameters::{NAME_BYTES_MAX, SECONDARY_URI_PREFIX};
