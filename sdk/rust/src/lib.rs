//! Write a secrets engine or an auth method as plain functions over plain structs.
//!
//! ```text
//!  const fn engine() -> Engine          the table: patterns, functions, storage prefixes
//!        │
//!        ├─ export_engine!(engine)      → a component: the host matches, validates, calls one function
//!        └─ TestMount::new(engine())    → an ordinary test: the same matcher, the same validator
//! ```
//!
//! `docs/guides/writing-an-engine.md` begins at the beginning. A handler never parses a path, never
//! sees a token, and never says what is replicated: that is declared, and the host holds it to it.

extern crate self as sdk;

#[cfg(target_family = "wasm")]
#[doc(hidden)]
pub mod bindings;
#[cfg(target_family = "wasm")]
#[doc(hidden)]
pub mod bump;
mod context;
pub mod crypto;
mod encoding;
mod engine;
mod export;
mod failure;
mod field;
mod glob;
#[cfg(target_family = "wasm")]
#[doc(hidden)]
pub mod guest;
mod handler;
#[cfg_attr(target_family = "wasm", path = "imports.rs")]
#[cfg_attr(not(target_family = "wasm"), path = "testing/host.rs")]
mod host;
pub mod http;
#[cfg(target_family = "wasm")]
mod imports_crypto;
#[cfg(target_family = "wasm")]
mod imports_http;
mod listing;
mod moment;
mod network;
mod pem;
mod reply;
#[cfg(not(target_family = "wasm"))]
pub mod testing;
mod token_fields;

pub use context::{Ctx, Level, Page as KeyPage};
pub use encoding::{from_base64, to_base64};
pub use engine::{Engine, Hook, Method, RenewGrant, RenewLease, RevokeLease};
pub use failure::{
    Failure, FailureKind, Result, denied, internal, invalid, not_found, unsupported,
};
pub use field::{Bytes, Change, FieldType, Fields, Raw, Time};
#[doc(hidden)]
pub use field::{FieldSpec, Input, all_specs};
pub use glob::matches_glob;
pub use listing::ListRange;
pub use manifest::{FieldKind, FieldSource, Locality, Map, Operation};
pub use moment::{duration_text, rfc3339};
pub use network::Network;
pub use pem::{PemBlock, from_pem};
pub use reply::{Grant, Lease, Login, Page, Renewal, Reply, Secret, Terms, TokenKind, TokenShape};
pub use sdk_macros::Fields;
pub use serde_json::{Value as Json, json};
pub use token_fields::{
    OlderNames, TokenFields, TokenRules, TokenType, clean_policies, is_client_within,
};

/// What nearly every component names.
pub mod prelude {
    pub use crate::Locality::{Local, Replicated};
    pub use crate::{
        Bytes, Change, Ctx, Engine, Failure, FailureKind, Fields, Grant, Json, Lease, Login, Map,
        Method, Operation, Raw, Renewal, Reply, Result, Secret, Terms, Time, denied, internal,
        invalid, json, not_found, unsupported,
    };
    pub use core::time::Duration;
    pub use serde::{Deserialize, Serialize};
    pub use std::collections::BTreeMap;
}

#[doc(hidden)]
pub use serde;
