//! What a component says of itself, and the two things that both sides must do alike with it: match
//! a path to a route, and bring a request's fields into the declared shape.
//!
//! ```text
//!  Manifest ─ check ─▶ pinned
//!     │
//!     └─ Matcher::new ─▶ find(operation, path) ─▶ route + parameters
//!                                                     │
//!                                        validate(route, parameters, body) ─▶ input of the handler
//! ```
//!
//! The same manifest becomes help and [OpenAPI](openapi).
//!
//! The host runs this code before a component sees a request, and the SDK's `TestMount` runs the same
//! code in a component's own tests. It never touches the network, the disk or a clock.

mod check;
mod coerce;
mod duration;
mod matcher;
pub mod openapi;
mod pattern;
mod time;
mod types;
mod validate;

pub use check::{Limits, ManifestError};
pub use duration::parse_seconds;
pub use matcher::{Match, Matcher, NoMatch, Parameters};
pub use pattern::{PARAMETERS_MAX, SEGMENTS_MAX};
pub use time::parse_time;
pub use types::{
    Access, Condition, Field, FieldKind, FieldSource, Locality, Manifest, Map, Operation,
    Placement, Route, SecretKind, StorageRule,
};
pub use validate::{FieldError, Validated, validate};
