//! Words that every room shares: secrets, ids, time, paths, durations, requests and replies.
//!
//! No IO, no clock and no randomness of its own: both come in through [`Clock`] and [`Entropy`].
//!
//! ```text
//!  bytes ─ api ─▶ Request ─ node ─▶ Reply ─ api ─▶ bytes
//!                    │                │
//!                 RequestPath      Answer | Refusal
//! ```

mod chain;
mod cross_origin;
mod duration;
mod entropy;
mod id;
mod json;
mod log_level;
mod outbound;
mod path;
mod reply;
mod request;
mod secret;
mod time;

pub use chain::chain;
pub use cross_origin::CrossOrigin;
pub use duration::{DurationError, parse_duration};
pub use entropy::{Entropy, make_base62, make_hex, make_uuid};
pub use id::{MountId, NamespaceId};
pub use json::{Json, JsonError, Map};
pub use log_level::LogLevel;
pub use outbound::{
    Outbound, OutboundError, OutboundIdentity, OutboundRequest, OutboundResponse, Sending,
};
pub use path::{PathError, RequestPath};
pub use reply::{
    Answer, AuthBlock, Envelope, Flow, HealthReport, LeaseBlock, Pieces, RateReport, RateRoom, Raw,
    Refusal, RefusalKind, ReplicatedReport, Reply, TokenKind, WrapBlock,
};
pub use request::{Client, Grants, Operation, Request, WithoutToken};
pub use secret::Secret;
pub use time::{Clock, ManualClock, Timestamp};
