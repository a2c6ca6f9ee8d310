//! What was asked and what was answered, on every audit device: one line of JSON each.
//!
//! ```text
//!  RequestRecord ─┐                       ┌ line with the device's salt ─▶ file
//!                 ├─▶ Broker ─▶ filters ──┤
//!  ResponseRecord ┘                       └ line with the device's salt ─▶ socket, syslog
//! ```
//!
//! Fails closed: where devices are configured and none takes the record, the answer is an error
//! and the request must not go on. Where none is configured nothing is done at all.
//!
//! Strings of data, tokens and accessors are written as HMAC-SHA256 under a salt that each device
//! has for itself: who reads the log can ask whether a value he knows was in it, and learns no
//! other. Names of fields, numbers and truth values stay readable.

mod address;
mod broker;
mod device;
mod error;
mod exclude;
mod expression;
mod file;
mod filter;
mod late;
mod line;
mod options;
mod record;
mod remote;
mod salt;

pub use address::Address;
pub use broker::{Broker, HeaderRule};
pub use device::{Device, Discard, Stdout};
pub use error::AuditError;
pub use exclude::Exclusions;
pub use expression::FilterError;
pub use file::FileDevice;
pub use filter::Filter;
pub use options::{Format, Kind, Options, Share, Target};
pub use record::{
    AuthRecord, GrantRecord, MountRecord, RequestPart, RequestRecord, ResponsePart, ResponseRecord,
    WrapRecord,
};
pub use remote::{Framing, RemoteDevice};
pub use salt::Salt;
