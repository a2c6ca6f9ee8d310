//! Identity tokens: JWTs that say of an entity who it is, signed by keys that stay in the barrier.
//!
//! ```text
//!  role ── names ─▶ named key ── current ─▶ signs
//!   │ template           │ next ──▶ published before it signs
//!   ▼                    └ retired ▶ published until its last token has ended
//!  claims ◀─ filled ─ Person
//! ```

mod algorithm;
mod code;
mod config;
mod jwt;
mod keys;
mod parts;
mod provider;
mod ring;
mod roles;
mod secret;
mod template;

pub use algorithm::Algorithm;
pub use code::{Challenge, Exchange, Grant, may_redirect};
pub use jwt::{Claims, Unverified, half_hash, jwk, sign};
pub use keys::{DEFAULT_KEY, KeyChange, NamedKey};
pub use parts::{
    ALLOW_ALL, Assignment, ClientApplication, ClientKind, DEFAULT_PROVIDER, OPENID, Part, Provider,
    Scope,
};
pub use provider::{ClientChange, ProviderChange};
pub use ring::{Fresh, PublicKey, Ring};
pub use roles::{Role, RoleChange};
pub use secret::ClientSecret;
pub use template::Template;

use barrier::BarrierError;
use barrier::keys::KeyError;

/// Why something of identity tokens was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OidcError {
    /// What was asked for cannot be. The text is for the caller.
    #[error("{0}")]
    Refused(String),
    /// A token that is none of ours, or not any more. The text is for the caller.
    #[error("{0}")]
    NotValid(String),
    /// A key did not do what keys do.
    #[error("using a signing key")]
    Key(#[from] KeyError),
    /// The storage failed.
    #[error("using the identity store")]
    Storage(#[from] BarrierError),
}

impl OidcError {
    pub(crate) fn refused(text: impl Into<String>) -> Self {
        Self::Refused(text.into())
    }
}
