//! Logins with a browser: the authorization code flow of OpenID Connect, with PKCE.
//!
//! ```text
//!  client ─ auth_url ─▶ URL with a state ─ browser ─▶ provider ─ browser ─▶ client or this server
//!                                                                            │ state, code
//!  client ◀── token ── callback (or poll) ◀── claims ◀── ID token ◀── code ◀─┘
//! ```
//!
//! Nothing is stored when a login begins: what must be remembered is in the state, sealed. So nobody
//! can fill the storage by beginning logins. A state that comes back is marked as used, for as long as
//! it would be good.

mod back;
mod begin;
mod exchange;
mod page;
mod redirect;
mod state;

pub(crate) use back::{callback, form, poll};
pub(crate) use begin::auth_url;
pub(crate) use state::tidy;

use sdk::{Failure, invalid};

/// A refusal of a login that a browser has brought back.
fn failed(why: impl core::fmt::Display) -> Failure {
    invalid(format!("Vault login failed. {why}"))
}
