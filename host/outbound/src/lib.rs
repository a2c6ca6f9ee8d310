//! The way out: HTTP requests of components, to hosts that an operator granted and to no others.
//!
//! ```text
//!  OutboundRequest ─ Target::parse ─▶ Grants: this host? ─ resolve ─▶ Grants: this address? ─▶ connect
//!                     method, URL, headers                   once                     to that address
//! ```
//!
//! A name is resolved once, and the connection goes to an address that was looked at: what the name
//! leads to a moment later is of no account. Link-local addresses, and those at which clouds give out
//! credentials, are never reached; private ones only where they were granted as addresses. Redirects
//! are not followed, and no proxy is asked.

mod address;
mod client;
mod exchange;
mod grants;
mod target;
mod trust;

#[cfg(test)]
mod tests;

pub use client::{Client, Resolve, Resolving, SystemResolver};
pub use grants::{GrantError, Grants};
